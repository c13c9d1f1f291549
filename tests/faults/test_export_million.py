"""A bulk export of many resources: the worker stays small, dies on the way, and what it wrote is whole, once, in order.

`HIS_EXPORT_RESOURCES` (1,000,000 in the long run), `HIS_EXPORT_KILLS` (kill -9 of the worker on the way). The worker is the
real one with a shorter lease, so that nobody waits a minute for a dead one; below 100,000 resources its pages are small too.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from his.exchange.bulk import files
from his.fhir.engine import Engine
from his.fhir.importer import Importing, load
from his.fhir.registry import discover
from his.kit.db import Scope
from tests.faults import trial
from tests.integration.fhir import conftest as machine
from tests.integration.fhir.bulk import started
from tests.integration.fhir.invented import hospital
from tests.integration.fhir.test_search_property import BASE

fhir, database, app = machine.fhir, machine.database, machine.app  # the fixtures
RESOURCES = trial.count("HIS_EXPORT_RESOURCES", 6_000)
KILLS = trial.count("HIS_EXPORT_KILLS", 2)
SEED = trial.seed()
UNIT = 1
MEGABYTES = 300
MANY = 100_000
SOUND = {"differences": 0, "missing": 0, "more": 0, "kills": KILLS, "peak_mb": f"<={MEGABYTES}"}
WORKER = """
import asyncio, datetime, os
from his.exchange.bulk import export, files, work
from his import worker

work.LEASE = datetime.timedelta(seconds=5)
if os.environ["SMALL"]:
    export.PAGE_ROWS, work.NOTE = 20, datetime.timedelta(milliseconds=300)
if os.environ["SABOTAGE"]:
    ballast = bytearray(os.urandom(1 << 20) * 320)  # one that holds what it writes
    sound = files.append
    files.append = lambda path, size, data: sound(path, path.stat().st_size if path.exists() else 0, data) and size + len(data)
asyncio.run(worker._main())
"""


async def furnish(database, owner, folder):
    """An invented hospital, and its resources again and again under other ids until there are enough; the bytes of its export."""
    path = folder / "hospital.ndjson"
    path.write_text("\n".join(json.dumps(one) for one in hospital(SEED, 12)), encoding="utf-8")
    report = await load(Engine(database, discover(), BASE), Importing(Scope(UNIT, "test", "machine")), [path])
    assert report.failures == []
    with psycopg.connect(owner, autocommit=True) as connection:
        query = "SELECT count(*) FROM resource_current WHERE unit_id = %s AND NOT deleted"
        (held,) = connection.execute(query, (UNIT,)).fetchone()
        connection.execute(
            "INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content) "
            "SELECT unit_id, type, id || '.' || n, version, updated_at, false, true, '', "
            "replace(content, '\"id\":\"' || id || '\"', '\"id\":\"' || id || '.' || n || '\"') "
            "FROM resource_current, generate_series(1, %s) n WHERE unit_id = %s AND NOT deleted LIMIT %s",
            (RESOURCES // held + 1, UNIT, max(0, RESOURCES - held)),
        )
        connection.execute("ANALYZE resource_current")
        query = (
            "SELECT count(*), sum(octet_length(content) + 1) FROM resource_current WHERE unit_id = %s AND NOT deleted"
        )
        count, size = connection.execute(query, (UNIT,)).fetchone()
    assert count >= RESOURCES
    return count, int(size)


class Worker:
    """The worker's process, and the most memory that any of them held."""

    def __init__(self, clone, sabotage):
        self.environment = {
            **os.environ, "HIS_WORKER_DATABASE_URL": clone["his_worker"],
            "SMALL": "" if RESOURCES >= MANY else "1", "SABOTAGE": "1" if sabotage else "",
        }  # fmt: skip
        self.peak = 0.0
        self.process = None

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-c", WORKER], env=self.environment)

    def look(self):
        """Megabytes that were resident at most, as the kernel counts them."""
        assert self.process.poll() is None, "the worker ended by itself"
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                self.peak = max(self.peak, int(line.split()[1]) / 1024)

    def kill(self):
        self.process.kill()
        self.process.wait()


def written(place):
    return sum(path.stat().st_size for path in place.iterdir()) if place.exists() else 0


def compared(owner, place):
    """The files line by line beside the rows of the table, both in the order of type and id."""
    found = {"differences": 0, "missing": 0, "more": 0}
    names = sorted(place.glob("*.ndjson"), key=lambda one: one.name.split(".")[1::-1])  # 0001.Patient.ndjson
    lines = (line.rstrip("\n") for name in names for line in name.open(encoding="utf-8", newline="\n"))
    with psycopg.connect(owner) as connection, connection.cursor(name="all") as rows:
        rows.itersize = 5000
        rows.execute(
            "SELECT content FROM resource_current WHERE unit_id = %s AND NOT deleted "
            'ORDER BY type COLLATE "C", id COLLATE "C"',
            (UNIT,),
        )
        for (content,) in rows:
            line = next(lines, None)
            if line is None:
                found["missing"] += 1
            elif line != content.replace("\n", " ").replace("\r", " "):
                found["differences"] += 1
    found["more"] = sum(1 for _ in lines)
    return found


async def export(fhir, database, clone, folder, *, sabotage=False):
    count, size = await furnish(database, clone["owner"], folder)
    where = await started(fhir, "/$export")
    place = files.folder(UNIT, where.rpartition("/")[2])
    chance, worker = random.Random(SEED), Worker(clone, sabotage)
    began, kills = time.monotonic(), 0
    marks = sorted(size * chance.uniform(0.05, 0.85) for _ in range(KILLS))
    worker.start()
    try:
        while (answer := await fhir.get(where)).status_code == 202:
            for _ in range(20):
                worker.look()
                await asyncio.sleep(0.02)
                if marks and written(place) >= marks[0]:
                    worker.kill()
                    kills += 1
                    del marks[0]
                    worker.start()
            assert time.monotonic() - began < 3000
    finally:
        worker.kill()
    seconds = time.monotonic() - began
    told = answer.json()
    got = await asyncio.to_thread(compared, clone["owner"], place)
    got |= {"kills": kills, "peak_mb": round(worker.peak), "seconds": round(seconds), "bytes": size}
    return got | {"untold": count - sum(one["count"] for one in told["output"])}


async def test_an_export_of_many_streams_and_survives_kills(fhir, database, clone, tmp_path):
    got = await export(fhir, database, clone, tmp_path)
    trial.report("8-export", seed=SEED, n=RESOURCES, expected={**SOUND, "untold": 0}, got=got)


async def test_a_worker_that_writes_twice_and_holds_all_is_seen(fhir, database, clone, tmp_path):
    """The sabotage: behind a kill it goes on at the end of the file, and it keeps 320 MB."""
    got = await export(fhir, database, clone, tmp_path, sabotage=True)
    assert got["peak_mb"] > MEGABYTES, got
    assert got["differences"] + got["more"] > 0, got
    assert not trial.met(SOUND, got)
