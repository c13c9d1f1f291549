"""Prescriptions, lines, allergies, reasons: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from his.encounters.tables import Diagnosis, Encounter, VitalSigns
from his.identity.tables import Practitioner, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.kit.rights import Right, is_open
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest, Prescription, SafetyOverride
from his.registration.tables import Coverage, Patient

_rx, _line, _allergy, _override = (
    table(Prescription),
    table(MedicationRequest),
    table(AllergyIntolerance),
    table(SafetyOverride),
)
_encounter, _patient, _vitals = table(Encounter), table(Patient), table(VitalSigns)
_diagnosis, _staff, _card = table(Diagnosis), table(Practitioner), table(Coverage)
_unit = table(Unit)


async def get_encounter(db: Db, encounter_id: UUID, *, lock: bool = False) -> Encounter | None:
    """The visit, or None; with `lock` nobody else adds lines to it until the commit."""
    query = select(_encounter).where(_encounter.c.id == encounter_id)
    return await db.model(Encounter, query.with_for_update() if lock else query)


async def get_patient(db: Db, patient_id: UUID) -> Patient | None:
    """The patient, or None."""
    return await db.model(Patient, select(_patient).where(_patient.c.id == patient_id))


async def load_basket(db: Db, encounter_id: UUID) -> tuple[list[Prescription], list[MedicationRequest]]:
    """Prescriptions of a visit that are not cancelled, oldest first, with their lines in the order of entry; one query."""
    joined = _rx.outerjoin(_line, and_(_line.c.prescription_id == _rx.c.id, _line.c.status != "cancelled"))
    query = (
        select(_rx, _line)
        .select_from(joined)
        .where(_rx.c.encounter_id == encounter_id, _rx.c.status != "cancelled")
        .order_by(_rx.c.created_at, _rx.c.id, _line.c.position, _line.c.id)
        .limit(400)
    )
    width = len(_rx.columns)
    prescriptions: dict[UUID, Prescription] = {}
    lines: list[MedicationRequest] = []
    for row in await db.all(query):
        values = tuple(row)
        rx = Prescription(**dict(zip(_rx.columns.keys(), values[:width], strict=True)))
        prescriptions.setdefault(rx.id, rx)
        line = dict(zip(_line.columns.keys(), values[width:], strict=True))
        if line["id"] is not None:
            lines.append(MedicationRequest(**line))
    return list(prescriptions.values()), lines


async def list_lines(db: Db, prescription_ids: Sequence[UUID]) -> list[MedicationRequest]:
    """Lines that are not cancelled, in the order of entry."""
    query = select(_line).where(_line.c.prescription_id.in_(prescription_ids), _line.c.status != "cancelled")
    return await db.models(MedicationRequest, query.order_by(_line.c.position, _line.c.id).limit(200))


async def get_line(db: Db, line_id: UUID) -> MedicationRequest | None:
    """A line, or None."""
    return await db.model(MedicationRequest, select(_line).where(_line.c.id == line_id))


async def list_allergies(db: Db, patient_id: UUID) -> list[AllergyIntolerance]:
    """Active allergies of a patient."""
    query = select(_allergy).where(_allergy.c.patient_id == patient_id, _allergy.c.status == "active")
    return await db.models(AllergyIntolerance, query.order_by(_allergy.c.recorded_at).limit(50))


async def get_allergy(db: Db, allergy_id: UUID) -> AllergyIntolerance | None:
    """An allergy, or None."""
    return await db.model(AllergyIntolerance, select(_allergy).where(_allergy.c.id == allergy_id))


async def list_overrides(db: Db, encounter_id: UUID) -> list[SafetyOverride]:
    """Reasons given in a visit."""
    query = select(_override).where(_override.c.encounter_id == encounter_id).order_by(_override.c.given_at)
    return await db.models(SafetyOverride, query.limit(100))


async def load_visit_facts(db: Db, encounter_id: UUID) -> tuple[Decimal | None, tuple[str, ...]]:
    """The newest weight (kg) taken in the visit, and the codes of its diagnoses, main first."""
    weight = (
        select(_vitals.c.weight_kg)
        .where(_vitals.c.encounter_id == encounter_id, _vitals.c.weight_kg.is_not(None))
        .order_by(_vitals.c.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    codes = (
        select(func.array_agg(aggregate_order_by(_diagnosis.c.code, _diagnosis.c.role, _diagnosis.c.position)))
        .where(_diagnosis.c.encounter_id == encounter_id)
        .scalar_subquery()
    )
    row = await db.first(select(weight.label("weight"), codes.label("codes")))
    assert row is not None, "a SELECT without FROM has one row"
    return row.weight, tuple(row.codes or ())


async def list_favourites(db: Db, practitioner_id: UUID, limit: int = 20) -> list[str]:
    """Registration numbers of what a doctor prescribed most lately, most first."""
    latest = (
        select(_line.c.drug_code)
        .where(_line.c.practitioner_id == practitioner_id, _line.c.status.in_(("active", "completed")))
        .order_by(_line.c.ordered_at.desc())
        .limit(500)
        .subquery()
    )
    query = select(latest.c.drug_code).group_by(latest.c.drug_code).order_by(func.count().desc(), latest.c.drug_code)
    return [row.drug_code for row in await db.all(query.limit(limit))]


async def get_prescription(db: Db, prescription_id: UUID) -> Prescription | None:
    """A prescription, or None."""
    return await db.model(Prescription, select(_rx).where(_rx.c.id == prescription_id))


async def get_practitioner(db: Db, practitioner_id: UUID) -> Practitioner | None:
    """A member of staff of the unit in scope, or None."""
    return await db.model(Practitioner, select(_staff).where(_staff.c.id == practitioner_id))


async def list_diagnoses(db: Db, encounter_id: UUID) -> list[Diagnosis]:
    """Diagnoses of a visit, main first."""
    query = select(_diagnosis).where(_diagnosis.c.encounter_id == encounter_id)
    return await db.models(Diagnosis, query.order_by(_diagnosis.c.role, _diagnosis.c.position).limit(20))


async def get_unit(db: Db) -> Unit | None:
    """The unit in scope."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == db.unit_id))


async def get_coverage(db: Db, coverage_id: UUID) -> Coverage | None:
    """An insurance card, or None."""
    return await db.model(Coverage, select(_card).where(_card.c.id == coverage_id))


async def recent_lines(db: Db, patient_id: UUID, since: datetime, besides: UUID) -> list[MedicationRequest]:
    """Signed lines of other visits of the patient since an instant, newest first."""
    query = select(_line).where(
        _line.c.patient_id == patient_id,
        _line.c.encounter_id != besides,
        _line.c.status.in_(("active", "completed")),
        _line.c.ordered_at >= since,
    )
    return await db.models(MedicationRequest, query.order_by(_line.c.ordered_at.desc()).limit(100))


async def last_prescription(db: Db, patient_id: UUID, besides: UUID, right: Right) -> Prescription | None:
    """The newest signed prescription of the patient in another visit that is seen."""
    query = select(_rx).where(
        _rx.c.patient_id == patient_id, _rx.c.encounter_id != besides, _rx.c.status.in_(("signed", "dispensed"))
    )
    query = query.where(is_open(_rx.c.encounter_id, db.unit_id, right))
    return await db.model(Prescription, query.order_by(_rx.c.signed_at.desc()).limit(1))
