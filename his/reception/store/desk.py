"""Reads of the front desk over the slices below: place and fee, history of a person, rooms, visits of today."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, String, and_, case, cast, func, literal, or_, select

from his.billing.tables import Charge, Payment
from his.catalog.tables import Code, ServiceItem
from his.encounters.tables import Encounter
from his.exchange.tables import IdempotencyKey
from his.identity.tables import Department, Practitioner, Room, Unit
from his.kit.clock import VIETNAM, day_of
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.money import ZERO
from his.prescriptions.tables import MedicationRequest
from his.reception.terms import DrugInHand, History, Paper, PastVisit, Place
from his.registration.tables import Coverage, Patient
from his.scheduling.tables import Ticket

_unit, _room, _department, _staff = table(Unit), table(Room), table(Department), table(Practitioner)
_encounter, _patient, _ticket, _coverage = table(Encounter), table(Patient), table(Ticket), table(Coverage)
_charge, _payment, _drug, _key = table(Charge), table(Payment), table(MedicationRequest), table(IdempotencyKey)
_code, _item = table(Code), table(ServiceItem)
_DOCTOR = func.coalesce(func.trim(_staff.c.title + " " + _staff.c.name), "")
RECENT = 8
DRUG_DAYS = 120


async def find_key(db: Db, key_id: UUID) -> IdempotencyKey | None:
    """A request that already happened."""
    return await db.model(IdempotencyKey, select(_key).where(_key.c.id == key_id))


def _places() -> Select[Any]:
    joined = (
        _room.join(_unit, _unit.c.id == _room.c.unit_id)
        .join(_department, and_(_department.c.unit_id == _room.c.unit_id, _department.c.id == _room.c.department_id))
        .outerjoin(_staff, and_(_staff.c.unit_id == _room.c.unit_id, _staff.c.id == _room.c.practitioner_id))
    )
    return (
        select(
            _unit.c.code.label("unit_code"), _unit.c.name.label("unit_name"), _unit.c.level, _unit.c.points,
            _unit.c.former_tier, _unit.c.is_station, _room.c.id.label("room_id"), _room.c.code.label("room_code"),
            _room.c.name.label("room_name"), _department.c.code.label("department_code"), _room.c.practitioner_id,
            _DOCTOR.label("doctor"), _room.c.service_code,
        )
        .select_from(joined)
        .where(_room.c.active, _room.c.kind == "exam")
    )  # fmt: skip


async def get_place(db: Db, room_id: UUID) -> Place:
    """The unit, the room, its department and doctor in one query; raises NOT_FOUND."""
    row = await db.first(_places().where(_room.c.id == room_id))
    if row is None:
        raise not_found()
    return Place(**row._mapping)


async def get_place_and_fee(db: Db, room_id: UUID, on: date) -> tuple[Place, ServiceItem | None]:
    """A room as `get_place` gives it, with its examination fee of the day, in one query; raises NOT_FOUND."""
    in_force = and_(
        _item.c.code == _room.c.service_code,
        _item.c.valid_from <= on,
        or_(_item.c.valid_to.is_(None), _item.c.valid_to >= on),
    )
    base = _places().where(_room.c.id == room_id)
    priced = base.select_from(base.get_final_froms()[0].outerjoin(_item, in_force))
    columns = [c.label(f"item_{c.key}") for c in _item.columns]
    row = await db.first(priced.add_columns(*columns).order_by(_item.c.valid_from.desc()).limit(1))
    if row is None:
        raise not_found()
    values = dict(row._mapping)
    item = {c.key: values.pop(f"item_{c.key}") for c in _item.columns}
    return Place(**values), ServiceItem(**item) if item["code"] is not None else None


async def list_places(db: Db) -> list[Place]:
    """The examination rooms of the unit, by code, each as `get_place` gives it."""
    return [Place(**row._mapping) for row in await db.all(_places().order_by(_room.c.code).limit(100))]


async def list_lists(db: Db, names: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Small code lists as (code, name), several lists in one query; entries that ended are left out."""
    query = select(_code.c.list_name, _code.c.code, _code.c.name)
    query = query.where(_code.c.list_name.in_(names), _code.c.valid_to.is_(None))
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    rows: Sequence[Any] = await db.all(query.order_by(_code.c.position, _code.c.code).limit(1000))
    for row in rows:
        found[row[0]].append((row[1], row[2]))
    return found


async def load_history(db: Db, patient_id: UUID, now: datetime) -> History:
    """The last visits with what is owed, and drugs of the last four months that still last; two queries."""
    return History(await _visits(db, patient_id), await _drugs(db, patient_id, now))


async def _visits(db: Db, patient_id: UUID) -> tuple[PastVisit, ...]:
    owed = (
        select(func.coalesce(func.sum(_charge.c.copayment + _charge.c.self_paid), ZERO))
        .where(
            _charge.c.unit_id == _encounter.c.unit_id,
            _charge.c.encounter_id == _encounter.c.id,
            _charge.c.status == "billable",
        )
        .scalar_subquery()
    )
    paid = (
        select(func.coalesce(func.sum(_payment.c.amount), ZERO))
        .where(
            _payment.c.unit_id == _encounter.c.unit_id,
            _payment.c.encounter_id == _encounter.c.id,
            _payment.c.status == "received",
        )
        .scalar_subquery()
    )
    signed = _encounter.c.signed_at.is_not(None) & (_encounter.c.status != "cancelled")
    due = case((signed, func.round(owed) - paid), else_=literal(ZERO)).label("due")
    joined = _encounter.outerjoin(
        _room, and_(_room.c.unit_id == _encounter.c.unit_id, _room.c.id == _encounter.c.room_id)
    ).outerjoin(_staff, and_(_staff.c.unit_id == _encounter.c.unit_id, _staff.c.id == _encounter.c.practitioner_id))
    query = (
        select(
            _encounter.c.id.label("encounter_id"), _encounter.c.dossier_code, _encounter.c.arrived_at,
            _encounter.c.status, _encounter.c.reason, func.coalesce(_room.c.code, "").label("room_code"),
            _encounter.c.room_id, _DOCTOR.label("doctor"), _encounter.c.follow_up_on, due,
        )
        .select_from(joined)
        .where(_encounter.c.patient_id == patient_id)
        .order_by(_encounter.c.arrived_at.desc())
        .limit(RECENT)
    )  # fmt: skip
    return tuple(PastVisit(**{**row._mapping, "due": max(Decimal(row.due or 0), ZERO)}) for row in await db.all(query))


async def _drugs(db: Db, patient_id: UUID, now: datetime) -> tuple[DrugInHand, ...]:
    day = cast(func.timezone(literal(str(VIETNAM), String), _drug.c.ordered_at), Date)
    last = (day + _drug.c.days - 1).label("last_on")
    joined = _encounter.join(
        _drug, and_(_drug.c.unit_id == _encounter.c.unit_id, _drug.c.encounter_id == _encounter.c.id)
    )
    query = (
        select(_drug.c.drug_name, last)
        .select_from(joined)
        .where(
            _encounter.c.patient_id == patient_id,
            _encounter.c.arrived_at >= now - timedelta(days=DRUG_DAYS),
            _drug.c.status.in_(("active", "completed")),
        )
        .order_by(last.desc())
        .limit(20)
    )
    return tuple(DrugInHand(row.drug_name, row.last_on) for row in await db.all(query))


async def find_visit_patient(db: Db, dossier_code: str) -> UUID | None:
    """The patient of the visit with this code (the number on a slip)."""
    found = await db.scalar(select(_encounter.c.patient_id).where(_encounter.c.dossier_code == dossier_code).limit(1))
    return None if found is None else UUID(str(found))


async def list_today(db: Db, since: datetime, limit: int = 8) -> Sequence[tuple[UUID, str, str, str, datetime, str]]:
    """The visits registered last since an instant: visit id, code, name, room, time, number."""
    joined = (
        _encounter.join(
            _patient, and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id)
        )
        .outerjoin(_room, and_(_room.c.unit_id == _encounter.c.unit_id, _room.c.id == _encounter.c.room_id))
        .outerjoin(_ticket, and_(_ticket.c.unit_id == _encounter.c.unit_id, _ticket.c.encounter_id == _encounter.c.id))
    )
    number = func.coalesce(func.lpad(cast(_ticket.c.number, String), 3, "0"), "")
    query = select(
        _encounter.c.id, _encounter.c.dossier_code, _patient.c.name, func.coalesce(_room.c.code, ""),
        _encounter.c.arrived_at, number,
    )  # fmt: skip
    query = query.select_from(joined).where(_encounter.c.arrived_at >= since, _encounter.c.status != "cancelled")
    rows: Sequence[Any] = await db.all(query.order_by(_encounter.c.arrived_at.desc()).limit(limit))
    return [(r[0], r[1], r[2], r[3], r[4], r[5]) for r in rows]


async def list_open_visits(db: Db, patient_id: UUID, since: datetime) -> list[Encounter]:
    """Visits of a person since an instant that the doctor has not signed yet."""
    query = select(_encounter).where(
        _encounter.c.patient_id == patient_id,
        _encounter.c.arrived_at >= since,
        _encounter.c.signed_at.is_(None),
        or_(_encounter.c.status == "arrived", _encounter.c.status == "in-progress"),
    )
    return await db.models(Encounter, query.limit(10))


async def latest_visits(db: Db, patient_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The newest visit of each of these people, by person."""
    query = (
        select(_encounter.c.patient_id, _encounter.c.id)
        .distinct(_encounter.c.patient_id)
        .where(_encounter.c.patient_id.in_(patient_ids), _encounter.c.status != "cancelled")
        .order_by(_encounter.c.patient_id, _encounter.c.arrived_at.desc())
    )
    return {row.patient_id: row.id for row in await db.all(query)}


async def list_signed_visits(db: Db, patient_id: UUID, since: datetime) -> list[UUID]:
    """Visits of a person since an instant that are signed and not closed: they may have waited for the card."""
    query = select(_encounter.c.id).where(
        _encounter.c.patient_id == patient_id,
        _encounter.c.arrived_at >= since,
        _encounter.c.signed_at.is_not(None),
        _encounter.c.closed_at.is_(None),
    )
    return [row.id for row in await db.all(query.limit(10))]


async def get_encounter(db: Db, encounter_id: UUID) -> Encounter:
    """A visit of the unit in scope; raises NOT_FOUND."""
    found = await db.model(Encounter, select(_encounter).where(_encounter.c.id == encounter_id))
    if found is None:
        raise not_found()
    return found


async def unit_code(db: Db) -> str:
    """MA_CSKCB of the unit in scope."""
    return str(await db.scalar(select(_unit.c.code).where(_unit.c.id == db.scope.unit_id)) or "")


async def find_paper(db: Db, patient_id: UUID, paper: Paper) -> tuple[str, date] | None:
    """Dossier code and day of the person's visit that rests on this appointment slip; None when it was not used."""
    query = select(_encounter.c.dossier_code, _encounter.c.arrived_at).where(
        _encounter.c.patient_id == patient_id,
        _encounter.c.status != "cancelled",
        _encounter.c.route["follow_up"].astext == "true",
        _encounter.c.route["referral_paper"].astext == paper.number.strip(),
    )
    row = await db.first(query.order_by(_encounter.c.arrived_at.desc()).limit(1))
    return None if row is None else (row.dossier_code, day_of(row.arrived_at))


async def facility_name(db: Db, code: str) -> str:
    """The name of a facility of this installation, else its code."""
    return str(await db.scalar(select(_unit.c.name).where(_unit.c.code == code)) or code)
