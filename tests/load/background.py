"""Pages while the worker closes, seals, signs and delivers a backlog of dossiers: p95 with and without it, beside the budget.

`HIS_BENCH_BACKLOG` visits are signed through the services before anything is measured; the service, the worker and the
stand-in gateway are processes of their own, as they run in a unit. Pages are asked by one person of each role, a page
after the other. Budgets: a list 300 ms, saving 500 ms at the 95th percentile (first page of the web client's rules).
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

from his.app import create_app
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database
from tests.faults.clinic import Installation, Service
from tests.integration.visits import sign_in
from tests.integration.wards_story import Stay, arrive
from tests.load.report import line
from tests.standin import free_port

VISITS = int(os.environ.get("HIS_BENCH_BACKLOG", "40"))
PERSONS = 4
LIST_MS, SAVE_MS = 300, 500
STALLED_SECONDS = 300  # nothing arrived for so long: told as it stands
PAGES = (
    ("front-desk", "/front-desk"), ("front-desk", "/queue"), ("doctor", "/results"), ("doctor", "/visit/{visit}"),
    ("nurse", "/wards"), ("cashier", "/cashier"), ("cashier", "/cashier/{visit}"),
    ("pharmacist", "/pharmacy"), ("pharmacist", "/pharmacy/stock"), ("unit-admin", "/claims"), ("unit-admin", "/day-close"),
    ("insurance-officer", "/review"), ("province-officer", "/province"),
)  # fmt: skip
STATES = "SELECT state, count(*) FROM claim GROUP BY state"
Samples = dict[str, list[float]]


async def made(database: Database, number: int) -> UUID:
    """One signed outpatient visit with a card: nothing is owed, so the worker may close it at once."""
    now = clock.now()
    stay = await arrive(database, now - timedelta(minutes=50 + number % 200))
    home = Changes()
    home.update(stay.cast.patient, address="Số 12 đường Đê, Tân Giang", province_code="97", ward_code="97003")
    await stay.db.apply(home, now)
    await stay.sign(now - timedelta(minutes=20))
    await stay.db.release()
    return stay.id


async def make_backlog(dsn: str, count: int) -> list[UUID]:
    """The signed visits, a few made at a time."""
    database = Database(dsn, size=PERSONS)
    create_app(database)
    await database.open()
    numbers = iter(range(count))
    found: list[UUID] = []

    async def work() -> None:
        for number in numbers:
            found.append(await made(database, number))

    await asyncio.gather(*(work() for _ in range(PERSONS)))
    await database.close()
    return found


async def save(client: httpx.AsyncClient, visit: UUID, round_: int) -> float:
    """Milliseconds of writing the vital signs of an open visit."""
    began = time.perf_counter()
    answer = await client.post(f"/visit/{visit}/vitals", data={"pulse": str(60 + round_ % 40), "weight_kg": "61"})
    answer.raise_for_status()
    return (time.perf_counter() - began) * 1000


class Clinic:
    """One signed-in person of each role, who ask their pages in turn."""

    def __init__(self, base: str, visit: UUID, open_visit: UUID) -> None:
        self.base, self.visit, self.open_visit = base, visit, open_visit
        self.people: dict[str, httpx.AsyncClient] = {}

    async def open(self) -> None:
        """Sign everybody in."""
        for role in dict.fromkeys(role for role, _ in PAGES):
            client = httpx.AsyncClient(base_url=self.base, timeout=30, follow_redirects=True)
            await sign_in(client, role)
            self.people[role] = client

    async def close(self) -> None:
        """Everybody goes home."""
        for client in self.people.values():
            await client.aclose()

    async def round(self, samples: Samples, number: int) -> None:
        """Every page once, and a save; four pages are under way at a time."""
        gate = asyncio.Semaphore(PERSONS)

        async def ask(role: str, page: str) -> None:
            async with gate:
                began = time.perf_counter()
                answer = await self.people[role].get(page.format(visit=self.visit))
                answer.raise_for_status()
                samples[page].append((time.perf_counter() - began) * 1000)

        async def write() -> None:
            async with gate:
                samples["save"].append(await save(self.people["doctor"], self.open_visit, number))

        await asyncio.gather(*(ask(role, page) for role, page in PAGES), write())
        await asyncio.sleep(0.2)  # people read


def p95(values: list[float]) -> float:
    """The 95th percentile, of few values the largest."""
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.95))], 1)


def tell(alone: Samples, busy: Samples) -> bool:
    """A line for each page; True when every one kept its budget beside the background work."""
    kept = True
    for page in (*(page for _, page in PAGES), "save"):
        budget = SAVE_MS if page == "save" else LIST_MS
        within = p95(busy[page]) <= budget
        kept = kept and within
        line(
            "page beside the background", page=page, p95_alone_ms=p95(alone[page]), p95_busy_ms=p95(busy[page]),
            requests=len(busy[page]), budget_ms=budget, within=within,
        )  # fmt: skip
    return kept


def counted(owner: str) -> dict[str, int]:
    """Claims by state."""
    with psycopg.connect(owner) as connection:
        return dict(connection.execute(STATES).fetchall())


async def _pages(base: str, owner: str, visits: list[UUID], open_visit: UUID, seconds: float, start: Any) -> None:
    clinic = Clinic(base, visits[0], open_visit)
    await clinic.open()
    warm, alone, busy = defaultdict(list), defaultdict(list), defaultdict(list)
    for number in range(3):
        await clinic.round(warm, number)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await clinic.round(alone, number)
        number += 1
    start()
    began = time.monotonic()
    states: dict[str, int] = {}
    moved = began
    while states.get("accepted", 0) < len(visits) and time.monotonic() - moved < STALLED_SECONDS:
        await clinic.round(busy, number)
        number += 1
        seen = await asyncio.to_thread(counted, owner)
        if seen != states:
            states, moved = seen, time.monotonic()
    took = time.monotonic() - began
    kept = tell(alone, busy)
    accepted = states.get("accepted", 0)
    line(
        "dossiers in the background", dossiers=len(visits), accepted=accepted, states=states, seconds=round(took, 1),
        per_second=round(accepted / took, 2), every_page_within=kept and accepted == len(visits),
    )  # fmt: skip
    await clinic.close()


def measure(seconds: float) -> None:
    """The pages alone for so many seconds, then until the backlog is delivered."""
    scratch = Path(tempfile.mkdtemp(prefix="his-background-"))
    port = free_port()
    place = Installation(
        scratch, HIS_PROFILE="test", HIS_GATEWAY_PORT=str(port), HIS_GATEWAY_URL=f"http://127.0.0.1:{port}",
        HIS_LOG_DIR=str(scratch / "logs"),
    )  # fmt: skip
    environment = place.environment | {"HIS_WORKER_DATABASE_URL": place.dsns["his_worker"]}
    with ExitStack() as stack:
        stack.callback(place.server.stop)
        began = time.perf_counter()
        visits = asyncio.run(make_backlog(place.dsns["his_app"], VISITS))
        open_visit = asyncio.run(_open_visit(place.dsns["his_app"]))
        line("backlog", visits=len(visits), made_in_seconds=round(time.perf_counter() - began, 1))

        def child(name: str) -> None:
            log = stack.enter_context((scratch / f"{name}.log").open("ab"))
            process = subprocess.Popen([sys.executable, "-m", "his", name], env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)

        child("gateway")
        service = Service(environment)
        service.start()
        stack.callback(service.kill)
        asyncio.run(_with(service, place.owner, visits, open_visit, seconds, lambda: child("worker")))


async def _with(service: Service, owner: str, *more: Any) -> None:
    await service.when_ready()
    await _pages(service.base, owner, *more)


async def _open_visit(dsn: str) -> UUID:
    """A visit that goes on, whose record is written all the time."""
    database = Database(dsn, size=2)
    create_app(database)
    await database.open()
    stay: Stay = await arrive(database, clock.now() - timedelta(minutes=30))
    await stay.db.release()
    await database.close()
    return stay.id
