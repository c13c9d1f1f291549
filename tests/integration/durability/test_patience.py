"""Time-outs and pools: the clinic gives up soon, reports have time and connections of their own, nobody waits without end."""

import asyncio

import pytest
from sqlalchemy import text

from his.app import create_app
from his.identity.rules import reads_long
from his.kit.config import SetupError, get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.pools import SAFE, jobs, require_durable
from his.supervisor.checks import require_server
from tests.contract.routes import entries
from tests.faults import trial

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name")


async def limits(database):
    async with database.scoped(Scope(2)) as db:
        return [await db.scalar(text(f"SHOW {name}")) for name in LIMITS]


async def test_each_kind_of_work_has_its_own_patience(database, clone):
    assert await limits(database) == ["10s", "3s", "10s", "his clinic"]
    assert await limits(await database.reports()) == ["1min", "10s", "1min", "his reports"]
    background = Database(clone["his_worker"], size=2, patience=jobs)
    await background.open()
    assert await limits(background) == ["2min", "10s", "2min", "his jobs"]
    await background.close()


async def test_roles_carry_the_limits_for_connections_that_bring_none(clone, monkeypatch):
    monkeypatch.setenv("HIS_DB_POOLER", "true")
    get_settings.cache_clear()
    database = Database(clone["his_app"], size=2)
    await database.open()
    assert (await limits(database))[:3] == ["10s", "3s", "10s"]
    assert (await limits(await database.reports()))[:2] == ["1min", "10s"]
    await database.close()


async def test_reports_neither_take_the_clinics_connections_nor_wait_without_end(database):
    reports = await database.reports()
    taken = [reports.scoped(Scope(2)) for _ in range(3)]
    handles = [await context.__aenter__() for context in taken]
    for handle in handles:
        await handle.scalar(text("SELECT 1"))

    async def wait():
        async with reports.scoped(Scope(2)) as db:
            await db.scalar(text("SELECT 1"))

    line = [asyncio.create_task(wait()) for _ in range(reports.patience.waiting)]
    await asyncio.sleep(0.05)
    with pytest.raises(HisError) as caught:
        await asyncio.wait_for(wait(), 0.5)
    assert caught.value.kind is Kind.BUSY
    async with database.scoped(Scope(2)) as db:
        assert await asyncio.wait_for(db.scalar(text("SELECT 1")), 1) == 1
    for context in taken:
        await context.__aexit__(None, None, None)
    await asyncio.wait_for(asyncio.gather(*line), 5)


def test_every_route_of_reports_settlement_and_export_reads_long(database):
    app = create_app(database)
    long = {e.path for e in entries(app) if reads_long(e.path)}
    due = {
        e.path
        for e in entries(app)
        if e.capability is not None
        and e.route.endpoint.__module__.startswith(("his.reporting.", "his.settlement.", "his.claims.pages.export"))
    }
    assert due - long == {"/system", "/day-close", "/day-close/confirm", "/day-close/month"}, (
        "short pages of the same slices"
    )
    assert len(long) > 40
    assert long <= due


def refusals():
    """How many of the weak servers are refused: each setting off, each setting not told."""
    refused, names = 0, ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
    good = dict.fromkeys(names, "on")
    require_durable(good)
    for name in names:
        for spoiled in ({**good, name: "off"}, {k: v for k, v in good.items() if k != name}):
            try:
                require_durable(spoiled)
            except SetupError as error:
                refused += name in str(error)
    return refused, names


def test_a_server_that_can_lose_what_it_confirmed_is_refused():
    refused, names = refusals()
    trial.report("9", n=len(names), expected={"refused": 8}, got={"refused": refused, "settings": ", ".join(names)})


def test_a_forgotten_setting_would_be_noticed(monkeypatch):
    monkeypatch.delitem(SAFE, "synchronous_commit")
    assert refusals()[0] == 6


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_the_supervisor_refuses_such_a_server(server, name):
    with pytest.raises(SetupError, match=f"{name}=off"):
        require_server(server.conninfo())
    require_server(server.conninfo(), durable=False)


async def test_the_web_process_itself_refuses_such_a_server(clone, monkeypatch):
    monkeypatch.setenv("HIS_PROFILE", "production")
    get_settings.cache_clear()
    database = Database(clone["his_app"], size=2)
    with pytest.raises(SetupError, match="fsync=off, full_page_writes=off, synchronous_commit=off"):
        await database.open()
    await database.close()
