"""The database stops and comes back: 503 in between, and then everything goes on by itself."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from his.app import create_app
from his.identity.seed import seed
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.embedded import Embedded
from his.kit.errors import HisError, Kind
from his.migrate import migrate

from .conftest import AT, count


@pytest.fixture(scope="module")
def own():
    """A PostgreSQL that may be stopped without hurting the other tests."""
    folder = Path(tempfile.mkdtemp(prefix="his-test-"))
    embedded = Embedded(folder, durable=False)
    embedded.start()
    yield embedded
    embedded.discard()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def dsn(own):
    return migrate(own.conninfo(), own.data_dir)["his_app"]


async def refusal(work):
    try:
        await work
    except HisError as error:
        return error.kind
    return None


async def within(seconds, work):
    """Repeat until it succeeds; returns how long it took."""
    start = time.monotonic()
    while (kind := await refusal(work())) is not None:
        assert kind is Kind.BUSY
        assert time.monotonic() - start < seconds, "it did not recover by itself"
        await asyncio.sleep(0.1)
    return time.monotonic() - start


async def test_busy_while_it_is_away_and_well_again_afterwards(own, dsn):
    database = Database(dsn, size=3)
    await database.open()
    reader, writer, counter = Scope(2), Changes().audit("before"), "audit_entry"
    async with database.scoped(reader) as db:
        await db.apply(writer, AT)
        await db.scalar(text("SELECT 1"))
        await asyncio.to_thread(own.stop)
        assert await refusal(db.scalar(text("SELECT 1"))) is Kind.BUSY
        assert await refusal(db.apply(Changes().audit("away"), AT)) is Kind.BUSY
        assert await refusal(database.ping()) is Kind.BUSY
    await asyncio.to_thread(own.start)

    async def both():
        async with database.scoped(reader) as db:
            await db.scalar(text("SELECT 1"))
            await db.apply(Changes().audit("after"), AT)

    assert await within(10, both) < 10
    assert count(own.conninfo(), counter, "action = 'away'") == 0
    await database.close()


async def test_a_restart_between_two_requests_is_not_noticed(own, dsn):
    database = Database(dsn, size=3)
    await database.open()

    async def request(n):
        async with database.scoped(Scope(2)) as db:
            await db.scalar(text("SELECT 1"))
            await db.apply(Changes().audit("restart", "", str(n)), AT)

    await asyncio.gather(*(request(0) for _ in range(3)))
    await asyncio.to_thread(own.stop)
    await asyncio.to_thread(own.start)
    for n in range(1, 21):
        await request(n)
    await database.close()
    assert count(own.conninfo(), "audit_entry", "action = 'restart' AND entity_id <> '0'") == 20


async def test_pages_say_503_and_live_on(own, dsn):
    database = Database(dsn, size=2)
    app = create_app(database)
    await database.open()
    await seed(database, "demo", AT, 2)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://his.test") as client:
        form = {"username": "front-desk", "password": "demo"}
        assert (await client.post("/sign-in", data=form)).status_code == 303
        assert (await client.get("/readyz")).status_code == 200
        await asyncio.to_thread(own.stop)
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        page = await client.get("/front-desk")
        assert page.status_code == 503
        assert "Thử lại" in page.text or "thử lại" in page.text
        api = await client.post("/api/reception/visits", json={}, headers={"x-csrf-token": "x"})
        assert (api.status_code, api.headers["content-type"]) == (503, "application/problem+json")
        assert (await client.post("/sign-in", data=form)).status_code == 503
        await asyncio.to_thread(own.start)
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/front-desk")).status_code == 200
    await database.close()
