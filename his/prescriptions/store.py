"""Prescriptions, lines, allergies, reasons: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from his.encounters.tables import Encounter, VitalSigns
from his.kit.columns import table
from his.kit.db import Db
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest, Prescription, SafetyOverride
from his.registration.tables import Patient

_rx, _line, _allergy, _override = (
    table(Prescription),
    table(MedicationRequest),
    table(AllergyIntolerance),
    table(SafetyOverride),
)
_encounter, _patient, _vitals = table(Encounter), table(Patient), table(VitalSigns)


async def get_encounter(db: Db, encounter_id: UUID) -> Encounter | None:
    """The visit, or None."""
    return await db.model(Encounter, select(_encounter).where(_encounter.c.id == encounter_id))


async def get_patient(db: Db, patient_id: UUID) -> Patient | None:
    """The patient, or None."""
    return await db.model(Patient, select(_patient).where(_patient.c.id == patient_id))


async def list_prescriptions(db: Db, encounter_id: UUID) -> list[Prescription]:
    """Prescriptions of a visit that are not cancelled, oldest first."""
    query = select(_rx).where(_rx.c.encounter_id == encounter_id, _rx.c.status != "cancelled")
    return await db.models(Prescription, query.order_by(_rx.c.created_at).limit(20))


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


async def latest_weight(db: Db, encounter_id: UUID) -> VitalSigns | None:
    """The newest vital signs of the visit with a weight."""
    query = select(_vitals).where(_vitals.c.encounter_id == encounter_id, _vitals.c.weight_kg.is_not(None))
    return await db.model(VitalSigns, query.order_by(_vitals.c.taken_at.desc()).limit(1))


async def recent_lines(db: Db, patient_id: UUID, since: datetime, besides: UUID) -> list[MedicationRequest]:
    """Signed lines of other visits of the patient since an instant, newest first."""
    query = select(_line).where(
        _line.c.patient_id == patient_id,
        _line.c.encounter_id != besides,
        _line.c.status.in_(("active", "completed")),
        _line.c.ordered_at >= since,
    )
    return await db.models(MedicationRequest, query.order_by(_line.c.ordered_at.desc()).limit(100))


async def last_prescription(db: Db, patient_id: UUID, besides: UUID) -> Prescription | None:
    """The newest signed prescription of the patient in another visit."""
    query = select(_rx).where(
        _rx.c.patient_id == patient_id, _rx.c.encounter_id != besides, _rx.c.status.in_(("signed", "dispensed"))
    )
    return await db.model(Prescription, query.order_by(_rx.c.signed_at.desc()).limit(1))
