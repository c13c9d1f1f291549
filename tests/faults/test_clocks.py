"""Trial 61: clocks that are wrong, step back, or stand at the edge of a month or a leap day.

Days and months are those of Viet Nam whatever the machine's zone; leases of workers go by the database's clock, so that a
machine ten minutes ahead takes nobody's work. Machines with a wrong clock are processes under `faketime`.
"""

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from his.kit.clock import day_of
from his.kit.db import Database
from his.reporting.rules.month import month_of
from tests.faults import trial
from tests.faults.dossiers import AT
from tests.faults.outbox import put

COUNT = trial.count("HIS_INSTANTS", 2000)
PARCELS = 8
CHILD = """
import asyncio, sys, time
from datetime import UTC, datetime
from pathlib import Path
from his.exchange import service, store
from his.exchange.insurance import Insurance
from his.kit.config import get_settings
from his.kit.db import Database
from his.kit.dbclock import DatabaseClock
from his.kit.errors import HisError
from tests.faults.dossiers import CODE
from tests.faults.outbox import WORKER

async def main(dsn, address, clock, seconds):
    database = Database(dsn, size=3)
    await database.open()
    server = DatabaseClock(database)
    async def own():
        return datetime.now(UTC)
    now = server.now if clock == "database" else own
    settings = get_settings().model_copy(update={"gateway_url": address, "gateway_timeout_seconds": 60})
    insurance = Insurance(settings)
    print((datetime.now(UTC) - await server.now()).total_seconds(), flush=True)
    tasks, end = set(), time.monotonic() + float(seconds)
    while time.monotonic() < end:
        async with database.scoped(WORKER) as db:
            due = await store.find_due(db, await now(), 40)
        for unit, parcel in due:
            tasks.add(asyncio.create_task(service.deliver(database, insurance, unit, parcel, CODE, await now())))
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()

asyncio.run(main(*sys.argv[1:]))
"""


def edges() -> list[datetime]:
    """Instants around every midnight of Viet Nam that ends a month, a year, or a leap day, and random ones."""
    chance = random.Random(trial.seed())
    found = []
    for year in (2023, 2024, 2025, 2026, 2027, 2028):
        for month in range(1, 13):
            midnight = datetime(
                year, month, monthrange(year, month)[1], 17, tzinfo=UTC
            )  # 0 h of the next day in Viet Nam
            found += [midnight + timedelta(microseconds=step) for step in (-1, 0, 1)]
            found += [midnight + timedelta(minutes=step) for step in (-10, 10)]
    while len(found) < COUNT:
        found.append(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10 * 365 * 86400)))
    return found


def of_viet_nam(at: datetime) -> date:
    """Counted by hand: seven hours ahead, no summer time since 1975."""
    days, seconds = divmod(int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1) + 7 * 3600, 86400)
    assert 0 <= seconds < 86400
    return date(1970, 1, 1) + timedelta(days=days)


def wrong_periods(day) -> int:
    wrong = 0
    for at in edges():
        found = day(at)
        first, last = month_of(found)
        expected = of_viet_nam(at)
        wrong += found != expected
        wrong += (first, last) != (
            expected.replace(day=1),
            expected.replace(day=monthrange(expected.year, expected.month)[1]),
        )
    return wrong


def test_no_instant_falls_into_a_wrong_period() -> None:
    trial.report("61-periods", n=len(edges()), expected=0, got=wrong_periods(day_of), seed=trial.seed())


def test_days_of_another_zone_are_seen() -> None:
    assert wrong_periods(lambda at: at.date()) > 0


def machine(shift: str, command: list[str], environment: dict[str, str]) -> str:
    """What a process says whose clock is wrong by `shift`. Raises CalledProcessError."""
    return subprocess.run(
        ["faketime", "-f", shift, *command], env=environment, stdout=subprocess.PIPE, text=True, timeout=180, check=True
    ).stdout


needs_faketime = pytest.mark.skipif(
    shutil.which("faketime") is None, reason="faketime is absent: wrong clocks were NOT tried"
)


async def leases(clone, clock: str) -> tuple[int, list[float]]:
    """Two machines, ten minutes ahead and behind, work through parcels at a gateway that never answers; the most attempts
    a parcel got while its first lease ran, and how wrong the machines' clocks were. With their own clocks one comes after
    the other."""
    database = Database(clone["his_app"], size=2)
    await database.open()
    await put(database, [(f"clock-{clock}-{n}", b"<GIAMDINHHS/>") for n in range(PARCELS)], at=AT)
    await database.close()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-c", CHILD, clone["his_worker"], address, clock, "6"]
        shifts = ("+10m",) if clock == "own" else ("-10m", "+10m")
        environment = os.environ | {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        said = [await asyncio.to_thread(machine, "-10m", command, environment)] if clock == "own" else []
        said += await asyncio.gather(*(asyncio.to_thread(machine, shift, command, environment) for shift in shifts))
    with psycopg.connect(clone["owner"]) as connection:
        most = connection.execute(
            "SELECT max(attempts) FROM parcel WHERE reference LIKE %s", (f"clock-{clock}-%",)
        ).fetchone()
    return most[0], [float(out) for out in said]


@needs_faketime
async def test_a_machine_ahead_takes_nobodys_work(clone) -> None:
    most, wrong = await leases(clone, "database")
    assert wrong[0] < -590
    assert wrong[1] > 590
    trial.report("61-leases", n=2 * PARCELS, expected=1, got=most)


@needs_faketime
async def test_leases_by_each_machines_own_clock_are_taken_twice(clone) -> None:
    most, _ = await leases(clone, "own")
    assert most > 1
