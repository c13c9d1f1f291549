"""What the worker does for the review: accepted dossiers become cases, figures are counted, silence ends a dispute."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from his.kit.db import Database, Db
from his.review import proof, service

LOOK_EVERY = timedelta(minutes=10)


async def submitted(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Receive the claims (ids) of the unit in scope; safe to repeat."""
    for key in keys:
        await service.receive(db, UUID(key), now)


async def recalled(db: Db, keys: Sequence[str], now: datetime) -> None:
    """The unit took these claims (ids) back: what was not decided of their dossiers is no case any more."""
    for key in keys:
        await service.withdraw(db, UUID(key), now)


async def recounted(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Count the months (`yyyy-mm`) of the unit in scope anew."""
    for period in keys:
        await service.recount(db, period, now)


class Silence:
    """Looks every ten minutes for decided cases that nobody may answer any more."""

    def __init__(self) -> None:
        self.last: datetime | None = None

    async def __call__(self, database: Database, now: datetime) -> int:
        """Close them; returns how many."""
        if self.last is not None and now - self.last < LOOK_EVERY:
            return 0
        self.last = now
        return await service.close_expired(database, now)


HANDLERS = {"submitted": submitted, "recalled": recalled, "review": recounted}
TICKS = [Silence()]
__all__ = ["HANDLERS", "TICKS", "proof"]  # the proof asks the witness as soon as the worker knows the review
