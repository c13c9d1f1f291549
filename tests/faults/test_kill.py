"""kill -9 again and again while the front desk registers 50 visits a second: what was confirmed is there, once.

`HIS_SERVICE_KILLS` (200 in the long run): the web service and its workers. `HIS_SERVER_KILLS` (200): every process of
PostgreSQL, under a service that goes on. `HIS_KILL_RATE`: visits a second. A seventh of the confirmed forms is sent again at
the end and must give the same visit.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from tests.faults import trial
from tests.faults.clinic import SAFE_AND_ONCE, Desk, Installation, Service, chance_of, form, judged, pause, sign_in

SERVICE_KILLS = trial.count("HIS_SERVICE_KILLS", 8)
SERVER_KILLS = trial.count("HIS_SERVER_KILLS", 3)
RATE = trial.count("HIS_KILL_RATE", 50)
SEED = trial.seed()
BACK_SECONDS = trial.count("HIS_BACK_SECONDS", 60)
"""10 in the long run, on a quiet machine."""


@pytest.fixture
def installation():
    folder = Path(tempfile.mkdtemp(prefix="his-kill-"))
    made = Installation(folder)
    yield made
    made.server.stop()
    shutil.rmtree(made.server._link.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


async def kill_service(service, desk, chance):
    """Three times a worker, then the whole service; returns how long it took until a visit was confirmed again."""
    back = []
    for number in range(SERVICE_KILLS):
        await asyncio.sleep(pause(chance))
        if number % 4 != 3:
            await asyncio.to_thread(service.kill_worker, chance)
            moment = time.monotonic()
        else:
            await asyncio.to_thread(service.kill)
            moment = time.monotonic()
            service.start()
            await service.when_ready()
        back.append(await desk.first_after(moment))
    return back


async def kill_server(installation, desk, chance):
    """Every process of PostgreSQL; the supervisor's part is played here: it starts it again."""
    back = []
    for _ in range(SERVER_KILLS):
        await asyncio.sleep(pause(chance))
        await asyncio.to_thread(installation.kill_server)
        moment = time.monotonic()
        await asyncio.to_thread(installation.server.start)
        back.append(await desk.first_after(moment))
    return back


async def play(installation, workers, blows, visits=0):
    """Load with at least so many visits, blows, and the same forms again; (desk, seconds until back after each blow)."""
    service = Service(installation.environment, workers=workers)
    service.start()
    try:
        await service.when_ready()
        desk = Desk(installation, service, RATE)
        load = asyncio.create_task(desk.run())
        while len(desk.confirmed) < 20:
            await asyncio.sleep(0.05)
            assert not load.done(), load.result()
        back = await blows(service, desk)
        deadline = time.monotonic() + 120
        while len(desk.confirmed) < visits:
            await asyncio.sleep(0.05)
            assert time.monotonic() < deadline, f"only {len(desk.confirmed)} visits"
        desk.stopping = True
        await load
        async with httpx.AsyncClient(base_url=service.base, timeout=20) as client:
            await sign_in(client)
            for number in range(0, desk.number, max(7, desk.number // 50)):
                body = form(number, desk.room)
                answer = (await client.post("/api/reception/visits", json=body)).json()
                assert answer["repeated"] is True
                assert {**answer, "repeated": False} == {**desk.confirmed[body["key"]], "repeated": False}
    finally:
        await asyncio.to_thread(service.kill)
    return desk, back


def tell(identity, n, installation, desk, back, **least):
    back = sorted(back)
    got = judged(installation, desk) | {"other_answers": desk.broken, "slowest_back_seconds": round(back[-1], 1)}
    got |= {"median_back_seconds": round(back[len(back) // 2], 1), "kills": n}
    expected = {**SAFE_AND_ONCE, "other_answers": {}, "slowest_back_seconds": f"<={BACK_SECONDS}"}
    trial.report(identity, seed=SEED, n=n, expected=expected | least, got=got)


@pytest.mark.slow
async def test_confirmed_visits_survive_kills_of_the_service(installation):
    chance = chance_of(SEED)
    desk, back = await play(installation, 2, lambda service, desk: kill_service(service, desk, chance), 200)
    tell("1", SERVICE_KILLS, installation, desk, back, resent=">=3", confirmed=">=200")


@pytest.mark.slow
async def test_confirmed_visits_survive_kills_of_the_server(installation):
    chance = chance_of(SEED)
    desk, back = await play(installation, 1, lambda _, desk: kill_server(installation, desk, chance), 50)
    tell("2", SERVER_KILLS, installation, desk, back, resent=">=1", confirmed=">=50")


@pytest.mark.slow
async def test_a_lost_or_doubled_visit_is_seen(installation):
    """The judge with a row taken away, one put in twice, and one that nobody was told of."""

    async def no_blow(service, desk):
        await asyncio.sleep(0.5)
        return [0.0]

    desk, _ = await play(installation, 1, no_blow)
    assert trial.met(SAFE_AND_ONCE, judged(installation, desk))
    with (installation.folder / "ledger").open("a") as ledger:
        ledger.write("x 0198b2a0-0000-7000-8000-00000000dead\n")
    assert judged(installation, desk)["lost"] == 1
    lines = (installation.folder / "ledger").read_text().splitlines()
    (installation.folder / "ledger").write_text("\n".join(lines[1:]) + "\n")
    assert judged(installation, desk)["untold"] == 1
    next(iter(desk.confirmed.values()))["dossier_code"] = "another"
    assert judged(installation, desk)["misstated"] == 1
