"""How fast one person, one machine client and one unit may ask: token buckets of this process (standard: OWASP API4).

A bucket holds ten seconds' worth, so that an honest burst passes; what comes steadily faster is refused with 429 before
it reaches the database. Each web process has its share of the installation's limit.
"""

import math
import time

from his.identity.terms import Machine, User
from his.kit.config import Settings, get_settings
from his.kit.errors import HisError, Kind

BURST_SECONDS = 10
MOST_BUCKETS = 20_000


class Buckets:
    """Many token buckets with one rate; bounded: when there are too many, those that are full again are dropped first."""

    def __init__(self, per_second: float, most: int = MOST_BUCKETS) -> None:
        self.per_second = per_second
        self.most = most
        self._left: dict[object, tuple[float, float]] = {}

    def take(self, key: object, now: float) -> float:
        """Take one token at `now` (seconds of a steady clock); returns 0.0, or how many seconds to wait for one."""
        full = self.per_second * BURST_SECONDS
        left, at = self._left.get(key, (full, now))
        left = min(full, left + max(0.0, now - at) * self.per_second)
        if left < 1.0:
            self._left[key] = (left, now)
            return (1.0 - left) / self.per_second
        if key not in self._left and len(self._left) >= self.most:
            self._forget(now)
        self._left[key] = (left - 1.0, now)
        return 0.0

    def _forget(self, now: float) -> None:
        idle = now - BURST_SECONDS
        self._left = {key: seen for key, seen in self._left.items() if seen[1] > idle}
        if len(self._left) >= self.most:  # a flood of new keys: the oldest half goes
            kept = sorted(self._left.items(), key=lambda item: item[1][1])[self.most // 2 :]
            self._left = dict(kept)


_made: tuple[Settings, tuple[Buckets, Buckets, Buckets]] | None = None


def _buckets() -> tuple[Buckets, Buckets, Buckets]:
    """For people, clients and units, of the settings in force; automatic tests are as fast as they can."""
    global _made
    settings = get_settings()
    if _made is None or _made[0] is not settings:
        limits = (
            settings.person_requests_per_second,
            settings.client_requests_per_second,
            settings.unit_requests_per_second,
        )
        loose = 1_000_000.0 if settings.profile == "test" else 0.0
        people, clients, units = (Buckets(loose + limit / settings.workers) for limit in limits)
        _made = settings, (people, clients, units)
    return _made[1]


def admit(who: User | Machine) -> None:
    """Count a request of a person (with whatever app) or a machine client. Raises HisError(TOO_MANY) when it comes too fast."""
    people, clients, units = _buckets()
    if isinstance(who, Machine):
        _take(clients, who.client_id, units, who.unit_id)
    else:
        _take(people, who.account_id, units, who.unit_id)


def _take(buckets: Buckets, key: object, units: Buckets, unit_id: int) -> None:
    now = time.monotonic()
    wait = buckets.take(key, now) or units.take(unit_id, now)
    if wait:
        seconds = math.ceil(wait)
        raise HisError(Kind.TOO_MANY, f"Gửi quá nhanh. Chờ {seconds} giây rồi thử lại.")
