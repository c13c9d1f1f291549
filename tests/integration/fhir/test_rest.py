"""Create, read, update, delete and history over HTTP, with versions and preferences."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest

PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Hoàng", "given": ["Thị", "Mẫu"]}],
    "gender": "female",
    "birthDate": "1991-02-03",
}


async def created(fhir: httpx.AsyncClient, **more: object) -> dict:
    answer = await fhir.post("/Patient", json={**PATIENT, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_create_answers_with_version_location_and_the_text(fhir: httpx.AsyncClient) -> None:
    body = '{"resourceType":"Organization", "name":"Đơn vị Mẫu",  "extension":[{"url":"http://x","valueDecimal":1.10}]}'
    answer = await fhir.post("/Organization", content=body)
    assert answer.status_code == 201
    identity = answer.json()["id"]
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"] == f"http://his.test/fhir/r4/Organization/{identity}/_history/1"
    assert answer.text.endswith('"name":"Đơn vị Mẫu",  "extension":[{"url":"http://x","valueDecimal":1.10}]}')
    read = await fhir.get(f"/Organization/{identity}")
    assert read.text == answer.text
    assert {"system": "urn:his/CodeSystem/origin", "code": "engine-only"} in read.json()["meta"]["tag"]


async def test_update_needs_the_version_it_replaces(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    changed = {**patient, "gender": "other"}
    assert (await fhir.put(url, json=changed)).status_code == 428
    assert (await fhir.put(url, json=changed, headers={"if-match": 'W/"7"'})).status_code == 412
    assert (await fhir.put(url, json=changed, headers={"if-match": "soon"})).status_code == 412
    good = await fhir.put(url, json=changed, headers={"if-match": 'W/"1"'})
    assert (good.status_code, good.headers["etag"]) == (200, 'W/"2"')
    assert (await fhir.get(url)).json()["gender"] == "other"


async def test_a_client_with_the_right_may_update_blindly(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    answer = await fhir.put(f"/Patient/{patient['id']}", json={**patient, "gender": "male"}, headers={"x-blind": "1"})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')


async def test_of_many_updates_from_one_version_exactly_one_wins(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url, headers = f"/Patient/{patient['id']}", {"if-match": 'W/"1"'}
    answers = await asyncio.gather(*(fhir.put(url, json=patient, headers=headers) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [200] + [412] * 7


async def test_put_to_a_new_id_creates_and_a_wrong_id_is_refused(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Basic", "id": "own.id-1", "code": {"text": "x"}}
    assert (await fhir.put("/Basic/own.id-1", json=body)).status_code == 201
    assert (await fhir.put("/Basic/own.id-1", json=body)).status_code == 428
    assert (await fhir.put("/Basic/other", json=body)).status_code == 400
    assert (await fhir.put("/Basic/a_b", json={**body, "id": "a_b"})).status_code == 400
    again = {**body, "code": {"text": "y"}}
    assert (await fhir.put("/Basic/own.id-1", json=again, headers={"if-match": 'W/"1"'})).status_code == 200


async def test_delete_is_gone_but_history_stays(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    assert (await fhir.delete(url, headers={"if-match": 'W/"9"'})).status_code == 412
    assert (await fhir.delete(url)).status_code == 204
    assert (await fhir.delete(url)).status_code == 204
    assert (await fhir.get(url)).status_code == 410
    assert "entry" not in (await fhir.get("/Patient", params={"_id": patient["id"]})).json()
    history = (await fhir.get(f"{url}/_history")).json()["entry"]
    assert [entry["request"]["method"] for entry in history] == ["DELETE", "POST"]
    assert (await fhir.get(f"{url}/_history/1")).json()["gender"] == "female"
    assert (await fhir.get(f"{url}/_history/2")).status_code == 410


async def test_deleting_what_never_was_is_404(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.delete(f"/Patient/{uuid4()}")).status_code == 404


async def test_history_is_paged_to_its_end(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    for version in range(1, 6):
        await fhir.put(url, json=patient, headers={"if-match": f'W/"{version}"'})
    seen, page = [], f"{url}/_history?_count=2"
    while page:
        bundle = (await fhir.get(page)).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]]
        page = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert seen == ["6", "5", "4", "3", "2", "1"]
    everyone, page = set(), "/Patient/_history?_count=3"
    while page:
        bundle = (await fhir.get(page)).json()
        everyone |= {
            (e["resource"]["id"], e["resource"]["meta"]["versionId"]) for e in bundle["entry"] if "resource" in e
        }
        page = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert {(patient["id"], str(v)) for v in range(1, 7)} <= everyone


async def test_conditional_read_and_head(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    assert (await fhir.get(url, headers={"if-none-match": 'W/"1"'})).status_code == 304
    assert (await fhir.get(url, headers={"if-none-match": 'W/"2"'})).status_code == 200
    read = await fhir.get(url)
    assert (await fhir.get(url, headers={"if-modified-since": read.headers["last-modified"]})).status_code == 304
    head = await fhir.head(url)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", 'W/"1"')


@pytest.mark.parametrize(("prefer", "kind"), [("minimal", None), ("OperationOutcome", "OperationOutcome")])
async def test_prefer_decides_what_a_write_answers(fhir: httpx.AsyncClient, prefer: str, kind: str | None) -> None:
    answer = await fhir.post("/Patient", json=PATIENT, headers={"prefer": f"return={prefer}"})
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else None) == kind


async def test_formats(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir, extension=[{"url": "http://x", "valueDecimal": 2}])
    url = f"/Patient/{patient['id']}"
    pretty = await fhir.get(url, params={"_pretty": "true", "_format": "json"})
    assert pretty.text.startswith("{\n  ")
    assert pretty.json() == (await fhir.get(url)).json()
    assert (await fhir.get(url, params={"_format": "ttl"})).status_code == 406
    assert (await fhir.get(url, headers={"accept": "text/turtle"})).status_code == 406
    assert (await fhir.post("/Patient", content="a b", headers={"content-type": "text/turtle"})).status_code == 415


async def test_create_on_condition_happens_once_however_many_ask(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Organization", "name": "Một", "identifier": [{"system": "urn:x", "value": "only-1"}]}
    headers = {"if-none-exist": "identifier=urn:x|only-1"}
    answers = await asyncio.gather(*(fhir.post("/Organization", json=body, headers=headers) for _ in range(10)))
    assert sorted(a.status_code for a in answers) == [200] * 9 + [201]
    assert len({a.json()["id"] for a in answers}) == 1
    found = (await fhir.get("/Organization", params={"identifier": "urn:x|only-1", "_total": "accurate"})).json()
    assert found["total"] == 1


async def test_create_on_condition_sees_what_came_without_condition(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Organization", "name": "Hai", "identifier": [{"system": "urn:x", "value": "two"}]}
    first = (await fhir.post("/Organization", json=body)).json()
    headers = {"if-none-exist": "identifier=urn:x|two"}
    answer = await fhir.post("/Organization", json=body, headers=headers)
    assert (answer.status_code, answer.json()["id"]) == (200, first["id"])
    assert (await fhir.delete(f"/Organization/{first['id']}")).status_code == 204
    assert (await fhir.post("/Organization", json=body, headers=headers)).status_code == 201
    await fhir.post("/Organization", json=body)
    assert (await fhir.post("/Organization", json=body, headers=headers)).status_code in (200, 412)
    assert (await fhir.post("/Organization", json=body, headers={"if-none-exist": "identifer=x"})).status_code == 400


async def test_conditional_update_and_delete(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Organization", "name": "Ba", "identifier": [{"system": "urn:x", "value": "three"}]}
    where = {"identifier": "urn:x|three"}
    first = await fhir.put("/Organization", params=where, json=body)
    second = await fhir.put("/Organization", params=where, json={**body, "name": "Ba đổi"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    await fhir.post("/Organization", json=body)
    assert (await fhir.put("/Organization", params=where, json=body)).status_code == 412
    assert (await fhir.delete("/Organization", params=where)).status_code == 412
    assert (await fhir.delete("/Organization", params={"identifier": "urn:x|none"})).status_code == 204


async def test_errors_are_outcomes_with_a_place(fhir: httpx.AsyncClient) -> None:
    wrong = {**PATIENT, "gender": "xx", "telecom": [{"period": {"start": "2026-02-01", "end": "2026-01-01"}}]}
    answer = await fhir.post("/Patient", json=wrong)
    assert answer.status_code == 422
    places = {place for issue in answer.json()["issue"] for place in issue["expression"]}
    assert places == {"Patient.gender", "Patient.telecom[0].period"}
    shape = await fhir.post("/Patient", json={**PATIENT, "name": [{"given": "An"}]})
    assert (shape.status_code, shape.json()["issue"][0]["expression"]) == (400, ["Patient.name[0].given"])
    assert (await fhir.post("/Patient", json={"resourceType": "Basic"})).status_code == 400
    assert (await fhir.patch("/Patient/1", json={})).status_code == 404
    assert (await fhir.request("PURGE", "/Patient/1")).status_code == 405
    assert (await fhir.get("/Patint")).status_code == 404


async def test_who_is_not_signed_in_or_not_allowed(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    del fhir.headers["x-unit"]
    refused = await fhir.get(f"/Patient/{patient['id']}")
    assert refused.status_code == 401
    assert refused.json()["resourceType"] == "OperationOutcome"
    headers = {"x-unit": "1", "x-denied": "create delete"}
    assert (await fhir.post("/Patient", json=PATIENT, headers=headers)).status_code == 403
    assert (await fhir.delete(f"/Patient/{patient['id']}", headers=headers)).status_code == 403
    assert (await fhir.get("/metadata")).status_code == 200


async def test_another_units_resource_is_told_like_one_that_never_was(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    other = {"x-unit": "2"}
    foreign = await fhir.get(f"/Patient/{patient['id']}", headers=other)
    random = await fhir.get(f"/Patient/{uuid4()}", headers=other)
    assert (foreign.status_code, foreign.content) == (random.status_code, random.content)
    assert foreign.status_code == 404
    body = json.dumps(patient)
    assert (await fhir.get(f"/Patient/{patient['id']}/_history", headers=other)).status_code == 404
    assert (await fhir.delete(f"/Patient/{patient['id']}", headers=other)).status_code == 404
    stale = await fhir.put(f"/Patient/{patient['id']}", content=body, headers={**other, "if-match": 'W/"1"'})
    assert stale.status_code == 412
    assert "entry" not in (await fhir.get("/Patient", params={"name": "hoang"}, headers=other)).json()
