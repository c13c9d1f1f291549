"""Worker processes that are killed at a named step: forked from one that has everything loaded, so that a start is cheap."""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from datetime import timedelta

import httpx

from his.exchange import service, store
from his.exchange.insurance import Insurance
from his.kit.config import get_settings
from his.kit.db import Database, Db
from tests.faults.dossiers import AT, CODE
from tests.faults.outbox import WORKER

STEPS = ("before-lease", "leased", "sending", "answered", "recorded", "asking", "asked")
"""Before the lease is committed; after it, before the request; when the request is out; when the answer is in; when it
is committed; when the question is out; when its answer is in."""
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.faults.workers"])


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Killer(httpx.AsyncHTTPTransport):
    """The real transport; at the chosen step and pass the process is gone."""

    def __init__(self, step, passes, chance):
        super().__init__()
        self.step, self.left, self.chance = step, passes, chance

    def reached(self, *steps):
        if self.step in steps:
            self.left -= 1
            if self.left < 0:
                die()

    async def handle_async_request(self, request):
        path = request.url.path
        question = "KQGiamDinh" in path
        if "token" in path:
            return await super().handle_async_request(request)
        if not question:
            self.reached("leased")
        out = asyncio.create_task(super().handle_async_request(request))
        await asyncio.sleep(self.chance.uniform(0.001, 0.02))  # some of it is on the line, perhaps all
        self.reached("asking" if question else "sending")
        answer = await out
        await answer.aread()
        self.reached("asked" if question else "answered")
        return answer


def watch_commits(killer):
    """`Db.apply` as it is, with the two steps around it."""
    apply = Db.apply

    async def watched(self, changes, at):
        leases = "parcel" in changes.updates and "parcel_event" not in changes.inserts
        if leases:
            killer.reached("before-lease")
        result = await apply(self, changes, at)
        if not leases:
            killer.reached("recorded")
        return result

    Db.apply = watched


async def work(dsn, address, data_dir, step, passes, seed, began, speed):
    def now():
        return AT + timedelta(seconds=(time.time() - began) * speed)

    killer = Killer(step, passes, random.Random(seed))
    watch_commits(killer)
    settings = get_settings().model_copy(
        update={"gateway_url": address, "data_dir": data_dir, "gateway_timeout_seconds": 1}
    )
    database = Database(dsn, size=5)
    await database.open()
    insurance = Insurance(settings, transport=killer, now=now)
    gate = asyncio.Semaphore(4)

    async def one(unit_id, parcel_id):
        async with gate:
            await service.deliver(database, insurance, unit_id, parcel_id, CODE, now())

    while True:
        async with database.scoped(WORKER) as db:
            due = await store.find_due(db, now(), 40)
        if not insurance.circuit.would_allow(now()):
            await asyncio.sleep(0.05)
            continue
        random.Random(seed).shuffle(due)  # the workers get in each other's way, but not always
        await asyncio.gather(*(one(*entry) for entry in due[:16]))
        if not due:
            await asyncio.sleep(0.1)


def run(*arguments):
    asyncio.run(work(*arguments))


def start(*arguments):
    """A new worker process."""
    process = FORK.Process(target=run, args=arguments, daemon=True)
    process.start()
    return process
