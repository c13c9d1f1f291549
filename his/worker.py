"""The background worker: recomputes what became dirty, delivers parcels, asks again what had no answer."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import psycopg
import typer
from sqlalchemy import select

from his import discovery
from his.fhir import registry
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError
from his.reporting.tables import DirtyKey

log = logging.getLogger("his.worker")
Handler = Callable[[Db, Sequence[str], datetime], Awaitable[None]]
Tick = Callable[[Database, datetime], Awaitable[int]]
CHANNELS = ("his_dirty", "his_parcel", "his_card")
BATCH = 200


class Worker:
    """One process; several may run side by side, because every piece of work is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.woken = asyncio.Event()
        self.stopping = asyncio.Event()
        self.handlers: dict[str, Handler] = {}
        self.ticks: list[Tick] = []
        for module in discovery.room("jobs"):
            self.handlers |= getattr(module, "HANDLERS", {})
            self.ticks += getattr(module, "TICKS", [])

    async def drain(self, now: datetime) -> int:
        """Handle the queued keys of every unit; returns how many were done."""
        queue = table(DirtyKey)
        query = select(queue.c.unit_id, queue.c.topic, queue.c.key, queue.c.id).order_by(queue.c.id).limit(BATCH)
        async with self.database.scoped(Scope(None, "worker", "worker")) as db:
            rows = await db.all(query)
        groups: dict[tuple[int, str], list[tuple[str, UUID]]] = {}
        for row in rows:
            groups.setdefault((row.unit_id, row.topic), []).append((row.key, row.id))
        done = 0
        for (unit_id, topic), found in groups.items():
            done += await self._handle(unit_id, topic, found, now)
        return done

    async def _handle(self, unit_id: int, topic: str, found: list[tuple[str, UUID]], now: datetime) -> int:
        handler = self.handlers.get(topic)
        scope = Scope(unit_id, "worker", "worker")
        try:
            if handler is not None:
                async with self.database.scoped(scope) as db:
                    await handler(db, list(dict.fromkeys(key for key, _ in found)), now)
            async with self.database.scoped(scope) as db:
                rows = [DirtyKey(unit_id=unit_id, id=i, topic=topic, key=k, queued_at=now) for k, i in found]
                await db.apply(Changes().delete(*rows), now)
        except HisError as error:
            log.warning("topic %s of unit %s waits: %s", topic, unit_id, error.kind.value)
            return 0
        except Exception:
            log.exception("topic %s of unit %s failed", topic, unit_id)
            return 0
        return len(found)

    async def run(self, idle_seconds: float = 1.0) -> None:
        """Work until told to stop: at once when notified, every second otherwise."""
        listener = asyncio.create_task(self._listen())
        try:
            while not self.stopping.is_set():
                self.woken.clear()
                busy = 0
                try:
                    busy = await self.drain(clock.now())
                    for tick in self.ticks:
                        busy += await tick(self.database, clock.now())
                except HisError as error:
                    log.warning("the database is away: %s", error.kind.value)
                if not busy:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.woken.wait(), idle_seconds)
        finally:
            listener.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self.database.dsn, autocommit=True)
                async with connection:
                    for channel in CHANNELS:
                        await connection.execute(f"LISTEN {channel}")
                    async for _ in connection.notifies():
                        self.woken.set()
            except psycopg.Error:
                await asyncio.sleep(2)

    def stop(self) -> None:
        """Finish what is under way, then return from `run`."""
        self.stopping.set()
        self.woken.set()


async def _main() -> None:
    settings = get_settings()
    discovery.import_tables()
    registry.discover()
    database = Database(settings.worker_database_url or settings.app_database_url or "", size=4, render=registry.render)
    await database.open()
    worker = Worker(database)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run()
    finally:
        await database.close()


def register(app: typer.Typer) -> None:
    """Add the command `his worker`."""

    @app.command()
    def worker() -> None:
        """Run the background worker."""
        logging.basicConfig(
            level=get_settings().log_level.upper(), format="%(asctime)s %(name)s %(levelname)s %(message)s"
        )
        asyncio.run(_main())
