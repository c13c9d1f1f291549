"""Worker processes that seal claims and are killed at a named step: after the number, in the write, after the commit."""

import asyncio
import multiprocessing
import os
import random
import signal
from datetime import date

from his.app import create_app
from his.claims import service, store
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from tests.integration.finished_visits import at

STEPS = ("numbered", "writing", "written")
WHEN = at(date(2026, 11, 2), 15)
SCOPE = Scope(2, "worker", "worker")
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.faults.sealers"])


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def spend_numbers_at_once(database):
    """The sabotage: a number is taken in a transaction of its own, so that a worker that dies with it leaves a hole."""

    async def spend(_db, kind, period, count=1):
        async with database.scoped(SCOPE) as apart, apart.locking():
            number = await kept(apart, kind, period, count)
            await apart.apply(Changes(), WHEN)
        return number

    kept, service.identity.next_number = service.identity.next_number, spend


async def seal(database, visit_id, step, chance):
    """Seal a visit that has no claim yet; die at `step`."""
    async with database.scoped(SCOPE) as db:
        if await store.latest_claim(db, visit_id) is not None:
            return False
        changes = Changes()
        async with db.locking():
            await service.seal_changes(db, changes, visit_id, None, WHEN)
            if step == "numbered":
                die()
            if step == "writing":
                asyncio.get_running_loop().call_later(chance.uniform(0.001, 0.02), die)
            await db.apply(changes, WHEN)
    if step:
        die()
    return True


async def work(dsn, visits, step, passes, seed, sabotage):
    database, chance = Database(dsn, size=4), random.Random(seed)
    create_app(database)
    await database.open()
    if sabotage:
        spend_numbers_at_once(database)
    for visit in visits:
        if await seal(database, visit, step if passes <= 0 else "", chance):
            passes -= 1
    await database.close()


def run(*arguments):
    asyncio.run(work(*arguments))


def start(*arguments):
    """A new worker process."""
    process = FORK.Process(target=run, args=arguments, daemon=True)
    process.start()
    return process
