"""A worker's database with parcels in it, and a clock that runs as fast as the trial wants."""

import time
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from his.exchange import service, store
from his.exchange.insurance import Insurance
from his.exchange.tables import Parcel
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Scope
from tests.faults.dossiers import AT, CODE, UNIT

WORKER = Scope(None, "worker", "worker")


class Clock:
    """The hour of the trial: stands still until it is moved, or runs `speed` times as fast as the wall clock."""

    def __init__(self, at=AT, speed=0.0):
        self.start, self.speed, self.began, self.moved = at, speed, time.monotonic(), timedelta()

    def __call__(self):
        return self.start + self.moved + timedelta(seconds=(time.monotonic() - self.began) * self.speed)

    def move(self, **by):
        self.moved += timedelta(**by)


def client(address, data_dir, now, *, timeout=1):
    settings = get_settings().model_copy(
        update={"gateway_url": address, "data_dir": data_dir, "gateway_timeout_seconds": timeout}
    )
    return Insurance(settings, now=now)


async def put(database, files, *, at=AT, kind="dossier", standard="3176"):
    """Queue (dossier code, signed bytes); returns the parcels' ids in order."""
    ids = []
    async with database.scoped(Scope(UNIT, "test")) as db:
        changes = Changes()
        for code, content in files:
            parcel = service.new_parcel(UNIT, kind, "Test", uuid4(), code, content, at, standard=standard)
            ids.append(parcel.id)
            service.queue(changes, parcel, at)
        await db.apply(changes, at)
    return ids


async def send(database, insurance, parcel_id, now):
    return await service.deliver(database, insurance, UNIT, parcel_id, CODE, now)


async def parcel_of(database, parcel_id):
    async with database.scoped(Scope(UNIT, "test")) as db:
        return await store.get_parcel(db, parcel_id), await store.list_events(db, parcel_id)


async def due_ids(database, now, limit=100):
    async with database.scoped(WORKER) as db:
        return [i for _, i in await store.find_due(db, now, limit)]


async def count_states(database):
    t = table(Parcel)
    async with database.scoped(WORKER) as db:
        rows = await db.all(select(t.c.state).limit(100_000))
    return {state: sum(r.state == state for r in rows) for state in {r.state for r in rows}}
