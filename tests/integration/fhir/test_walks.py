"""A page that is looked up candidate by candidate is given up when the way is long, and brought together after all."""

from typing import Any

import httpx
import pytest

from his.fhir import crowd
from his.fhir.app import FhirApp
from his.fhir.searchcompare import CONTEXT, Sql

from .test_code_lists import pages

QUERIES = [
    "Encounter?subject:Patient.gender=female&status=finished&_count=2",
    "Encounter?status=finished&_sort=-date&_count=2",
    "Patient?_has:Encounter:subject:status=finished&gender=female&_sort=birthdate,-_id&_count=2",
]


async def furnish(fhir: httpx.AsyncClient) -> None:
    for n in range(9):
        body: dict[str, Any] = {
            "resourceType": "Patient",
            "gender": "female" if n % 3 else "male",
            "birthDate": f"19{70 + n % 4}",
        }
        patient = (await fhir.post("/Patient", json=body)).json()["id"]
        body = {
            "resourceType": "Encounter", "status": "finished" if n % 4 else "planned", "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{patient}"}, "period": {"start": f"2026-01-{n // 2 + 1:02d}"},
        }  # fmt: skip
        assert (await fhir.post("/Encounter", json=body)).status_code == 201


async def test_both_ways_give_the_same_pages(
    fhir: httpx.AsyncClient, app: FhirApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(fhir)
    brought = [[one["id"] for one in await pages(fhir, f"/{query}")] for query in QUERIES]
    assert all(len(ids) > 2 for ids in brought)
    monkeypatch.setattr(crowd, "CROWD", 1)
    asked = []
    whole = app.engine.reader.rows_within

    async def walked(sql: Sql, milliseconds: int) -> Any:
        asked.append(milliseconds)
        return await whole(sql, 10_000)

    async def given_up(sql: Sql, milliseconds: int) -> Any:
        asked.append(milliseconds)
        return await whole(Sql().add(f"SELECT pg_sleep(5) FROM ({sql.text}) x LIMIT 1", *sql.arguments), 5)

    for way in (walked, given_up):
        monkeypatch.setattr(app.engine.reader, "rows_within", way)
        asked.clear()
        assert [[one["id"] for one in await pages(fhir, f"/{query}")] for query in QUERIES] == brought
        assert len(asked) > len(QUERIES)
        assert set(asked) == {crowd.WALK}


async def test_a_statement_is_given_up_and_the_connection_goes_on(fhir: httpx.AsyncClient, app: FhirApp) -> None:
    reader = app.engine.reader
    slow = Sql().add(CONTEXT, "1").add("SELECT pg_sleep(20) FROM ctx")
    for _ in range(6):  # more often than there are connections
        assert await reader.rows_within(slow, 20) is None
    quick = Sql().add(CONTEXT, "1").add("SELECT pg_sleep(0.1)::text, unit FROM ctx")
    assert await reader.rows(quick) == [("", 1)]
    assert await reader.rows_within(quick, 5_000) == [("", 1)]
