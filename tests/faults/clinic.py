"""A whole installation for trials that break it: durable PostgreSQL, the web service in processes of its own, a front desk
that registers so many visits a second, and a ledger of what was confirmed, kept in a file that no kill reaches."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID, uuid5

import httpx
import psutil
import psycopg

from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference
from tests.standin import free_port

NAMES = UUID("0198b2a0-0000-7000-8000-000000000001")
NO_ANSWER = httpx.TransportError


def serves(process):
    """Is it a living worker: neither the tracker of multiprocessing nor one that was killed a moment ago."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


class Installation:
    """A migrated and seeded database, and the environment of a service on it."""

    def __init__(self, folder, *, durable=True, port=None, units=2, **environment):
        self.folder = folder
        self.server = Embedded(folder, durable=durable, port=port)
        self.server.start()
        self.owner = self.server.conninfo()  # the server is down at times, its address stays
        self.dsns = migrate(self.owner, folder / "data")
        seed_reference(self.dsns["his_app"], folder / "data", units=units)
        self.environment = {
            **os.environ,
            "HIS_PROFILE": "production" if durable else "test",
            "HIS_DATA_DIR": str(folder / "data"),
            "HIS_APP_DATABASE_URL": self.dsns["his_app"],
            "HIS_DB_POOL_SIZE": "4",
            "HIS_PERSON_REQUESTS_PER_SECOND": "10000",  # one account plays the whole front desk here
            "HIS_UNIT_REQUESTS_PER_SECOND": "10000",
            **environment,
        }

    def rows(self, query):
        with psycopg.connect(self.owner) as connection:
            return connection.execute(query).fetchall()

    def kill_server(self):
        """kill -9 of every process of PostgreSQL, the first one first."""
        processes = [psutil.Process(self.server.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=5)


class Service:
    """`uvicorn` in a process group of its own, which can be killed or told to stop at any moment."""

    def __init__(self, environment, *, workers=1, target="his.app:create_app"):
        self.environment, self.port, self.workers, self.target = environment, free_port(), workers, target
        self.process = None
        self.up = asyncio.Event()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-m", "uvicorn", "--factory", self.target, "--host", "127.0.0.1"]
        if self.workers > 1:
            command += ["--workers", str(self.workers)]
        command += [
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--log-level",
            "error",
            "--timeout-graceful-shutdown",
            "20",
        ]
        with (Path(self.environment["HIS_DATA_DIR"]) / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                env=self.environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.up.clear()

    def kill_worker(self, chance):
        """Kill one of several workers; the others go on, the master starts a new one."""
        deadline = time.monotonic() + 60
        while not (workers := [c for c in psutil.Process(self.process.pid).children() if serves(c)]):
            assert time.monotonic() < deadline, "the master starts no new worker"
            time.sleep(0.01)
        chance.choice(workers).kill()

    async def when_ready(self, seconds=120):
        """Wait for a yes of /readyz; returns how long it took."""
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=self.base, timeout=2) as client:
            while time.monotonic() - began < seconds:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get("/readyz")).status_code == 200:
                        self.up.set()
                        return time.monotonic() - began
                await asyncio.sleep(0.02)
        raise AssertionError("the service did not come up")


async def sign_in(client, username="front-desk"):
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


def form(number, room, seed=0):
    """The visit number so-and-so: the same key whenever it is sent."""
    return {
        "key": str(uuid5(NAMES, f"{seed}-{number}")),
        "room_id": room,
        "reason": "đau đầu",
        "patient": {
            "name": "Quàng Thị Hương",
            "birth_date": str(date(1968, 3, 14)),
            "gender": "female",
            "citizen_number": f"097{number:09d}",
        },
    }


class Desk:
    """Registers `rate` visits a second until it is stopped, each until it is confirmed, with the same form.

    `confirmed` maps the key to the answer; the ledger file has a line for each, written the moment the answer is whole.
    """

    def __init__(self, installation, service, rate, *, hands=8, patience=30):
        self.service, self.rate, self.hands, self.patience = service, rate, hands, patience
        self.room = str(installation.rows("SELECT id FROM room WHERE unit_id = 2 AND code = '103'")[0][0])
        self.ledger = (installation.folder / "ledger").open("a", buffering=1)
        self.confirmed, self.answers, self.attempts = {}, Counter(), Counter()
        self.stopping, self.number, self.last = False, 0, 0.0
        self.seconds = []

    async def run(self):
        """Until `stopping`; what was begun is brought to its end."""
        limits = httpx.Limits(max_connections=self.hands + 2)
        async with httpx.AsyncClient(base_url=self.service.base, timeout=self.patience, limits=limits) as client:
            await sign_in(client)
            began = time.monotonic()
            await asyncio.gather(*(self._hand(client, began) for _ in range(self.hands)))

    async def _hand(self, client, began):
        while not self.stopping:
            number, self.number = self.number, self.number + 1
            due = began + number / self.rate
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            await self.register(client, form(number, self.room))

    async def register(self, client, body):
        """Send the form until it is confirmed."""
        for attempt in range(1, 2000):
            await self.service.up.wait()
            sent = time.monotonic()
            try:
                answer = await client.post("/api/reception/visits", json=body)
            except NO_ANSWER:
                self.answers["none"] += 1
                await asyncio.sleep(0.05)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code == 201:
                self.last = time.monotonic()
                self.seconds.append(self.last - sent)
                self.confirmed[body["key"]] = answer.json()
                self.ledger.write(f"{body['key']} {answer.json()['encounter_id']}\n")
                self.attempts[body["key"]] = attempt
                return
            if answer.status_code not in (503, 429):
                return  # counted in `answers`, which the trial looks at
            await asyncio.sleep(0.1)
        raise AssertionError("never confirmed")

    async def first_after(self, moment, seconds=60):
        """How long after `moment` the next visit was confirmed."""
        while self.last <= moment + 0.05:  # an answer may have been on its way
            assert time.monotonic() - moment < seconds, f"nothing confirmed for {seconds} s"
            await asyncio.sleep(0.01)
        return self.last - moment

    @property
    def resent(self):
        return sum(attempts > 1 for attempts in self.attempts.values())

    @property
    def broken(self):
        """Answers that are neither confirmation nor `come back`."""
        return {str(code): n for code, n in self.answers.items() if code not in (201, 503, 429, "none")}


def ledger_of(folder):
    """What the file says was confirmed: encounter ids."""
    lines = (folder / "ledger").read_text().splitlines()
    return {line.split()[1] for line in lines if len(line.split()) == 2}


def judged(installation, desk):
    """Lost, doubled and untold visits, those that are not as they were confirmed, and holes in what is numbered, as the
    database has them now."""
    visits = installation.rows("SELECT id::text, dossier_code, patient_id::text FROM encounter WHERE unit_id = 2")
    tickets = installation.rows(
        "SELECT encounter_id::text, room_id::text, day::text, number FROM ticket WHERE unit_id = 2 ORDER BY day, number"
    )
    patients = installation.rows("SELECT code, citizen_number FROM patient WHERE unit_id = 2")
    told = ledger_of(installation.folder)
    there = {v[0] for v in visits}
    said = {(answer["encounter_id"], answer["dossier_code"]) for answer in desk.confirmed.values()}
    days = Counter((t[1], t[2]) for t in tickets)
    most = {key: max(t[3] for t in tickets if (t[1], t[2]) == key) for key in days}
    return {
        "confirmed": len(told),
        "lost": len(told - there),
        "untold": len(there - told),
        "misstated": len(said - {(v[0], v[1]) for v in visits}),
        "without_ticket": len(there - {t[0] for t in tickets}),
        "doubled": sum(n - len(set(x)) for n, x in (
            (len(visits), [v[1] for v in visits]), (len(patients), [p[1] for p in patients]),
            (len(tickets), [t[0] for t in tickets]), (len(patients), [p[0] for p in patients]),
        )),
        "ticket_holes": sum(most.values()) - len(tickets),
        "resent": desk.resent,
    }  # fmt: skip


SAFE_AND_ONCE = {"lost": 0, "untold": 0, "misstated": 0, "without_ticket": 0, "doubled": 0, "ticket_holes": 0}


def pause(chance, shortest=0.2, longest=1.2):
    """How long until the next blow."""
    return chance.uniform(shortest, longest)


def chance_of(seed):
    return random.Random(seed)
