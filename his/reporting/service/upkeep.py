"""The state of the installation: what the worker writes down, what its administrator reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from his.catalog.tables import CatalogVersion
from his.kit.changes import Changes
from his.kit.db import Db
from his.reporting import store
from his.reporting.tables import WorkerBeat

SILENT_AFTER = timedelta(seconds=30)
LATE_AFTER = timedelta(minutes=1)


async def beat(db: Db, now: datetime) -> None:
    """Write down how the queues of all units stand; the scope is the worker's, which sees them without their contents."""
    dirty, parcels, cards = await store.load_beat(db)
    row = WorkerBeat(
        name="worker",
        beaten_at=now,
        dirty_waiting=dirty.n,
        dirty_since=dirty.since,
        parcels_waiting=parcels.n,
        parcels_since=parcels.since,
        parcels_refused=parcels.refused,
        cards_waiting=cards,
    )
    await db.apply(Changes().upsert(row), now)


@dataclass(frozen=True, slots=True)
class SystemState:
    """What the administrator sees; `lag` is the age of the oldest key that waits to be counted."""

    beat: WorkerBeat | None
    silent: bool
    lag: timedelta
    catalogues: list[CatalogVersion]
    units: dict[str, tuple[int, int]]

    @property
    def late(self) -> bool:
        """Is the worker behind?"""
        return self.lag >= LATE_AFTER


async def load_system(db: Db, now: datetime) -> SystemState:
    """The state of the installation in three queries."""
    row = await store.get_beat(db)
    since = row.dirty_since if row else None
    return SystemState(
        beat=row,
        silent=row is None or now - row.beaten_at > SILENT_AFTER,
        lag=max(now - since, timedelta(0)) if since else timedelta(0),
        catalogues=await store.list_catalog_versions(db),
        units=await store.count_units(db),
    )
