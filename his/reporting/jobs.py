"""Work in the background: recount dirty days; tell the administrator how the queues stand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from his.kit.db import Database, Db, Scope
from his.reporting.service import beat, recount_days

BEAT_EVERY = timedelta(seconds=5)


async def recount(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Topic `stat`: the keys are days, `yyyy-mm-dd`; a key that is no day is dropped."""
    days = []
    for key in keys:
        try:
            days.append(date.fromisoformat(key))
        except ValueError:
            continue
    await recount_days(db, days, now)


class Beat:
    """The sign of life of this process, at most every five seconds."""

    def __init__(self) -> None:
        self.last: datetime | None = None

    async def __call__(self, database: Database, now: datetime) -> int:
        """Write what the queues hold; never counts as work, so the worker may rest."""
        if self.last is None or now - self.last >= BEAT_EVERY:
            self.last = now
            async with database.scoped(Scope(None, "worker", "worker")) as db:
                await beat(db, now)
        return 0


HANDLERS = {"stat": recount}
TICKS = [Beat()]
