"""The time of the database server, for leases: several machines agree on it however wrong their own clocks are."""

import time
from datetime import datetime, timedelta

from sqlalchemy import func, select

from his.kit.db import Database, Scope

KEPT_SECONDS = 30.0
"""How long the steady clock of this process is trusted before the server is asked again."""


class DatabaseClock:
    """Read from the server now and then; in between the steady clock of the machine goes on from there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._read: tuple[datetime, float] | None = None

    async def now(self) -> datetime:
        """The server's time (with zone). Raises HisError(BUSY) when the server has to be asked and is away."""
        if self._read is None or time.monotonic() - self._read[1] > KEPT_SECONDS:
            before = time.monotonic()
            async with self.database.scoped(Scope(None, "clock")) as db:
                self._read = await db.scalar(select(func.clock_timestamp())), before
        at, steady = self._read
        return at + timedelta(seconds=time.monotonic() - steady)
