"""500 dossiers through a gateway that refuses, is silent, repeats and mumbles: each arrives once, bytes identical."""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from standin import gateway, prepare

from his.claims.signature import Signer
from his.claims.xml.envelope import wrap
from his.exchange import service, store
from his.exchange.insurance import Insurance
from his.exchange.tables import Parcel
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.standin.faults import Fault, FaultPlan

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
CODE, UNIT = "97002", 2
FAULTS = {
    Fault.REFUSE: 0.05, Fault.BUSY: 0.05, Fault.TIMEOUT_BEFORE: 0.04, Fault.TIMEOUT_AFTER: 0.06,
    Fault.TWICE: 0.10, Fault.ERROR_BODY: 0.05, Fault.TRUNCATED: 0.05,
}  # fmt: skip


def signed(data_dir, count):
    keys = data_dir / "keys"
    signer = Signer.from_pem((keys / f"{CODE}.key.pem").read_bytes(), (keys / f"{CODE}.cert.pem").read_bytes())
    for number in range(count):
        code = f"{CODE}2611{number:06d}"
        inner = f'<?xml version="1.0" encoding="utf-8"?>\r\n<TONG_HOP><MA_LK>{code}</MA_LK></TONG_HOP>'
        yield code, signer.sign(wrap(CODE, START, [("XML1", inner)]))


async def outbox(database, files):
    async with database.scoped(Scope(UNIT, "test")) as db:
        changes = Changes()
        for code, content in files:
            service.queue(changes, service.new_parcel(UNIT, "dossier", "Test", uuid4(), code, content, START), START)
        await db.apply(changes, START)


async def run_dry(database, insurance, *, limit=200):
    """Deliver until nothing is due, letting the clock jump instead of waiting for the back-off."""
    now = START
    for _ in range(limit):
        async with database.scoped(Scope(None, "worker", "worker")) as db:
            due = await store.find_due(db, now, 64)
        if due:
            gate = asyncio.Semaphore(16)

            async def one(unit_id, parcel_id, gate=gate, at=now):
                async with gate:
                    await service.deliver(database, insurance, unit_id, parcel_id, CODE, at)

            await asyncio.gather(*(one(*entry) for entry in due))
        else:
            now += timedelta(hours=1)
            async with database.scoped(Scope(None, "worker", "worker")) as db:
                if not await store.find_due(db, now, 1):
                    return
    raise AssertionError("parcels are still waiting")


@pytest.fixture
async def worker_database(clone):
    database = Database(clone["his_worker"], size=6)
    await database.open()
    yield database
    await database.close()


async def test_500_dossiers_arrive_once_with_identical_bytes(worker_database, tmp_path):
    prepare(tmp_path, [CODE])
    files = dict(signed(tmp_path, 500))
    await outbox(worker_database, files.items())
    with gateway(tmp_path, FaultPlan(FAULTS, silence_seconds=1.3, seed=7)) as (address, stand_in):
        settings = get_settings().model_copy(
            update={"gateway_url": address, "data_dir": tmp_path, "gateway_timeout_seconds": 1}
        )
        insurance = Insurance(settings)
        await run_dry(worker_database, insurance)
        await insurance.close()
        rows = stand_in.ledger.db.execute("SELECT reference, sha256, receipt FROM arrival").fetchall()
    assert len(rows) == 500
    assert {reference: digest for reference, digest, _ in rows} == {
        code: hashlib.sha256(content).hexdigest() for code, content in files.items()
    }
    async with worker_database.scoped(Scope(UNIT, "test")) as db:
        parcels = {p.reference: p for p in [await store.get_parcel(db, i) for i in await all_ids(db)]}
        assert {p.state for p in parcels.values()} == {"accepted"}
        assert {reference: receipt for reference, _, receipt in rows} == {r: p.receipt for r, p in parcels.items()}
        attempts = [p.attempts for p in parcels.values()]
    assert max(attempts) > 1, "the faults never struck, the trial proves nothing"


async def all_ids(db):
    return [row[0] for row in await db.all(select(table(Parcel).c.id).limit(1000))]


async def test_a_changed_byte_is_refused_and_told(worker_database, tmp_path):
    prepare(tmp_path, [CODE])
    (code, content), *_ = signed(tmp_path, 1)
    await outbox(worker_database, [(f"{code}x", content.replace(b"CHUKYDONVI", b"CHUKYDONVI ", 1))])
    with gateway(tmp_path) as (address, stand_in):
        settings = get_settings().model_copy(update={"gateway_url": address, "data_dir": tmp_path})
        insurance = Insurance(settings)
        async with worker_database.scoped(Scope(None, "worker", "worker")) as db:
            ((unit_id, parcel_id),) = await store.find_due(db, START, 5)
        state = await service.deliver(worker_database, insurance, unit_id, parcel_id, CODE, START)
        await insurance.close()
        assert stand_in.ledger.counts()["arrivals"] == 0
    async with worker_database.scoped(Scope(UNIT, "test")) as db:
        parcel = await store.get_parcel(db, parcel_id)
    assert (state, parcel.reply_code) == ("rejected", "125")
