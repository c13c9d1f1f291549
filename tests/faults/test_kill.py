"""The service is killed again and again while the front desk registers: what was confirmed is there, once, and nothing twice."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference

from ..standin import free_port

VISITS = 200
KILLS = 8
DESKS = 6
SEED = 20261123
UNSEEN = httpx.TransportError


def serves(process: psutil.Process) -> bool:
    """Is it a living worker: neither the tracker of multiprocessing nor one that was killed a moment ago."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


class Service:
    """`uvicorn` with two workers in a process group of its own, which can be killed at any moment."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self.environment, self.port = environment, port
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.up = asyncio.Event()

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "his.app:create_app", "--workers", "2"]
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self.port), "--log-level", "error"],
            env=self.environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        self.up.clear()

    def kill_worker(self, chance: random.Random) -> None:
        """Kill one of the two workers; the other goes on, the master starts a new one."""
        assert self.process is not None
        deadline = time.monotonic() + 60
        while not (workers := [c for c in psutil.Process(self.process.pid).children() if serves(c)]):
            assert time.monotonic() < deadline, "the master starts no new worker"
            time.sleep(0.01)
        chance.choice(workers).kill()
        self.kills += 1

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def folder():
    path = Path(tempfile.mkdtemp(prefix="his-kill-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def installation(folder):
    """A durable database, and the environment of the service on it."""
    with Embedded(folder, durable=True) as embedded:
        dsns = migrate(embedded.conninfo(), folder / "data")
        environment = {
            **os.environ,
            "HIS_PROFILE": "test",
            "HIS_DATA_DIR": str(folder / "data"),
            "HIS_APP_DATABASE_URL": dsns["his_app"],
            "HIS_DB_POOL_SIZE": "4",
        }
        seed_reference(dsns["his_app"], folder / "data", units=2)
        yield embedded.conninfo(), environment


async def when_ready(service):
    deadline = time.monotonic() + 240
    async with httpx.AsyncClient(base_url=service.base, timeout=2) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get("/readyz")).status_code == 200:
                    service.up.set()
                    return
            await asyncio.sleep(0.05)
    raise AssertionError("the service did not come up")


async def sign_in(client):
    answer = await client.post(
        "/sign-in", data={"username": "front-desk", "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


def form(number, room):
    return {
        "key": str(uuid4()),
        "room_id": room,
        "reason": "đau đầu",
        "patient": {
            "name": "Quàng Thị Hương",
            "birth_date": str(date(1968, 3, 14)),
            "gender": "female",
            "citizen_number": f"0971680{number:05d}",
        },
    }


async def register(service, client, body):
    """Send until the visit is confirmed; returns it and how often the same form had to be sent."""
    for attempt in range(1, 1000):
        await service.up.wait()
        try:
            answer = await client.post("/api/reception/visits", json=body)
        except UNSEEN:
            await asyncio.sleep(0.05)
            continue
        if answer.status_code == 503:  # too busy to confirm, it says: the same form may be sent again
            await asyncio.sleep(0.5)
            continue
        assert answer.status_code == 201, (answer.status_code, answer.text)
        return answer.json(), attempt
    raise AssertionError("no answer")


async def desk(service, client, bodies, ledger):
    while bodies:
        body = bodies.pop()
        ledger[body["key"]] = await register(service, client, body)


async def killer(service, ledger, chance):
    """Kill at random points of the work: now the whole service, now one of its workers."""
    points = sorted(chance.sample(range(5, VISITS - 20), KILLS))
    for number, point in enumerate(points):
        while len(ledger) < point:  # noqa: ASYNC110  # a ledger rings no bell
            await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 0.02))
        if number % 4 != 2:
            service.kill_worker(chance)
        else:
            service.kill()
            service.start()
            await when_ready(service)


def rows(owner, query):
    with psycopg.connect(owner) as connection:
        return connection.execute(query).fetchall()


async def play(service, owner):
    room = str(rows(owner, "SELECT id FROM room WHERE unit_id = 2 AND code = '103'")[0][0])
    bodies = [form(number, room) for number in range(VISITS)]
    sent = {body["key"]: body for body in bodies}
    ledger = {}
    await when_ready(service)
    limits = httpx.Limits(max_connections=DESKS)
    async with httpx.AsyncClient(base_url=service.base, timeout=20, limits=limits) as client:
        await sign_in(client)
        chance = random.Random(SEED)
        striker = asyncio.create_task(killer(service, ledger, chance))
        await asyncio.gather(*(desk(service, client, bodies, ledger) for _ in range(DESKS)))
        await striker
        again = {}
        for key in list(ledger)[:20]:
            again[key], _ = await register(service, client, sent[key])
    return ledger, again


def check(owner, ledger, again):
    visits = rows(owner, "SELECT id::text, dossier_code, patient_id::text FROM encounter WHERE unit_id = 2")
    tickets = rows(owner, "SELECT encounter_id::text, room_id, number FROM ticket WHERE unit_id = 2")
    patients = rows(owner, "SELECT code, citizen_number FROM patient WHERE unit_id = 2")
    confirmed = {answer["encounter_id"]: answer for answer, _ in ledger.values()}
    assert len(ledger) == len(confirmed) == VISITS
    assert set(confirmed) - {v[0] for v in visits} == set(), "confirmed, then lost"
    assert {v[0] for v in visits} - set(confirmed) == set(), "a visit that nobody was told of"
    assert {(v[0], v[1]) for v in visits} == {(i, a["dossier_code"]) for i, a in confirmed.items()}
    assert len({v[1] for v in visits}) == len(visits) == VISITS
    assert sorted(t[2] for t in tickets) == list(range(1, VISITS + 1)), "ticket numbers with twins or holes"
    assert {t[0] for t in tickets} == set(confirmed)
    assert len({p[0] for p in patients}) == len({p[1] for p in patients}) == len(patients) == VISITS
    for key, answer in again.items():
        assert {**answer, "repeated": False} == {**ledger[key][0], "repeated": False}
        assert answer["repeated"] is True


@pytest.mark.slow
async def test_confirmed_visits_survive_kills_exactly_once(installation):
    owner, environment = installation
    service = Service(environment, free_port())
    service.start()
    try:
        ledger, again = await asyncio.wait_for(play(service, owner), 900)
    finally:
        await asyncio.to_thread(service.kill)
    check(owner, ledger, again)
    resent = sum(attempts > 1 for _, attempts in ledger.values())
    assert service.kills >= KILLS
    assert resent >= 3, "the kills never hit a request, the trial proves nothing"
    print({"id": "kill", "seed": SEED, "visits": VISITS, "kills": service.kills, "resent": resent})
