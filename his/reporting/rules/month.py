"""Days of a month: when a day must be closed, what its square shows, what stands against closing it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from his.kit.errors import Finding, Severity, invalid
from his.reporting.terms import Square

DUE_AT: Final = time(8, 0)  # on the next day, before the health department opens its board
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
ALWAYS_OPEN: Final = frozenset({"hospital"})
MAY_CHANGE: Final = "Số của ngày sẽ tự đổi khi lượt khám kết thúc."


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One day of one unit; instants are on the wall clock of Viet Nam. `rest_day`: a Sunday or a public holiday."""

    day: date
    kind: str
    rest_day: bool
    visits: int
    closed_at: datetime | None


def parse_month(text: str) -> date:
    """The first day of `yyyy-mm`; raises INVALID on anything else and on years outside 2000 to 2100."""
    found = _MONTH.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2100:
        raise invalid("month", f"Tháng “{text[:10]}” không đúng dạng năm-tháng, ví dụ 2026-11.")
    return date(int(found[1]), int(found[2]), 1)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month of a day."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def due(day: date) -> datetime:
    """Until when (wall clock) a day is closed on time."""
    return datetime.combine(day + timedelta(days=1), DUE_AT)


def square(facts: DayFacts, at: datetime) -> Square | None:
    """The square of a day as seen at an instant on the wall clock; None for days that are still to come."""
    if facts.closed_at is not None:
        return Square.ON_TIME if facts.closed_at.replace(tzinfo=None) <= due(facts.day) else Square.LATE
    moment = at.replace(tzinfo=None)
    if facts.day > moment.date():
        return None
    if facts.kind not in ALWAYS_OPEN and facts.rest_day and not facts.visits:
        return Square.OFF
    return Square.TODAY if moment <= due(facts.day) else Square.MISSING


def closing_findings(day: date, at: datetime, *, closed: bool, waiting: int, uncoded: int) -> Iterator[Finding]:
    """What stands against closing a day (error) or should be known before (warning); `at` is on the wall clock."""
    if day > at.date():
        message = f"Ngày {day:%d/%m/%Y} chưa tới. Chọn hôm nay hoặc ngày trước."
        yield Finding("REPORTING-CLOSE-01", Severity.ERROR, message, "day")
    if closed:
        yield Finding("REPORTING-CLOSE-02", Severity.ERROR, f"Ngày {day:%d/%m/%Y} đã khóa sổ.", "day")
    if waiting:
        today = day == at.date()
        severity = Severity.ERROR if today else Severity.WARNING
        then = "Kết thúc hoặc hủy các lượt này trước khi khóa hôm nay." if today else MAY_CHANGE
        yield Finding("REPORTING-CLOSE-03", severity, f"Còn {waiting} lượt chưa kết thúc. {then}", "visits")
    if uncoded:
        message = f"{uncoded} lượt đã kết thúc chưa có mã bệnh chính, sẽ nằm ở dòng “Chưa có mã”."
        yield Finding("REPORTING-CLOSE-04", Severity.WARNING, message, "diagnosis")
