"""Days on Viet Nam's wall clock: every dated rule of the insurance counts calendar days there."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")

# Stays with a bed, QĐ 1804/2026: inpatient, day treatment, stay at a commune unit, inpatient below four hours.
INPATIENT: Final = frozenset({"03", "04", "06", "09"})
# Their end is the last day of medicine or service, so a card is judged on arrival when none holds on the day.
JUDGED_ON_ARRIVAL: Final = frozenset({"02", "05", "07", "08"})


def wall(instant: datetime) -> datetime:
    """The naive wall clock time in Viet Nam; naive instants are taken to be on that clock already."""
    return instant if instant.tzinfo is None else instant.astimezone(_VIETNAM).replace(tzinfo=None)


def day_of(instant: datetime) -> date:
    """The calendar day of the instant in Viet Nam."""
    return wall(instant).date()
