"""Every form of reference in a transaction, and the conditions of writes with no, one and several matches."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.fhir.test_bundles import bundle, condition, entry

PATIENT = {"resourceType": "Patient", "name": [{"family": "Vũ"}], "gender": "male", "birthDate": "1970"}
HERE = "http://his.test/fhir/r4"


async def sent(fhir: httpx.AsyncClient, *entries: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = await fhir.post("", json=bundle(*entries), headers={"prefer": "return=representation", **headers})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entry"]
    return found


@pytest.mark.parametrize(
    ("full_url", "reference"),
    [
        ("urn:uuid:8b4a1b9e-0a51-4a6c-9d5e-6c1f0c8a2f10", "urn:uuid:8b4a1b9e-0a51-4a6c-9d5e-6c1f0c8a2f10"),
        ("urn:oid:1.2.3.4.5", "urn:oid:1.2.3.4.5"),
        ("http://other.test/fhir/Patient/p1", "http://other.test/fhir/Patient/p1"),
        ("http://other.test/fhir/Patient/p1", "Patient/p1"),
        (f"{HERE}/Patient/p1", f"{HERE}/Patient/p1"),
    ],
)
async def test_a_reference_follows_the_entry_it_names(fhir: httpx.AsyncClient, full_url: str, reference: str) -> None:
    made = await sent(
        fhir, entry("POST", "Condition", condition(reference)), entry("POST", "Patient", PATIENT, full_url)
    )
    patient = made[1]["resource"]["id"]
    assert made[0]["resource"]["subject"] == {"reference": f"Patient/{patient}"}
    found = (await fhir.get("/Condition", params={"patient": patient})).json()
    assert [e["resource"]["id"] for e in found["entry"]] == [made[0]["resource"]["id"]]


async def test_relative_references_are_relative_to_their_own_entry(fhir: httpx.AsyncClient) -> None:
    made = await sent(
        fhir,
        entry("POST", "Condition", condition("Patient/p1"), "http://b.test/Condition/c"),
        entry("POST", "Patient", PATIENT, "http://a.test/Patient/p1"),
        entry("POST", "Patient", PATIENT, "http://b.test/Patient/p1"),
    )
    assert made[0]["resource"]["subject"]["reference"] == f"Patient/{made[2]['resource']['id']}"


async def test_references_to_one_version_stay_so(fhir: httpx.AsyncClient) -> None:
    old = (await fhir.post("/Patient", json=PATIENT)).json()["id"]
    urn = "urn:uuid:0f9cf1e8-1a35-4ad0-8d77-2a3b5d0e6f01"
    made = await sent(
        fhir,
        entry("POST", "Condition", condition(f"{urn}/_history/7")),
        entry("POST", "Condition", condition("http://x.test/Patient/9/_history/3")),
        entry("POST", "Condition", condition(f"Patient/{old}/_history/1")),
        entry("POST", "Patient", PATIENT, urn),
        entry("PUT", f"Patient/{old}", {**PATIENT, "id": old}, "http://x.test/Patient/9", ifMatch='W/"1"'),
    )
    subjects = [e["resource"]["subject"]["reference"] for e in made[:3]]
    assert subjects == [
        f"Patient/{made[3]['resource']['id']}/_history/1",
        f"Patient/{old}/_history/2",
        f"Patient/{old}/_history/1",
    ]


async def test_uris_and_links_follow_and_strings_do_not(fhir: httpx.AsyncClient) -> None:
    urn = "urn:uuid:3e1b7a52-8a7e-4f3f-b1c4-90a5d7c2e8b4"
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{urn}">x</a>{urn}</div>',
        },
        "description": urn,
        "extension": [{"url": "http://x", "valueUri": urn}],
        "content": [{"attachment": {"url": urn, "title": urn}}],
    }
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "eA=="}
    made = await sent(fhir, entry("POST", "DocumentReference", document), entry("POST", "Binary", binary, urn))
    target = f"Binary/{made[1]['resource']['id']}"
    stored = made[0]["resource"]
    assert stored["content"][0]["attachment"] == {"url": target, "title": urn}
    assert stored["extension"][0]["valueUri"] == target
    assert stored["description"] == urn
    assert stored["text"]["div"] == f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{target}">x</a>{urn}</div>'


async def test_refusals_name_the_entry_and_the_part(fhir: httpx.AsyncClient) -> None:
    old = (await fhir.post("/Patient", json=PATIENT)).json()["id"]
    lost = "urn:uuid:00000000-0000-4000-8000-00000000000f"
    for wrong, place in (
        (entry("PUT", f"Patient/{old}", {**PATIENT, "id": old}, ifMatch="soon"), "request.ifMatch"),
        (entry("POST", "Patient", {**PATIENT, "gender": "xx"}), "resource.gender"),
        (entry("POST", "Patient", {**PATIENT, "name": "x"}), "resource.name"),
        (entry("POST", "Condition", condition(lost)), "resource"),
        (entry("DELETE", "Patient"), "request.url"),
        (entry("POST", "Patient", PATIENT, ifNoneExist=""), "request.url"),
    ):
        answer = await fhir.post("", json=bundle(entry("POST", "Patient", PATIENT), wrong))
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["issue"][0]["expression"] == [f"Bundle.entry[1].{place}"]


async def test_absolute_addresses_and_histories_in_a_batch(fhir: httpx.AsyncClient) -> None:
    old = (await fhir.post("/Patient", json=PATIENT)).json()
    since = old["meta"]["lastUpdated"]
    answer = await fhir.post(
        "",
        json=bundle(
            entry("GET", f"{HERE}/Patient/{old['id']}"),
            entry("GET", f"Patient/{old['id']}", ifNoneMatch='W/"1"'),
            entry("GET", f"Patient/{old['id']}", ifModifiedSince=since),
            entry("GET", f"Patient/{old['id']}/_history"),
            entry("GET", "_history?_count=1"),
            entry("GET", f"Patient/{old['id']}", ifModifiedSince="soon"),
            kind="batch",
        ),
    )
    said = [e["response"]["status"] for e in answer.json()["entry"]]
    assert said == ["200", "304", "304", "200", "200", "400"]


def organization(value: str, **more: object) -> dict[str, Any]:
    return {"resourceType": "Organization", "name": "N", "identifier": [{"system": "urn:c", "value": value}], **more}


async def test_conditional_update_by_number_of_matches_and_id(fhir: httpx.AsyncClient) -> None:
    where = {"identifier": "urn:c|u"}
    fresh = await fhir.put("/Organization", params=where, json=organization("u", id="cond-u"))
    assert (fresh.status_code, fresh.json()["id"]) == (201, "cond-u")
    assert (await fhir.put("/Organization", params=where, json=organization("u"))).json()["id"] == "cond-u"
    other = await fhir.put("/Organization", params=where, json=organization("u", id="another"))
    assert (other.status_code, other.json()["issue"][0]["expression"]) == (400, ["Organization.id"])
    taken = await fhir.put("/Organization", params={"identifier": "urn:c|v"}, json=organization("v", id="cond-u"))
    assert taken.status_code == 409
    stale = await fhir.put("/Organization", params=where, json=organization("u"), headers={"if-match": 'W/"1"'})
    assert stale.status_code == 412
    absent = await fhir.put(
        "/Organization", params={"identifier": "urn:c|w"}, json=organization("w"), headers={"if-match": 'W/"1"'}
    )
    assert absent.status_code == 412
    for nothing in ("", "?_format=json", "?_count=1&identifier=urn:c|u"):
        answer = await fhir.put(f"/Organization{nothing}", json=organization("u"))
        assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


async def test_conditional_updates_of_one_key_make_one_resource(fhir: httpx.AsyncClient) -> None:
    where = {"identifier": "urn:c|race"}
    answers = await asyncio.gather(
        *(fhir.put("/Organization", params=where, json=organization("race")) for _ in range(8))
    )
    assert {a.status_code for a in answers} <= {200, 201}
    assert len({a.json()["id"] for a in answers}) == 1


async def test_conditional_delete_needs_a_condition(fhir: httpx.AsyncClient) -> None:
    made = (
        await fhir.post(
            "/Flag",
            json={
                "resourceType": "Flag",
                "status": "active",
                "code": {"text": "x"},
                "subject": {"reference": "Patient/1"},
            },
        )
    ).json()["id"]
    for address in ("/Flag", "/Flag?_format=json", "/Flag?_pretty=true", "/Flag?_count=1"):
        assert (await fhir.delete(address)).status_code == 400, address
    assert (await fhir.get(f"/Flag/{made}")).status_code == 200
    deleted = await fhir.delete("/Flag", params={"_id": made})
    assert (deleted.status_code, deleted.headers["etag"]) == (204, 'W/"2"')
    assert (await fhir.get(f"/Flag/{made}")).status_code == 410


async def test_create_with_a_condition_in_the_address(fhir: httpx.AsyncClient) -> None:
    answers = [await fhir.post("/Organization?identifier=urn:c|a", json=organization("a")) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert (await fhir.post("/Organization?_format=json", json=organization("b"))).status_code == 201
    unseen = await fhir.post("/Organization?identifier=urn:c|a", json=organization("a"), headers={"x-denied": "read"})
    assert (unseen.status_code, unseen.content) == (200, b"")
