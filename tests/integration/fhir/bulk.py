"""Bulk jobs from the client's side, with the worker's steps in between."""

import json
from datetime import timedelta
from typing import Any

import httpx

from his.exchange.bulk import work
from his.kit import clock
from his.kit.db import Database

PATIENT = {"resourceType": "Patient", "name": [{"text": "Lê Thị Mẫu"}], "gender": "female", "birthDate": "1991-02-03"}
NDJSON = {"content-type": "application/fhir+ndjson"}


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
