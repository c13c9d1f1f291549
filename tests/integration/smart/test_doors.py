"""A token for one patient, tried at every door of the FHIR interface: nothing of another patient comes out or goes in."""

import json

import pytest
import pytest_asyncio

from .apps import App, bearer, sign_in, token_of

ALL = "launch/patient patient/*.cruds"


@pytest_asyncio.fixture
async def head(client, owner, records):
    csrf = await sign_in(client)
    token = await token_of(client, csrf, App("pub", scope=ALL), records.mine)
    client.cookies.clear()  # the app's own machine: only the token speaks
    return bearer(token["access_token"])


def ids_in(answer) -> set[str]:
    return {e["resource"]["id"] for e in answer.json().get("entry", []) if "resource" in e}


def foreign(records) -> set[str]:
    return {records.theirs, *records.ids["theirs"].values()}


def own(records) -> set[str]:
    return {records.mine, *records.ids["mine"].values()}


async def test_read_vread_and_history(client, records, head):
    for whose, expected in (("mine", 200), ("theirs", 404)):
        for kind, identity in {"Patient": getattr(records, whose), **records.ids[whose]}.items():
            name = "Observation" if kind == "laboratory" else kind
            for path in ("", "/_history", "/_history/1"):
                answer = await client.get(f"/fhir/r4/{name}/{identity}{path}", headers=head)
                assert answer.status_code == expected, (whose, kind, path, answer.text[:200])
                assert (
                    await client.request("HEAD", f"/fhir/r4/{name}/{identity}{path}", headers=head)
                ).status_code == expected
    absent = await client.get("/fhir/r4/Patient/0198b2a0-0000-7000-8000-00000000dead", headers=head)
    there = await client.get(f"/fhir/r4/Patient/{records.theirs}", headers=head)
    assert absent.content == there.content


@pytest.mark.parametrize("kind", ["Patient", "Observation", "Condition", "AllergyIntolerance", "Coverage", "Encounter"])
async def test_search_and_history_of_a_type(client, records, head, kind):
    for query in ("", "?_sort=-_lastUpdated", "?_count=200", "?_lastUpdated=ge2020-01-01"):
        found = await client.get(f"/fhir/r4/{kind}{query}", headers=head)
        assert found.status_code == 200
        assert ids_in(found) <= own(records)
        assert ids_in(found)
    posted = await client.post(
        f"/fhir/r4/{kind}/_search",
        headers={**head, "content-type": "application/x-www-form-urlencoded"},
        content="_count=100",
    )
    assert ids_in(posted)
    assert ids_in(posted) <= own(records)
    counted = (await client.get(f"/fhir/r4/{kind}?_summary=count", headers=head)).json()
    total = (await client.get(f"/fhir/r4/{kind}?_total=accurate", headers=head)).json()
    assert counted["total"] == total["total"] == len(total["entry"])
    history = await client.get(f"/fhir/r4/{kind}/_history?_count=200", headers=head)
    assert ids_in(history)
    assert ids_in(history) <= own(records)


@pytest.mark.parametrize(
    "query",
    [
        "Observation?patient={theirs}", "Observation?subject=Patient/{theirs}", "Condition?patient={theirs}",
        "Patient?_id={theirs}", "Patient?name=giang", "AllergyIntolerance?patient={theirs}",
        "Coverage?beneficiary=Patient/{theirs}", "Encounter?patient={theirs}", "Observation?_id={foreign}",
    ],
)  # fmt: skip
async def test_asking_for_the_other_finds_nobody(client, records, head, query):
    address = query.format(theirs=records.theirs, foreign=records.ids["theirs"]["Observation"])
    answer = await client.get(f"/fhir/r4/{address}", headers=head)
    assert answer.status_code == 200, answer.text
    assert "entry" not in answer.json()
    joint = "&_total=accurate"
    assert (await client.get(f"/fhir/r4/{address}{joint}", headers=head)).json()["total"] == 0


async def test_includes_bring_nothing_of_the_other(client, records, head, machine):
    sent = {
        "resourceType": "Observation", "status": "final", "code": {"text": "chung"},
        "subject": {"reference": f"Patient/{records.mine}"},
        "encounter": {"reference": f"Encounter/{records.ids['theirs']['Encounter']}"},
        "performer": [{"reference": f"Patient/{records.theirs}"}],
    }  # fmt: skip
    made = (await client.post("/fhir/r4/Observation", headers=machine, json=sent)).json()["id"]
    query = f"Observation?_id={made}&_include=Observation:subject&_include=Observation:encounter&_include=Observation:performer"
    found = await client.get(f"/fhir/r4/{query}", headers=head)
    assert ids_in(found) == {made, records.mine}
    found = await client.get(
        "/fhir/r4/Patient?_revinclude=Observation:patient&_revinclude=Condition:patient", headers=head
    )
    assert ids_in(found) & foreign(records) == set()
    assert records.ids["mine"]["Condition"] in ids_in(found)
    everything = await client.get(f"/fhir/r4/{query}", headers=machine)
    assert records.theirs in ids_in(everything)


async def test_an_observation_about_another_that_i_took_part_in_stays_shut(client, records, head, machine):
    sent = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": f"Patient/{records.theirs}"}, "performer": [{"reference": f"Patient/{records.mine}"}],
    }  # fmt: skip
    made = (await client.post("/fhir/r4/Observation", headers=machine, json=sent)).json()["id"]
    assert (await client.get(f"/fhir/r4/Observation/{made}", headers=head)).status_code == 404


async def test_an_older_version_that_spoke_of_another_stays_shut(client, records, head, machine):
    sent = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": f"Patient/{records.theirs}"},
    }  # fmt: skip
    made = (await client.post("/fhir/r4/Observation", headers=machine, json=sent)).json()["id"]
    moved = {**sent, "id": made, "subject": {"reference": f"Patient/{records.mine}"}}
    put = await client.put(f"/fhir/r4/Observation/{made}", headers={**machine, "if-match": 'W/"1"'}, json=moved)
    assert put.status_code == 200
    assert (await client.get(f"/fhir/r4/Observation/{made}", headers=head)).status_code == 200
    assert (await client.get(f"/fhir/r4/Observation/{made}/_history/1", headers=head)).status_code == 404
    versions = (await client.get(f"/fhir/r4/Observation/{made}/_history", headers=head)).json()
    assert [e["resource"]["meta"]["versionId"] for e in versions["entry"]] == ["2"]


def bundle(kind: str, *entries: dict) -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def get(url: str) -> dict:
    return {"request": {"method": "GET", "url": url}}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_reads_inside_a_bundle(client, records, head, kind):
    sent = bundle(kind, get(f"Patient/{records.mine}"), get("Observation"), get("Patient?name=giang"))
    answer = await client.post("/fhir/r4", headers=head, json=sent)
    assert answer.status_code == 200
    text = answer.text
    assert records.mine in text
    assert not any(one in text for one in foreign(records))
    if kind == "batch":
        shut = await client.post("/fhir/r4", headers=head, json=bundle(kind, get(f"Patient/{records.theirs}")))
        assert shut.json()["entry"][0]["response"]["status"].startswith("404")


def observation(patient: str, **other) -> dict:
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "từ ứng dụng"},
        "subject": {"reference": f"Patient/{patient}"}, **other,
    }  # fmt: skip


async def test_writing_for_this_patient_only(client, records, head):
    made = await client.post("/fhir/r4/Observation", headers=head, json=observation(records.mine))
    assert made.status_code == 201, made.text
    assert (
        await client.post("/fhir/r4/Observation", headers=head, json=observation(records.theirs))
    ).status_code == 403
    nobody = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    assert (await client.post("/fhir/r4/Observation", headers=head, json=nobody)).status_code == 403
    identity = made.json()["id"]
    moved = {**observation(records.theirs), "id": identity}
    put = await client.put(f"/fhir/r4/Observation/{identity}", headers={**head, "if-match": 'W/"1"'}, json=moved)
    assert put.status_code == 403
    kept = {**observation(records.mine, valueString="2"), "id": identity}
    put = await client.put(f"/fhir/r4/Observation/{identity}", headers={**head, "if-match": 'W/"1"'}, json=kept)
    assert put.status_code == 200
    assert (await client.delete(f"/fhir/r4/Observation/{identity}", headers=head)).status_code == 204


async def test_what_is_anothers_is_not_taken_over_or_removed(client, records, head, machine):
    target = records.ids["theirs"]["Observation"]
    taken = {**observation(records.mine), "id": target}
    for match in ('W/"1"', None):
        more = {"if-match": match} if match else {}
        answer = await client.put(f"/fhir/r4/Observation/{target}", headers={**head, **more}, json=taken)
        assert answer.status_code in (404, 428), answer.text
    assert (await client.delete(f"/fhir/r4/Observation/{target}", headers=head)).status_code == 404
    where = f"/fhir/r4/Observation?patient={records.theirs}"
    assert (await client.delete(where, headers=head)).status_code == 204  # nothing matches what is seen
    put = await client.put(f"{where}&status=final", headers=head, json=observation(records.mine))
    assert put.status_code in (201, 403)
    kept = (await client.get(f"/fhir/r4/Observation/{target}", headers=machine)).json()
    assert kept["subject"]["reference"] == f"Patient/{records.theirs}"
    assert kept["meta"]["versionId"] == "1"


async def test_conditions_of_creates_tell_nothing(client, records, head, machine):
    secret = {"system": "urn:x", "value": "bí-mật"}
    sent = observation(records.theirs, identifier=[secret])
    assert (await client.post("/fhir/r4/Observation", headers=machine, json=sent)).status_code == 201
    for value in ("bí-mật", "không-có"):
        answer = await client.post(
            "/fhir/r4/Observation",
            headers={**head, "if-none-exist": f"identifier=urn:x|{value}".encode()},
            json=observation(records.mine),
        )
        assert answer.status_code == 403, answer.text


async def test_a_transaction_writes_all_inside_or_nothing(client, records, head):
    def post(resource: dict) -> dict:
        return {"resource": resource, "request": {"method": "POST", "url": "Observation"}}

    mixed = bundle("transaction", post(observation(records.mine)), post(observation(records.theirs)))
    before = (await client.get("/fhir/r4/Observation?_summary=count", headers=head)).json()["total"]
    assert (await client.post("/fhir/r4", headers=head, json=mixed)).status_code == 403
    assert (await client.get("/fhir/r4/Observation?_summary=count", headers=head)).json()["total"] == before
    good = bundle("transaction", post(observation(records.mine)))
    assert (await client.post("/fhir/r4", headers=head, json=good)).status_code == 200
    linked = observation(records.mine)
    linked["subject"] = {"reference": "Patient?name=giang"}
    answer = await client.post("/fhir/r4", headers=head, json=bundle("transaction", post(linked)))
    assert answer.status_code == 412


async def test_other_patients_cannot_be_made_or_directories_changed(client, records, head):
    person = {"resourceType": "Patient", "name": [{"text": "Ai Đó"}], "gender": "male", "birthDate": "1990-01-01"}
    assert (await client.post("/fhir/r4/Patient", headers=head, json=person)).status_code == 403
    place = {"resourceType": "Organization", "name": "Phòng khám giả"}
    assert (await client.post("/fhir/r4/Organization", headers=head, json=place)).status_code == 403
    assert (await client.get("/fhir/r4/Organization", headers=head)).status_code == 200


@pytest.mark.parametrize(
    "kind", ["Group", "List", "Task", "Subscription", "Person", "AuditEvent", "Bundle", "Binary", "Device"]
)
async def test_types_outside_the_compartment_are_shut(client, records, head, machine, kind):
    answer = await client.get(f"/fhir/r4/{kind}", headers=head)
    assert answer.status_code in (200, 403, 404)
    if answer.status_code == 200:
        assert "entry" not in answer.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "$export"), ("GET", "Patient/$export"), ("GET", "Group/1/$export"), ("POST", "$import"),
        ("POST", "Patient/$match"), ("POST", "Claim/$submit"), ("GET", "Measure/$evaluate-measure"), ("GET", "$unknown"),
    ],
)  # fmt: skip
async def test_operations_beyond_single_resources_are_shut(client, head, method, path):
    answer = await client.request(method, f"/fhir/r4/{path}", headers=head)
    assert answer.status_code in (403, 404, 405)
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_system_wide_doors(client, records, head):
    for path in ("_history", "", "?_type=Observation"):
        answer = await client.get(f"/fhir/r4/{path}", headers=head)
        assert not any(one in answer.text for one in foreign(records))


async def test_no_page_or_api_opens_with_the_token(client, records, head):
    assert (await client.get("/queue", headers=head)).status_code == 303
    assert (await client.get("/api/registration/patients?q=giang", headers=head)).status_code == 401


async def test_the_view_of_the_database_itself(owner, records):
    """The last line: the role sees nothing without a view, and has no other table."""
    for statement, rows in (("SELECT count(*) FROM resource_current", 0), ("SELECT count(*) FROM resource_index", 0)):
        with owner.transaction(force_rollback=True):
            owner.execute("SET LOCAL ROLE his_limited")
            owner.execute("SELECT set_config('his.unit', '2', true)")
            assert owner.execute(statement).fetchone() == (rows,)
    known = {row[0] for row in owner.execute(
        "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = 'his_limited' AND privilege_type = 'SELECT'"
    ).fetchall()}  # fmt: skip
    assert known
    assert all(name.startswith("resource_") for name in known)
    assert "resource_key" not in known
    shut = owner.execute(
        "SELECT count(*) FROM pg_policies WHERE policyname = 'view' AND 'his_limited' = ANY (roles) AND permissive = 'RESTRICTIVE'"
    ).fetchone()
    assert shut == (len(known),)


async def test_bodies_are_json(client, head):
    answer = await client.post(
        "/fhir/r4", headers=head, content=json.dumps({"resourceType": "Bundle", "type": "batch"})
    )
    assert answer.status_code == 200
