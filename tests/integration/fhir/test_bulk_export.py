"""Bulk export over HTTP: whole, nothing of another unit, after a kill, for its client alone, gone when it is over."""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from his.exchange.bulk import export, files, work
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database
from tests.integration.fhir.bulk import NDJSON, PATIENT, complaint, downloaded, exported, finish, made, started


async def test_a_unit_is_exported_whole_and_nothing_of_another(fhir: httpx.AsyncClient, worker: Database) -> None:
    mine = [(await made(fhir, PATIENT))["id"] for _ in range(3)]
    foreign = (await made(fhir, PATIENT, **{"x-unit": "2"}))["id"]
    spaced = '{\n  "resourceType": "Basic",\r\n  "code": {"text": "x"}, "extension": [{"url": "http://x", "valueDecimal": 1.10}]\n}'
    basic = (await fhir.post("/Basic", content=spaced)).json()["id"]
    where = await started(fhir, "/$export", prefer="respond-async", accept="application/fhir+json")
    waiting = await fhir.get(where)
    assert waiting.status_code == 202
    assert int(waiting.headers["retry-after"]) > 0
    assert "0 resources" in waiting.headers["x-progress"]
    await finish(worker)
    answer = await fhir.get(where, headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["expires"].endswith("GMT")
    manifest = answer.json()
    assert manifest["requiresAccessToken"] is True
    assert manifest["request"].endswith("/fhir/r4/$export")
    found = await downloaded(fhir, manifest)
    by_key = {(r["resourceType"], r["id"]): r for r in found}
    assert len(by_key) == len(found)
    assert {("Patient", one) for one in mine} <= by_key.keys()
    assert ("Patient", foreign) not in by_key
    assert by_key["Basic", basic] == (await fhir.get(f"/Basic/{basic}")).json()
    texts = "".join([(await fhir.get(one["url"])).text for one in manifest["output"] if one["type"] == "Basic"])
    assert "1.10" in texts


async def test_types_since_and_what_was_deleted(fhir: httpx.AsyncClient, worker: Database) -> None:
    old, gone = await made(fhir, PATIENT), await made(fhir, {"resourceType": "Basic", "code": {"text": "x"}})
    only = await exported(fhir, worker, "/$export?_type=Patient")
    assert {r["resourceType"] for r in only} == {"Patient"}
    await asyncio.sleep(0.01)
    since = (await made(fhir, PATIENT))["meta"]["lastUpdated"]
    await fhir.delete(f"/Basic/{gone['id']}")
    where = await started(fhir, f"/$export?_since={since.replace('+', '%2B')}&_type=Patient,Basic")
    await finish(worker)
    manifest = (await fhir.get(where)).json()
    found = [r["id"] for r in await downloaded(fhir, manifest)]
    assert len(found) == 1
    assert old["id"] not in found
    bundles = await downloaded(fhir, {"deleted": [{**d, "count": 1} for d in manifest["deleted"]]}, "deleted")
    assert [e["request"] for b in bundles for e in b["entry"]] == [{"method": "DELETE", "url": f"Basic/{gone['id']}"}]


async def test_patients_and_groups(fhir: httpx.AsyncClient, worker: Database) -> None:
    one, two = await made(fhir, PATIENT), await made(fhir, PATIENT)
    results = []
    for patient in (one, two):
        body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{patient['id']}"}}  # fmt: skip
        results.append((await made(fhir, body))["id"])
    loose = (await made(fhir, {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}))["id"]
    whole = {r["id"] for r in await exported(fhir, worker, "/Patient/$export")}
    assert {one["id"], two["id"], *results} <= whole
    assert loose not in whole
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "member": [
            {"entity": {"reference": f"Patient/{one['id']}"}},
            {"entity": {"reference": f"Patient/{two['id']}"}, "inactive": True},
        ],
    }
    club = (await made(fhir, group))["id"]
    found = {r["id"] for r in await exported(fhir, worker, f"/Group/{club}/$export?_type=Patient,Observation")}
    assert found == {one["id"], results[0]}
    named = {"resourceType": "Parameters", "parameter": [{"name": "patient", "valueReference": {"reference": f"Patient/{two['id']}"}}]}  # fmt: skip
    answer = await fhir.post("/Patient/$export", json=named)
    await finish(worker)
    manifest = (await fhir.get(answer.headers["content-location"])).json()
    assert {r["id"] for r in await downloaded(fhir, manifest)} == {
        two["id"],
        results[1],
        club,
    }  # a group is in the compartment of its members
    assert (await fhir.get(f"/Group/{club}/$export", headers={"x-unit": "2"})).status_code == 404
    assert (await fhir.get(f"/Group/{uuid4()}/$export")).status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("$export?_type=Patientt", 400, "http._type"),
        ("$export?_typeFilter=Patient%3Fcolour%3Dred", 400, "http._typeFilter"),
        ("$export?_outputFormat=text/csv", 400, "http._outputFormat"),
        ("$export?_since=then", 400, "http._since"),
        ("$export?_since=2026-02-01T00:00:00Z&_until=2026-01-01T00:00:00Z", 400, "http._until"),
        ("$export?includeAssociatedData=x", 400, "http.includeAssociatedData"),
        ("Patient/$export?_type=Organization", 400, "http._type"),
        ("$export/nothing", 404, "http.path"),
        ("$export/79f8f9f0-145b-4471-8224-47c53f3cdf99", 404, "http.path"),
    ],
)
async def test_a_wrong_start_is_refused_by_name(fhir: httpx.AsyncClient, query: str, status: int, where: str) -> None:
    assert complaint(await fhir.get(f"/{query}")) == (status, where)


async def test_only_a_machine_that_may_read_and_search_exports(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.get("/$export", headers={"x-role": "doctor"})).status_code == 403
    assert (await fhir.get("/$export", headers={"x-denied": "search"})).status_code == 403
    assert (await fhir.get("/$export?_type=Patient", headers={"x-denied": "read"})).status_code == 403
    assert (
        await fhir.post("/$import?type=Patient", content=b"", headers={**NDJSON, "x-role": "doctor"})
    ).status_code == 403


async def test_a_job_exists_for_its_client_alone(fhir: httpx.AsyncClient, worker: Database) -> None:
    await made(fhir, PATIENT)
    where = await started(fhir, "/$export?_type=Patient")
    await finish(worker)
    url = (await fhir.get(where)).json()["output"][0]["url"]
    assert (await fhir.get(url, headers={"x-denied": "read"})).status_code == 403
    for headers in ({"x-actor": "other"}, {"x-unit": "2"}):
        for method in ("GET", "DELETE"):
            assert (await fhir.request(method, where, headers=headers)).status_code == 404
        assert (await fhir.get(url, headers=headers)).status_code == 404
    job = where.rpartition("/")[2]
    for name in ("../../demo.json", "..%2F..%2Fdemo.json", "nothing.ndjson"):
        assert (await fhir.get(f"/$export/{job}/{name}")).status_code in (404, 400)
    head = await fhir.head(url)
    assert int(head.headers["content-length"]) > 0
    assert head.content == b""


async def test_a_cancelled_job_is_gone_with_its_files(fhir: httpx.AsyncClient, worker: Database) -> None:
    await made(fhir, PATIENT)
    where = await started(fhir, "/$export")
    assert (await fhir.delete(where)).status_code == 202
    assert (await fhir.get(where)).status_code == 404
    done = await started(fhir, "/$export")
    await finish(worker)
    place = files.folder(1, done.rpartition("/")[2])  # type: ignore[arg-type]
    assert list(place.iterdir())
    assert (await fhir.delete(done)).status_code == 202
    await finish(worker)
    assert not place.exists()
    assert (await fhir.get(done)).status_code == 404


async def test_files_expire(fhir: httpx.AsyncClient, worker: Database) -> None:
    await made(fhir, PATIENT)
    where = await started(fhir, "/$export?_type=Patient")
    await finish(worker)
    place = files.folder(1, where.rpartition("/")[2])  # type: ignore[arg-type]
    assert place.exists()
    await finish(worker, timedelta(hours=get_settings().bulk_hours + 1))
    assert not place.exists()
    assert (await fhir.get(where)).status_code == 404


async def test_a_client_has_few_jobs_at_work(fhir: httpx.AsyncClient, worker: Database) -> None:
    for _ in range(4):
        await started(fhir, "/$export?_type=Patient", **{"x-actor": "busy"})
    assert (await fhir.get("/$export", headers={"x-actor": "busy"})).status_code == 429
    assert (await fhir.get("/$export", headers={"x-actor": "calm"})).status_code == 202
    await finish(worker)


def fill(dsn: str, count: int, unit: int = 3) -> None:
    """Resources straight into the store: an export looks at nothing else."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT set_config('his.unit', %s, true)", (str(unit),))
        connection.execute(
            "INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content) "
            "SELECT %s, 'Flag', 'f' || lpad(n::text, 7, '0'), 1, now(), false, true, '', "
            '\'{"resourceType":"Flag","id":"f\' || lpad(n::text, 7, \'0\') || \'"}\' FROM generate_series(1, %s) n',
            (unit, count),
        )


def size_of(place: Path) -> int:
    """How much stands in the folder of a job."""
    return sum(path.stat().st_size for path in place.iterdir()) if place.exists() else 0


async def test_an_export_survives_a_kill(
    fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(clone["owner"], 3000)
    monkeypatch.setattr(export, "PAGE_ROWS", 4)
    monkeypatch.setattr(export, "FILE_BYTES", 20_000)
    monkeypatch.setattr(work, "NOTE", timedelta(milliseconds=30))
    fhir.headers["x-unit"] = "3"
    where = await started(fhir, "/$export?_type=Flag")
    kills = 0
    place = files.folder(3, where.rpartition("/")[2])  # type: ignore[arg-type]
    for n in range(1, 5):
        task = asyncio.create_task(work.work_on_jobs(worker, clock.now() + n * work.LEASE * 2))
        before = size_of(place)
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if task.done() or size_of(place) > before + 1000:
                break
        if not task.done():
            task.cancel()
            kills += 1
        await asyncio.gather(task, return_exceptions=True)
        with sorted(place.iterdir())[-1].open("ab") as file:
            file.write(b'{"half a line')
    assert kills >= 2
    await finish(worker, work.LEASE * 20)
    manifest = (await fhir.get(where)).json()
    assert len(manifest["output"]) > 3
    found = [r["id"] for r in await downloaded(fhir, manifest)]
    assert len(found) == 3000
    assert found == sorted(set(found))


async def test_an_export_begins_anew_when_the_disk_lost_its_file(
    fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fhir.headers["x-unit"] = "4"
    for _ in range(5):
        await made(fhir, PATIENT)
    monkeypatch.setattr(export, "PAGE_ROWS", 1)
    monkeypatch.setattr(work, "SLICE", timedelta())
    where = await started(fhir, "/$export?_type=Patient")
    for _ in range(3):
        await work.work_on_jobs(worker, clock.now())
    place = files.folder(4, where.rpartition("/")[2])  # type: ignore[arg-type]
    for path in place.iterdir():
        path.write_bytes(b"")
    await work.work_on_jobs(worker, clock.now())
    await finish(worker, work.PAUSES[0] * 2)
    manifest = (await fhir.get(where)).json()
    assert len(await downloaded(fhir, manifest)) == 5


PROCESS = """
import asyncio, datetime, os
from his import discovery
from his.exchange.bulk import export, work
from his.fhir import registry
from his.kit import clock
from his.kit.db import Database

export.PAGE_ROWS, work.NOTE, work.SLICE = 2, datetime.timedelta(milliseconds=50), datetime.timedelta(hours=1)

async def main():
    discovery.import_tables()
    database = Database(os.environ["HIS_WORKER_DATABASE_URL"], size=2, render=registry.render)
    await database.open()
    await work.work_on_jobs(database, clock.now())

asyncio.run(main())
"""


async def test_an_export_survives_a_killed_process(
    fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str]
) -> None:
    fhir.headers["x-unit"] = "4"
    fill(clone["owner"], 4000, 4)
    where = await started(fhir, "/$export?_type=Flag")
    job = where.rpartition("/")[2]
    environment = {**os.environ, "HIS_WORKER_DATABASE_URL": clone["his_worker"]}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROCESS, env=environment)
    done = 0
    try:
        with psycopg.connect(clone["owner"], autocommit=True) as connection:
            while done < 50:
                assert process.returncode is None, "it was to be killed before its end"
                await asyncio.sleep(0.02)
                query = "SELECT coalesce((position->>'done')::int, 0) FROM bulk_job WHERE id = %s"
                [(done,)] = connection.execute(query, (job,)).fetchall()
    finally:
        process.kill()
        await process.wait()
    assert done < 4000
    assert (await fhir.get(where)).status_code == 202
    await finish(worker)  # the lease of the dead process still holds
    assert (await fhir.get(where)).status_code == 202
    await finish(worker, work.LEASE * 2)
    found = [r["id"] for r in await downloaded(fhir, (await fhir.get(where)).json())]
    assert (len(found), len(set(found))) == (4000, 4000)
