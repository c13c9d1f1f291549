"""Patients: the record of a person in a unit, its search words, its number, its place in the person index."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from his.identity.service import next_number
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, Severity, not_found, refuse_errors
from his.kit.ids import new_id
from his.kit.text import tokens
from his.registration import store
from his.registration.rules.patient import check_card, check_patient, tidy
from his.registration.service.cards import coverage_changes
from his.registration.tables import Coverage, Patient, PatientToken, Person
from his.registration.terms import BloodGroup, CardForm, Known, PatientForm

COUNTER: Final = "patient"
_RACES: Final = frozenset({"person_citizen_number_key", "person_insurance_number_key", "uq_patient_person_id"})
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """What is known before a patient is written: the stored row with its words, and who holds the same numbers."""

    form: PatientForm
    insurance_number: str
    patient: Patient | None
    words: Sequence[PatientToken]
    persons: Sequence[UUID]
    double: Known | None


async def load_patient_facts(
    db: Db, form: PatientForm, *, patient_id: UUID | None = None, version: int | None = None, insurance_number: str = ""
) -> PatientFacts:
    """Read what the writing needs, at most four queries.

    Raises NOT_FOUND for an unknown patient and STALE when the record is not in the version that the form was made from.
    """
    form = tidy(form)
    patient = await store.get_patient(db, patient_id) if patient_id else None
    if patient_id is not None and patient is None:
        raise not_found()
    if patient is not None and version is not None and patient.version != version:
        raise HisError(Kind.STALE, "Hồ sơ vừa được người khác sửa. Quét lại rồi chọn thông tin giữ lại.")
    words = await store.list_tokens(db, patient.id) if patient and patient.name != form.name else []
    settled = patient is not None and form.citizen_number and form.citizen_number == patient.citizen_number
    persons: Sequence[UUID] = ()
    if patient is not None and settled:
        persons = [patient.person_id]
    else:
        persons = await store.find_person(db, form.citizen_number, insurance_number)
    double = await store.find_double(db, form.citizen_number, insurance_number, persons, patient_id)
    return PatientFacts(form, insurance_number, patient, words, persons, double)


def refuse_double(facts: PatientFacts) -> None:
    """Raise CONFLICT that names the record which already holds the citizen or insurance number (never a second one)."""
    known = facts.double
    if known is None:
        return
    same = "số CCCD" if facts.form.citizen_number == known.citizen_number and known.citizen_number else "mã số BHXH"
    message = f"Mã NB {known.code} đã có {same} này. Mở hồ sơ đó, không tạo người thứ hai."
    finding = Finding("REG-PAT-08", Severity.ERROR, message, "citizen", str(known.id), "open-patient")
    raise HisError(Kind.CONFLICT, message, [finding], field="citizen")


def patient_code_period(now: datetime) -> str:
    """The period of the counter of patient codes: the year in two digits, which begins the code."""
    return f"{day_of(now):%y}"


def patient_changes(
    facts: PatientFacts, unit_id: int, number: int, now: datetime, *, patient_id: UUID | None = None
) -> tuple[Patient, Changes]:
    """The patient to write and its change set; `number` (from the counter) and `patient_id` are for a new patient only.

    Raises RULES for mistakes of the form and CONFLICT for a second record of the same person.
    """
    refuse_errors(check_patient(facts.form, day_of(now)))
    refuse_double(facts)
    changes = Changes()
    if facts.patient is None:
        code = f"{patient_code_period(now)}-{number:06d}"
        person_id = _person(facts, changes)
        patient = Patient(
            unit_id=unit_id,
            id=patient_id or new_id(),
            person_id=person_id,
            code=code,
            created_at=now,
            updated_at=now,
            **asdict(facts.form),
        )
        changes.insert(patient, *_words(patient)).version(patient, op="create")
        if patient.blood_group:
            changes.version(BloodGroup(patient), op="create")
        changes.audit("patient:register", "Patient", patient.id)
        return patient, changes
    fields = {name: value for name, value in asdict(facts.form).items() if value != getattr(facts.patient, name)}
    person_id = _moved_person(facts, changes)
    if person_id != facts.patient.person_id:
        fields["person_id"] = person_id
    if not fields:
        return facts.patient, changes
    return _updated(facts, changes, fields, now), changes


def _updated(facts: PatientFacts, changes: Changes, fields: dict[str, Any], now: datetime) -> Patient:
    assert facts.patient is not None
    patient = changes.update(facts.patient, updated_at=now, **fields)
    if "name" in fields:
        wanted, present = set(tokens(patient.name)), {word.token for word in facts.words}
        changes.delete(*(word for word in facts.words if word.token not in wanted))
        changes.insert(*(word for word in _words(patient) if word.token not in present))
    if "blood_group" in fields:
        before, after = facts.patient.blood_group, patient.blood_group
        if after:
            changes.version(BloodGroup(patient), op="update" if before else "create")
        else:
            changes.version(BloodGroup(facts.patient), op="delete")
    changes.version(patient).audit("patient:update", "Patient", patient.id, fields=sorted(fields))
    return patient


def _words(patient: Patient) -> list[PatientToken]:
    return [PatientToken(unit_id=patient.unit_id, id=patient.id, token=word) for word in tokens(patient.name)]


def _person(facts: PatientFacts, changes: Changes) -> UUID:
    """The person of the index, or a new one with the numbers that are known now."""
    if facts.persons:
        return facts.persons[0]
    person = Person(
        id=new_id(),
        citizen_number=facts.form.citizen_number or None,
        insurance_number=facts.insurance_number or None,
    )
    changes.insert(person)
    return person.id


def _moved_person(facts: PatientFacts, changes: Changes) -> UUID:
    """A corrected number moves the record to the person who holds it; the index itself is never rewritten."""
    patient = facts.patient
    assert patient is not None
    if patient.person_id in facts.persons:
        return patient.person_id
    new_number = facts.form.citizen_number and facts.form.citizen_number != patient.citizen_number
    if not new_number and not facts.persons:
        return patient.person_id
    return _person(facts, changes)


def is_person_race(error: HisError) -> bool:
    """Did another request write the same person at the same moment? Reading again and repeating settles it."""
    return error.kind is Kind.CONFLICT and error.field in _RACES


async def register_patient(db: Db, form: PatientForm, now: datetime, *, cards: Sequence[CardForm] = ()) -> Patient:
    """A new patient with the next code of the unit, and the cards shown.

    Raises RULES for mistakes and CONFLICT (finding REG-PAT-08 names the record) when the person is registered already.
    """
    refuse_errors([f for card in cards for f in check_card(card)])
    insurance = cards[0].card_number[-10:] if cards else ""
    for attempt in range(ATTEMPTS):
        facts = await load_patient_facts(db, form, insurance_number=insurance)
        refuse_errors(check_patient(facts.form, day_of(now)))
        refuse_double(facts)
        async with db.locking():
            number = await next_number(db, COUNTER, patient_code_period(now))
            patient, changes = patient_changes(facts, _unit(db), number, now)
            more, _ = coverage_changes(_unit(db), patient.id, (), cards)
            try:
                await db.apply(changes.merge(more), now)
            except HisError as error:
                if not is_person_race(error) or attempt == ATTEMPTS - 1:
                    raise
                continue
        return patient
    raise AssertionError("unreachable")


async def update_patient(db: Db, patient_id: UUID, form: PatientForm, now: datetime, *, version: int) -> Patient:
    """Correct a patient; the search words follow the name. Raises STALE, NOT_FOUND, RULES, CONFLICT."""
    facts = await load_patient_facts(db, form, patient_id=patient_id, version=version)
    patient, changes = patient_changes(facts, _unit(db), 0, now)
    if patient is not facts.patient:
        await db.apply(changes, now)
    return patient


async def add_coverage(db: Db, patient_id: UUID, card: CardForm, now: datetime) -> Coverage:
    """Keep a card with its days beside the others; the same card and first day is corrected, never doubled."""
    refuse_errors(check_card(card))
    patient = await store.get_patient(db, patient_id)
    if patient is None:
        raise not_found()
    existing = await store.list_coverages(db, patient_id)
    changes, rows = coverage_changes(_unit(db), patient_id, existing, [card])
    if rows[0] not in existing:
        changes.audit("coverage:add", "Coverage", rows[0].id)
        await db.apply(changes, now)
    return rows[0]


def _unit(db: Db) -> int:
    assert db.scope.unit_id is not None
    return db.scope.unit_id
