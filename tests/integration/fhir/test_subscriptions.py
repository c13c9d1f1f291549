"""Subscriptions over HTTP: told after the commit, once and in order, again after a failure, to allowed targets only."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio

from his.exchange.subscriptions import work
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database
from tests.integration.fhir.hooks import Hook, running

PATIENT = {"resourceType": "Patient", "name": [{"text": "Lê Thị Mẫu"}], "gender": "female", "birthDate": "1991-02-03"}
TOPIC = "urn:his/SubscriptionTopic/Patient"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"


@pytest_asyncio.fixture
async def hook(clone: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hook]:
    """A subscriber that is on the list, and a client with the right to subscribe; nothing waits from before."""
    with psycopg.connect(clone["owner"]) as connection:
        connection.execute("DELETE FROM subscription_event; DELETE FROM subscription")
        connection.execute(
            "INSERT INTO api_client (id, secret_hash, name, unit_id, scopes, active) VALUES "
            "('tester', '', 'x', 1, 'system/*.cruds', true), ('narrow', '', 'x', 1, 'system/Subscription.cruds', true) "
            "ON CONFLICT (id) DO UPDATE SET active = true, scopes = EXCLUDED.scopes"
        )
    async with running() as hook:
        monkeypatch.setenv("HIS_SUBSCRIPTION_TARGETS", hook.base)
        get_settings.cache_clear()
        yield hook


def wanted(hook: Hook, criteria: str = "Patient", **channel: Any) -> dict[str, Any]:
    kept = {"type": "rest-hook", "endpoint": hook.base, "payload": "application/fhir+json", **channel}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Thử",
        "criteria": criteria,
        "channel": {name: value for name, value in kept.items() if value is not None},
    }


def on_topic(hook: Hook, content: str = "full-resource", criteria: str = "") -> dict[str, Any]:
    body = wanted(hook, TOPIC)
    body["channel"]["_payload"] = {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]}
    if criteria:
        body["_criteria"] = {"extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": criteria}]}
    return body


async def turn(worker: Database, later: timedelta = timedelta()) -> int:
    return await work.tell_subscribers(worker, clock.now() + later)


async def made(fhir: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await fhir.post(f"/{body['resourceType']}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def subscribed(fhir: httpx.AsyncClient, worker: Database, body: dict[str, Any]) -> str:
    identity = (await made(fhir, body))["id"]
    assert await turn(worker) >= 1
    assert (await standing(fhir, identity))["status"] == "active"
    return identity


async def standing(fhir: httpx.AsyncClient, identity: str) -> dict[str, Any]:
    return (await fhir.get(f"/Subscription/{identity}")).json()


async def test_a_change_is_told_with_the_resource_and_only_what_meets_the_criteria(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook
) -> None:
    body = wanted(hook, "Patient?gender=female", header=["Authorization: Bearer abc"])
    identity = await subscribed(fhir, worker, body)
    assert hook.told == []
    patient = await made(fhir, PATIENT)
    await made(fhir, {**PATIENT, "gender": "male"})
    await made(fhir, {"resourceType": "Basic", "code": {"text": "x"}})
    await made(fhir, PATIENT, **{"x-unit": "2"})
    assert hook.told == []
    assert await turn(worker) == 1
    [told] = hook.told
    assert (told.method, told.path) == ("PUT", f"/hook/Patient/{patient['id']}")
    assert told.headers["authorization"] == "Bearer abc"
    assert told.headers["content-type"] == "application/fhir+json"
    assert told.json == patient
    assert await turn(worker) == 0
    changed = await fhir.put(
        f"/Patient/{patient['id']}", json={**patient, "active": False}, headers={"if-match": 'W/"1"'}
    )
    assert changed.status_code == 200
    await turn(worker)
    assert [t.json["meta"]["versionId"] for t in hook.told] == ["1", "2"]
    await fhir.delete(f"/Subscription/{identity}")
    await made(fhir, PATIENT)
    assert await turn(worker) == 0
    assert len(hook.told) == 2


async def test_without_payload_the_subscriber_is_only_rung(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook
) -> None:
    await subscribed(fhir, worker, wanted(hook, payload=None))
    await made(fhir, PATIENT)
    await turn(worker)
    [told] = hook.told
    assert (told.method, told.path, told.body) == ("POST", "/hook/", b"")


async def test_what_is_rolled_back_is_never_told(fhir: httpx.AsyncClient, worker: Database, hook: Hook) -> None:
    await subscribed(fhir, worker, wanted(hook))
    entry = {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}
    wrong = {"request": {"method": "DELETE", "url": f"Basic/{uuid4()}"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry, wrong]}
    assert (await fhir.post("", json=bundle)).status_code == 404
    assert await turn(worker) == 0
    assert (await fhir.post("", json={**bundle, "entry": [entry, entry]})).status_code == 200
    await turn(worker)
    assert len(hook.told) == 2


async def test_a_failure_is_tried_again_with_growing_pauses_and_told_on_the_resource(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook
) -> None:
    identity = await subscribed(fhir, worker, wanted(hook))
    hook.status = 503
    patient = await made(fhir, PATIENT)
    later = timedelta()
    for pause in work.PAUSES[:3]:
        assert await turn(worker, later) == 1
        assert await turn(worker, later + pause / 2) == 0
        later += pause
    stuck = await standing(fhir, identity)
    assert (stuck["status"], "503" in stuck["error"]) == ("error", True)
    assert stuck["channel"]["endpoint"] == hook.base
    second = await made(fhir, PATIENT)
    hook.status = 200
    hook.told.clear()
    assert await turn(worker, later + timedelta(seconds=1)) == 1
    assert [t.json["id"] for t in hook.told] == [patient["id"], second["id"]]
    healed = await standing(fhir, identity)
    assert (healed["status"], healed.get("error")) == ("active", None)


async def test_what_was_taken_before_a_failure_is_not_told_again(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook
) -> None:
    await subscribed(fhir, worker, wanted(hook))
    first, second, third = [(await made(fhir, PATIENT))["id"] for _ in range(3)]
    hook.patience = 1
    await turn(worker)
    assert [t.json["id"] for t in hook.told] == [first, second]
    hook.patience = None
    await turn(worker, work.PAUSES[0] + timedelta(seconds=1))
    assert [t.json["id"] for t in hook.told] == [first, second, second, third]


async def test_after_days_of_silence_it_is_off_and_its_outbox_empty(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook, clone: dict[str, str]
) -> None:
    identity = await subscribed(fhir, worker, wanted(hook))
    hook.status = 500
    await made(fhir, PATIENT)
    await turn(worker)
    await turn(worker, work.OFF_AFTER + timedelta(hours=1))
    off = await standing(fhir, identity)
    assert (off["status"], bool(off["error"])) == ("off", True)
    await turn(worker, work.OFF_AFTER + timedelta(hours=2))
    await made(fhir, PATIENT)
    with psycopg.connect(clone["owner"]) as connection:
        assert connection.execute("SELECT count(*) FROM subscription_event").fetchone() == (0,)


async def test_an_end_a_lost_right_and_a_lost_target_switch_off(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    end = (clock.now() + timedelta(hours=1)).isoformat(timespec="seconds")
    ending = await subscribed(fhir, worker, {**wanted(hook), "end": end})
    await turn(worker, timedelta(hours=2))
    assert (await standing(fhir, ending))["status"] == "off"
    for take_away in ("right", "target"):
        identity = await subscribed(fhir, worker, wanted(hook))
        await made(fhir, PATIENT)
        if take_away == "right":
            with psycopg.connect(clone["owner"]) as connection:
                connection.execute("UPDATE api_client SET active = false WHERE id = 'tester'")
        else:
            monkeypatch.setenv("HIS_SUBSCRIPTION_TARGETS", "https://elsewhere.example/")
            get_settings.cache_clear()
        await turn(worker)
        assert (await standing(fhir, identity))["status"] == "off"
        with psycopg.connect(clone["owner"]) as connection:
            connection.execute("UPDATE api_client SET active = true WHERE id = 'tester'")
    assert hook.told == []


async def test_a_topic_shakes_hands_and_tells_in_bundles(fhir: httpx.AsyncClient, worker: Database, hook: Hook) -> None:
    hook.status = 404
    body = on_topic(hook, criteria="Patient?gender=female")
    identity = (await made(fhir, body))["id"]
    await turn(worker)
    assert (await standing(fhir, identity))["status"] == "requested"
    hook.status = 200
    await turn(worker, work.PAUSES[0] + timedelta(seconds=1))
    assert (await standing(fhir, identity))["status"] == "active"
    shaken = {p["name"]: p for p in hook.told[-1].json["entry"][0]["resource"]["parameter"]}
    assert shaken["type"]["valueCode"] == "handshake"
    hook.told.clear()
    patients = [await made(fhir, PATIENT) for _ in range(2)]
    await made(fhir, {**PATIENT, "gender": "male"})
    await turn(worker, work.PAUSES[0] + timedelta(seconds=2))
    [told] = hook.told
    assert told.method == "POST"
    status, *rest = told.json["entry"]
    assert told.json["type"] == "history"
    assert [e["resource"] for e in rest] == patients
    parameters = status["resource"]["parameter"]
    plain = {p["name"]: next((v for k, v in p.items() if k.startswith("value")), None) for p in parameters}
    assert plain["topic"] == TOPIC
    assert (plain["type"], plain["events-since-subscription-start"]) == ("event-notification", "2")
    numbers = [p["part"][0]["valueString"] for p in parameters if p["name"] == "notification-event"]
    assert numbers == ["1", "2"]
    asked = (await fhir.get(f"/Subscription/{identity}/$status")).json()["entry"][0]["resource"]
    assert {"name": "events-since-subscription-start", "valueString": "2"} in asked["parameter"]
    assert (await fhir.get(f"/Subscription/{identity}/$status", headers={"x-unit": "2"})).status_code == 404
    assert (await fhir.get(f"/Subscription/{uuid4()}/$status")).status_code == 404


@pytest.mark.parametrize(("content", "focus"), [("id-only", True), ("empty", False)])
async def test_a_topic_tells_no_more_than_was_asked(
    fhir: httpx.AsyncClient, worker: Database, hook: Hook, content: str, focus: bool
) -> None:
    await subscribed(fhir, worker, on_topic(hook, content))
    patient = await made(fhir, PATIENT)
    hook.told.clear()
    await turn(worker)
    [told] = hook.told
    assert len(told.json["entry"]) == 1
    assert (patient["id"] in told.body.decode()) is focus


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"criteria": "Patient?colour=red"}, 422, "Subscription.criteria"),
        ({"criteria": "Nothing?x=1"}, 422, "Subscription.criteria"),
        ({"criteria": "Patient?_sort=_lastUpdated"}, 422, "Subscription.criteria"),
        ({"criteria": "urn:other-topic"}, 422, "Subscription.criteria"),
        ({"channel": {"type": "email"}}, 422, "Subscription.channel.type"),
        ({"channel": {"endpoint": "http://169.254.169.254/latest/"}}, 422, "Subscription.channel.endpoint"),
        ({"channel": {"payload": "application/fhir+xml"}}, 422, "Subscription.channel.payload"),
        ({"channel": {"header": ["Host: evil"]}}, 422, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["no colon"]}}, 422, "Subscription.channel.header[0]"),
    ],
)
async def test_what_cannot_be_served_is_refused_by_name(
    fhir: httpx.AsyncClient, hook: Hook, change: dict[str, Any], status: int, where: str
) -> None:
    body = wanted(hook, change.get("criteria", "Patient"), **change.get("channel", {}))
    answer = await fhir.post("/Subscription", json=body)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (status, [where])


async def test_only_a_client_that_may_read_the_type_subscribes(fhir: httpx.AsyncClient, hook: Hook) -> None:
    for headers in ({"x-actor": "narrow"}, {"x-actor": "unknown"}, {"x-role": "doctor"}, {"x-unit": "2"}):
        assert (await fhir.post("/Subscription", json=wanted(hook), headers=headers)).status_code == 403


async def test_while_nobody_may_be_told_the_text_is_kept_alone(fhir: httpx.AsyncClient, worker: Database, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("HIS_SUBSCRIPTION_TARGETS", "")
    get_settings.cache_clear()
    kept = await made(fhir, wanted(hook))
    assert kept["meta"]["tag"][0]["code"] == "engine-only"
    assert await turn(worker) == 0
    assert (await standing(fhir, kept["id"]))["status"] == "requested"
