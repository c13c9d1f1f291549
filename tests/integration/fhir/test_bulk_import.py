"""Bulk import over HTTP: what is right is written once, every line is told of, sources are those that are allowed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from his.exchange.bulk import files, importing, work
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database
from tests.integration.fhir.bulk import NDJSON, PATIENT, complaint, downloaded, finish


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
    outcome = files.folder(1, answer.headers["content-location"].rpartition("/")[2]) / importing.OUTCOMES
    for n in range(1, 4):
        task = asyncio.create_task(work.work_on_jobs(worker, clock.now() + n * work.LEASE * 2))
        before = outcome.stat().st_size if outcome.exists() else 0
        for _ in range(1000):
            await asyncio.sleep(0.005)
            if task.done() or (outcome.exists() and outcome.stat().st_size > before):
                break
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


async def test_a_line_may_point_to_what_its_client_can_find(fhir: httpx.AsyncClient, worker: Database) -> None:
    number = uuid4().hex
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:x", "value": number}]}
    made = (await fhir.post("/Practitioner", json=doctor)).json()["id"]
    line = {
        **PATIENT,
        "id": str(uuid4()),
        "generalPractitioner": [{"reference": f"Practitioner?identifier=urn:x|{number}"}],
    }
    answer = await fhir.post("/$import?type=Patient", content=json.dumps(line).encode(), headers=NDJSON)
    _, _, errors = await imported(fhir, worker, answer.headers["content-location"])
    assert errors == []
    stored = (await fhir.get(f"/Patient/{line['id']}")).json()
    assert stored["generalPractitioner"] == [{"reference": f"Practitioner/{made}"}]
    blind = {**line, "id": str(uuid4())}
    headers = {**NDJSON, "x-denied": "search", "x-actor": "blind"}
    answer = await fhir.post("/$import?type=Patient", content=json.dumps(blind).encode(), headers=headers)
    assert answer.status_code == 202
    await finish(worker)
    manifest = (await fhir.get(answer.headers["content-location"], headers={"x-actor": "blind"})).json()
    assert len(manifest["error"]) == 1
    assert (await fhir.get(f"/Patient/{blind['id']}")).status_code == 404
