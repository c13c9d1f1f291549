"""When the gateway is asked again after it gave no answer."""

from datetime import datetime, timedelta
from typing import Final

MINUTES: Final = (5, 5, 10, 20, 40)
GIVE_UP: Final = timedelta(hours=24)  # the visit has ended; the claim rules ask for the card then
ORPHAN: Final = timedelta(hours=1)  # a question whose patient was never saved


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Five minutes after the first failures, then slower, never slower than every forty minutes."""
    return now + timedelta(minutes=MINUTES[min(max(attempts, 1), len(MINUTES)) - 1])


def is_abandoned(asked_at: datetime, now: datetime, *, has_patient: bool) -> bool:
    """Nobody waits for this answer any more."""
    return now - asked_at > (GIVE_UP if has_patient else ORPHAN)
