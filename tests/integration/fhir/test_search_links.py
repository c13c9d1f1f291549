"""Searches through other resources, includes in rounds, orders, totals, lenient handling, and what a caller may not see."""

from typing import Any

import httpx
import pytest
import pytest_asyncio


def observation(n: int, patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"link-o{n}", "status": "final", "code": {"coding": [{"system": "urn:c", "code": f"c{n % 2}"}]},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": f"2026-01-{n + 1:02d}", **more,
    }  # fmt: skip


@pytest_asyncio.fixture
async def world(fhir: httpx.AsyncClient) -> httpx.AsyncClient:
    """Two patients, of two doctors of one house, with five observations of which three hang on each other."""
    house = {"resourceType": "Location", "id": "link-h", "name": "Nhà A", "status": "active"}
    wing = {"resourceType": "Location", "id": "link-w", "name": "Cánh B", "partOf": {"reference": "Location/link-h"}}
    patients = [
        {"resourceType": "Patient", "id": f"link-p{n}", "name": [{"family": family}], "birthDate": born,
         "contact": [{"name": {"text": "x"}}], "link": [{"type": "seealso", "other": {"reference": "Patient/link-p0"}}] if n else []}
        for n, (family, born) in enumerate([("Đỗ", "1980"), ("Đỗ", "1990-05"), ("An", "")])
    ]  # fmt: skip
    for patient in patients:
        for name in [name for name, value in patient.items() if value in ("", [])]:
            del patient[name]
    encounters = [
        {"resourceType": "Encounter", "id": f"link-e{n}", "status": "finished", "class": {"code": "AMB"},
         "subject": {"reference": f"Patient/link-p{n}"}, "location": [{"location": {"reference": "Location/link-w"}}]}
        for n in range(2)
    ]  # fmt: skip
    observations = [
        observation(n, f"link-p{n % 2}", encounter={"reference": f"Encounter/link-e{n % 2}"}) for n in range(5)
    ]
    observations[1]["hasMember"] = [{"reference": "Observation/link-o2"}]
    observations[2]["hasMember"] = [{"reference": "Observation/link-o3"}]
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in [house, wing, *patients, *encounters, *observations]
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await fhir.post("", json=body, headers={"x-blind": "1"})
    assert answer.status_code == 200, answer.text
    return fhir


async def ids(fhir: httpx.AsyncClient, url: str, mode: str = "match") -> list[str]:
    answer = await fhir.get(url)
    assert answer.status_code == 200, answer.text
    return [e["resource"]["id"] for e in answer.json().get("entry", []) if e["search"]["mode"] == mode]


FOUND = {
    "/Observation?patient.family=do&_sort=_id": ["link-o0", "link-o1", "link-o2", "link-o3", "link-o4"],
    "/Observation?subject:Patient.birthdate=1990&_sort=-date": ["link-o3", "link-o1"],
    "/Observation?encounter.location.name=canh b&patient=link-p0&_sort=_id": ["link-o0", "link-o2", "link-o4"],
    "/Patient?_has:Observation:patient:code=urn:c|c1": ["link-p1"],
    "/Patient?_has:Observation:patient:_id=link-o4": ["link-p0"],
    "/Location?_has:Encounter:location:_has:Observation:encounter:date=2026-01-02": ["link-w"],
    "/Patient?_has:Encounter:patient:location.partof=Location/link-h&_sort=_id": ["link-p0", "link-p1"],
    "/Patient?birthdate:missing=true&family=an": ["link-p2"],
    "/Patient?_sort=family,-birthdate&_id=link-p0,link-p1,link-p2": ["link-p2", "link-p1", "link-p0"],
    "/Patient?_sort=-birthdate&_id=link-p0,link-p1,link-p2": ["link-p1", "link-p0", "link-p2"],
}


@pytest.mark.parametrize("url", FOUND)
async def test_what_is_found_through_others(world: httpx.AsyncClient, url: str) -> None:
    assert await ids(world, url) == FOUND[url]


async def test_includes_follow_each_other_in_rounds(world: httpx.AsyncClient) -> None:
    once = await ids(world, "/Observation?_id=link-o1&_include=Observation:has-member", "include")
    assert once == ["link-o2"]
    rounds = "/Observation?_id=link-o1&_include:iterate=Observation:has-member&_include=Observation:patient"
    assert sorted(await ids(world, rounds, "include")) == ["link-o2", "link-o3", "link-p1"]
    back = "/Location?_id=link-h&_revinclude:iterate=Location:partof&_revinclude:iterate=Encounter:location"
    assert sorted(await ids(world, back, "include")) == ["link-e0", "link-e1", "link-w"]
    every = await ids(world, "/Observation?_id=link-o1&_include=*", "include")
    assert sorted(every) == ["link-e1", "link-o2", "link-p1"]
    typed = await ids(world, "/Observation?_id=link-o1&_include=Observation:subject:Group", "include")
    assert typed == []


HIDDEN = {
    "patient.family=do": "Patient",
    "encounter.location.name=canh": "Location",
    "_has:Provenance:target:agent=x": "Provenance",
    "_list=link-l": "List",
    "code:in=urn:vs:link": "ValueSet",
    "encounter._has:Condition:encounter:code=x": "Condition",
}


@pytest.mark.parametrize("query", HIDDEN)
async def test_a_type_that_may_not_be_searched_is_not_looked_into(world: httpx.AsyncClient, query: str) -> None:
    """A chain would tell what a search of the type refuses; another unit's rows are nobody's."""
    refused = await world.get(f"/Observation?{query}", headers={"x-denied": f"search:{HIDDEN[query]}"})
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["expression"] == [f"http.{query.partition('=')[0]}"]
    if "vs" not in query:
        elsewhere = await world.get(f"/Observation?{query}", headers={"x-unit": "2"})
        assert (elsewhere.status_code, "entry" in elsewhere.json()) == (200, False)


async def test_what_may_not_be_searched_is_not_included(world: httpx.AsyncClient) -> None:
    url = "/Observation?_id=link-o1&_include=*&_revinclude=Observation:has-member&_include:iterate=Encounter:location"
    assert sorted(await ids(world, url, "include")) == ["link-e1", "link-o2", "link-p1", "link-w"]
    answer = await world.get(url, headers={"x-denied": "search:Patient search:Encounter"})
    shown = [e["resource"]["id"] for e in answer.json()["entry"] if e["search"]["mode"] == "include"]
    assert shown == ["link-o2"], "nor what only an unseen one points to"


async def test_totals(world: httpx.AsyncClient) -> None:
    for said, total in (("none", None), ("estimate", 5), ("accurate", 5)):
        bundle = (await world.get(f"/Observation?encounter.location=link-w&_total={said}&_count=2")).json()
        assert bundle.get("total") == total
        assert len(bundle["entry"]) == 2
    assert (await world.get("/Observation?code=urn:c|c0&_summary=count")).json()["total"] == 3


async def test_lenient_handling_leaves_out_and_says_so(world: httpx.AsyncClient) -> None:
    url = "/Patient?family=an&nmae=x&birthdate=soon&_id=link-p2"
    strict = await world.get(url, headers={"prefer": "handling=strict"})
    assert (strict.status_code, strict.json()["issue"][0]["expression"]) == (400, ["http.nmae"])
    bundle = (await world.get(url, headers={"prefer": "return=minimal; handling=lenient"})).json()
    told = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "outcome"]
    assert [issue["expression"] for issue in told[0]["issue"]] == [["http.nmae"], ["http.birthdate"]]
    assert {issue["severity"] for issue in told[0]["issue"]} == {"warning"}
    assert [e["resource"]["id"] for e in bundle["entry"] if e["search"]["mode"] == "match"] == ["link-p2"]
    assert "nmae" not in bundle["link"][0]["url"]


async def test_a_cursor_of_another_order_is_refused(world: httpx.AsyncClient) -> None:
    bundle = (await world.get("/Observation?_sort=date,status&_count=2")).json()
    cursor = next(link["url"] for link in bundle["link"] if link["relation"] == "next").partition("_cursor=")[2]
    for order in ("status", "date,status,code", "code,date"):
        answer = await world.get(f"/Observation?_sort={order}&_cursor={cursor}")
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, ["http._cursor"]), order


async def test_origin_tag_and_value_sets(world: httpx.AsyncClient) -> None:
    tagged = await ids(world, "/Observation?_tag=engine-only&_id=link-o0,link-o1")
    assert sorted(tagged) == ["link-o0", "link-o1"]
    assert await ids(world, "/Observation?_tag:not=engine-only&_id=link-o0") == []
    assert await ids(world, "/Observation?_tag:missing=true&_id=link-o0") == []
    codes = {
        "resourceType": "ValueSet", "id": "link-vs", "status": "active", "url": "urn:vs:link",
        "compose": {"include": [{"system": "urn:c"}], "exclude": [{"system": "urn:c", "concept": [{"code": "c1"}]}]},
    }  # fmt: skip
    assert (await world.put("/ValueSet/link-vs", json=codes, headers={"x-blind": "1"})).status_code in (200, 201)
    for address in ("urn:vs:link", "ValueSet/link-vs"):
        assert await ids(world, f"/Observation?code:in={address}&_sort=_id") == ["link-o0", "link-o2", "link-o4"]
    unknown = await world.get("/Observation?code:in=urn:nowhere")
    assert (unknown.status_code, unknown.json()["issue"][0]["expression"]) == (400, ["http.code:in"])


async def test_nearby(world: httpx.AsyncClient) -> None:
    for n, (at, across) in enumerate([(16.4637, 107.5909), (21.0278, 105.8342)]):
        place = {
            "resourceType": "Location",
            "id": f"near-{n}",
            "name": "x",
            "position": {"latitude": at, "longitude": across},
        }
        assert (await world.put(f"/Location/near-{n}", json=place, headers={"x-blind": "1"})).status_code in (200, 201)
    assert await ids(world, "/Location?near=16.5|107.6|20|km") == ["near-0"]
    assert sorted(await ids(world, "/Location?near=16.5|107.6|600|km")) == ["near-0", "near-1"]
    assert await ids(world, "/Location?near=16.5|107.6|200|m") == []
