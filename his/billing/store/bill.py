"""The facts of a bill: visit, person, cards, services, medicines, and the co-payment of the year."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, ScalarSelect, Text, and_, cast, func, literal, select
from sqlmodel import SQLModel

from his.billing.rules.bed_charges import LainBed
from his.billing.rules.category import SELF_REFERRED_RATIO
from his.billing.store.beds import STAYS, read_beds
from his.billing.tables import Donation, Statement
from his.encounters.tables import Encounter
from his.identity.tables import Unit
from his.kit.clock import local
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.joined import labelled, part
from his.kit.money import ZERO
from his.orders.tables import ServiceRequest, SupplyUse
from his.pharmacy.tables import MedicationDispense
from his.prescriptions.tables import MedicationRequest
from his.registration.tables import Coverage, Patient

Model = TypeVar("Model", bound=SQLModel)
_encounter, _patient, _unit, _coverage = table(Encounter), table(Patient), table(Unit), table(Coverage)
_service, _medicine, _dispense = table(ServiceRequest), table(MedicationRequest), table(MedicationDispense)
_statement = table(Statement)
MAX_LINES = 2000


def _rows_of_visit(model: type[SQLModel], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Rows of a visit as JSON inside the query of the visit: few bills have any, and a bill may ask no more than twelve.

    Amounts travel as text.
    """
    rows = table(model)
    fields = (
        part for c in rows.columns for part in (literal(c.name), cast(c, Text) if isinstance(c.type, Numeric) else c)
    )
    return (
        select(func.jsonb_agg(func.jsonb_build_object(*fields)))
        .where(rows.c.unit_id == _encounter.c.unit_id, rows.c.encounter_id == _encounter.c.id, *where)
        .correlate(_encounter)
        .scalar_subquery()
    )


_DONATIONS = _rows_of_visit(Donation)
_SUPPLIES = _rows_of_visit(SupplyUse, table(SupplyUse).c.status == "used")
SELF_REFERRED = (*SELF_REFERRED_RATIO, "3.1")  # their co-payment does not count towards exemption


@dataclass(frozen=True, slots=True)
class Medicine:
    """A drug line and, once the pharmacy has a lot for it, one of its dispenses (not cancelled)."""

    request: MedicationRequest
    dispense: MedicationDispense | None = None


@dataclass(frozen=True, slots=True)
class BillFacts:
    """Everything a bill depends on, as rows. `copay` is the co-payment of earlier visits of the year: two half-years."""

    encounter: Encounter
    patient: Patient
    unit: Unit
    coverages: tuple[Coverage, ...] = ()
    services: tuple[ServiceRequest, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    copay: tuple[Decimal, Decimal] = (ZERO, ZERO)
    donations: tuple[Donation, ...] = ()
    beds: tuple[LainBed, ...] = ()
    supplies: tuple[SupplyUse, ...] = ()


async def load_bill_facts(db: Db, encounter_id: UUID) -> BillFacts:
    """The facts of a visit's bill in at most five queries; raises NOT_FOUND."""
    query = (
        select(
            *labelled(Encounter, "e"),
            *labelled(Patient, "p"),
            *labelled(Unit, "u"),
            _DONATIONS.label("donations"),
            STAYS.label("beds"),
            _SUPPLIES.label("supplies"),
        )
        .select_from(
            _encounter.join(
                _patient, and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id)
            ).join(_unit, _unit.c.id == _encounter.c.unit_id)
        )
        .where(_encounter.c.id == encounter_id)
    )
    row = await db.first(query)
    if row is None:
        raise not_found()
    encounter, patient = part(row, Encounter, "e"), part(row, Patient, "p")
    coverages: Sequence[Coverage] = ()
    copay = (ZERO, ZERO)
    if encounter.coverage_id is not None:
        cards = select(_coverage).where(_coverage.c.patient_id == patient.id).order_by(_coverage.c.id).limit(50)
        coverages = await db.models(Coverage, cards)
        copay = await _copay_of_year(db, encounter)
    ordered = select(_service).where(_service.c.encounter_id == encounter_id, _service.c.status != "revoked")
    services = await db.models(ServiceRequest, ordered.order_by(_service.c.ordered_at, _service.c.id).limit(MAX_LINES))
    medicines = await _list_medicines(db, encounter_id)
    return BillFacts(
        encounter, patient, part(row, Unit, "u"), tuple(coverages), tuple(services), tuple(medicines), copay,
        tuple(Donation.model_validate(fields) for fields in row.donations or ()), read_beds(row.beds, encounter_id),
        tuple(sorted(map(SupplyUse.model_validate, row.supplies or ()), key=lambda use: (use.used_at, str(use.id)))),
    )  # fmt: skip


async def _list_medicines(db: Db, encounter_id: UUID) -> list[Medicine]:
    query = (
        select(*labelled(MedicationRequest, "m"), *labelled(MedicationDispense, "d"))
        .select_from(
            _medicine.outerjoin(
                _dispense,
                and_(
                    _dispense.c.unit_id == _medicine.c.unit_id,
                    _dispense.c.medication_request_id == _medicine.c.id,
                    _dispense.c.status != "cancelled",
                ),
            )
        )
        .where(_medicine.c.encounter_id == encounter_id, _medicine.c.status != "cancelled")
        .order_by(_medicine.c.prescription_id, _medicine.c.position, _dispense.c.id)
        .limit(MAX_LINES)
    )
    found = []
    for row in await db.all(query):
        dispense = part(row, MedicationDispense, "d") if row._mapping["d__id"] is not None else None
        found.append(Medicine(part(row, MedicationRequest, "m"), dispense))
    return found


async def _copay_of_year(db: Db, encounter: Encounter) -> tuple[Decimal, Decimal]:
    """Co-payment of the patient's earlier, properly routed visits of the year in this unit, by half-year.

    Only statements issued before this visit was signed count, so that a bill never changes because a later visit closed.
    """
    start = local(encounter.arrived_at).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    middle, end = start.replace(month=7), start.replace(year=start.year + 1)
    conditions = [
        _encounter.c.patient_id == encounter.patient_id,
        _encounter.c.id != encounter.id,
        _encounter.c.ended_at >= start,
        _encounter.c.ended_at < end,
        _encounter.c.entitlement_code.not_in(SELF_REFERRED),
        _statement.c.issued_at <= (encounter.signed_at or end),
    ]
    joined = _statement.join(
        _encounter, and_(_encounter.c.unit_id == _statement.c.unit_id, _encounter.c.id == _statement.c.encounter_id)
    )
    first = func.sum(_statement.c.copayment).filter(_encounter.c.ended_at < middle)
    second = func.sum(_statement.c.copayment).filter(_encounter.c.ended_at >= middle)
    row: Any = await db.first(select(first, second).select_from(joined).where(*conditions))
    return (row[0] or ZERO, row[1] or ZERO)
