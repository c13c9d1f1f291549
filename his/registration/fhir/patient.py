"""Patient: http://hl7.org/fhir/R4/patient.html, VN Core's identifier systems.

A Patient that arrives through FHIR with name, gender and birth date becomes a row and is found at the front desk; one
without them stays in the engine. Its code comes from the counter of the unit, leased in blocks: codes are unique, not
gapless.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from his.fhir.build import filled, hl7, identifier
from his.fhir.build import moment as fhir_moment
from his.fhir.dates import interval
from his.fhir.registry import Incoming, Resource, to_unit
from his.fhir.searchsql import CONTEXT
from his.fhir.systems import CITIZEN, CITIZEN_SYSTEMS, INSURANCE_SYSTEMS, PATIENT_CODE
from his.kit.changes import Changes, columns
from his.kit.clock import VIETNAM, day_of
from his.kit.db import Database, Db
from his.kit.errors import Severity
from his.kit.grouping import Groups, Lean
from his.registration.rules.patient import check_patient, tidy
from his.registration.service import PatientFacts, load_patient_facts, patient_changes, patient_code_period
from his.registration.tables import Patient, PatientToken
from his.registration.terms import UNSAID, PatientForm

BLOCK = 20
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_COLUMNS = ", ".join(f"p.{name}" for name in columns(Patient)[1])
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$", re.ASCII)
_PRECISION = {"year": 4, "month": 7, "day": 10}
_leased: dict[tuple[str, int, str], list[int]] = {}
Standing = tuple[Patient | None, list[PatientToken]]
_asked: WeakKeyDictionary[Database, Groups[UUID, Standing]] = WeakKeyDictionary()


def to_fhir(patient: Patient) -> dict[str, Any]:
    """The patient as FHIR says it; `text` of the name is the whole name, family the first word."""
    family, _, given = patient.name.partition(" ")
    return filled(
        resourceType="Patient",
        id=str(patient.id),
        identifier=identifiers(patient),
        active=patient.active,
        name=[filled(use="official", text=patient.name, family=family, given=given.split())],
        telecom=[{"system": "phone", "value": patient.phone}] if patient.phone else None,
        gender=patient.gender,
        birthDate=patient.birth_date.isoformat()[: _PRECISION[patient.birth_precision]],
        _birthDate=_born_at(patient),
        deceasedDateTime=fhir_moment(patient.deceased_at),
        address=[filled(use="home", text=patient.address, country="VN")] if patient.address else None,
        contact=[_guardian(patient)] if patient.guardian_name else None,
    )


def _born_at(patient: Patient) -> dict[str, Any] | None:
    """The standard extension with the hour of birth."""
    if not patient.birth_time or patient.birth_precision != "day":
        return None
    at = datetime.combine(patient.birth_date, time.fromisoformat(patient.birth_time), VIETNAM)
    return {"extension": [{"url": BIRTH_TIME, "valueDateTime": at.isoformat()}]}


def identifiers(patient: Patient) -> list[dict[str, Any]]:
    """The code of the unit, and the citizen number where it is known."""
    found = (
        identifier(PATIENT_CODE, patient.code, "secondary"),
        identifier(CITIZEN, patient.citizen_number, "official"),
    )
    return [one for one in found if one]


def _guardian(patient: Patient) -> dict[str, Any]:
    phone = [{"system": "phone", "value": patient.guardian_phone}] if patient.guardian_phone else None
    return filled(
        relationship=[hl7("v2-0131", "N", "Next-of-Kin")], name={"text": patient.guardian_name}, telecom=phone
    )


async def accept(incoming: Incoming, db: Db) -> Changes | None:
    """Rows for a Patient that says enough; None keeps it in the engine. Raises CONFLICT for a second record of a person."""
    form = form_of(incoming.resource)
    identity = _uuid(incoming.id)
    if form is None or identity is None:
        return None
    insurance = _number(incoming.resource, INSURANCE_SYSTEMS, 10)
    form = tidy(form)
    if any(f.severity is Severity.ERROR for f in check_patient(form, day_of(incoming.at))):
        return None
    unit = db.scope.unit_id
    assert unit is not None
    patient, words = (None, []) if incoming.fresh else await _standing(db, identity)
    if patient is not None:
        form = replace(form, **{name: getattr(patient, name) for name in UNSAID})
    same_number = patient is not None and form.citizen_number in ("", patient.citizen_number)
    if incoming.retry or not (patient is None or same_number):
        known = patient.id if patient else None
        facts = await load_patient_facts(db, form, patient_id=known, insurance_number=insurance)
    else:
        persons = [patient.person_id] if patient and form.citizen_number else []
        facts = PatientFacts(form, insurance, patient, words, persons, None)
    number = 0 if patient else await _next_number(db, unit, incoming.at)
    row, changes = patient_changes(facts, unit, number, incoming.at, patient_id=identity)
    _state(changes, row, incoming.resource)
    changes.audits.clear()  # the engine writes the entry of this act
    if not changes.subjects:
        changes.version(row)
    return changes


def form_of(resource: dict[str, Any]) -> PatientForm | None:
    """What the front desk needs of a Patient, or None when name, gender or birth date is missing."""
    name = _name(resource.get("name"))
    birth = _DAY.match(str(resource.get("birthDate", "")))
    gender = resource.get("gender")
    if not name or birth is None or not isinstance(gender, str):
        return None
    year, month, day = birth.groups()
    phone = next((t.get("value") or "" for t in resource.get("telecom") or () if t.get("system") == "phone"), "")
    address: dict[str, Any] = next(iter(resource.get("address") or ()), {})
    parts = [*(address.get("line") or ()), address.get("district"), address.get("city"), address.get("state")]
    try:
        born = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return PatientForm(
        name=name,
        birth_date=born,
        birth_precision="day" if day else "month" if month else "year",
        gender=gender,
        citizen_number=_number(resource, CITIZEN_SYSTEMS, 12),
        phone=phone if re.fullmatch(r"0[0-9]{8,10}", phone) else "",
        address=address.get("text") or ", ".join(part for part in parts if part),
    )


def _name(names: Any) -> str:
    """The official name, family name first as in Viet Nam."""
    listed = [n for n in names or () if isinstance(n, dict)]
    chosen = next((n for n in listed if n.get("use") == "official"), next(iter(listed), {}))
    given = [g for g in chosen.get("given") or () if g]
    return str(chosen.get("text") or " ".join([*([chosen["family"]] if chosen.get("family") else []), *given]))


def _number(resource: dict[str, Any], systems: frozenset[str], length: int) -> str:
    for found in resource.get("identifier") or ():
        value = found.get("value") or ""
        if found.get("system") in systems and len(value) == length and value.isascii() and value.isdigit():
            return str(value)
    return ""


def _uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def _state(changes: Changes, row: Patient, resource: dict[str, Any]) -> None:
    """Whether the patient is active, and the death, in the row about to be written."""
    died = interval(str(resource.get("deceasedDateTime", "")))
    wanted = {
        "active": resource.get("active", True) is not False,
        "deceased_at": datetime.fromisoformat(died[0]).astimezone(UTC) if died else None,
    }
    if wanted == {"active": row.active, "deceased_at": row.deceased_at}:
        return
    pending = changes.inserts.get("patient") or changes.updates.get("patient")
    if pending:
        pending[0].update(wanted)
    else:
        changes.update(row, **wanted)


async def _standing(db: Db, identity: UUID) -> Standing:
    """The stored row and its words; requests that ask at the same time ask together."""
    groups = _asked.get(db.database)
    if groups is None:
        groups = _asked[db.database] = Groups(partial(_read_standing, db.database.lean))
    return await groups.ask(db.unit_id, identity)


async def _read_standing(lean: Lean, unit: int, identities: list[UUID]) -> list[Standing]:
    query = (
        f"{CONTEXT} SELECT r.* FROM ctx CROSS JOIN LATERAL (SELECT ARRAY(SELECT t.token FROM patient_token t "
        f"WHERE t.unit_id = ctx.unit AND t.id = p.id) AS words, {_COLUMNS} "
        "FROM unnest(%s::uuid[]) k(id) JOIN patient p ON p.unit_id = ctx.unit AND p.id = k.id LIMIT %s) r"
    )
    distinct = list(set(identities))
    async with lean.connection() as connection:
        rows = await (await connection.execute(query, (str(unit), distinct, len(distinct)))).fetchall()
    found: dict[UUID, Standing] = {}
    for words, *fields in rows:
        row = Patient(**dict(zip(columns(Patient)[1], fields, strict=True)))
        found[row.id] = row, [PatientToken(unit_id=unit, id=row.id, token=word) for word in words]
    return [found.get(identity, (None, [])) for identity in identities]


async def _next_number(db: Db, unit: int, at: datetime) -> int:
    """The next patient number of this process; a new block is leased from the unit's counter when one is used up."""
    period = patient_code_period(at)
    key = (db.database.dsn, unit, period)
    numbers = _leased.setdefault(key, [])
    if not numbers:
        query = (
            f"{CONTEXT} INSERT INTO counter (unit_id, kind, period, value) SELECT ctx.unit, 'patient', %s, %s FROM ctx "
            "ON CONFLICT (unit_id, kind, period) DO UPDATE SET value = counter.value + EXCLUDED.value RETURNING value"
        )
        async with db.database.lean.connection() as connection:
            row = await (await connection.execute(query, (str(unit), period, BLOCK))).fetchone()
        assert row is not None
        numbers.extend(range(row[0], row[0] - BLOCK, -1))
    return numbers.pop()


async def discard(identity: str, db: Db, at: datetime) -> Changes | None:
    """A deleted Patient is no longer offered at the front desk; the row and its visits stay."""
    found = _uuid(identity)
    patient, _ = await _standing(db, found) if found else (None, [])
    if patient is None:
        return None
    changes = Changes()
    changes.update(patient, active=False, updated_at=at)
    return changes


def example() -> Patient:
    """An invented patient."""
    return Patient(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        person_id=UUID("018f3c5e-0000-7000-8000-0000000000f1"),
        code="26-000001",
        name="Trần Thị Mẫu",
        birth_date=date(1990, 4, 12),
        gender="female",
        citizen_number="001190000001",
        phone="0900000001",
        address="Số 1 phố Mẫu",
        created_at=datetime(2026, 1, 5, 1, 0, tzinfo=UTC),
        updated_at=datetime(2026, 1, 5, 1, 0, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="Patient",
    subject=Patient,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset({"active", "name", "telecom", "gender", "birthDate", "deceasedDateTime", "address", "contact"}),
    own={"identifier": (PATIENT_CODE, *sorted(CITIZEN_SYSTEMS))},
    accept=accept,
    discard=discard,
)
