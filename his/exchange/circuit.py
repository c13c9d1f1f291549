"""Outage mode: after some requests in a row without an answer the gateway is left alone, then tried with one request.

Pure: the time is an argument. Public clients use the same numbers (five failures; see the gateway's description).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES = 5
REST = (timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))
"""How long the gateway is left alone after the first, second, ... opening in a row; the last one repeats."""


@dataclass
class Circuit:
    """`closed` everything passes; `open` nothing passes until `open_until`; then one request is the trial."""

    failures: int = 0
    openings: int = 0
    failing_since: datetime | None = None
    answered_at: datetime | None = None
    open_until: datetime | None = None
    trial_at: datetime | None = None
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Outage mode: cards count provisionally, parcels wait in the outbox."""
        return self.open_until is not None

    def allows(self, now: datetime) -> bool:
        """May a request go out? The one that passes an open circuit is its trial; it counts for a minute at most."""
        if self.open_until is None:
            return True
        if now < self.open_until:
            return False
        if self.trial_at is not None and now < self.trial_at + timedelta(minutes=1):
            return False
        self.trial_at = now
        return True

    def would_allow(self, now: datetime) -> bool:
        """Like `allows`, without taking the trial."""
        return self.open_until is None or (
            now >= self.open_until and (self.trial_at is None or now >= self.trial_at + timedelta(minutes=1))
        )

    def succeeded(self, now: datetime) -> None:
        """An answer came, whatever it said: the outage is over."""
        self.failures = self.openings = 0
        self.failing_since = self.open_until = self.trial_at = None
        self.answered_at, self.why = now, ""

    def failed(self, now: datetime, why: str) -> None:
        """No usable answer."""
        self.failures += 1
        self.why = why
        if self.failing_since is None:
            self.failing_since = now
        if self.trial_at is not None or (self.open_until is None and self.failures >= FAILURES):
            self.open_until = now + REST[min(self.openings, len(REST) - 1)]
            self.openings += 1
            self.trial_at = None
