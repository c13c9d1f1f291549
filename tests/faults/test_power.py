"""Power cuts: PostgreSQL on ext4 in a file, stopped in the middle of its work, the file copied, PostgreSQL started on the copy.

What lay only in the page cache is gone from the copy, as after a power cut. Twelve sessions commit rows and write what was
confirmed into a file outside. `HIS_POWER_CUTS` sets how many cuts (100 in the long run). With `fsync=off`, and with
`synchronous_commit=off`, the same trial must show loss (`HIS_POWER_LOSSES` cuts each), or it would prove nothing.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from his.kit.config import SetupError
from his.kit.embedded import Embedded
from his.kit.pg_runtime import database_account, programs
from tests.faults import trial

CUTS = trial.count("HIS_POWER_CUTS", 1)
LOSSES = trial.count("HIS_POWER_LOSSES", 1)
SEED = trial.seed()
SESSIONS = 12
MEGABYTES = 700


def run(*command):
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)


@contextmanager
def mounted(image, folder):
    """The file as a file system at `folder`."""
    folder.mkdir(exist_ok=True)
    try:
        run("mount", "-o", "loop", str(image), str(folder))
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("NOT RUN: this machine lets nobody mount a loop image (root and /dev/loop are needed)")
    try:
        yield folder
    finally:
        for _ in range(50):
            if subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)


@pytest.fixture
def disk():
    """A folder with the image file of a fresh ext4, reachable for the database's account."""
    folder = Path(tempfile.mkdtemp(prefix="his-power-"))
    folder.chmod(0o755)
    image = folder / "disk"
    with image.open("wb") as file:
        file.truncate(MEGABYTES << 20)
    run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Clerks:
    """Sessions that commit rows as fast as they can, each with the ledger's line after the commit."""

    def __init__(self, conninfo, begin):
        self.conninfo, self.stopping, self.lock = conninfo, False, threading.Lock()
        self.number, self.confirmed = begin, set()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(SESSIONS)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        with suppress(psycopg.Error):
            with psycopg.connect(self.conninfo, autocommit=True) as connection:
                while not self.stopping:
                    with self.lock:
                        self.number += 1
                        number = self.number
                    connection.execute("INSERT INTO ledger VALUES (%s, repeat('x', 100))", (number,))
                    self.confirmed.add(number)


def stop_all(pid, number):
    """The signal to every process of the server."""
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def cut(server, clerks, source, target):
    """Freeze every process, take what is on the disk, let everybody go on; returns what was confirmed by then.

    A row counts as confirmed when its session knew it before the first process stood still.
    """
    confirmed = set(clerks.confirmed)
    stop_all(server.pid, signal.SIGSTOP)
    try:
        shutil.copyfile(source, target)
    finally:
        stop_all(server.pid, signal.SIGCONT)
    return confirmed


def started_on(folder, copy):
    """PostgreSQL on the copy: rows found, seconds until it answers, and what pg_amcheck says (empty when clean)."""
    with mounted(copy, folder / "after") as place:
        server = Embedded(place / "data", durable=True)
        began = time.monotonic()
        (place / "data" / "pg.lock").unlink(missing_ok=True)
        server.start()
        try:
            seconds = time.monotonic() - began
            with psycopg.connect(server.conninfo()) as connection:
                there = {row[0] for row in connection.execute("SELECT id FROM ledger")}
                connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
            where = ["--host", str(place / "data" / "sock"), "--username", "postgres", "--no-password"]
            check = subprocess.run(
                [str(programs(database_account()) / "pg_amcheck"), "--heapallindexed", *where, "his"],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            if check.returncode:
                print(check.stdout + check.stderr)
            return there, seconds, check.stdout + check.stderr if check.returncode else ""
        finally:
            server.stop()


def play(disk, cuts, setting=""):
    """Cuts at random moments of one work; returns the sums."""
    chance = random.Random(SEED)
    lost = confirmed = started = dirty = 0
    slowest = 0.0
    with mounted(disk / "disk", disk / "before") as place:
        data = place / "data"
        data.mkdir(mode=0o755)
        server = Embedded(data, durable=True)
        server.start()
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE ledger (id bigint PRIMARY KEY, words text)")
            connection.execute("CHECKPOINT")
            if setting:
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
        run("sync")
        try:
            for number in range(cuts):
                clerks = Clerks(server.conninfo(), number * 10_000_000)
                time.sleep(chance.uniform(0.5, 2.0))
                known = cut(server, clerks, disk / "disk", disk / "copy")
                clerks.stopping = True
                for thread in clerks.threads:
                    thread.join(10)
                there, seconds, said = started_on(disk, disk / "copy")
                started += 1
                confirmed += len(known)
                lost += len(known - there)
                dirty += bool(said)
                slowest = max(slowest, seconds)
                with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                    connection.execute("TRUNCATE ledger")
                    connection.execute("CHECKPOINT")
        finally:
            server.stop()
    return {
        "lost": lost, "confirmed": confirmed, "started": started, "found_dirty_by_amcheck": dirty,
        "slowest_recovery_seconds": round(slowest, 1),
    }  # fmt: skip


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: mounting a loop image needs root")


@needs_root
@pytest.mark.slow
def test_what_was_confirmed_survives_a_power_cut(disk):
    got = play(disk, CUTS)
    expected = {"lost": 0, "started": CUTS, "found_dirty_by_amcheck": 0, "confirmed": f">={20 * CUTS}"}
    trial.report("3", seed=SEED, n=CUTS, expected=expected, got=got)


@needs_root
@pytest.mark.slow
@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_a_server_that_does_not_wait_for_the_disk_loses(disk, setting):
    got = {"lost": 0, "confirmed": 0}
    cuts = 0
    while not got["lost"] and cuts < LOSSES + 3:  # with much luck the kernel wrote everything just before
        try:
            one = play(disk, 1, setting)
        except SetupError as error:  # the cluster on the copy is so damaged that it does not start: all of it is lost
            if "damaged" not in error.en:
                raise
            one = {"lost": 1, "confirmed": 1, "said": "the cluster does not start"}
        cuts += 1
        got = {**one, "lost": got["lost"] + one["lost"], "confirmed": got["confirmed"] + one["confirmed"]}
        shutil.rmtree(disk / "before", ignore_errors=True)
        run("mkfs.ext4", "-q", "-F", str(disk / "disk"))
    name = {"fsync": "4-fsync", "synchronous_commit": "4-async"}[setting]
    trial.report(name, seed=SEED, n=cuts, expected={"lost": ">=1"}, got=got)
