"""The counter: who waits for drugs, and everything about one prescription."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from his.encounters.tables import Encounter, VitalSigns
from his.identity.tables import Account, Practitioner
from his.identity.terms import Role
from his.kit.columns import table
from his.kit.db import Db
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest, Prescription
from his.registration.tables import Patient
from his.scheduling.tables import Ticket

_rx, _line, _dispense, _lot = table(Prescription), table(MedicationRequest), table(MedicationDispense), table(StockLot)
_patient, _encounter, _ticket = table(Patient), table(Encounter), table(Ticket)
_staff, _account, _allergy, _vitals = table(Practitioner), table(Account), table(AllergyIntolerance), table(VitalSigns)
LETTERS = ("C", "N", "H")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A prescription in the queue: ticket number (None without one), person, lines, signing, partly handed out or not."""

    id: UUID
    number: int | None
    name: str
    birth_date: date
    lines: int
    signed_at: datetime
    partly: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A dispense with its lot."""

    dispense: MedicationDispense
    lot_number: str
    expires_on: date
    shelf: str
    drug_code: str


@dataclass(frozen=True, slots=True)
class Counter:
    """Everything the counter shows of one prescription."""

    prescription: Prescription
    encounter: Encounter
    patient: Patient
    doctor: str
    number: int | None
    weight_kg: Decimal | None
    allergies: Sequence[AllergyIntolerance]
    lines: Sequence[MedicationRequest]
    dispenses: Sequence[Shown]


async def list_queue(db: Db, limit: int = 60) -> list[Waiting]:
    """Signed prescriptions that wait for drugs, the oldest first."""
    lines = (
        select(func.count())
        .where(_line.c.prescription_id == _rx.c.id, _line.c.status == "active")
        .correlate(_rx)
        .scalar_subquery()
    )
    number = (
        select(func.max(_ticket.c.number))
        .where(_ticket.c.encounter_id == _rx.c.encounter_id, _ticket.c.state != "cancelled")
        .correlate(_rx)
        .scalar_subquery()
    )
    partly = (
        select(_dispense.c.id)
        .join(_line, _line.c.id == _dispense.c.medication_request_id)
        .where(_line.c.prescription_id == _rx.c.id, _dispense.c.status == "completed")
        .correlate(_rx)
        .exists()
    )
    query = (
        select(
            _rx.c.id,
            _rx.c.signed_at,
            _patient.c.name,
            _patient.c.birth_date,
            lines.label("lines"),
            number.label("number"),
            partly.label("partly"),
        )
        .join(_patient, and_(_patient.c.unit_id == _rx.c.unit_id, _patient.c.id == _rx.c.patient_id))
        .where(_rx.c.status == "signed")
        .order_by(_rx.c.signed_at, _rx.c.id)
        .limit(limit)
    )
    return [
        Waiting(row.id, row.number, row.name, row.birth_date, row.lines, row.signed_at, row.partly)
        for row in await db.all(query)
    ]


async def load_counter(db: Db, prescription_id: UUID) -> Counter | None:
    """One prescription with person, lines, dispenses and lots; None when there is none. Eight queries."""
    prescription = await db.model(Prescription, select(_rx).where(_rx.c.id == prescription_id))
    if prescription is None or prescription.status == "draft":
        return None
    encounter = await db.model(Encounter, select(_encounter).where(_encounter.c.id == prescription.encounter_id))
    patient = await db.model(Patient, select(_patient).where(_patient.c.id == prescription.patient_id))
    assert encounter is not None, "a prescription has a visit"
    assert patient is not None, "a prescription has a patient"
    more = await db.first(_around(prescription, encounter))
    assert more is not None, "a SELECT without FROM has one row"
    allergies = select(_allergy).where(_allergy.c.patient_id == patient.id, _allergy.c.status == "active").limit(50)
    lines = select(_line).where(_line.c.prescription_id == prescription_id)
    return Counter(
        prescription,
        encounter,
        patient,
        more.doctor or "",
        more.number,
        more.weight,
        await db.models(AllergyIntolerance, allergies),
        await db.models(MedicationRequest, lines.order_by(_line.c.position, _line.c.id).limit(100)),
        await _list_shown(db, prescription_id),
    )


def _around(prescription: Prescription, encounter: Encounter) -> Select[Any]:
    doctor = (
        select(func.btrim(_staff.c.title + " " + _staff.c.name))
        .where(_staff.c.id == prescription.practitioner_id)
        .scalar_subquery()
    )
    number = (
        select(func.max(_ticket.c.number))
        .where(_ticket.c.encounter_id == encounter.id, _ticket.c.state != "cancelled")
        .scalar_subquery()
    )
    weight = (
        select(_vitals.c.weight_kg)
        .where(_vitals.c.encounter_id == encounter.id, _vitals.c.weight_kg.is_not(None))
        .order_by(_vitals.c.taken_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(doctor.label("doctor"), number.label("number"), weight.label("weight"))


async def _list_shown(db: Db, prescription_id: UUID) -> list[Shown]:
    query = (
        select(_dispense, _lot.c.lot_number, _lot.c.expires_on, _lot.c.shelf, _lot.c.drug_code)
        .join(_line, and_(_line.c.unit_id == _dispense.c.unit_id, _line.c.id == _dispense.c.medication_request_id))
        .join(_lot, and_(_lot.c.unit_id == _dispense.c.unit_id, _lot.c.id == _dispense.c.lot_id))
        .where(_line.c.prescription_id == prescription_id, _dispense.c.status != "cancelled")
        .order_by(_lot.c.expires_on, _dispense.c.id)
        .limit(500)
    )
    names = _dispense.columns.keys()
    return [
        Shown(
            MedicationDispense(**{name: row._mapping[name] for name in names}),
            row.lot_number,
            row.expires_on,
            row.shelf,
            row.drug_code,
        )
        for row in await db.all(query)
    ]


async def find_by_code(db: Db, unit_code: str, text: str) -> UUID | None:
    """The prescription with this national code, whole (14 characters) or only its seven own characters."""
    text = text.strip()
    body = text[2:] if text[1:2] == "-" else text
    codes = [text, *(f"{unit_code}{body}-{letter}" for letter in LETTERS)]
    query = select(_rx.c.id).where(_rx.c.code.in_(codes), _rx.c.status != "draft").order_by(_rx.c.signed_at.desc())
    found = await db.scalar(query.limit(1))
    return found if isinstance(found, UUID) else None


async def list_pharmacists(db: Db) -> list[tuple[UUID, str]]:
    """Who may check: staff of the unit with a pharmacist's account, by name."""
    query = (
        select(_staff.c.id, _staff.c.title, _staff.c.name)
        .join(_account, _account.c.practitioner_id == _staff.c.id)
        .where(_account.c.unit_id == db.unit_id, _account.c.role == Role.PHARMACIST.value, _account.c.active)
        .order_by(_staff.c.name)
    )
    return [(row.id, f"{row.title} {row.name}".strip()) for row in await db.all(query.limit(50))]
