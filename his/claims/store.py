"""Claims and the facts of a dossier: every SELECT of the slice."""

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlmodel import SQLModel

from his.billing.tables import Charge, Payment
from his.claims.tables import Claim, ClaimEvent
from his.encounters.tables import Diagnosis, Encounter, Note, VitalSigns
from his.identity.tables import Practitioner, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.joined import labelled, part
from his.orders.tables import Observation, ServiceRequest
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions.tables import MedicationRequest
from his.registration.tables import Coverage, Patient

Model = TypeVar("Model", bound=SQLModel)
_claim, _event = table(Claim), table(ClaimEvent)
_encounter, _patient, _unit = table(Encounter), table(Patient), table(Unit)
_charge, _dispense, _medicine, _lot = (
    table(Charge),
    table(MedicationDispense),
    table(MedicationRequest),
    table(StockLot),
)
MAX_LINES = 2000


@dataclass(frozen=True, slots=True)
class GivenDrug:
    """A drug as it was handed out: the order, the quantity of one lot, and the lot."""

    request: MedicationRequest
    dispense: MedicationDispense
    lot: StockLot


@dataclass(frozen=True, slots=True)
class Dossier:
    """The rows from which a dossier is stated."""

    encounter: Encounter
    patient: Patient
    unit: Unit
    coverages: tuple[Coverage, ...]
    diagnoses: tuple[Diagnosis, ...]
    charges: tuple[Charge, ...]
    drugs: dict[UUID, GivenDrug]  # by dispense id
    services: dict[UUID, ServiceRequest]
    observations: tuple[Observation, ...]
    notes: tuple[Note, ...]
    vitals: VitalSigns | None
    payments: tuple[Payment, ...]
    licenses: dict[UUID, str]  # practice certificate by practitioner


async def load_dossier(db: Db, encounter_id: UUID, *, early: bool = False) -> Dossier:
    """The rows of one visit's dossier in eleven queries, in eight without what comes last (`early`: results, notes,
    payments); raises NOT_FOUND."""
    head = (
        select(*labelled(Encounter, "e"), *labelled(Patient, "p"), *labelled(Unit, "u"))
        .join_from(
            _encounter,
            _patient,
            and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
        )
        .join(_unit, _unit.c.id == _encounter.c.unit_id)
        .where(_encounter.c.id == encounter_id)
    )
    row = await db.first(head)
    if row is None:
        raise not_found()
    patient = part(row, Patient, "p")

    async def of_visit(model: type[Model], *order: str, where: ColumnElement[bool] | None = None) -> tuple[Model, ...]:
        t = table(model)
        query: Select[Any] = select(t).where(t.c.encounter_id == encounter_id)
        if where is not None:
            query = query.where(where)
        return tuple(await db.models(model, query.order_by(*(t.c[name] for name in order)).limit(MAX_LINES)))

    cards = table(Coverage)
    coverages = await db.models(
        Coverage, select(cards).where(cards.c.patient_id == patient.id).order_by(cards.c.valid_from).limit(50)
    )
    vitals = await of_visit(VitalSigns, "taken_at")
    staff = table(Practitioner)
    licenses = {r.id: r.license_number for r in await db.all(select(staff.c.id, staff.c.license_number).limit(1000))}
    return Dossier(
        encounter=part(row, Encounter, "e"),
        patient=patient,
        unit=part(row, Unit, "u"),
        coverages=tuple(coverages),
        diagnoses=await of_visit(Diagnosis, "position", "id"),
        charges=await of_visit(Charge, "ordered_at", "id", where=_charge.c.status != "cancelled"),
        drugs=await _given_drugs(db, encounter_id),
        services={s.id: s for s in await of_visit(ServiceRequest, "ordered_at", "id")},
        observations=() if early else await of_visit(Observation, "issued_at", "id"),
        notes=() if early else await of_visit(Note, "written_at", "id"),
        vitals=next((v for v in reversed(vitals) if v.weight_kg), None),
        payments=() if early else await of_visit(Payment, "paid_at", where=table(Payment).c.status == "received"),
        licenses=licenses,
    )


async def _given_drugs(db: Db, encounter_id: UUID) -> dict[UUID, GivenDrug]:
    query = (
        select(*labelled(MedicationRequest, "m"), *labelled(MedicationDispense, "d"), *labelled(StockLot, "l"))
        .join_from(
            _dispense,
            _medicine,
            and_(_medicine.c.unit_id == _dispense.c.unit_id, _medicine.c.id == _dispense.c.medication_request_id),
        )
        .join(_lot, and_(_lot.c.unit_id == _dispense.c.unit_id, _lot.c.id == _dispense.c.lot_id))
        .where(_dispense.c.encounter_id == encounter_id, _dispense.c.status != "cancelled")
        .limit(MAX_LINES)
    )
    found = {}
    for row in await db.all(query):
        dispense = part(row, MedicationDispense, "d")
        found[dispense.id] = GivenDrug(part(row, MedicationRequest, "m"), dispense, part(row, StockLot, "l"))
    return found


async def get_claim(db: Db, claim_id: UUID) -> Claim | None:
    """A claim of the unit in scope."""
    return await db.model(Claim, select(_claim).where(_claim.c.id == claim_id))


async def latest_claim(db: Db, encounter_id: UUID) -> Claim | None:
    """The newest revision of a visit's claim."""
    query = select(_claim).where(_claim.c.encounter_id == encounter_id).order_by(_claim.c.revision.desc()).limit(1)
    return await db.model(Claim, query)


async def list_events(db: Db, claim_id: UUID) -> list[ClaimEvent]:
    """The states a claim went through, oldest first."""
    query = select(_event).where(_event.c.claim_id == claim_id).order_by(_event.c.at, _event.c.id).limit(200)
    return await db.models(ClaimEvent, query)


async def list_charges(db: Db, encounter_id: UUID) -> list[Charge]:
    """The charge lines of a claim's visit."""
    query = select(_charge).where(_charge.c.encounter_id == encounter_id, _charge.c.status != "cancelled")
    return await db.models(Charge, query.order_by(_charge.c.ordered_at, _charge.c.id).limit(MAX_LINES))
