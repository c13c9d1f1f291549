"""Our lists as CodeSystem and ValueSet: read, searched beside what a unit stores, and used by token modifiers."""

from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from his.catalog.fhir.code_systems import SYSTEMS, TITLES, VALUE_SET
from his.fhir.systems import ICD10

from .test_compartment import doors, person  # noqa: F401

KINDS = ["CodeSystem", "ValueSet"]


async def pages(fhir: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while url:
        answer = await fhir.get(url)
        assert answer.status_code == 200, answer.text
        found += [entry["resource"] for entry in answer.json().get("entry", [])]
        url = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), "")
    return found


async def found(fhir: httpx.AsyncClient, kind: str, **query: str) -> set[str]:
    return {one["id"] for one in await pages(fhir, f"/{kind}?{urlencode(query)}")}


def test_every_list_has_a_title() -> None:
    assert set(TITLES) == set(SYSTEMS)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_list_is_read(fhir: httpx.AsyncClient, kind: str) -> None:
    for key, system in SYSTEMS.items():
        answer = await fhir.get(f"/{kind}/{key}")
        assert answer.status_code == 200, answer.text
        one = answer.json()
        assert one["url"] == (system if kind == "CodeSystem" else VALUE_SET + key)
        assert (one["title"], one["status"]) == (TITLES[key], "active")
        valid = await fhir.post(f"/{kind}/$validate", json={k: v for k, v in one.items() if k != "meta"})
        assert {issue["severity"] for issue in valid.json()["issue"]} == {"information"}, valid.text
    again = await fhir.get(f"/{kind}/icd-10", headers={"if-none-match": answer.headers["etag"]})
    same = await fhir.get(f"/{kind}/icd-10")
    assert (await fhir.get(f"/{kind}/icd-10", headers={"if-none-match": same.headers["etag"]})).status_code == 304
    assert again.status_code in (200, 304)
    assert (await fhir.get(f"/{kind}/no-list")).status_code == 404
    assert (await fhir.get(f"/{kind}/icd-10", headers={"x-denied": "read"})).status_code == 403
    shown = (await fhir.get(f"/{kind}/icd-10?_elements=url")).json()
    assert "title" not in shown
    assert shown["url"]


async def test_a_system_says_how_many_codes_it_has(fhir: httpx.AsyncClient) -> None:
    one = (await fhir.get("/CodeSystem/icd-10")).json()
    assert one["content"] == "not-present"
    expanded = (await fhir.get(f"/ValueSet/$expand?url={quote(VALUE_SET + 'icd-10')}&count=1")).json()
    assert one["count"] == expanded["expansion"]["total"] > 100
    assert one["valueSet"] == VALUE_SET + "icd-10"
    assert (await fhir.get("/ValueSet/icd-10/$expand?count=1")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_lists_are_searched(fhir: httpx.AsyncClient, kind: str) -> None:
    url = ICD10 if kind == "CodeSystem" else VALUE_SET + "icd-10"
    assert await found(fhir, kind, url=url) == {"icd-10"}
    version = (await fhir.get(f"/{kind}/icd-10")).json()["version"]
    assert "icd-10" in await found(fhir, kind, version=version)
    assert "icd-10" not in await found(fhir, kind, version="1800-01-01")
    assert await found(fhir, kind, url=url, version=version, status="active") == {"icd-10"}
    assert await found(fhir, kind, name="Icd") == {"icd-10"}
    assert await found(fhir, kind, **{"name:exact": "icd10"}) == set()
    assert await found(fhir, kind, **{"title:contains": "hoạt chất"}) == {"allergy-group"}
    assert await found(fhir, kind, status="retired") & set(SYSTEMS) == set()
    assert await found(fhir, kind, **{"status:not": "active"}) & set(SYSTEMS) == set()
    assert await found(fhir, kind, _id="icd-10,drug") == {"icd-10", "drug"}
    assert (await fhir.get(f"/{kind}?colour=red")).status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await fhir.post(f"/{kind}/_search", content=urlencode({"url": url}), headers=form)
    assert [entry["resource"]["id"] for entry in posted.json()["entry"]] == ["icd-10"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 3, 7, 100])
async def test_lists_and_stored_ones_make_one_answer(fhir: httpx.AsyncClient, kind: str, count: int) -> None:
    made = {}
    for n in range(4):
        body: dict[str, Any] = {
            "resourceType": kind,
            "status": "active",
            "url": f"urn:mine:{kind}:{count}:{n}",
            "name": "Mine",
        }
        body |= {"content": "complete"} if kind == "CodeSystem" else {}
        made[(await fhir.post(f"/{kind}", json=body)).json()["id"]] = body["url"]
    everything = [one["id"] for one in await pages(fhir, f"/{kind}?status=active&_count={count}")]
    assert len(everything) == len(set(everything))
    assert set(made) | set(SYSTEMS) <= set(everything)
    total = (await fhir.get(f"/{kind}?status=active&_summary=count")).json()["total"]
    assert total == len(everything)
    first = (await fhir.get(f"/{kind}?status=active&_count={count}&_total=accurate")).json()
    assert (first["total"], len(first["entry"])) == (total, min(count, total))
    identity, url = next(iter(made.items()))
    assert await found(fhir, kind, url=url) == {identity}
    theirs = await fhir.get(f"/{kind}?url={url}", headers={"x-unit": "2"})
    assert "entry" not in theirs.json()


async def test_a_token_of_one_patient_sees_no_other_answer_than_before(doors: httpx.AsyncClient) -> None:  # noqa: F811
    head = {"x-patient": await person(doors, "Lò Thị Mây")}
    assert (await doors.get("/ValueSet/icd-10", headers=head)).status_code == 404
    assert "entry" not in (await doors.get("/ValueSet", headers=head)).json()


async def condition(fhir: httpx.AsyncClient, code: str, system: str = ICD10) -> str:
    body = {
        "resourceType": "Condition",
        "subject": {"display": "x"},
        "code": {"coding": [{"system": system, "code": code}]},
    }
    made = await fhir.post("/Condition", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def asked(fhir: httpx.AsyncClient, among: list[str], modifier: str, value: str) -> list[int]:
    held = await found(fhir, "Condition", **{f"code{modifier}": value, "_id": ",".join(among)})
    return [n for n, one in enumerate(among) if one in held]


async def test_in_and_not_in_a_list(fhir: httpx.AsyncClient) -> None:
    among = [
        await condition(fhir, "J20.9"),
        await condition(fhir, "nothing"),
        await condition(fhir, "J20.9", "urn:other"),
    ]
    for address in (VALUE_SET + "icd-10", f"{ICD10}?fhir_vs"):
        assert await asked(fhir, among, ":in", address) == [0]
        assert await asked(fhir, among, ":not-in", address) == [1, 2]
    assert await asked(fhir, among, ":in", VALUE_SET + "ethnicity") == []
    own = {
        "resourceType": "ValueSet",
        "status": "active",
        "url": "urn:vs:of-list",
        "compose": {"include": [{"valueSet": [VALUE_SET + "icd-10"]}]},
    }
    assert (await fhir.post("/ValueSet", json=own)).status_code == 201
    assert await asked(fhir, among, ":in", "urn:vs:of-list") == [0]
    assert (await fhir.get("/Condition?code:in=urn:nowhere")).status_code == 400


async def test_above_and_below_in_icd(fhir: httpx.AsyncClient) -> None:
    among = [await condition(fhir, code) for code in ("J20", "J20.9", "J21.9", "J2")]
    listed = (await fhir.get("/CodeSystem/$lookup", params={"system": ICD10, "code": "J20.9"})).json()
    told = {p["part"][0]["valueCode"]: p["part"][1] for p in listed["parameter"] if p["name"] == "property"}
    assert await asked(fhir, among, ":below", f"{ICD10}|J20") == [0, 1]
    assert await asked(fhir, among, ":below", f"{ICD10}|J20.9") == [1]
    assert await asked(fhir, among, ":above", f"{ICD10}|J20.9") == [0, 1]
    assert await asked(fhir, among, ":above", f"{ICD10}|J20") == [0]
    assert await asked(fhir, among, ":below", f"{ICD10}|J20.9,{ICD10}|J21.9") == [1, 2]
    chapter = told["chapter"]["valueCode"]
    assert await asked(fhir, among, ":below", f"{ICD10}|{chapter}") == [1, 2]  # what stands in the list
    assert await asked(fhir, among, ":below", f"{ICD10}|J2") == [3]


async def test_above_and_below_in_a_stored_system(fhir: httpx.AsyncClient) -> None:
    leaf, other = {"code": "c"}, {"code": "d"}
    tree = [{"code": "a", "concept": [{"code": "b", "concept": [leaf]}, other]}]
    body = {
        "resourceType": "CodeSystem",
        "status": "active",
        "content": "complete",
        "url": "urn:cs:tree",
        "concept": tree,
    }
    assert (await fhir.post("/CodeSystem", json=body)).status_code == 201
    among = [await condition(fhir, code, "urn:cs:tree") for code in "abcd"]
    assert await asked(fhir, among, ":below", "urn:cs:tree|b") == [1, 2]
    assert await asked(fhir, among, ":below", "urn:cs:tree|a") == [0, 1, 2, 3]
    assert await asked(fhir, among, ":above", "urn:cs:tree|c") == [0, 1, 2]
    assert await asked(fhir, among, ":above", "urn:cs:tree|x") == []


@pytest.mark.parametrize(
    "query", ["code:below=J20", "code:below=urn:none|J20", "code:above=|J20", "code:below=urn:x|", "code:below=a|b|c"]
)
async def test_what_cannot_be_told_is_refused(fhir: httpx.AsyncClient, query: str) -> None:
    answer = await fhir.get(f"/Condition?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["expression"] == [f"http.{query.partition('=')[0]}"]


async def test_rights_on_the_lists_are_asked(fhir: httpx.AsyncClient) -> None:
    shut = {"x-denied": "search:CodeSystem search:ValueSet"}
    assert (await fhir.get(f"/Condition?code:below={ICD10}|J20", headers=shut)).status_code == 403
    assert (await fhir.get(f"/Condition?code:in={VALUE_SET}icd-10", headers=shut)).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_written_over_a_list(fhir: httpx.AsyncClient, kind: str) -> None:
    body = {"resourceType": kind, "id": "icd-10", "status": "draft", "url": "urn:mine"} | (
        {"content": "complete"} if kind == "CodeSystem" else {}
    )
    put = {"request": {"method": "PUT", "url": f"{kind}/icd-10"}, "resource": body}
    before = (await fhir.get(f"/{kind}/icd-10")).text
    answers = [
        await fhir.put(f"/{kind}/icd-10", json=body, headers={"x-blind": "1"}),
        await fhir.delete(f"/{kind}/icd-10", headers={"x-blind": "1"}),
        await fhir.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": [put]}),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await fhir.get(f"/{kind}/icd-10")).text == before
    assert (await fhir.put(f"/{kind}/icd-10", json=body, headers={"x-unit": "2", "x-blind": "1"})).status_code == 409
