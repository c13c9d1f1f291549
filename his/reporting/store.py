"""Finished visits of a unit in groups, its cells, and what a province may read of its units: every SELECT of the slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, DateTime, and_, bindparam, case, cast, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.sql.elements import ColumnElement

from his.catalog.tables import CatalogVersion
from his.encounters.tables import Diagnosis, Encounter
from his.exchange.tables import Parcel
from his.identity.tables import Room, Unit
from his.kit.clock import VIETNAM
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import CardCheck, Patient
from his.reporting.tables import DayClose, DirtyKey, MonthReport, Reminder, StatCell, WorkerBeat
from his.reporting.terms import ALL, OpenVisit, UnitRef, VisitGroup

_encounter, _patient, _diagnosis, _room = table(Encounter), table(Patient), table(Diagnosis), table(Room)
_cell, _close, _report, _reminder = table(StatCell), table(DayClose), table(MonthReport), table(Reminder)
_unit, _beat, _dirty, _parcel = table(Unit), table(WorkerBeat), table(DirtyKey), table(Parcel)
_card, _version = table(CardCheck), table(CatalogVersion)

ZONE = literal(str(VIETNAM))
KINDS = ("hospital", "clinic", "station")
MAX_UNITS = 1000
OPEN_LIMIT = 200


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a day of Viet Nam begins and ends (the end excluded)."""
    start = datetime.combine(day, time(), VIETNAM)
    return start, datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def _day(column: ColumnElement[Any]) -> ColumnElement[date]:
    return cast(func.timezone(ZONE, column), Date)


def _spans(days: Sequence[date]) -> Any:
    """The days as a table of (day, starts_at, ends_at), so that each is one range of the index."""
    marks = [bounds(day) for day in days]
    columns = (
        bindparam("days", list(days), type_=ARRAY(Date)),
        bindparam("starts", [m[0] for m in marks], type_=ARRAY(DateTime(timezone=True))),
        bindparam("ends", [m[1] for m in marks], type_=ARRAY(DateTime(timezone=True))),
    )
    return func.unnest(*columns).table_valued("day", "starts_at", "ends_at", name="span").render_derived()


async def lock_counting(db: Db) -> None:
    """Count the unit in scope alone until the transaction ends; call it inside `db.locking()`."""
    await db.all(text("SELECT pg_advisory_xact_lock(hashtext('reporting.count'), :unit)"), {"unit": db.unit_id})


async def list_ended_days(db: Db, arrived_on: Sequence[date]) -> list[date]:
    """The days on which finished visits ended that began on these days (a stay ends later than it began)."""
    span = _spans(arrived_on)
    query = (
        select(_day(_encounter.c.ended_at).label("day"))
        .select_from(span)
        .join(_encounter, and_(_encounter.c.arrived_at >= span.c.starts_at, _encounter.c.arrived_at < span.c.ends_at))
        .where(
            _encounter.c.unit_id == db.unit_id, _encounter.c.status == "finished", _encounter.c.ended_at.is_not(None)
        )
        .distinct()
        .limit(400)
    )
    return [row.day for row in await db.all(query)]


async def load_groups(db: Db, days: Sequence[date]) -> dict[date, list[VisitGroup]]:
    """Finished visits of the unit in scope that ended on these days, grouped by everything that statistics looks at."""
    e, p, span = _encounter, _patient, _spans(days)
    arrived = func.timezone(ZONE, e.c.arrived_at)
    midnight = TIMESTAMP(timezone=False)
    years = func.date_part("year", func.age(func.date_trunc("day", arrived), cast(p.c.birth_date, midnight)))
    main = (
        select(func.min(_diagnosis.c.code))
        .where(_diagnosis.c.unit_id == e.c.unit_id, _diagnosis.c.encounter_id == e.c.id, _diagnosis.c.role == "main")
        .scalar_subquery()
    )
    columns = (
        span.c.day.label("day"),
        e.c.care_setting.label("care_setting"),
        and_(e.c.coverage_id.is_not(None), e.c.entitlement_code != "9").label("insured"),
        p.c.gender.label("sex"),
        years.label("age_years"),
        e.c.outcome_code.label("outcome"),
        e.c.discharge_code.label("discharge"),
        func.coalesce(func.left(main, 3), "").label("icd"),
        (_day(e.c.ended_at) - _day(func.coalesce(e.c.admitted_at, e.c.arrived_at))).label("nights"),
    )
    visits = (
        select(*columns)
        .select_from(span)
        .join(e, and_(e.c.ended_at >= span.c.starts_at, e.c.ended_at < span.c.ends_at))
        .join(p, and_(p.c.unit_id == e.c.unit_id, p.c.id == e.c.patient_id))
        .where(e.c.unit_id == db.unit_id, e.c.status == "finished")
        .subquery()
    )
    found: dict[date, list[VisitGroup]] = {}
    for row in await db.all(select(*visits.c, func.count().label("n")).group_by(*visits.c)):
        group = VisitGroup(
            row.care_setting,
            row.insured,
            row.sex,
            int(row.age_years),
            row.outcome,
            row.discharge,
            row.icd,
            int(row.nights),
            int(row.n),
        )
        found.setdefault(row.day, []).append(group)
    return found


async def list_cells(db: Db, days: Sequence[date]) -> list[StatCell]:
    """The cells of the unit in scope on these days."""
    query = select(_cell).where(_cell.c.unit_id == db.unit_id, _cell.c.day.in_(days))
    return await db.models(StatCell, query.limit(100_000))


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """A unit."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


async def list_units(db: Db, province: str) -> list[UnitRef]:
    """Medical units of a province: hospitals, clinics, stations, each by code."""
    order = case({kind: number for number, kind in enumerate(KINDS)}, value=_unit.c.kind)
    query = (
        select(_unit.c.id, _unit.c.code, _unit.c.name, _unit.c.kind)
        .where(_unit.c.province_code == province, _unit.c.kind.in_(KINDS), _unit.c.active)
        .order_by(order, _unit.c.code)
        .limit(MAX_UNITS)
    )
    return [UnitRef(row.id, row.code, row.name, row.kind) for row in await db.all(query)]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose cells are read: all units of a province, or one unit of it (`unit_id`)."""

    province: str
    unit_id: int | None = None

    def where(self, source: Any) -> ColumnElement[bool]:
        """The condition on a table of cells, closings or reports."""
        mine = source.c.province_code == self.province
        return mine if self.unit_id is None else and_(mine, source.c.unit_id == self.unit_id)


async def sum_cells(db: Db, place: Place, first: date, last: date) -> dict[tuple[str, str, str], Decimal]:
    """The sum of every cell of the place over the days."""
    columns = (_cell.c.indicator, _cell.c.split, _cell.c.part)
    query = (
        select(*columns, func.sum(_cell.c.value).label("value"))
        .where(place.where(_cell), _cell.c.day.between(first, last))
        .group_by(*columns)
    )
    return {(row.indicator, row.split, row.part): row.value for row in await db.all(query)}


async def sum_units(db: Db, place: Place, first: date, last: date) -> dict[int, dict[tuple[str, str, str], Decimal]]:
    """Totals of each unit, and its examinations by age group."""
    columns = (_cell.c.unit_id, _cell.c.indicator, _cell.c.split, _cell.c.part)
    shown = or_(_cell.c.split == ALL, and_(_cell.c.indicator == "A01", _cell.c.split == "age"))
    query = (
        select(*columns, func.sum(_cell.c.value).label("value"))
        .where(place.where(_cell), _cell.c.day.between(first, last), shown)
        .group_by(*columns)
    )
    found: dict[int, dict[tuple[str, str, str], Decimal]] = {}
    for row in await db.all(query):
        found.setdefault(row.unit_id, {})[row.indicator, row.split, row.part] = row.value
    return found


async def sum_days(db: Db, place: Place, first: date, last: date) -> dict[date, dict[str, Decimal]]:
    """Plain totals of each day by indicator."""
    query = (
        select(_cell.c.day, _cell.c.indicator, func.sum(_cell.c.value).label("value"))
        .where(place.where(_cell), _cell.c.day.between(first, last), _cell.c.split == ALL)
        .group_by(_cell.c.day, _cell.c.indicator)
    )
    found: dict[date, dict[str, Decimal]] = {}
    for row in await db.all(query):
        found.setdefault(row.day, {})[row.indicator] = row.value
    return found


async def list_daily(db: Db, place: Place, first: date, last: date) -> dict[int, dict[date, int]]:
    """Finished visits (examinations, treatments and stays) of each unit on each day."""
    query = (
        select(_cell.c.unit_id, _cell.c.day, func.sum(_cell.c.value).label("value"))
        .where(place.where(_cell), _cell.c.day.between(first, last), _cell.c.split == ALL)
        .where(_cell.c.indicator.in_(("A01", "A05", "C01")))
        .group_by(_cell.c.unit_id, _cell.c.day)
    )
    found: dict[int, dict[date, int]] = {}
    for row in await db.all(query):
        found.setdefault(row.unit_id, {})[row.day] = int(row.value)
    return found


async def list_past(db: Db, place: Place, first: date, last: date) -> dict[int, tuple[int, date]]:
    """Examinations of each unit in an earlier span, and the first day of it that has any."""
    query = (
        select(_cell.c.unit_id, func.sum(_cell.c.value).label("value"), func.min(_cell.c.day).label("since"))
        .where(place.where(_cell), _cell.c.day.between(first, last), _cell.c.split == ALL, _cell.c.indicator == "A01")
        .group_by(_cell.c.unit_id)
    )
    return {row.unit_id: (int(row.value), row.since) for row in await db.all(query)}


async def sum_examinations(db: Db, place: Place, first: date, last: date) -> int:
    """Examinations of the place over the days."""
    query = select(func.sum(_cell.c.value)).where(
        place.where(_cell), _cell.c.day.between(first, last), _cell.c.split == ALL, _cell.c.indicator == "A01"
    )
    return int(await db.scalar(query) or 0)


async def list_closes(db: Db, place: Place, first: date, last: date) -> dict[tuple[int, date], datetime]:
    """When each unit closed each day."""
    query = select(_close.c.unit_id, _close.c.day, _close.c.closed_at).where(
        place.where(_close), _close.c.day.between(first, last)
    )
    return {(row.unit_id, row.day): row.closed_at for row in await db.all(query)}


async def list_reports(db: Db, place: Place, first: date) -> dict[int, MonthReport]:
    """The latest revision of the month report of each unit."""
    query = (
        select(_report)
        .where(place.where(_report), _report.c.day == first)
        .distinct(_report.c.unit_id)
        .order_by(_report.c.unit_id, _report.c.revision.desc())
        .limit(MAX_UNITS)
    )
    return {row.unit_id: row for row in await db.models(MonthReport, query)}


async def list_reminders(db: Db, province: str, days: Sequence[date], unit_id: int | None = None) -> list[Reminder]:
    """Reminders about these days, the latest first."""
    query = select(_reminder).where(_reminder.c.province_code == province, _reminder.c.day.in_(days))
    if unit_id is not None:
        query = query.where(_reminder.c.to_unit_id == unit_id)
    return await db.models(Reminder, query.order_by(_reminder.c.sent_at.desc()).limit(MAX_UNITS))


async def list_open_visits(db: Db, day: date) -> list[OpenVisit]:
    """Visits of the unit in scope that began on the day and are neither finished nor cancelled."""
    e, (start, end) = _encounter, bounds(day)
    query = (
        select(e.c.id, e.c.dossier_code, e.c.arrived_at, e.c.signed_at, e.c.started_at, _room.c.code, _room.c.name)
        .join(_room, and_(_room.c.unit_id == e.c.unit_id, _room.c.id == e.c.room_id), isouter=True)
        .where(e.c.unit_id == db.unit_id, e.c.arrived_at >= start, e.c.arrived_at < end)
        .where(e.c.status.in_(("arrived", "in-progress")), e.c.care_setting.not_in(("03", "06")))
        .order_by(e.c.arrived_at)
        .limit(OPEN_LIMIT)
    )
    return [
        OpenVisit(
            row.id, row.dossier_code, f"{row.code} · {row.name}" if row.code else "", row.arrived_at, _waits_for(row)
        )
        for row in await db.all(query)
    ]


def _waits_for(row: Any) -> str:
    if row.signed_at is not None:
        return "Chờ phát thuốc hoặc thu tiền"
    return "Bác sĩ chưa ký kết luận" if row.started_at is not None else "Chưa vào khám"


async def count_uncoded(db: Db, day: date) -> int:
    """Finished visits of the day without a main diagnosis, as the cells count them."""
    query = select(func.coalesce(func.sum(_cell.c.value), 0)).where(
        _cell.c.unit_id == db.unit_id, _cell.c.day == day, _cell.c.split == "chapter", _cell.c.part.like("none|%")
    )
    return int(await db.scalar(query))


async def get_report(db: Db, first: date) -> MonthReport | None:
    """The latest month report of the unit in scope."""
    query = select(_report).where(_report.c.unit_id == db.unit_id, _report.c.day == first)
    return await db.model(MonthReport, query.order_by(_report.c.revision.desc()).limit(1))


async def load_beat(db: Db) -> tuple[Any, Any, Any]:
    """Queues of all units as the worker's role sees them: waiting keys, parcels, card questions."""
    dirty = await db.first(select(func.count().label("n"), func.min(_dirty.c.queued_at).label("since")))
    open_parcels = _parcel.c.state.in_(("queued", "sending", "unknown"))
    parcels = await db.first(
        select(
            func.count().filter(open_parcels).label("n"),
            func.min(_parcel.c.created_at).filter(open_parcels).label("since"),
            func.count().filter(_parcel.c.state == "rejected").label("refused"),
        )
    )
    cards = await db.scalar(select(func.count()).where(_card.c.state == "pending"))
    return dirty, parcels, cards


async def get_beat(db: Db) -> WorkerBeat | None:
    """What the worker wrote last."""
    return await db.model(WorkerBeat, select(_beat).where(_beat.c.name == "worker"))


async def list_catalog_versions(db: Db) -> list[CatalogVersion]:
    """The latest load of each list."""
    query = select(_version).distinct(_version.c.name).order_by(_version.c.name, _version.c.id.desc()).limit(100)
    return await db.models(CatalogVersion, query)


async def count_units(db: Db) -> dict[str, tuple[int, int]]:
    """Units of the installation by kind: active, and not."""
    active = func.count().filter(_unit.c.active).label("active")
    query = select(_unit.c.kind, active, func.count().label("n")).group_by(_unit.c.kind)
    return {row.kind: (row.active, row.n - row.active) for row in await db.all(query)}


async def find_unit(db: Db, code: str, province: str) -> UnitRef | None:
    """A medical unit of the province by its facility code."""
    query = select(_unit.c.id, _unit.c.code, _unit.c.name, _unit.c.kind).where(
        _unit.c.code == code, _unit.c.province_code == province, _unit.c.kind.in_(KINDS)
    )
    row = await db.first(query)
    return None if row is None else UnitRef(row.id, row.code, row.name, row.kind)


def new_reminder(unit_id: int, day: date, province: str, by: UUID, at: datetime, identity: UUID) -> Reminder:
    """A reminder about one day."""
    return Reminder(id=identity, to_unit_id=unit_id, day=day, province_code=province, sent_at=at, sent_by=by)
