"""Stays in beds become bed days: which days count, in which department, in which bed, shared by how many.

TT 35/2016/TT-BYT Điều 4b, TT 39/2018 Điều 6, TT 39/2024. How many days count is decided by `bed_days`, how two
departments of a day and a shared bed are paid by `service_rate`; here the times of the beds are put to those days.
The texts do not say which moment of a day decides that a bed was shared: by `shared_moment` the number that lay in it
for the longest part of the patient's own time of that day counts, of two equally long the larger; or the most at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final
from uuid import UUID

from his.billing.rules.bed_days import ONE_DAY, SURGICAL_BED_DAYS, count_bed_days, surgical_bed_price
from his.billing.rules.days import day_of, wall
from his.billing.terms import BenefitSettings, VisitFacts
from his.kit.money import ZERO, r3

_MIDNIGHT: Final = time(0)
_LAST_MINUTE: Final = time(23, 59)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A bed day of the price list, đồng a day."""

    code: str
    name: str
    cost_group: str
    price: Decimal
    fund_price: Decimal
    cover_rate: int = 100


@dataclass(frozen=True, slots=True)
class LainBed:
    """Somebody in a bed from a moment to a moment (None: still there); `own` is the patient of the bill.

    `price` and `fund_price` are đồng a day; the price line stands as it was on the day of admission.
    """

    own: bool
    visit: str
    department: str
    bed: str
    started_at: datetime
    ended_at: datetime | None
    code: str = ""
    name: str = ""
    cost_group: str = ""
    price: Decimal = ZERO
    fund_price: Decimal = ZERO
    cover_rate: int = 100
    stretcher: bool = False
    placed_by: UUID | None = None
    later: PriceLine | None = None  # from the eleventh day after an operation


@dataclass(frozen=True, slots=True)
class BedDay:
    """One bed day in one department: `stay` gives the price line, moments are naive on the wall clock of Viet Nam.

    `ordered_at` lies on `day`, also where a single day goes over midnight; `hours` counts the time in the department.
    """

    day: date
    department: str
    beds: tuple[str, ...]
    stay: LainBed
    ordered_at: datetime
    started_at: datetime
    ended_at: datetime
    hours: Decimal
    share: int


Window = tuple[date, datetime, datetime]
Piece = tuple[LainBed, datetime, datetime]


def bed_windows(facts: VisitFacts, settings: BenefitSettings) -> list[Window]:
    """The bed days of the visit as (day, from, to) on the wall clock; a stay below 24 hours is one, over midnight too."""
    count = count_bed_days(facts, settings) or 0
    start, end = wall(facts.admitted_at or facts.arrived_at), wall(facts.ended_at)
    if count and end - start < ONE_DAY:
        return [(start.date(), start, end)]
    found = []
    for n in range(count):
        day = start.date() + timedelta(days=n)
        begin = datetime.combine(day, _MIDNIGHT)
        found.append((day, max(start, begin), min(end, begin + ONE_DAY)))
    return found


def bed_day_charges(
    stays: Sequence[LainBed], facts: VisitFacts, settings: BenefitSettings, operations: Sequence[datetime] = ()
) -> list[BedDay]:
    """A bed day for each day and department in which the patient lay in a bed, in their order.

    `operations` are the moments of the patient's operations: a bed with a `later` price line has it from the eleventh
    day after the last of them (TT 39/2018: the surgical price at most ten days after one operation).
    """
    end = wall(facts.ended_at)
    operated = sorted(day_of(moment) for moment in operations)
    found: list[BedDay] = []
    for day, begin, until in bed_windows(facts, settings):
        departments: defaultdict[str, list[Piece]] = defaultdict(list)
        for stay in stays:
            piece = _cut(stay, begin, until, end)
            if stay.own and piece is not None:
                departments[stay.department].append(piece)
        days = [_bed_day(day, name, pieces, stays, end, settings) for name, pieces in departments.items()]
        days = [replace(one, stay=_priced(one.stay, days_after(operated, day, settings))) for one in days]
        found += sorted(days, key=lambda one: (one.started_at, one.department))
    return found


def days_after(operated: Sequence[date], day: date, settings: BenefitSettings) -> int | None:
    """Which day after the last operation a day is; None when nothing was operated until then.

    By `operation_day` the day after the operation is the first, or the day of the operation itself.
    """
    before = [one for one in operated if one <= day]
    if not before:
        return None
    return (day - before[-1]).days + (1 if settings.operation_day == "first" else 0)


def _priced(stay: LainBed, number: int | None) -> LainBed:
    """The stay at the price line that holds on this day."""
    later = stay.later
    if later is None or number is None or number <= SURGICAL_BED_DAYS:
        return stay
    return replace(
        stay, code=later.code, name=later.name, cost_group=later.cost_group,
        price=surgical_bed_price(number, stay.price, later.price), fund_price=later.fund_price,
        cover_rate=later.cover_rate,
    )  # fmt: skip


def _cut(stay: LainBed, begin: datetime, until: datetime, end: datetime) -> Piece | None:
    """The part of a stay within a window; who has not left lies there until the end of the visit."""
    start = max(wall(stay.started_at), begin)
    stop = min(wall(stay.ended_at) if stay.ended_at else end, until)
    return (stay, start, stop) if start < stop else None


def _bed_day(
    day: date, department: str, pieces: list[Piece], stays: Sequence[LainBed], end: datetime, settings: BenefitSettings
) -> BedDay:
    pieces = sorted(pieces, key=lambda piece: piece[1])
    longest: defaultdict[tuple[str, str], timedelta] = defaultdict(timedelta)
    for stay, start, stop in pieces:
        longest[(stay.bed, stay.code)] += stop - start
    most = max(longest.values())
    chosen = next(stay for stay, _, _ in pieces if longest[(stay.bed, stay.code)] == most)
    started, stopped = pieces[0][1], pieces[-1][2]
    hours = sum((stop - start for _, start, stop in pieces), timedelta()) / _HOUR
    return BedDay(
        day=day,
        department=department,
        beds=tuple(dict.fromkeys(stay.bed for stay, _, _ in pieces)),
        stay=chosen,
        ordered_at=min(started, datetime.combine(day, _LAST_MINUTE)),
        started_at=started,
        ended_at=stopped,
        hours=r3(Decimal(str(hours))),
        share=_share(pieces, stays, end, settings),
    )


def _share(pieces: Iterable[Piece], stays: Sequence[LainBed], end: datetime, settings: BenefitSettings) -> int:
    """How many lay in the patient's beds for the longest part of the time, or at most, the patient among them."""
    lasted: defaultdict[int, timedelta] = defaultdict(timedelta)
    for stay, start, stop in pieces:
        others = [
            (other.visit, cut[1], cut[2])
            for other in stays
            if not other.own
            and (other.department, other.bed) == (stay.department, stay.bed)
            and (cut := _cut(other, start, stop, end)) is not None
        ]
        moments = sorted({start, stop, *(m for _, a, b in others for m in (a, b))})
        for left, right in pairwise(moments):
            lying = {visit for visit, a, b in others if a <= left and b >= right}
            lasted[1 + len(lying)] += right - left
    if settings.shared_moment == "most":
        return max(lasted)
    return max(lasted, key=lambda count: (lasted[count], count))
