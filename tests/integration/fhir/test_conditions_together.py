"""Conditions found in one statement, creates that replace nothing, and the order of ids."""

from typing import Any

import httpx
import pytest

from his.fhir.app import FhirApp

BLIND = {"x-blind": "1"}


def observation(references: list[str]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "performer": [{"reference": reference} for reference in references],
    }


async def practitioners(fhir: httpx.AsyncClient, word: str, count: int) -> list[str]:
    made = []
    for n in range(count):
        body = {"resourceType": "Practitioner", "identifier": [{"system": f"urn:{word}", "value": str(n)}]}
        made.append((await fhir.post("/Practitioner", json=body)).json()["id"])
    return made


async def test_many_conditional_references_are_found_in_few_statements(
    fhir: httpx.AsyncClient, app: FhirApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await practitioners(fhir, "together", 12)
    asked = []
    rows = app.engine.reader.rows

    async def counted(sql: Any) -> Any:
        asked.append(sql)
        return await rows(sql)

    monkeypatch.setattr(app.engine.reader, "rows", counted)
    conditions = [f"Practitioner?identifier=urn:together|{n}" for n in range(12)]
    entries = [
        {"resource": observation(conditions[:6]), "request": {"method": "POST", "url": "Observation"}},
        {"resource": observation(conditions[4:]), "request": {"method": "POST", "url": "Observation"}},
    ]
    answer = await fhir.post(
        "",
        json={"resourceType": "Bundle", "type": "transaction", "entry": entries},
        headers={"prefer": "return=representation"},
    )
    assert answer.status_code == 200, answer.text
    written = [entry["resource"]["performer"] for entry in answer.json()["entry"]]
    assert [p["reference"] for p in written[0]] == [f"Practitioner/{i}" for i in ids[:6]]
    assert [p["reference"] for p in written[1]] == [f"Practitioner/{i}" for i in ids[4:]]
    assert len(asked) == 1


@pytest.mark.parametrize(("value", "code"), [("nobody", "not-found"), ("0", "multiple-matches")])
async def test_a_condition_that_names_none_or_several_refuses_the_bundle(
    fhir: httpx.AsyncClient, value: str, code: str
) -> None:
    await practitioners(fhir, "twice", 1)
    await practitioners(fhir, "twice", 1)
    await practitioners(fhir, "fine", 1)
    references = ["Practitioner?identifier=urn:fine|0", f"Practitioner?identifier=urn:twice|{value}"]
    entries = [{"resource": observation(references), "request": {"method": "POST", "url": "Observation"}}]
    answer = await fhir.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    if value == "0" and answer.status_code == 200:
        pytest.fail("two resources meet the condition")
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["code"] == code


async def test_a_put_that_may_only_create_replaces_nothing(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Basic", "id": "only-new", "code": {"text": "one"}}
    only_new = {**BLIND, "if-none-match": "*"}
    first = await fhir.put("/Basic/only-new", json=body, headers=only_new)
    assert first.status_code == 201
    second = await fhir.put("/Basic/only-new", json={**body, "code": {"text": "two"}}, headers=only_new)
    assert second.status_code == 412
    assert second.json()["issue"][0]["expression"] == ["http.If-None-Match"]
    assert (await fhir.get("/Basic/only-new")).json()["code"] == {"text": "one"}
    entry = {"resource": body, "request": {"method": "PUT", "url": "Basic/only-new", "ifNoneMatch": "*"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await fhir.post("", json=bundle, headers=BLIND)).status_code in (412, 428)
    assert (await fhir.get("/Basic/only-new")).json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("order", ["_id", "-_id", "_id,code"])
async def test_ids_sort_and_page(fhir: httpx.AsyncClient, order: str) -> None:
    ids = [f"sorted-{n:02d}" for n in range(7)]
    for identity in ids:
        body = {"resourceType": "Basic", "id": identity, "code": {"coding": [{"system": "urn:sorted", "code": "x"}]}}
        assert (await fhir.put(f"/Basic/{identity}", json=body, headers=BLIND)).status_code in (200, 201)
    url, found = f"/Basic?code=urn:sorted|x&_sort={order}&_count=3", []
    while url:
        bundle = (await fhir.get(url)).json()
        found += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert found == (ids[::-1] if order[0] == "-" else ids)
