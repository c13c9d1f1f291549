"""Claims and the facts of a dossier: every SELECT of the slice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlmodel import SQLModel

from his.billing.tables import Charge, Payment
from his.claims.tables import Claim, ClaimEvent
from his.encounters.tables import Diagnosis, Encounter, Note, VitalSigns
from his.identity.tables import Practitioner, Unit
from his.kit.columns import loaded, table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.joined import labelled
from his.kit.query import Query, compiled
from his.orders.tables import Observation, ServiceRequest, SupplyUse
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions.tables import MedicationRequest
from his.registration.tables import Coverage, Patient

_claim, _event = table(Claim), table(ClaimEvent)
_encounter, _patient, _unit = table(Encounter), table(Patient), table(Unit)
_charge, _dispense, _medicine, _lot = (
    table(Charge),
    table(MedicationDispense),
    table(MedicationRequest),
    table(StockLot),
)
_card, _staff, _use = table(Coverage), table(Practitioner), table(SupplyUse)
MAX_LINES = 2000
VISIT: ColumnElement[UUID] = bindparam("visit", type_=_encounter.c.id.type)


@dataclass(frozen=True, slots=True)
class GivenDrug:
    """A drug as it was handed out: the order, the quantity of one lot, and the lot."""

    request: MedicationRequest
    dispense: MedicationDispense
    lot: StockLot


class UsedSupply(NamedTuple):
    """What a supply line says beyond its charge: bid (TT_THAU), model (MA_HIEU_SP), used again, when."""

    tender: str
    model_number: str
    reused: bool
    used_at: datetime


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
    supplies: dict[UUID, UsedSupply]  # by the id of the use
    observations: tuple[Observation, ...]
    notes: tuple[Note, ...]
    vitals: VitalSigns | None
    payments: tuple[Payment, ...]
    licenses: dict[UUID, str]  # practice certificate by practitioner


def _visit_query(model: type[SQLModel], *order: str, where: ColumnElement[bool] | None = None) -> Query:
    t = table(model)
    query: Select[Any] = select(t).where(t.c.encounter_id == VISIT)
    if where is not None:
        query = query.where(where)
    return compiled(query.order_by(*(t.c[name] for name in order)).limit(MAX_LINES))


_HEAD = compiled(
    select(*labelled(Encounter, "e"), *labelled(Patient, "p"), *labelled(Unit, "u"))
    .join_from(
        _encounter,
        _patient,
        and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
    )
    .join(_unit, _unit.c.id == _encounter.c.unit_id)
    .where(_encounter.c.id == VISIT)
    .limit(1)
)
_CARDS = compiled(
    select(_card)
    .join_from(
        _card,
        _encounter,
        and_(_card.c.unit_id == _encounter.c.unit_id, _card.c.patient_id == _encounter.c.patient_id),
    )
    .where(_encounter.c.id == VISIT)
    .order_by(_card.c.valid_from)
    .limit(50)
)
_GIVEN = compiled(
    select(*labelled(MedicationRequest, "m"), *labelled(MedicationDispense, "d"), *labelled(StockLot, "l"))
    .join_from(
        _dispense,
        _medicine,
        and_(_medicine.c.unit_id == _dispense.c.unit_id, _medicine.c.id == _dispense.c.medication_request_id),
    )
    .join(_lot, and_(_lot.c.unit_id == _dispense.c.unit_id, _lot.c.id == _dispense.c.lot_id))
    .where(_dispense.c.encounter_id == VISIT, _dispense.c.status != "cancelled")
    .limit(MAX_LINES)
)
_LICENSES = compiled(select(_staff.c.id, _staff.c.license_number).limit(1000))
_VITALS = _visit_query(VitalSigns, "taken_at")
_DIAGNOSES = _visit_query(Diagnosis, "position", "id")
_CHARGES = compiled(
    select(_charge, *(_use.c[name].label(f"s__{name}") for name in UsedSupply._fields))
    .join_from(_charge, _use, and_(_use.c.unit_id == _charge.c.unit_id, _use.c.id == _charge.c.source_id), isouter=True)
    .where(_charge.c.encounter_id == VISIT, _charge.c.status != "cancelled")
    .order_by(_charge.c.ordered_at, _charge.c.id)
    .limit(MAX_LINES)
)
_WIDTH = len(_charge.c)
_SERVICES = _visit_query(ServiceRequest, "ordered_at", "id")
_OBSERVATIONS = _visit_query(Observation, "issued_at", "id")
_NOTES = _visit_query(Note, "written_at", "id")
_PAYMENTS = _visit_query(Payment, "paid_at", where=table(Payment).c.status == "received")
_FIRST = (_HEAD, _CARDS, _GIVEN, _LICENSES, _VITALS, _DIAGNOSES, _CHARGES, _SERVICES)
_LAST = (_OBSERVATIONS, _NOTES, _PAYMENTS)


async def load_dossier(db: Db, encounter_id: UUID, *, early: bool = False) -> Dossier:
    """The rows of one visit's dossier in one round trip; `early` leaves out what comes last (results, notes, payments).

    Raises NOT_FOUND.
    """
    queries = _FIRST if early else (*_FIRST, *_LAST)
    head, cards, given, licenses, vitals, diagnoses, charges, services, *last = await db.several(
        queries, {"visit": encounter_id}
    )
    if not head:
        raise not_found()
    observations, notes, payments = last or ((), (), ())
    billed = loaded(Charge, _CHARGES.columns[:_WIDTH], [row[:_WIDTH] for row in charges])
    return Dossier(
        encounter=_HEAD.part(Encounter, "e", head[0]),
        patient=_HEAD.part(Patient, "p", head[0]),
        unit=_HEAD.part(Unit, "u", head[0]),
        coverages=tuple(_CARDS.models(Coverage, cards)),
        diagnoses=tuple(_DIAGNOSES.models(Diagnosis, diagnoses)),
        charges=tuple(billed),
        drugs={drug.dispense.id: drug for drug in map(_given_drug, given)},
        services={s.id: s for s in _SERVICES.models(ServiceRequest, services)},
        supplies={c.source_id: UsedSupply(*r[_WIDTH:]) for c, r in zip(billed, charges, strict=True) if r[-1]},
        observations=tuple(_OBSERVATIONS.models(Observation, observations)),
        notes=tuple(_NOTES.models(Note, notes)),
        vitals=next((v for v in reversed(_VITALS.models(VitalSigns, vitals)) if v.weight_kg), None),
        payments=tuple(_PAYMENTS.models(Payment, payments)),
        licenses={row[0]: row[1] for row in licenses},
    )


def _given_drug(row: tuple[Any, ...]) -> GivenDrug:
    return GivenDrug(
        _GIVEN.part(MedicationRequest, "m", row),
        _GIVEN.part(MedicationDispense, "d", row),
        _GIVEN.part(StockLot, "l", row),
    )


async def get_claim(db: Db, claim_id: UUID) -> Claim | None:
    """A claim of the unit in scope."""
    return await db.model(Claim, select(_claim).where(_claim.c.id == claim_id))


async def find_claim(db: Db, column: str, value: str) -> Claim | None:
    """The newest revision whose `number` or `dossier_code` this is."""
    query = select(_claim).where(_claim.c[column] == value).order_by(_claim.c.revision.desc()).limit(1)
    return await db.model(Claim, query)


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
