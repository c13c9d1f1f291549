"""What commits while an export walks is in it or in the next one: `transactionTime` lies before every write under way."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from his.exchange.bulk import horizon
from his.fhir.engine import Engine
from his.fhir.registry import discover
from his.kit import clock
from his.kit.db import Database
from tests.integration.fhir.bulk import PATIENT, downloaded, finish, made, started

SQL = """SELECT his_write_resources(%s::jsonb)"""


def write(identity: str, at: datetime) -> str:
    """The payload of one write by a service, as it was begun at this instant."""
    resource = {
        "type": "Basic", "id": identity, "op": "create", "engine": True, "fresh": True, "index": [], "dates": [],
        "head": f'{{"resourceType":"Basic","id":"{identity}","meta":{{"versionId":"',
        "tail": f'","lastUpdated":"{at.isoformat()}"}},"code":{{"text":"x"}}}}',
    }  # fmt: skip
    return json.dumps({"unit": 1, "at": at.isoformat(), "actor": "late", "r": [resource]})


async def whole(fhir: httpx.AsyncClient, worker: Database, query: str) -> tuple[dict[str, Any], set[str]]:
    where = await started(fhir, f"/$export?{query}")
    await finish(worker)
    answer = await fhir.get(where)
    assert answer.status_code == 200, answer.text
    return answer.json(), {r["id"] for r in await downloaded(fhir, answer.json())}


def since_of(manifest: dict[str, Any]) -> str:
    return manifest["transactionTime"].replace("+", "%2B")


async def test_a_write_under_way_is_not_lost(fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str]) -> None:
    await made(fhir, PATIENT)
    with psycopg.connect(clone["owner"]) as late:
        late.execute("SELECT set_config('his.unit', '1', true)")
        late.execute(SQL, (write("late-1", clock.now()),))
        manifest, found = await whole(fhir, worker, "_type=Basic")
        assert "late-1" not in found
        late.commit()
    _, found = await whole(fhir, worker, f"_type=Basic&_since={since_of(manifest)}")
    assert "late-1" in found


async def test_the_instant_of_the_start_alone_would_lose_it(
    fhir: httpx.AsyncClient, worker: Database, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotage: a manifest that names the kick-off, as if nothing could be under way."""

    async def blind(_reader: Any, asked_at: datetime, _now: datetime) -> datetime:
        return asked_at

    monkeypatch.setattr(horizon, "complete_until", blind)
    with psycopg.connect(clone["owner"]) as late:
        late.execute("SELECT set_config('his.unit', '1', true)")
        late.execute(SQL, (write("late-2", clock.now()),))
        manifest, _ = await whole(fhir, worker, "_type=Basic")
        late.commit()
    _, found = await whole(fhir, worker, f"_type=Basic&_since={since_of(manifest)}")
    assert "late-2" not in found


async def test_when_nothing_is_under_way_nothing_comes_twice(fhir: httpx.AsyncClient, worker: Database) -> None:
    before = await made(fhir, {"resourceType": "Basic", "code": {"text": "x"}})
    manifest, found = await whole(fhir, worker, "_type=Basic")
    assert before["id"] in found
    after = await made(fhir, {"resourceType": "Basic", "code": {"text": "x"}})
    _, found = await whole(fhir, worker, f"_type=Basic&_since={since_of(manifest)}")
    assert found == {after["id"]}


async def test_a_database_that_tells_nothing_costs_ten_minutes(database: Database, clone: dict[str, str]) -> None:
    hidden = "CREATE OR REPLACE FUNCTION his_writing_since() RETURNS timestamptz LANGUAGE sql AS $$SELECT '-infinity'::timestamptz$$"
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute(hidden)
        now = clock.now()
        reader = Engine(database, discover(), "http://his.test/fhir/r4").reader
        assert await horizon.complete_until(reader, now, now) == now - horizon.UNKNOWN
        assert horizon.UNKNOWN > horizon.MARGIN > timedelta(0)
        owner.execute(horizon.FUNCTION)
        assert await horizon.complete_until(reader, now, now) == now
