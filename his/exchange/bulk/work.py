"""What the worker does with bulk jobs: take the oldest one, do steps for a few seconds, note the position, clean up."""

import asyncio
import logging
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from his.exchange import store
from his.exchange.bulk import files
from his.exchange.bulk.exporting import Exporting
from his.exchange.bulk.importing import Importing
from his.exchange.tables import BulkJob
from his.fhir.app import PREFIX
from his.fhir.engine import Engine
from his.fhir.registry import discover
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind

log = logging.getLogger("his.exchange.bulk")
LEASE = timedelta(seconds=60)
SLICE = timedelta(seconds=5)
NOTE = timedelta(seconds=2)
"""How much work a kill may cost: the position is noted this often."""
PAUSES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
NOBODY = Scope(None, "worker", "worker")


async def work_on_jobs(database: Database, now: datetime) -> int:
    """Work on the oldest job of all units for a few seconds; returns 1 while there is something to do."""
    async with database.scoped(NOBODY) as db:
        due = await store.find_due_job(db, now)
    if due is None:
        return await clean_up(database, now)
    engine = Engine(database, discover(), get_settings().public_url + PREFIX)
    job = await _take(database, *due, now)
    if job is not None:
        await _Run(engine, job).work()
    return 1


async def _take(database: Database, unit_id: int, job_id: UUID, now: datetime) -> BulkJob | None:
    """The job with a lease of ours, or None when another worker or a cancellation was faster."""
    async with database.scoped(Scope(unit_id, "worker", "worker")) as db:
        job = await store.get_job(db, job_id)
        if job is None or job.state not in ("queued", "running"):
            return None
        if job.lease_until is not None and job.lease_until > now:  # another worker took it since it was found due
            return None
        changes = Changes()
        taken = changes.update(job, state="running", lease_until=now + LEASE)
        try:
            await db.apply(changes, now)
        except HisError as error:
            if error.kind is Kind.STALE:
                return None
            raise
    return taken


class _Run:
    """A few seconds of one job."""

    def __init__(self, engine: Engine, job: BulkJob) -> None:
        self.engine = engine
        self.job = job
        self.place = files.folder(job.unit_id, job.id)
        self.doing: Exporting | Importing = (Exporting if job.kind == "export" else Importing)(engine, job, self.place)

    async def work(self) -> None:
        """Steps until the slice is over, the job is done, or somebody cancelled it."""
        began = noted = self.engine.now()
        try:
            await asyncio.to_thread(files.begin, self.place)
            while await self.doing.step():
                at = self.engine.now()
                if at - noted >= NOTE:
                    await self._note(at, lease_until=at + LEASE)
                    noted = at
                if at - began >= SLICE:
                    await self._note(at, lease_until=None)
                    return
            at = self.engine.now()
            keep_until = at + timedelta(hours=get_settings().bulk_hours)
            told = self.doing.result()
            await self._note(at, state="done", result=told, lease_until=None, finished_at=at, expires_at=keep_until)
        except HisError as error:
            if error.kind is Kind.STALE:  # cancelled, or another worker holds it: what it noted stands
                return
            await self._stumble(error, error.message)
        except files.Lost as error:
            log.warning("job %s begins anew: %s lost what was written", self.job.id, error)
            await self._stumble(error, "Tệp của công việc bị hỏng.", position={})
        except OSError as error:
            await self._stumble(error, "Không ghi được tệp của công việc.")
        except Exception as error:  # counted like every other failure, or the job would come back for ever
            log.exception("job %s of unit %s", self.job.id, self.job.unit_id)
            await self._stumble(error, "Lỗi trong hệ thống khi làm việc này.")

    async def _note(self, at: datetime, **fields: Any) -> None:
        """Have the disk hold the files, then have the row say so."""
        await self.doing.keep()
        await self._save(at, position=deepcopy(self.doing.position), attempts=0, **fields)

    async def _save(self, at: datetime, **fields: Any) -> None:
        changes = Changes()
        job = changes.update(self.job, **fields)
        async with self.engine.database.scoped(Scope(job.unit_id, "worker", "worker")) as db:
            await db.apply(changes, at)
        self.job = job

    async def _stumble(self, error: Exception, said: str, **fields: Any) -> None:
        """Try again after a pause; after the last one the job has failed and says why."""
        at, attempts = self.engine.now(), self.job.attempts + 1
        log.warning("job %s, attempt %d: %s", self.job.id, attempts, type(error).__name__)
        final = isinstance(error, HisError) and error.kind is not Kind.BUSY
        if final or attempts > len(PAUSES):
            end = at + timedelta(hours=get_settings().bulk_hours)
            fields |= {"state": "failed", "finished_at": at, "expires_at": end, "result": {"message": said}}
            fields |= {"lease_until": None}
        else:
            fields["lease_until"] = at + PAUSES[attempts - 1]
        try:
            await self._save(at, attempts=attempts, **fields)
        except HisError as late:
            if late.kind is not Kind.STALE:
                raise


async def clean_up(database: Database, now: datetime) -> int:
    """Remove the files, then the rows, of jobs that were cancelled or are past their end."""
    async with database.scoped(NOBODY) as db:
        old = await store.find_old_jobs(db, now)
    for unit_id, job_id in old:
        await asyncio.to_thread(files.remove, files.folder(unit_id, job_id))
        async with database.scoped(Scope(unit_id, "worker", "worker")) as db:
            job = await store.get_job(db, job_id)
            if job is not None:
                await db.apply(Changes().delete(job), now)
    return len(old)
