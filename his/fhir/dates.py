"""FHIR dates as intervals: a date of some precision covers all of its year, month, day, minute or instant.

http://hl7.org/fhir/R4/search.html#date. Dates without a zone are read on the wall clock of Viet Nam.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from his.kit.clock import VIETNAM

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$", re.ASCII
)
EARLIEST = "-infinity"
LATEST = "infinity"


@lru_cache(maxsize=20_000)
def interval(text: str) -> tuple[str, str] | None:
    """First instant of the date and the first instant after it (ISO, UTC), or None when it is no FHIR date."""
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        low = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001  # the zone is applied below
        if month is None:
            high = low.replace(year=low.year + 1)
        elif day is None:
            high = (low.replace(day=1) + timedelta(days=32)).replace(day=1)
        elif hour is None:
            high = low + timedelta(days=1)
        elif second is None:
            high = low + timedelta(minutes=1)
        elif fraction is None:
            high = low + timedelta(seconds=1)
        else:
            low = low.replace(microsecond=int(fraction[:6].ljust(6, "0")))
            high = low + timedelta(microseconds=10 ** (6 - min(len(fraction), 6)))
        return _utc(low, zone), _utc(high, zone)
    except (ValueError, OverflowError):
        return None


def _utc(wall: datetime, zone: str | None) -> str:
    if zone is None:
        return wall.replace(tzinfo=VIETNAM).astimezone(UTC).isoformat()
    if zone == "Z":
        return wall.replace(tzinfo=UTC).isoformat()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("no such zone")
    shift = timedelta(hours=hours, minutes=minutes)
    return (wall - shift if zone[0] == "+" else wall + shift).replace(tzinfo=UTC).isoformat()


def instant_text(at: datetime) -> str:
    """An instant as FHIR writes it, milliseconds, on the wall clock of Viet Nam's offset."""
    return at.astimezone(VIETNAM).isoformat(timespec="milliseconds")
