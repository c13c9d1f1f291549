"""The month as the province reads it: published figures, squares, change against the unit's own average."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from his.kit.clock import local
from his.kit.db import Db
from his.kit.errors import not_found
from his.reporting import store
from his.reporting.rules import DayFacts, MonthCells, month_of, publish, square
from his.reporting.service.calendar import is_rest_day
from his.reporting.store import DayCount, Place
from his.reporting.tables import MonthReport, Reminder
from his.reporting.terms import THRESHOLD, MonthFigures, Square, UnitRef

PAST_DAYS = 90
LINE_DAYS = 10
UNUSUAL = Decimal(15)  # percent from the own average at which a line asks to be looked at


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit on the month board; `change` is percent against its own average of the 90 days before the month."""

    unit: UnitRef
    squares: list[tuple[date, Square | None]]
    visits: int
    change: Decimal | None
    line: list[int]
    report: MonthReport | None
    outdated: bool
    missing: int
    late: int
    reminded_at: datetime | None
    daily: dict[date, DayCount]
    asked_missing: bool = False

    @property
    def unusual(self) -> bool:
        """Is the month far from the unit's own average?"""
        return self.change is not None and abs(self.change) >= UNUSUAL

    @property
    def behind(self) -> bool:
        """Is a day missing?"""
        return self.missing > 0


@dataclass(frozen=True, slots=True)
class Board:
    """The whole board. `closed` are the units that closed the day `asked` (yesterday, or the month's last day) or rest."""

    figures: MonthFigures
    lines: list[UnitLine]
    asked: date | None
    closed: int
    closed_line: list[int]
    last_year: int

    @property
    def behind(self) -> list[UnitLine]:
        """Units with a missing day."""
        return [line for line in self.lines if line.behind]


def span(first: date, now: datetime) -> tuple[date, date]:
    """The last day of the month, and the last of its days that can have figures (before `first`: none yet)."""
    last = month_of(first)[1]
    return last, min(last, local(now).date())


async def load_figures(
    db: Db, province: str, place_name: str, first: date, now: datetime
) -> tuple[MonthFigures, list[UnitRef]]:
    """The published month of a province, small cells hidden: four queries."""
    place = Place(province)
    last, until = span(first, now)
    units = await store.list_units(db, province)
    totals = await store.sum_cells(db, place, first, last)
    by_unit = await store.sum_units(db, place, first, last)
    days = await store.sum_days(db, place, first, last)
    cells = MonthCells(
        place=province,
        place_name=place_name,
        first=first,
        last=last,
        until=until,
        totals=totals,
        units=[(unit, by_unit.get(unit.id, {})) for unit in units],
        days=sorted(days.items()),
    )
    return publish(cells, THRESHOLD), units


async def load_own_figures(db: Db, place: Place, unit: UnitRef, first: date, now: datetime) -> MonthFigures:
    """The month of the unit in scope, exact: the statutory report. Two queries."""
    last, until = span(first, now)
    totals = await store.sum_cells(db, place, first, last)
    days = await store.sum_days(db, place, first, last)
    return publish(MonthCells(unit.code, unit.name, first, last, until, totals, (), sorted(days.items())), 0)


async def load_board(db: Db, province: str, place_name: str, first: date, now: datetime) -> Board:
    """The month board: ten queries, whatever the number of units."""
    figures, units = await load_figures(db, province, place_name, first, now)
    place, last, until = Place(province), figures.last, figures.until
    line_to = max(until, first)
    earliest = min(first, line_to - timedelta(days=LINE_DAYS - 1))
    daily = await store.list_daily(db, place, earliest, last)
    past = await store.list_past(db, place, first - timedelta(days=PAST_DAYS), first - timedelta(days=1))
    closes = await store.list_closes(db, place, earliest, last)
    reports = await store.list_reports(db, place, first)
    year_ago = _year_before(first)
    last_year = await store.sum_examinations(db, place, year_ago, _same_day(year_ago, until))
    asked = _asked(first, last, now)
    reminders = await store.list_reminders(db, province, [asked]) if asked else []
    reminded = {r.to_unit_id: r for r in reversed(reminders)}
    values = {u.unit.id: u.values for u in figures.units}
    lines = [
        _line(
            unit, first, until, now, daily.get(unit.id, {}), past.get(unit.id), closes, reports.get(unit.id),
            reminded.get(unit.id), int(values[unit.id]["A01"] or 0), asked,
        )
        for unit in units
    ]  # fmt: skip
    return Board(
        figures=figures,
        lines=lines,
        asked=asked,
        closed=_closed_on(asked, units, daily, closes, now) if asked else 0,
        closed_line=[
            _closed_on(asked - timedelta(days=back), units, daily, closes, now) for back in range(6, -1, -1)
        ] if asked else [],
        last_year=last_year,
    )  # fmt: skip


def _asked(first: date, last: date, now: datetime) -> date | None:
    """The day whose closing the board asks for: yesterday, or the last day of a past month; None for the future."""
    yesterday = local(now).date() - timedelta(days=1)
    day = min(last, yesterday)
    return day if day >= first - timedelta(days=1) else None


def _year_before(first: date) -> date:
    return first.replace(year=first.year - 1)


def _same_day(first: date, until: date) -> date:
    """The day of the earlier month that lies as far into it as `until` lies into its own."""
    return min(month_of(first)[1], first + timedelta(days=max(until.day - 1, 0)))


def square_of(unit: UnitRef, day: date, visits: int, closed_at: datetime | None, now: datetime) -> Square | None:
    """The square of one day of one unit as seen now."""
    facts = DayFacts(day, unit.kind, is_rest_day(day), visits, local(closed_at) if closed_at else None)
    return square(facts, local(now))


def _is_open(
    unit: UnitRef,
    day: date,
    daily: dict[date, DayCount],
    closes: dict[tuple[int, date], datetime],
    now: datetime,
) -> bool:
    """Is the day neither closed nor a day of rest?"""
    state = square_of(unit, day, daily.get(day, DayCount()).visits, closes.get((unit.id, day)), now)
    return state in (Square.MISSING, Square.TODAY)


def _closed_on(
    day: date,
    units: list[UnitRef],
    daily: dict[int, dict[date, DayCount]],
    closes: dict[tuple[int, date], datetime],
    now: datetime,
) -> int:
    done = {Square.ON_TIME, Square.LATE, Square.OFF}
    return sum(
        square_of(u, day, daily.get(u.id, {}).get(day, DayCount()).visits, closes.get((u.id, day)), now) in done
        for u in units
    )


def _line(
    unit: UnitRef,
    first: date,
    until: date,
    now: datetime,
    daily: dict[date, DayCount],
    past: tuple[int, date] | None,
    closes: dict[tuple[int, date], datetime],
    report: MonthReport | None,
    reminder: Reminder | None,
    visits: int,
    asked: date | None,
) -> UnitLine:
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    squares = [(d, square_of(unit, d, daily.get(d, DayCount()).visits, closes.get((unit.id, d)), now)) for d in days]
    end = max(until, first)
    sent = (report.content.get("figures") or {}) if report else {}
    return UnitLine(
        unit=unit,
        squares=squares,
        visits=visits,
        change=_change(visits, first, until, now, daily, past),
        line=[daily.get(end - timedelta(days=back), DayCount()).exams for back in range(LINE_DAYS - 1, -1, -1)],
        report=report,
        outdated=report is not None and str(sent.get("A01")) != str(visits),
        missing=sum(s is Square.MISSING for _, s in squares),
        late=sum(s is Square.LATE for _, s in squares),
        reminded_at=reminder.sent_at if reminder else None,
        daily=daily,
        asked_missing=asked is not None and _is_open(unit, asked, daily, closes, now),
    )


def _change(
    visits: int, first: date, until: date, now: datetime, daily: dict[date, DayCount], past: tuple[int, date] | None
) -> Decimal | None:
    """Percent against the own average a day; today is left out because it is not over. None without a past."""
    today = local(now).date()
    full = until - timedelta(days=1) if until == today else until
    days = (full - first).days + 1
    if past is None or days < 1:
        return None
    done = visits - (daily.get(today, DayCount()).exams if until == today else 0)
    usual = Decimal(past[0]) / ((first - past[1]).days or 1)
    if not usual:
        return None
    return ((Decimal(done) / days / usual - 1) * 100).quantize(Decimal(1), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """One unit as the province looks at it: its line of the board, its published values, its days."""

    line: UnitLine
    figures: MonthFigures
    values: dict[str, Decimal | None]
    days: list[tuple[date, Square | None, DayCount]]


async def load_unit(db: Db, province: str, place_name: str, code: str, first: date, now: datetime) -> UnitMonth:
    """A unit of the province; raises NOT_FOUND for a code of another province."""
    board = await load_board(db, province, place_name, first, now)
    for line in board.lines:
        if line.unit.code == code:
            break
    else:
        raise not_found()
    values = next(dict(u.values) for u in board.figures.units if u.unit.id == line.unit.id)
    days = [(day, state, line.daily.get(day, DayCount())) for day, state in line.squares]
    return UnitMonth(line, board.figures, values, days)
