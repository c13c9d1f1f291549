"""`_summary`, `_elements`, gzip, `Prefer`, HEAD and the three histories."""

import gzip
import json
from datetime import datetime, timedelta

import httpx
import pytest

from tests.integration.fhir.test_rest import PATIENT, created

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
RICH = {
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "identifier": [{"system": "urn:v", "value": "rich"}],
    "maritalStatus": {"text": "m"},
    "contact": [{"name": {"text": "Mẹ"}}],
    "link": [{"other": {"reference": "Patient/x"}, "type": "seealso"}],
    "extension": [{"url": "http://x", "valueDecimal": 1.10}],
}


async def rich(fhir: httpx.AsyncClient) -> str:
    body = json.dumps({**PATIENT, **RICH}).replace("1.1}", "1.10}")
    return str((await fhir.post("/Patient", content=body)).json()["id"])


async def test_summaries_of_a_read(fhir: httpx.AsyncClient) -> None:
    url = f"/Patient/{await rich(fhir)}"
    whole = (await fhir.get(url)).json()
    summary = (await fhir.get(url, params={"_summary": "true"})).json()
    assert {"identifier", "name", "gender", "link"} <= summary.keys()
    assert not {"text", "maritalStatus", "contact", "extension"} & summary.keys()
    assert SUBSETTED in summary["meta"]["tag"]
    assert summary["meta"]["versionId"] == "1"
    text = (await fhir.get(url, params={"_summary": "text"})).json()
    assert text.keys() == {"resourceType", "id", "meta", "text"}
    data = await fhir.get(url, params={"_summary": "data"})
    assert data.json().keys() == whole.keys() - {"text"}
    assert '"valueDecimal": 1.10' in data.text
    assert (await fhir.get(url, params={"_summary": "false"})).json() == whole
    some = await fhir.get(f"{url}/_history/1", params={"_elements": "name,gender"})
    assert some.json().keys() == {"resourceType", "id", "meta", "name", "gender"}
    assert (await fhir.get(url, params={"_summary": "some"})).status_code == 400
    assert (await fhir.get(url, params={"_elements": "nothing"})).json()["issue"][0]["expression"] == ["http._elements"]


async def test_mandatory_elements_stay_and_the_part_is_no_update(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "c"}, "valueInteger": 1}
    url = f"/Observation/{(await fhir.post('/Observation', json=body)).json()['id']}"
    part = (await fhir.get(url, params={"_elements": "value"})).json()
    assert (part["valueInteger"], part["status"], part["code"]) == (1, "final", {"text": "c"})
    answer = await fhir.put(url, json=part, headers={"if-match": 'W/"1"'})
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Observation.meta.tag"])


async def test_views_of_searches_and_their_links(fhir: httpx.AsyncClient) -> None:
    for _ in range(3):
        await rich(fhir)
    page = (await fhir.get("/Patient", params={"identifier": "urn:v|rich", "_summary": "true", "_count": "1"})).json()
    assert "contact" not in page["entry"][0]["resource"]
    assert SUBSETTED in page["entry"][0]["resource"]["meta"]["tag"]
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert "_summary=true" in following
    assert "contact" not in (await fhir.get(following)).json()["entry"][0]["resource"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await fhir.post("/Patient/_search", content="identifier=urn:v|rich&_elements=gender", headers=form)
    assert posted.json()["entry"][0]["resource"].keys() == {"resourceType", "id", "meta", "gender"}
    count = (await fhir.get("/Patient", params={"identifier": "urn:v|rich", "_summary": "count"})).json()
    assert count["total"] >= 3
    assert "entry" not in count
    mixed = await fhir.get("/Patient", params={"_summary": "text", "_revinclude": "Condition:patient"})
    assert mixed.status_code == 400


async def pages(fhir: httpx.AsyncClient, url: str) -> list[dict]:
    """All entries of all pages."""
    entries: list[dict] = []
    while url:
        bundle = (await fhir.get(url)).json()
        assert bundle["type"] == "history"
        entries += bundle.get("entry", [])
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return entries


async def test_history_of_instance_type_and_system(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    for version in (1, 2, 3):
        changed = await fhir.put(
            url, json={**patient, "active": bool(version % 2)}, headers={"if-match": f'W/"{version}"'}
        )
    assert changed.headers["etag"] == 'W/"4"'
    basic = (await fhir.post("/Basic", json={"resourceType": "Basic", "code": {"text": "b"}})).json()["id"]
    assert (await fhir.delete(f"/Basic/{basic}")).status_code == 204
    instance = (await fhir.get(f"{url}/_history", params={"_count": "2"})).json()
    assert (instance["total"], len(instance["entry"])) == (4, 2)
    everything = await pages(fhir, "/_history?_count=2")
    keys = [(e["fullUrl"], e["response"]["etag"]) for e in everything]
    assert len(keys) == len(set(keys))
    assert [e["request"]["method"] for e in everything[:3]] == ["DELETE", "POST", "PUT"]
    times = [e["response"]["lastModified"] for e in everything]
    assert times == sorted(times, reverse=True)
    patients = await pages(fhir, "/Patient/_history?_count=3")
    assert {k for k in keys if "/Patient/" in k[0]} == {(e["fullUrl"], e["response"]["etag"]) for e in patients}
    hidden = await fhir.get("/_history", headers={"x-unit": "2"})
    assert basic not in hidden.text
    assert (await fhir.get("/_history", headers={"x-denied": "read"})).status_code == 403
    short = (await fhir.get(f"{url}/_history", params={"_elements": "gender"})).json()["entry"][0]["resource"]
    assert short.keys() == {"resourceType", "id", "meta", "gender"}
    assert (await fhir.get(f"{url}/_history", params={"_summary": "count"})).json()["total"] == 4


async def test_history_since_and_at(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    first = datetime.fromisoformat(patient["meta"]["lastUpdated"])
    second = (await fhir.put(url, json=patient, headers={"if-match": 'W/"1"'})).json()["meta"]["lastUpdated"]

    async def versions(**params: str) -> list[str]:
        bundle = (await fhir.get(f"{url}/_history", params=params)).json()
        return [entry["resource"]["meta"]["versionId"] for entry in bundle.get("entry", [])]

    before = (first - timedelta(days=1)).isoformat()
    assert await versions(_since=before) == ["2", "1"]
    assert await versions(_since=second) == ["2"]
    assert await versions(_since=(first + timedelta(days=1)).isoformat()) == []
    assert await versions(_at=before) == []
    assert await versions(_at=patient["meta"]["lastUpdated"]) == ["1"]
    assert await versions(_at=(first + timedelta(days=1)).isoformat()) == ["2"]
    assert await versions(_at=str(first.year)) == ["2", "1"]
    for wrong in ("_since=soon", "_at=x", "_count=x", "_sort=_id", "name=x", "_cursor=WyJ4IiwieSIsInoiXQ"):
        answer = await fhir.get(f"{url}/_history?{wrong}")
        assert answer.status_code == 400, wrong
        assert answer.json()["issue"][0]["expression"] == [f"http.{wrong.partition('=')[0]}"]


async def test_large_answers_travel_packed_and_packed_bodies_are_read(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Basic", "code": {"text": "x" * 4000}}
    packed = {"content-encoding": "gzip"}
    made = await fhir.post("/Basic", content=gzip.compress(json.dumps(body).encode()), headers=packed)
    assert made.status_code == 201, made.text
    url = f"/Basic/{made.json()['id']}"
    answer = await fhir.get(url, headers={"accept-encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.json()["code"]["text"]) == ("gzip", "x" * 4000)
    assert int(answer.headers["content-length"]) < 1000
    assert "content-encoding" not in (await fhir.get(url, headers={"accept-encoding": "identity"})).headers
    bomb = gzip.compress(b" " * 40_000_000)
    assert (await fhir.post("/Basic", content=bomb, headers=packed)).status_code == 413
    assert (await fhir.post("/Basic", content=b"no gzip", headers=packed)).status_code == 400
    assert (await fhir.post("/Basic", content=b"x", headers={"content-encoding": "br"})).status_code == 415


@pytest.mark.parametrize("prefer", ["minimal", "representation", "OperationOutcome"])
async def test_prefer_on_every_write(fhir: httpx.AsyncClient, prefer: str) -> None:
    headers = {"prefer": f"return={prefer}"}
    body = {"resourceType": "Basic", "code": {"text": "p"}, "identifier": [{"system": "urn:f", "value": prefer}]}
    where = {"if-none-exist": f"identifier=urn:f|{prefer}"}
    patch = {**headers, "content-type": "application/json-patch+json", "if-match": 'W/"2"'}
    first = await fhir.post("/Basic", json=body, headers={**headers, **where})
    identity = first.headers["location"].split("/")[-3]
    url = f"/Basic/{identity}"
    answers = [
        first,
        await fhir.post("/Basic", json=body, headers={**headers, **where}),
        await fhir.put(url, json={**body, "id": identity}, headers={**headers, "if-match": 'W/"1"'}),
        await fhir.patch(url, content='[{"op":"replace","path":"/code/text","value":"q"}]', headers=patch),
    ]
    kinds = {"minimal": None, "representation": "Basic", "OperationOutcome": "OperationOutcome"}
    for answer in answers:
        assert answer.status_code in (200, 201), answer.text
        assert (answer.json()["resourceType"] if answer.content else None) == kinds[prefer]
    assert [a.headers["etag"] for a in answers] == ['W/"1"', 'W/"1"', 'W/"2"', 'W/"3"']
    assert all(a.headers["location"].startswith(f"http://his.test/fhir/r4{url}/_history/") for a in answers)
    entries = [{"resource": body, "request": {"method": "POST", "url": "Basic"}}]
    for kind in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
        entry = (await fhir.post("", json=bundle, headers=headers)).json()["entry"][0]
        assert ("resource" in entry) == (prefer == "representation"), kind
        assert ("outcome" in entry["response"]) == (prefer == "OperationOutcome"), kind
    deleted = await fhir.delete(url, headers=headers)
    assert deleted.status_code == (200 if prefer == "OperationOutcome" else 204)


async def test_head_answers_wherever_get_does(fhir: httpx.AsyncClient) -> None:
    url = f"/Patient/{(await created(fhir))['id']}"
    for address in (
        url,
        f"{url}/_history",
        f"{url}/_history/1",
        "/Patient?_count=1",
        "/Patient/_history",
        "/_history",
        "/metadata",
    ):
        head, get = await fhir.head(address), await fhir.get(address)
        assert (head.status_code, head.content) == (200, b""), address
        assert head.headers["content-length"] == get.headers["content-length"], address
    assert (await fhir.head("/Patient/none")).status_code == 404
    entries = [{"request": {"method": "HEAD", "url": url[1:]}}]
    answer = await fhir.post("", json={"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert answer.json()["entry"][0]["response"]["etag"] == 'W/"1"'
    assert "resource" not in answer.json()["entry"][0]
