"""The insurer's gateway away, the province's counting away: registering, ordering and paying go on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from his.demo.day import load_stage
from his.demo.visit import play_visit
from his.exchange import insurance
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.identity import service as identity
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database, Scope

COUNTING = ("stat_cell", "day_close", "month_report", "reminder", "worker_beat")
"""Tables of the figures; `dirty_key` is where the clinic leaves word that something is to be counted."""
SEEDS = {"gateway": (0, 1, 17, 23), "counting": (2, 3, 38, 45)}
"""For each outage two people with a card and two without, who pay at the cashier."""
VISITS = 4


@pytest_asyncio.fixture
async def stage(database: Database) -> AsyncIterator[Any]:
    """The people and rooms of a unit."""
    async with database.scoped(Scope(None, "test")) as db:
        unit = await identity.find_unit(db, "97002")
    assert unit is not None
    yield await load_stage(database, unit)


@pytest.fixture
def dead_gateway() -> Iterator[list[str]]:
    """Nobody answers at the gateway's address; what was asked is counted."""
    settings = get_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("refused", request=request)

    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, httpx.MockTransport(refuse))
    yield asked
    insurance._clients.pop(settings.gateway_url, None)


@contextmanager
def counting_away(owner: str) -> Iterator[None]:
    """Every table of the province's figures is held: whoever waits for one is refused by the lock's time-out."""
    with psycopg.connect(owner) as connection:
        connection.execute(f"LOCK TABLE {', '.join(COUNTING)} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


def rows(owner: str) -> dict[str, int]:
    """How much of each step stands in the database."""
    with psycopg.connect(owner) as connection:
        return {
            name: int((connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() or (0,))[0])
            for name in ("encounter", "ticket", "service_request", "payment", "dirty_key")
        }


async def play(database: Database, stage: Any, away: str, *, ask_gateway: bool) -> None:
    """Visits from the desk to the cashier."""
    for seed in SEEDS[away]:
        start = clock.now() - timedelta(hours=2, minutes=seed)
        await play_visit(database, stage, f"gateway-away-{seed}", start, until="closed", ask_gateway=ask_gateway)


def assert_grown(before: dict[str, int], after: dict[str, int]) -> None:
    assert after["encounter"] - before["encounter"] == VISITS
    assert after["ticket"] - before["ticket"] >= VISITS
    assert after["service_request"] - before["service_request"] >= VISITS
    assert after["payment"] > before["payment"]
    assert after["dirty_key"] > before["dirty_key"], "nothing is left for the counting to make up for"


async def test_the_gateway_is_away(
    database: Database, stage: Any, clone: dict[str, str], dead_gateway: list[str]
) -> None:
    before = rows(clone["owner"])
    await play(database, stage, "gateway", ask_gateway=True)
    assert dead_gateway, "the gateway was never asked, the trial proves nothing"
    assert_grown(before, rows(clone["owner"]))


async def test_the_provinces_counting_is_away(database: Database, stage: Any, clone: dict[str, str]) -> None:
    before = rows(clone["owner"])
    with counting_away(clone["owner"]):
        await play(database, stage, "counting", ask_gateway=False)
    assert_grown(before, rows(clone["owner"]))
