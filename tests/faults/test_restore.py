"""Back to random seconds of a busy day: what was committed before is there, nothing after; a flipped byte is found.

`HIS_RESTORES` (5): instants. `HIS_FLIPS` (100): bytes of a backup flipped one at a time, each must be detected.
"""

import random
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from his.backup.place import bases, only_embedded, program, verify
from his.backup.restore import restore
from his.backup.take import take
from his.kit.config import Settings, SetupError
from his.kit.embedded import Embedded
from tests.faults import trial

RESTORES = trial.count("HIS_RESTORES", 2)
FLIPS = trial.count("HIS_FLIPS", 20)
SEED = trial.seed()


class Cashiers:
    """Sessions that book both sides of a payment in one transaction, and know when each commit began and was confirmed."""

    def __init__(self, conninfo):
        self.conninfo, self.stopping, self.booked = conninfo, False, []
        self.threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(4)]
        for thread in self.threads:
            thread.start()

    def _work(self, hand):
        number = hand
        with suppress(psycopg.Error), psycopg.connect(self.conninfo, autocommit=True) as connection:
            while not self.stopping:
                number += 4
                began = datetime.now(UTC)
                with connection.transaction():
                    connection.execute("INSERT INTO entry VALUES (%s, %s), (%s, %s)", (number, 1000, number, -1000))
                self.booked.append((number, began, datetime.now(UTC)))
                time.sleep(0.02)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(10)


@pytest.fixture(scope="module")
def busy():
    """A system with a backup in the middle of its work; gives settings, the folder of backups and what was booked."""
    home = Path(tempfile.mkdtemp(prefix="his-backup-"))
    home.chmod(0o755)
    data = home / "data"
    settings = Settings(data_dir=data)
    with Embedded(data, durable=True) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE entry (payment int, amount bigint)")
        (data / "service-password").write_text("secret of the service")
        cashiers = Cashiers(server.conninfo())
        time.sleep(1)
        taken = take(settings, home / "backup", keep=2)
        time.sleep(6)
        cashiers.stop()
        yield settings, home / "backup", cashiers.booked, taken
    for cluster in (data, *home.glob("restored-*")):
        shutil.rmtree((cluster / "pg").resolve(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def entries(folder):
    """Payments in a restored system, and whether both sides of each are there."""
    with Embedded(folder) as server, psycopg.connect(server.conninfo()) as connection:
        rows = connection.execute("SELECT payment, sum(amount), count(*) FROM entry GROUP BY payment").fetchall()
    return {row[0] for row in rows}, all(row[1:] == (0, 2) for row in rows)


@pytest.mark.slow
def test_every_second_can_be_gone_back_to(busy):
    settings, folder, booked, taken = busy
    chance = random.Random(SEED)
    first = bases(folder)[-1][0]
    last = max(done for _, _, done in booked)
    missing = surplus = unbalanced = 0
    slowest = 0.0
    for number in range(RESTORES):
        at = first + (last - first) * chance.uniform(0.1, 0.95)
        done = restore(settings, folder, at, folder.parent / f"restored-{number}")
        there, balanced = entries(done.folder)
        missing += len({n for n, _, confirmed in booked if confirmed <= at} - there)
        surplus += len({n for n, began, _ in booked if began > at} & there)
        unbalanced += not balanced
        slowest = max(slowest, done.seconds)
        assert done.whole
        assert (done.folder / "service-password").read_text() == "secret of the service"
        shutil.rmtree((done.folder / "pg").resolve(), ignore_errors=True)
        shutil.rmtree(done.folder, ignore_errors=True)
    got = {
        "missing": missing, "of_after": surplus, "unbalanced": unbalanced, "booked": len(booked),
        "slowest_seconds": round(slowest, 1), "backup_seconds": round(taken.seconds, 1),
        "backup_mb": round(taken.size / 1e6),
    }  # fmt: skip
    expected = {"missing": 0, "of_after": 0, "unbalanced": 0, "booked": ">=50"}
    trial.report("52", seed=SEED, n=RESTORES, expected=expected, got=got)


@pytest.mark.slow
def test_another_instant_would_be_seen(busy):
    """The judge with a system that was restored two seconds too late finds payments of after."""
    settings, folder, booked, _ = busy
    first, last = bases(folder)[-1][0], max(done for _, _, done in booked)
    early, late = first + (last - first) * 0.3, first + (last - first) * 0.8
    done = restore(settings, folder, late, folder.parent / "restored-late")
    there, _ = entries(done.folder)
    assert {n for n, began, _ in booked if began > early} & there


def flipped(base, check, flips):
    """Flip a bit of a random file so many times; (how often `check` saw it, files)."""
    files = sorted(
        p
        for p in (base / "pg").rglob("*")
        if p.is_file() and p.stat().st_size and p.name != "backup_manifest" and "pg_wal" not in p.parts
    )
    chance, found = random.Random(SEED), 0
    for _ in range(flips):
        file = chance.choice(files)
        place = chance.randrange(file.stat().st_size)
        with file.open("r+b") as opened:
            opened.seek(place)
            byte = opened.read(1)[0]
            opened.seek(place)
            opened.write(bytes([byte ^ 1 << chance.randrange(8)]))
            opened.flush()
            try:
                check(base)
            except SetupError:
                found += 1
            opened.seek(place)
            opened.write(bytes([byte]))
    return found, len(files)


@pytest.mark.slow
def test_a_flipped_byte_is_found(busy):
    _, folder, _, _ = busy
    base = bases(folder)[-1][1]
    found, files = flipped(base, verify, FLIPS)
    verify(base)
    trial.report("53", seed=SEED, n=FLIPS, expected={"found": FLIPS}, got={"found": found, "files": files})


@pytest.mark.slow
def test_a_look_at_the_sizes_alone_is_not_enough(busy):
    """The sabotage: a check that reads names and sizes, not the bytes."""

    def sizes(base):
        checked = program("pg_verifybackup", "--skip-checksums", "--no-parse-wal", "--quiet", str(base / "pg"))
        if checked.returncode:
            raise SetupError("hỏng", "damaged")

    _, folder, _, _ = busy
    found, _ = flipped(bases(folder)[-1][1], sizes, 5)
    assert found < 5


def test_a_server_of_ones_own_has_its_own_tools(tmp_path):
    settings = Settings(data_dir=tmp_path, database_url="postgresql://his:secret@db.example/his")
    with pytest.raises(SetupError, match="pgBackRest") as caught:
        only_embedded(settings)
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_what_cannot_be_restored_is_said(busy, tmp_path):
    settings, folder, _, _ = busy
    with pytest.raises(SetupError, match="There is no backup"):
        restore(settings, folder, datetime(2020, 1, 1, tzinfo=UTC), tmp_path / "new")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(SetupError, match="not empty"):
        restore(settings, folder, datetime.now(UTC), tmp_path / "full")
