"""The service is told to stop under load, and PostgreSQL is restarted under load: nothing that was begun is lost or broken.

`HIS_STOPS` (50): SIGTERM under load; what the service has begun it answers, and it is gone within 30 seconds. Each answer to
a registration dawdles 0.3 s after its commit, so that any blow falls between commit and answer of somebody.
`HIS_RESTARTS` (20): restarts of PostgreSQL under 100 requests a second; 503 is allowed, 500 is not.
"""

import asyncio
import shutil
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.faults import trial
from tests.faults.clinic import Installation, Service, chance_of, form, pause, sign_in
from tests.faults.knocking import Line, badge

STOPS = trial.count("HIS_STOPS", 2)
RESTARTS = trial.count("HIS_RESTARTS", 2)
BACK_SECONDS = trial.count("HIS_BACK_SECONDS", 60)
SEED = trial.seed()
EXIT_SECONDS = 30
DAWDLING = """
import asyncio
from his.app import create_app

def service():
    app = create_app()

    async def dawdling(scope, receive, send):
        async def late(message):
            if message["type"] == "http.response.start" and message["status"] == 201:
                await asyncio.sleep(0.3)
            await send(message)

        await app(scope, receive, late)

    return dawdling
"""


@pytest.fixture(scope="module")
def installation():
    folder = Path(tempfile.mkdtemp(prefix="his-stop-"))
    (folder / "dawdling.py").write_text(DAWDLING)
    made = Installation(folder, PYTHONPATH=str(folder))
    yield made
    made.server.stop()
    shutil.rmtree(made.server._link.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


class Visitors:
    """Each request on a connection of its own; what was answered and what was not is kept by key."""

    def __init__(self, service, room, headers, hands, base):
        self.service, self.room, self.headers, self.hands = service, room, headers, hands
        self.number, self.stopping = base, False
        self.answered, self.silent, self.codes = {}, set(), Counter()

    async def run(self):
        await asyncio.gather(*(self._hand() for _ in range(self.hands)))

    async def _hand(self):
        while not self.stopping:
            number, self.number = self.number, self.number + 1
            body = form(number, self.room, SEED)
            try:
                async with httpx.AsyncClient(base_url=self.service.base, timeout=40, headers=self.headers) as client:
                    answer = await client.post("/api/reception/visits", json=body)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)  # nobody listens any more: not begun
            except httpx.TransportError:
                self.silent.add(body["key"])
            else:
                self.codes[answer.status_code] += 1
                if answer.status_code == 201:
                    self.answered[body["key"]] = answer.json()["encounter_id"]


async def headers_of(service):
    async with httpx.AsyncClient(base_url=service.base, timeout=20) as client:
        await sign_in(client)
        return badge(client) | {"x-csrf-token": client.headers["x-csrf-token"]}


def wait_for_a_commit(installation, visitors, before):
    """Until a visit stands there that nobody was told of."""
    deadline = time.monotonic() + 60
    while not unanswered(installation, visitors, before):
        assert time.monotonic() < deadline, "every visit is told the moment it is written"
        time.sleep(0.01)


async def stop_once(installation, room, chance, before, number=signal.SIGTERM):
    """One stop under load; returns (visitors, seconds until the process was gone)."""
    service = Service(installation.environment, workers=1, target="dawdling:service")
    service.start()
    try:
        await service.when_ready()
        visitors = Visitors(service, room, await headers_of(service), 6, len(before) + 1_000_000)
        load = asyncio.create_task(visitors.run())
        while not visitors.answered:  # noqa: ASYNC110  # the load is on
            await asyncio.sleep(0.02)
        await asyncio.sleep(pause(chance, 0.2, 1.2))
        if number == signal.SIGKILL:  # when somebody surely waits for an answer
            await asyncio.to_thread(wait_for_a_commit, installation, visitors, before)
        moment = time.monotonic()
        service.process.send_signal(number)
        await asyncio.to_thread(service.process.wait, 60)
        seconds = time.monotonic() - moment
        visitors.stopping = True
        await load
    finally:
        await asyncio.to_thread(service.kill)
    return visitors, seconds


def unanswered(installation, visitors, base):
    """Visits of this round that are in the database, though nobody was told."""
    there = {row[0] for row in installation.rows("SELECT id::text FROM encounter WHERE unit_id = 2")}
    return there - set(visitors.answered.values()) - base


async def stops(installation, times, number):
    chance = chance_of(SEED)
    room = str(installation.rows("SELECT id FROM room WHERE unit_id = 2 AND code = '103'")[0][0])
    got = Counter()
    slowest = 0.0
    for _ in range(times):
        before = {row[0] for row in installation.rows("SELECT id::text FROM encounter WHERE unit_id = 2")}
        visitors, seconds = await stop_once(installation, room, chance, before, number)
        slowest = max(slowest, seconds)
        got["begun_and_unanswered"] += len(unanswered(installation, visitors, before))
        got["other_answers"] += sum(n for code, n in visitors.codes.items() if code not in (201, 503))
        got["answered"] += len(visitors.answered)
        got["not_begun"] += len(visitors.silent)
    return dict(got) | {"slowest_exit_seconds": round(slowest, 1)}


@pytest.mark.slow
async def test_a_stop_under_load_answers_what_was_begun(installation):
    got = await stops(installation, STOPS, signal.SIGTERM)
    expected = {"begun_and_unanswered": 0, "other_answers": 0, "slowest_exit_seconds": f"<={EXIT_SECONDS}"}
    trial.report("10", seed=SEED, n=STOPS, expected=expected | {"answered": f">={STOPS}"}, got=got)


@pytest.mark.slow
async def test_a_kill_instead_of_a_stop_is_seen(installation):
    """The sabotage: nobody waits for the answers that are on their way."""
    got = await stops(installation, 2, signal.SIGKILL)
    assert got["begun_and_unanswered"] > 0, "a kill leaves no visit unanswered: the trial proves nothing"


class Walkers:
    """`rate` small requests a second, whatever the answers take: the rooms of the unit, each needs the database."""

    def __init__(self, service, headers, rate):
        self.service, self.headers, self.rate = service, headers, rate
        self.codes, self.stopping, self.good = Counter(), False, 0.0
        self.free, self.under_way = [], set()

    async def run(self):
        began, number = time.monotonic(), 0
        while not self.stopping:
            number += 1
            await asyncio.sleep(max(0, began + number / self.rate - time.monotonic()))
            if len(self.under_way) < 600:
                task = asyncio.create_task(self._ask())
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
        await asyncio.gather(*self.under_way)
        for line in self.free:
            line.close()

    async def _ask(self):
        line = self.free.pop() if self.free else Line(self.service.port, self.headers)
        code = await line.get("/api/scheduling/rooms")
        self.free.append(line)
        self.codes[code] += 1
        if code == 200:
            self.good = time.monotonic()


async def restarts(installation, times, target="his.app:create_app"):
    """Restarts under 100 requests a second; every answer, and how quickly the first good one came."""
    service = Service(installation.environment, workers=1, target=target)
    service.start()
    back = []
    try:
        await service.when_ready()
        headers = await headers_of(service)
        walkers = Walkers(service, headers, 100)
        load = asyncio.create_task(walkers.run())
        for _ in range(times):
            await asyncio.sleep(1)
            await asyncio.to_thread(installation.server.stop)
            await asyncio.to_thread(installation.server.start)
            moment = time.monotonic()
            while walkers.good <= moment:
                assert time.monotonic() - moment < 120
                await asyncio.sleep(0.01)
            back.append(walkers.good - moment)
            await asyncio.sleep(0.5)
        walkers.stopping = True
        await load
        line = Line(service.port, headers)
        after = [await line.get("/api/scheduling/rooms") for _ in range(40)]
        line.close()
    finally:
        await asyncio.to_thread(service.kill)
    return {
        "other_answers": {str(code): n for code, n in walkers.codes.items() if code not in (200, 503)},
        "stale_pool_errors": 40 - after.count(200),
        "slowest_back_seconds": round(max(back), 1),
        "answers": sum(walkers.codes.values()),
        "busy": walkers.codes[503],
    }


COME_BACK_AT_MOST = {
    "other_answers": {},
    "stale_pool_errors": 0,
    "slowest_back_seconds": f"<={BACK_SECONDS}",
    "answers": ">=100",
    "busy": ">=1",
}


@pytest.mark.slow
async def test_restarts_of_the_server_are_503_at_most(installation):
    got = await restarts(installation, RESTARTS)
    trial.report("54", seed=SEED, n=RESTARTS, expected=COME_BACK_AT_MOST, got=got)


@pytest.mark.slow
async def test_a_service_that_calls_an_absent_server_an_incident_is_seen(installation, monkeypatch, tmp_path):
    """The sabotage: what the database says goes on as it is, instead of becoming `come back`."""
    module = tmp_path / "untranslated.py"
    module.write_text(
        "import his.kit.db as db\nfrom his.app import create_app\n"
        "db.translate = lambda error: error\n\ndef service():\n    return create_app()\n"
    )
    monkeypatch.setitem(installation.environment, "PYTHONPATH", str(tmp_path))
    got = await restarts(installation, 1, "untranslated:service")
    assert got["other_answers"].get("500", 0) > 0, got
    assert not trial.met(COME_BACK_AT_MOST, got)
