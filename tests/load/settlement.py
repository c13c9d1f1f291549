"""A month of 100,000 dossiers of one unit settled: figures, send, agree, confirm (entries frozen, claims marked), paid; a real PostgreSQL."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from his.app import create_app
from his.kit import clock
from his.kit.db import Database, Scope
from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference
from his.settlement import papers, service, store
from his.settlement.service import Actor
from tests.load.report import line
from tests.months import PAYER, make_cases

DOSSIERS = int(os.environ.get("HIS_BENCH_DOSSIERS", "100000"))
LINES = 8
DOCUMENT = 80  # what a dossier states and the case keeps of it: 2.6 kB each that do not compress
PERIOD, UNIT, TARGET_SECONDS = "2026-10", 2, 30


async def _timed(steps: dict[str, float], name: str, work: Awaitable[Any]) -> Any:
    start = time.perf_counter()
    found = await work
    steps[name] = round(time.perf_counter() - start, 2)
    return found


async def _settle(dsn: str) -> None:
    database = Database(dsn, size=4)
    create_app(database)
    await database.open()
    now, steps = clock.now(), dict[str, float]()
    clerk, first, second = (Actor(uuid4(), name) for name in ("a", "b", "c"))
    unit, insurer = Scope(UNIT, "bench", "unit-admin"), Scope(PAYER, "bench", "insurance-officer", PAYER)
    async with database.scoped(unit) as db:
        await _timed(steps, "page", service.load_month(db, PERIOD, now))
        row = await _timed(steps, "send", service.send(db, PERIOD, clerk, now))
    async with database.scoped(insurer) as db:
        await _timed(steps, "agree", service.agree(db, row.id, first, now))
        row = await _timed(steps, "lock", service.confirm(db, row.id, second, now))
        pay = service.record_payment(db, row.id, first, row.approved, clock.day_of(now), "UNC", "bench", now)
        row = await _timed(steps, "pay", pay)
    settled = round(sum(steps.values()) - steps["page"], 2)
    async with database.scoped(unit) as db:
        proof = await _timed(steps, "proof", service.prove(db, row))
        assert proof.holds
        month = await service.load_month(db, PERIOD, now)
        listed = store.list_entries(db, PERIOD, row, undecided=False, limit=DOSSIERS)
        entries = await _timed(steps, "list", listed)
    start = time.perf_counter()
    sheets = papers.dossier_sheets(month, "01-bh", entries, {})
    papers.csv_text(sheets[0])
    steps["csv"] = round(time.perf_counter() - start, 2)
    line(
        "settle a month", dossiers=row.cases, lines=row.cases * LINES, seconds=settled, target=TARGET_SECONDS,
        met=settled < TARGET_SECONDS, steps=steps,
    )  # fmt: skip
    await database.close()


def measure(_seconds: float) -> None:
    """Make the month by SQL, then settle it; the time of making it is not counted."""
    scratch = Path(tempfile.mkdtemp(prefix="his-bench-"))
    embedded = Embedded(scratch, durable=False)
    embedded.start()
    try:
        dsns = migrate(embedded.conninfo(), scratch / "data")
        seed_reference(dsns["his_app"], scratch / "data")
        with psycopg.connect(embedded.conninfo(dbname="his"), autocommit=True) as owner:
            make_cases(owner, PERIOD, DOSSIERS, lines=LINES, pad=DOCUMENT)
            owner.execute("VACUUM ANALYZE")
        asyncio.run(_settle(dsns["his_app"]))
    finally:
        embedded.discard()
        shutil.rmtree(scratch, ignore_errors=True)
