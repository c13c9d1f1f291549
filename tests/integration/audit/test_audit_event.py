"""The trail through FHIR: AuditEvent in the shape of IHE BALP, for the privacy officer and machines with the scope."""

import pytest

from his.fhir.validator import validate
from his.kit.changes import Changes
from his.kit.clock import now
from his.kit.db import Scope
from tests.integration.audit.balp import complaints
from tests.integration.visits import sign_in

BASE = "/fhir/r4"


@pytest.fixture
async def machine(client):
    form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
    token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def found(client, query):
    answer = await client.get(f"{BASE}/AuditEvent?{query}")
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", [])]


async def story(client):
    """A patient who is created, read, changed, searched for; returns the id."""
    born = {"resourceType": "Patient", "name": [{"text": "Trần Văn Thử"}], "gender": "male", "birthDate": "1991-02-03"}
    made = await client.post(f"{BASE}/Patient", json=born, headers={"X-Request-Id": "story-create"})
    identity = made.json()["id"]
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{identity}"},
    }
    observed = (await client.post(f"{BASE}/Observation", json=seen)).json()["id"]
    await client.get(f"{BASE}/Patient/{identity}", headers={"X-Request-Id": "story-read"})
    await client.get(f"{BASE}/Observation/{observed}")
    await client.get(f"{BASE}/Patient?name=thu&birthdate=1991-02-03")
    await client.delete(f"{BASE}/Observation/{observed}")
    return identity, observed


async def test_every_entry_is_a_valid_event_and_meets_the_profile_it_names(machine, database):
    await story(machine)
    async with database.scoped(Scope(2, "somebody", "doctor")) as db:
        changes = (
            Changes()
            .audit("sign-in", "Account", "a")
            .audit("print", "Encounter", "e")
            .audit("visit:sign", "Encounter", "e")
        )
        await db.apply(changes.audit("read", "Patient", "p", outcome="refused", why="forbidden"), now())
    profiles = set()
    events = await found(machine, "_count=200")
    assert len(events) > 8
    for event in events:
        validate("AuditEvent", event)
        assert complaints(event) == [], event
        profiles.update(p.rsplit(".", 1)[1] for p in event["meta"].get("profile", []))
    assert {"PatientCreate", "PatientRead", "Query", "Delete"} <= profiles
    refused = next(e for e in events if e["outcome"] == "4")
    assert refused["outcomeDesc"] == "forbidden"
    assert "profile" not in refused["meta"]


async def test_it_is_found_by_patient_agent_date_entity_and_type(machine):
    identity, observed = await story(machine)
    mine = await found(machine, f"patient=Patient/{identity}&_count=200")
    data = {e["what"]["reference"] for event in mine for e in event["entity"] if "reference" in e.get("what", {})}
    assert data >= {f"Patient/{identity}"}
    assert len(await found(machine, f"entity=Observation/{observed}")) == 3
    assert await found(machine, f"entity=Observation/{observed}&action=R&subtype=read")
    assert await found(machine, f"entity=Observation/{observed}&agent=nobody") == []
    assert await found(machine, "agent=demo-client&type=rest&_count=1")
    assert await found(machine, "date=lt2020-01-01") == []
    (read,) = await found(machine, f"patient={identity}&action=R&_count=1")
    again = await machine.get(f"{BASE}/AuditEvent/{read['id']}")
    assert again.json() == read
    assert [e["what"]["identifier"]["value"] for e in read["entity"] if e["type"]["code"] == "XrequestId"] == [
        "story-read"
    ]


async def test_pages_follow_each_other_without_a_gap(machine):
    await story(machine)
    whole = [e["id"] for e in await found(machine, "_count=200&date=lt2100-01-01")]
    walked, address = [], f"{BASE}/AuditEvent?_count=3&date=lt2100-01-01"
    while address:
        body = (await machine.get(address)).json()
        walked += [e["resource"]["id"] for e in body["entry"]]
        address = next((link["url"] for link in body["link"] if link["relation"] == "next"), None)
        address = address and BASE + address.split(BASE, 1)[1]
    assert [i for i in walked if i in whole] == whole
    assert len(set(walked)) == len(walked)


@pytest.mark.parametrize(
    "query", ["colour=red", "date=yesterday", "_count=0", "_cursor=x", "_id=x", "action=Q", "_sort=agent"]
)
async def test_what_is_not_understood_is_refused(machine, query):
    answer = await machine.get(f"{BASE}/AuditEvent?{query}")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"]


@pytest.mark.parametrize(
    ("username", "status"), [("privacy-officer", 200), ("doctor", 403), ("unit-admin", 403), ("cashier", 403)]
)
async def test_only_the_privacy_officer_reads_it(client, username, status):
    await sign_in(client, username)
    assert (await client.get(f"{BASE}/AuditEvent")).status_code == status


async def test_events_of_other_systems_are_kept_apart(machine):
    event = (await found(machine, "_count=1"))[0]
    made = await machine.post(f"{BASE}/AuditEvent", json={**event, "id": "x"})
    assert made.status_code == 201, made.text
    identity = made.json()["id"]
    assert (await machine.get(f"{BASE}/AuditEvent/{identity}")).status_code == 200
    assert identity in [e["id"] for e in await found(machine, "_tag=engine-only")]
    form = await machine.post(f"{BASE}/AuditEvent/_search", data={"_tag": "engine-only"})
    assert identity in [e["resource"]["id"] for e in form.json()["entry"]]
    assert identity not in [e["id"] for e in await found(machine, "_count=200")]
