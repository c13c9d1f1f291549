"""Bulk export and import over HTTP, with the worker's step in between: whole, once, after a kill, for its client alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio

from his.exchange.bulk import export, files, importing, work
from his.exchange.bulk.sources import within
from his.fhir.registry import render
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database

PATIENT = {"resourceType": "Patient", "name": [{"text": "Lê Thị Mẫu"}], "gender": "female", "birthDate": "1991-02-03"}
NDJSON = {"content-type": "application/fhir+ndjson"}


@pytest_asyncio.fixture
async def worker(clone: dict[str, str]) -> AsyncIterator[Database]:
    """The database as the worker sees it."""
    database = Database(clone["his_worker"], size=3, render=render)
    await database.open()
    yield database
    await database.close()


async def finish(worker: Database, later: timedelta = timedelta()) -> None:
    """Let the worker do everything that waits."""
    while await work.work_on_jobs(worker, clock.now() + later):
        pass


async def made(fhir: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await fhir.post(f"/{body['resourceType']}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def started(fhir: httpx.AsyncClient, path: str, **headers: str) -> str:
    answer = await fhir.get(path, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"]


async def downloaded(fhir: httpx.AsyncClient, manifest: dict[str, Any], part: str = "output") -> list[dict[str, Any]]:
    found = []
    for one in manifest[part]:
        answer = await fhir.get(one["url"], headers={"accept": "application/fhir+ndjson"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len(lines) == one["count"]
        found += lines
    return found


async def exported(fhir: httpx.AsyncClient, worker: Database, path: str) -> list[dict[str, Any]]:
    where = await started(fhir, path)
    await finish(worker)
    answer = await fhir.get(where)
    assert answer.status_code == 200, answer.text
    return await downloaded(fhir, answer.json())


def complaint(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["issue"][0].get("expression", [""])[0]


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
    assert {r["id"] for r in await downloaded(fhir, manifest)} == {two["id"], results[1]}
    assert (await fhir.get(f"/Group/{club}/$export", headers={"x-unit": "2"})).status_code == 404
    assert (await fhir.get(f"/Group/{uuid4()}/$export")).status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("$export?_type=Patientt", 400, "http._type"),
        ("$export?_typeFilter=Patient%3Fgender%3Dmale", 400, "http._typeFilter"),
        ("$export?_outputFormat=text/csv", 400, "http._outputFormat"),
        ("$export?_since=then", 400, "http._since"),
        ("$export?_since=2026-02-01T00:00:00Z&_until=2026-01-01T00:00:00Z", 400, "http._until"),
        ("$export?includeAssociatedData=x", 400, "http.includeAssociatedData"),
        ("Patient/$export?_type=Organization", 400, "http._type"),
        ("$export/nothing", 404, ""),
        (f"$export/{uuid4()}", 404, ""),
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


def fill(dsn: str, count: int) -> None:
    """Resources straight into the store: an export looks at nothing else."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT set_config('his.unit', '3', true)")
        connection.execute(
            "INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content) "
            "SELECT 3, 'Flag', 'f' || lpad(n::text, 7, '0'), 1, now(), false, true, '', "
            '\'{"resourceType":"Flag","id":"f\' || lpad(n::text, 7, \'0\') || \'"}\' FROM generate_series(1, %s) n',
            (count,),
        )


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
    for n in range(1, 6):
        task = asyncio.create_task(work.work_on_jobs(worker, clock.now() + n * work.LEASE * 2))
        await asyncio.sleep(0.1)
        if not task.done():
            task.cancel()
            kills += 1
        await asyncio.gather(task, return_exceptions=True)
        for path in sorted(place.iterdir())[-1:]:
            with path.open("ab") as file:
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


async def imported(fhir: httpx.AsyncClient, worker: Database, where: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    await finish(worker)
    answer = await fhir.get(where)
    assert answer.status_code == 200, answer.text
    manifest = answer.json()
    return manifest, await downloaded(fhir, manifest), await downloaded(fhir, manifest, "error")


async def test_an_import_writes_what_is_right_and_tells_of_every_line(
    fhir: httpx.AsyncClient, worker: Database
) -> None:
    own = str(uuid4())
    lines = [
        json.dumps({**PATIENT, "id": own}),
        json.dumps(PATIENT),
        "",
        json.dumps({**PATIENT, "gender": "xx"}),
        "{broken",
        json.dumps({"resourceType": "Basic", "code": {"text": "x"}}),
    ]
    answer = await fhir.post("/$import?type=Patient", content="\n".join(lines).encode(), headers=NDJSON)
    assert answer.status_code == 202, answer.text
    _, outcomes, errors = await imported(fhir, worker, answer.headers["content-location"])
    assert len(outcomes) == 5
    assert len(errors) == 3
    places = [e["extension"][0]["valueString"].partition("#")[2] for e in errors]
    assert places == ["4", "5", "6"]
    assert errors[0]["issue"][0]["expression"] == ["Patient.gender"]
    stored = await fhir.get(f"/Patient/{own}")
    assert stored.json()["gender"] == "female"
    written = [o["issue"][0]["details"]["text"] for o in outcomes if o["issue"][0]["severity"] == "information"]
    assert len(written) == 2
    assert (await fhir.get(f"/Patient/{own}", headers={"x-unit": "2"})).status_code == 404


async def test_an_import_done_again_from_the_middle_writes_nothing_twice(
    fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LINES", 5)
    name = f"Nạp{uuid4().hex[:8]}"
    lines = [json.dumps({**PATIENT, "name": [{"family": name, "given": [str(n)]}]}) for n in range(60)]
    answer = await fhir.post("/$import?type=Patient", content="\n".join(lines).encode(), headers=NDJSON)
    kills = 0
    for n in range(1, 4):
        task = asyncio.create_task(work.work_on_jobs(worker, clock.now() + n * work.LEASE * 2))
        await asyncio.sleep(0.15)
        if not task.done():
            task.cancel()
            kills += 1
        await asyncio.gather(task, return_exceptions=True)
    await finish(worker, work.LEASE * 20)
    assert kills
    manifest = (await fhir.get(answer.headers["content-location"])).json()
    assert len(await downloaded(fhir, manifest)) == 60
    total = (await fhir.get("/Patient", params={"family": name, "_total": "accurate", "_count": "1"})).json()["total"]
    assert total == 60


@pytest_asyncio.fixture
async def source(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, dict[str, bytes]]]:
    """A real HTTP server with files, on the list of allowed sources."""
    held: dict[str, bytes] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        body = held.get(path)
        status = "200 OK" if body is not None else "302 Found\r\nLocation: http://127.0.0.1:1/x"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body or b'')}\r\nConnection: close\r\n\r\n".encode())
        writer.write(body or b"")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/files/"
    monkeypatch.setenv("HIS_IMPORT_SOURCES", base)
    get_settings.cache_clear()
    yield base, held
    server.close()


def named(*files_: tuple[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "input", "part": [{"name": "type", "valueCode": kind}, {"name": "url", "valueUri": url}]}
            for kind, url in files_
        ],
    }


async def test_an_import_fetches_from_allowed_addresses_only(
    fhir: httpx.AsyncClient, worker: Database, source: tuple[str, dict[str, bytes]]
) -> None:
    base, held = source
    own = str(uuid4())
    held["/files/p.ndjson"] = json.dumps({**PATIENT, "id": own}).encode() + b"\n"
    held["/files/b.ndjson"] = b'{"resourceType":"Basic","code":{"text":"x"}}\n'
    answer = await fhir.post("/$import", json=named(("Patient", f"{base}p.ndjson"), ("Basic", f"{base}b.ndjson")))
    assert answer.status_code == 202, answer.text
    _, outcomes, errors = await imported(fhir, worker, answer.headers["content-location"])
    assert (len(outcomes), errors) == (2, [])
    assert (await fhir.get(f"/Patient/{own}")).status_code == 200
    for url in ("http://169.254.169.254/latest", f"{base}../secret", f"{base}%2e%2e/secret", "file:///etc/passwd", "x"):
        refused = await fhir.post("/$import", json=named(("Patient", url)))
        assert complaint(refused) == (403, "Parameters.parameter[0].part")
    moved = await fhir.post("/$import", json=named(("Patient", f"{base}moved.ndjson")))
    await finish(worker)
    failed = await fhir.get(moved.headers["content-location"])
    assert failed.status_code == 500
    assert "302" in failed.json()["issue"][0]["details"]["text"]


async def test_a_wrong_import_is_refused_by_name(fhir: httpx.AsyncClient) -> None:
    async def sent(query: str, **headers: str) -> tuple[int, str]:
        return complaint(await fhir.post(f"/$import{query}", content=b"{}", headers={**NDJSON, **headers}))

    assert await sent("") == (400, "http.type")
    assert await sent("?type=Pat") == (400, "http.type")
    assert await sent("?type=Patient&x=1") == (400, "http.x")
    assert (await sent("?type=Patient", **{"x-denied": "create"}))[0] == 403
    assert (await fhir.get("/$import")).status_code == 405
    assert complaint(await fhir.post("/$import", json={"resourceType": "Parameters"}))[0] == 400
    odd = {"resourceType": "Parameters", "parameter": [{"name": "input", "part": [{"name": "type", "valueCode": "Patient"}]}]}  # fmt: skip
    assert complaint(await fhir.post("/$import", json=odd)) == (400, "Parameters.parameter[0].part")


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example.evil/data/", "https://good.example@evil/data/", "https://good.example/data/../x",
        "https://good.example/data/%252e%252e/x", "https://good.example/data/\\evil", "https://good.example/other",
        "http://good.example/data/", "https://good.example:99999/data/", "//good.example/data/",
    ],
)  # fmt: skip
def test_an_address_beside_the_list_is_not_within_it(url: str) -> None:
    assert within("https://good.example/data/a.ndjson", "https://good.example/data/")
    assert not within(url, "https://good.example/data/")
