"""The only place that asks the machine for the time; everything else takes it as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """This instant, aware, UTC."""
    return datetime.now(UTC)


def local(instant: datetime) -> datetime:
    """The same instant on the wall clock of Viet Nam."""
    return instant.astimezone(VIETNAM)


def day_of(instant: datetime) -> date:
    """The calendar day of the instant in Viet Nam."""
    return instant.astimezone(VIETNAM).date()
