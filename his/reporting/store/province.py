"""What a province may read of its units (row-level security by province), and a unit of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.elements import ColumnElement

from his.identity.tables import Unit
from his.kit.columns import table
from his.kit.db import Db
from his.reporting.tables import DayClose, MonthReport, Reminder, StatCell
from his.reporting.terms import ALL, UnitRef

_cell, _close, _report = table(StatCell), table(DayClose), table(MonthReport)
_reminder, _unit = table(Reminder), table(Unit)
KINDS = ("hospital", "clinic", "station")
MAX_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Whose cells are read: all units of a province, or one unit of it (`unit_id`)."""

    province: str
    unit_id: int | None = None

    def where(self, source: Any) -> ColumnElement[bool]:
        """The condition on a table of cells, closings or reports."""
        mine = source.c.province_code == self.province
        return mine if self.unit_id is None else and_(mine, source.c.unit_id == self.unit_id)


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


async def find_unit(db: Db, code: str, province: str) -> UnitRef | None:
    """A medical unit of the province by its facility code."""
    query = select(_unit.c.id, _unit.c.code, _unit.c.name, _unit.c.kind).where(
        _unit.c.code == code, _unit.c.province_code == province, _unit.c.kind.in_(KINDS)
    )
    row = await db.first(query)
    return None if row is None else UnitRef(row.id, row.code, row.name, row.kind)


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """A unit."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


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


class DayCount(NamedTuple):
    """Finished visits of a unit on a day: examinations, and visits of every kind."""

    exams: int = 0
    visits: int = 0


async def list_daily(db: Db, place: Place, first: date, last: date) -> dict[int, dict[date, DayCount]]:
    """Finished visits of each unit on each day that has any."""
    exams = func.coalesce(func.sum(_cell.c.value).filter(_cell.c.indicator == "A01"), 0)
    query = (
        select(_cell.c.unit_id, _cell.c.day, exams.label("exams"), func.sum(_cell.c.value).label("visits"))
        .where(place.where(_cell), _cell.c.day.between(first, last), _cell.c.split == ALL)
        .where(_cell.c.indicator.in_(("A01", "A05", "C01")))
        .group_by(_cell.c.unit_id, _cell.c.day)
    )
    found: dict[int, dict[date, DayCount]] = {}
    for row in await db.all(query):
        found.setdefault(row.unit_id, {})[row.day] = DayCount(int(row.exams), int(row.visits))
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
        .ext(distinct_on(_report.c.unit_id))
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
