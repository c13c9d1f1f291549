"""The background worker: recomputes what became dirty, delivers parcels, asks again what had no answer."""

import asyncio
import contextlib
import functools
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import typer
from sqlalchemy import func, select

from his import discovery, metrics
from his.exchange.tables import Parcel
from his.fhir import registry
from his.kit import logs
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Db, Scope
from his.kit.dbclock import DatabaseClock
from his.kit.errors import HisError
from his.kit.pools import jobs
from his.reporting.tables import DirtyKey

log = logging.getLogger("his.worker")
Handler = Callable[[Db, Sequence[str], datetime], Awaitable[None]]
Tick = Callable[[Database, datetime], Awaitable[int]]
Group = tuple[int, str]
Work = tuple[int, str, str]
CHANNELS = ("his_dirty", "his_parcel", "his_card", "his_bulk", "his_subscription")
BATCH = 200
MOST_WAITING = 10_000
PAUSE_SECONDS = (1, 2, 5, 15, 60, 300)
"""How long a key rests after its first, second, ... failure; the last one repeats."""
FORGET = timedelta(hours=1)
GRACE_SECONDS = 1.0
"""How long the work under way may go on after the request to stop; then it is broken off, all of it can be repeated."""


async def backlog(db: Db) -> dict[str, int]:
    """How much waits: queued keys by topic, and open parcels under `parcel`; in the worker's scope, of all units."""
    queue, parcel = table(DirtyKey), table(Parcel)
    rows = await db.all(select(queue.c.topic, func.count().label("n")).group_by(queue.c.topic).limit(100))
    open_states = parcel.c.state.in_(("queued", "sending", "unknown"))
    parcels = await db.scalar(select(func.count()).select_from(parcel).where(open_states))
    return {**{row.topic: row.n for row in rows}, "parcel": int(parcels)}


class Worker:
    """One process; several may run side by side, because every piece of work is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = DatabaseClock(database)  # leases of several machines are compared
        self.stopping = asyncio.Event()
        self.handlers: dict[str, Handler] = {}
        self.ticks: list[Tick] = []
        self.failed: dict[Work, tuple[int, datetime]] = {}
        self._waiting: dict[UUID, datetime] = {}
        self._bells: list[asyncio.Event] = []
        for module in discovery.room("jobs"):
            self.handlers |= getattr(module, "HANDLERS", {})
            self.ticks += getattr(module, "TICKS", [])

    async def drain(self, now: datetime) -> int:
        """Handle the queued keys of every unit; returns how many were done.

        A key whose work failed stays queued and rests for a while; the others do not wait for it.
        """
        self._waiting = {i: until for i, until in self._waiting.items() if until > now}
        self.failed = {work: seen for work, seen in self.failed.items() if seen[1] + FORGET > now}
        queue = table(DirtyKey)
        query = select(queue.c.unit_id, queue.c.topic, queue.c.key, queue.c.id).order_by(queue.c.id).limit(BATCH)
        if self._waiting:
            query = query.where(queue.c.id.not_in(list(self._waiting)[:MOST_WAITING]))
        async with self.database.scoped(Scope(None, "worker", "worker")) as db:
            rows = await db.all(query)
        groups: dict[Group, dict[str, list[UUID]]] = {}
        for row in rows:
            _, until = self.failed.get((row.unit_id, row.topic, row.key), (0, now))
            if until > now:  # queued again while it rests
                self._waiting[row.id] = until
            else:
                groups.setdefault((row.unit_id, row.topic), {}).setdefault(row.key, []).append(row.id)
        done = 0
        for group, found in groups.items():
            if self.stopping.is_set():
                break
            done += await self._handle(group, found, now)
        return done

    async def _handle(self, group: Group, found: dict[str, list[UUID]], now: datetime) -> int:
        """Do the keys of a group together; when that fails, one by one, so that only the failing ones rest."""
        if await self._attempt(group, found, now):
            return sum(map(len, found.values()))
        done = 0
        for key, ids in found.items():
            if self.stopping.is_set():
                break
            if len(found) > 1 and await self._attempt(group, {key: ids}, now):
                done += len(ids)
            else:
                self._rest((*group, key), ids, now)
        return done

    async def _attempt(self, group: Group, found: dict[str, list[UUID]], now: datetime) -> bool:
        unit_id, topic = group
        handler = self.handlers.get(topic)
        scope = Scope(unit_id, "worker", "worker")
        try:
            if handler is not None:
                async with self.database.scoped(scope) as db:
                    await handler(db, list(found), now)
            async with self.database.scoped(scope) as db:
                rows = [
                    DirtyKey(unit_id=unit_id, id=i, topic=topic, key=k, queued_at=now)
                    for k, ids in found.items()
                    for i in ids
                ]
                await db.apply(Changes().delete(*rows), now)
        except HisError as error:
            log.warning("topic %s of unit %s waits: %s", topic, unit_id, error.kind.value)
            return False
        except Exception:
            log.exception("topic %s of unit %s failed", topic, unit_id)
            return False
        for key in found:
            self.failed.pop((unit_id, topic, key), None)
        return True

    def _rest(self, work: Work, ids: Sequence[UUID], now: datetime) -> None:
        attempts = self.failed.get(work, (0, now))[0] + 1
        until = now + timedelta(seconds=PAUSE_SECONDS[min(attempts, len(PAUSE_SECONDS)) - 1])
        self.failed[work] = (attempts, until)
        self._waiting |= dict.fromkeys(ids, until)
        log.warning("topic %s of unit %s: attempt %d failed, resting", work[1], work[0], attempts)

    async def run(self, idle_seconds: float = 1.0) -> None:
        """Work until told to stop: at once when notified, every second otherwise.

        Keys and ticks run beside each other: a gateway that does not answer holds up nothing else.
        """

        async def one_tick(tick: Tick) -> int:
            return await tick(self.database, await self.clock.now())

        async def keys() -> int:
            return await self.drain(await self.clock.now())

        tasks = [asyncio.create_task(self._loop(keys, idle_seconds))]
        tasks += [asyncio.create_task(self._loop(functools.partial(one_tick, t), idle_seconds)) for t in self.ticks]
        listener = asyncio.create_task(self._listen())
        try:
            await self.stopping.wait()
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        finally:
            for task in (listener, *tasks):
                task.cancel()
            await asyncio.gather(listener, *tasks, return_exceptions=True)

    async def _loop(self, step: Callable[[], Awaitable[int]], idle_seconds: float) -> None:
        bell = asyncio.Event()
        self._bells.append(bell)
        while not self.stopping.is_set():
            bell.clear()
            busy = 0
            try:
                busy = await step()
            except HisError as error:
                log.warning("work waits: %s", error.kind.value)
            except Exception:
                log.exception("a step failed")
            if not busy and not self.stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), idle_seconds)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self.database.dsn, autocommit=True)
                async with connection:
                    for channel in CHANNELS:
                        await connection.execute(f"LISTEN {channel}")
                    self._ring()  # what was said before nobody listened
                    async for _ in connection.notifies():
                        self._ring()
            except psycopg.Error:
                await asyncio.sleep(2)

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()

    def stop(self) -> None:
        """Finish what is under way, then return from `run`."""
        self.stopping.set()
        self._ring()


async def _main() -> None:
    settings = get_settings()
    discovery.import_tables()
    registry.discover()
    address = settings.worker_database_url or settings.app_database_url or ""
    database = Database(address, size=4, render=registry.render, patience=jobs)
    await database.open()
    worker = Worker(database)
    watching = asyncio.create_task(metrics.watch(database, settings, backlog)) if settings.metrics_port else None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run()
    finally:
        if watching is not None:
            watching.cancel()
        await database.close()


def register(app: typer.Typer) -> None:
    """Add the command `his worker`."""

    @app.command()
    def worker() -> None:
        """Run the background worker."""
        logs.configure(get_settings().log_level)
        asyncio.run(_main())
