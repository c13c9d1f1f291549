"""The disk fills up under load, once for everything and once for the write-ahead log alone: nothing confirmed is lost.

`HIS_DISKS_FULL` sets how often each. The service answers 503 while there is no space and goes on by itself when there is.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from his.kit.config import SetupError
from tests.faults import trial
from tests.faults.clinic import SAFE_AND_ONCE, Desk, Installation, Service, judged

TIMES = trial.count("HIS_DISKS_FULL", 1)
SEED = trial.seed()
HEALED_SECONDS = trial.count("HIS_BACK_SECONDS", 60)
SAFE_AND_HEALED = {**SAFE_AND_ONCE, "other_answers": {}, "slowest_healed_seconds": f"<={HEALED_SECONDS}", "busy": ">=1"}


@pytest.fixture
def small():
    """A small file system of memory, mounted where the database's account can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="his-full-"))
    folder.chmod(0o755)
    place = folder / "disk"
    place.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=420m,mode=0755", "tmpfs", str(place)], check=True, capture_output=True
        )
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("NOT RUN: this machine lets nobody mount a file system (root is needed)")
    yield place
    for _ in range(50):
        if subprocess.run(["umount", str(place)], check=False, capture_output=True).returncode == 0:
            break
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def fill(place):
    """Take all the space there is, again and again until none comes back; returns the file."""
    ballast = place / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    return ballast


async def keep_alive(installation, stop):
    """What the supervisor does: start the server again when it has ended (a full log device ends it)."""
    while not stop.is_set():
        if not installation.server.running:
            with suppress(SetupError, psutil.Error):
                await asyncio.to_thread(installation.server.start)
        await asyncio.sleep(0.2)


def use_up(installation):
    """Close the segment that is being written: the next one needs space."""
    with suppress(psycopg.Error), psycopg.connect(installation.owner, autocommit=True, connect_timeout=2) as connection:
        connection.execute("SELECT pg_logical_emit_message(false, 'trial', 'x'), pg_switch_wal()")


def answers_but_good(desk):
    """How often the desk was told anything but that a visit is registered."""
    return sum(n for code, n in desk.answers.items() if code not in (201, "none"))


async def play(installation, place, times, target="his.app:create_app"):
    service = Service(installation.environment, target=target)
    service.start()
    healed = []
    stop = asyncio.Event()
    guard = asyncio.create_task(keep_alive(installation, stop))
    try:
        await service.when_ready()
        desk = Desk(installation, service, 30)
        load = asyncio.create_task(desk.run())
        for _ in range(times):
            begun = len(desk.confirmed)
            while len(desk.confirmed) < begun + 15:  # noqa: ASYNC110  # a ledger rings no bell
                await asyncio.sleep(0.05)
            refused = answers_but_good(desk)
            ballast = await asyncio.to_thread(fill, place)
            deadline = time.monotonic() + 40
            while answers_but_good(desk) == refused and time.monotonic() < deadline:
                await asyncio.to_thread(use_up, installation)
                with suppress(OSError), ballast.open("ab", buffering=0) as file:
                    file.write(b"\0" * 8192 * 16)
            await asyncio.sleep(2)
            ballast.unlink()
            healed.append(await desk.first_after(time.monotonic(), 120))
        desk.stopping = True
        await load
    finally:
        stop.set()
        await guard
        await asyncio.to_thread(service.kill)
    return desk, healed


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: mounting a file system needs root")
@pytest.mark.slow
@pytest.mark.parametrize("what", ["data", "wal"])
def test_a_full_disk_costs_nothing_that_was_confirmed(small, what):
    if what == "data":
        folder = small / "his"
        folder.mkdir(mode=0o755)
        installation = Installation(folder)
    else:
        folder = Path(tempfile.mkdtemp(prefix="his-wal-"))
        folder.chmod(0o755)
        installation = Installation(folder)
        installation.server.stop()
        cluster = (folder / "pg").resolve()
        shutil.move(cluster / "pg_wal", small / "pg_wal")
        (cluster / "pg_wal").symlink_to(small / "pg_wal")
        subprocess.run(["chown", "-R", "--reference", str(cluster), str(small)], check=True)
        installation.server.start()
    try:
        desk, healed = asyncio.run(play(installation, small, TIMES))
        if not installation.server.running:
            installation.server.start()
        got = judged(installation, desk)
        got |= {
            "other_answers": desk.broken,
            "slowest_healed_seconds": round(max(healed), 1),
            "busy": desk.answers[503],
        }
        trial.report(f"7-{what}", seed=SEED, n=TIMES, expected=SAFE_AND_HEALED, got=got)
    finally:
        installation.server.stop()
        if what == "wal":
            shutil.rmtree((folder / "pg").resolve(), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: mounting a file system needs root")
@pytest.mark.slow
def test_a_service_that_calls_a_full_disk_an_incident_is_seen(small, monkeypatch, tmp_path):
    """The sabotage: what the database says goes on as it is, instead of becoming `come back`."""
    folder = small / "his"
    folder.mkdir(mode=0o755)
    installation = Installation(folder)
    (tmp_path / "untranslated.py").write_text(
        "import his.kit.db as db\nfrom his.app import create_app\n"
        "db.translate = lambda error: error\n\ndef service():\n    return create_app()\n"
    )
    monkeypatch.setitem(installation.environment, "PYTHONPATH", str(tmp_path))
    try:
        desk, _ = asyncio.run(play(installation, small, 1, "untranslated:service"))
        assert desk.broken.get("500", 0) > 0, desk.answers
    finally:
        installation.server.stop()
