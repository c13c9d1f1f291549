"""PATCH over HTTP: JSON Patch, FHIRPath Patch and merge patch, alone, on a condition and inside bundles."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from tests.integration.fhir.test_rest import PATIENT, created

JSON_PATCH = {"content-type": "application/json-patch+json"}
BLIND = {"x-blind": "1"}
ANY = {**JSON_PATCH, **BLIND}


def operation(kind: str, **parts: Any) -> dict[str, Any]:
    """One operation of a FHIRPath Patch; numbers travel as integers, `value` as (type, value)."""
    listed: list[dict[str, Any]] = [{"name": "type", "valueCode": kind}]
    for name, value in parts.items():
        if name == "value":
            listed.append({"name": name, **value})
        elif isinstance(value, int):
            listed.append({"name": name, "valueInteger": value})
        else:
            listed.append({"name": name, "valueString": value})
    return {"name": "operation", "part": listed}


def parameters(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


async def test_json_patch_changes_a_part_and_keeps_every_digit(fhir: httpx.AsyncClient) -> None:
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10,"unit":"g"},'
        '"component":[{"code":{"text":"c"},"valueQuantity":{"value":2.500}}]}'
    )
    made = await fhir.post("/Observation", content=body)
    url = f"/Observation/{made.json()['id']}"
    patch = '[{"op":"replace","path":"/valueQuantity/value","value":3.20},{"op":"add","path":"/note","value":[{"text":"n"}]}]'
    answer = await fhir.patch(url, content=patch, headers={**JSON_PATCH, "if-match": 'W/"1"'})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["location"] == f"http://his.test/fhir/r4{url}/_history/2"
    stored = (await fhir.get(url)).text
    assert '"value":3.20' in stored
    assert '"value":2.500' in stored
    assert '"note":[{"text":"n"}]' in stored


async def test_a_patch_names_its_version(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    patch = json.dumps([{"op": "replace", "path": "/gender", "value": "other"}])
    assert (await fhir.patch(url, content=patch, headers=JSON_PATCH)).status_code == 428
    assert (await fhir.patch(url, content=patch, headers={**JSON_PATCH, "if-match": 'W/"4"'})).status_code == 412
    assert (await fhir.patch(url, content=patch, headers={**JSON_PATCH, "if-match": 'W/"1"'})).status_code == 200
    assert (await fhir.patch(url, content=patch, headers=ANY)).status_code == 200
    assert (await fhir.patch("/Patient/never", content=patch, headers=JSON_PATCH)).status_code == 404
    await fhir.delete(url)
    assert (await fhir.patch(url, content=patch, headers=ANY)).status_code == 410
    denied = {**ANY, "x-denied": "read"}
    assert (await fhir.patch(url, content=patch, headers=denied)).status_code == 403
    assert (await fhir.patch(url, content=patch, headers={**ANY, "x-unit": "2"})).status_code == 404


@pytest.mark.parametrize(
    ("patch", "status", "place"),
    [
        ([{"op": "test", "path": "/gender", "value": "male"}], 422, "http.body[0]"),
        ([{"op": "test", "path": "/active", "value": 1}], 422, "http.body[0]"),
        ([{"op": "remove", "path": "/photo"}], 422, "http.body[0]"),
        ([{"op": "replace", "path": "/id", "value": "other"}], 422, "Patient.id"),
        ([{"op": "replace", "path": "", "value": []}], 422, "Patient.id"),
        ([{"op": "replace", "path": "/gender", "value": "xx"}], 422, "Patient.gender"),
        ([{"op": "replace", "path": "/name", "value": "x"}], 400, "Patient.name"),
        ([{"op": "add", "path": "/gender"}], 400, "http.body[0].value"),
        ([{"op": "jump", "path": "/gender"}], 400, "http.body[0].op"),
        ([{"op": "remove", "path": "gender"}], 400, "http.body[0].path"),
        ([], 400, "http.body"),
        ({"op": "remove"}, 400, "http.body"),
    ],
)
async def test_json_patches_that_do_not_fit(fhir: httpx.AsyncClient, patch: Any, status: int, place: str) -> None:
    patient = await created(fhir, active=True)
    answer = await fhir.patch(f"/Patient/{patient['id']}", content=json.dumps(patch), headers=ANY)
    assert answer.status_code == status, answer.text
    assert place in answer.json()["issue"][0]["expression"]
    assert (await fhir.get(f"/Patient/{patient['id']}")).json()["meta"]["versionId"] == "1"


async def test_copies_cannot_double_without_end(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    copies = [{"op": "copy", "from": "/name", "path": f"/name/0/x{n}"} for n in range(60)]
    answer = await fhir.patch(f"/Patient/{patient['id']}", content=json.dumps(copies), headers=ANY)
    assert answer.status_code == 422


async def test_parallel_patches_are_all_applied(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir, telecom=[])
    url = f"/Patient/{patient['id']}"
    await fhir.patch(
        url,
        content=json.dumps([{"op": "add", "path": "/telecom", "value": [{"system": "phone", "value": "0"}]}]),
        headers=ANY,
    )
    patches = [
        json.dumps([{"op": "add", "path": "/telecom/-", "value": {"system": "phone", "value": str(n)}}])
        for n in range(1, 5)
    ]
    answers = await asyncio.gather(*(fhir.patch(url, content=patch, headers=ANY) for patch in patches))
    assert {answer.status_code for answer in answers} == {200}
    values = [point["value"] for point in (await fhir.get(url)).json()["telecom"]]
    assert sorted(values) == ["0", "1", "2", "3", "4"]


async def test_merge_patch_as_fhirpy_sends_it(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir, active=True)
    url = f"/Patient/{patient['id']}"
    headers = {"content-type": "application/json", **BLIND}
    answer = await fhir.patch(url, json={"gender": "other", "active": None}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["gender"], "active" in answer.json()) == ("other", False)
    merge = {"content-type": "application/merge-patch+json", **BLIND}
    assert (await fhir.patch(url, json={"gender": "male"}, headers=merge)).json()["gender"] == "male"


async def test_path_patch_adds_inserts_replaces_moves_and_deletes(fhir: httpx.AsyncClient) -> None:
    patient = await created(
        fhir, name=[{"use": "official", "family": "Mẫu", "given": ["A", "B"]}, {"text": "khác"}], active=True
    )
    answer = await fhir.patch(
        f"/Patient/{patient['id']}",
        json=parameters(
            operation("add", path="Patient", name="maritalStatus", value={"valueCodeableConcept": {"text": "x"}}),
            operation("add", path="Patient", name="deceased", value={"valueBoolean": False}),
            operation("insert", path="Patient.name[0].given", index=1, value={"valueString": "G"}),
            operation("replace", path="Patient.name.where(use = 'official').family", value={"valueString": "Hồ"}),
            operation("move", path="Patient.name", source=1, destination=0),
            operation("delete", path="Patient.active"),
            operation("delete", path="Patient.photo"),
            operation(
                "add",
                path="Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "Mẹ"}},
                        {"name": "gender", "valueCode": "female"},
                    ]
                },
            ),
            operation(
                "add",
                path="Patient",
                name="extension",
                value={"valueExtension": {"url": "http://x", "valueDecimal": 1.5}},
            ),
        ),
        headers=BLIND,
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert [name.get("family") for name in changed["name"]] == [None, "Hồ"]
    assert changed["name"][1]["given"] == ["A", "G", "B"]
    assert (changed["maritalStatus"], changed["deceasedBoolean"]) == ({"text": "x"}, False)
    assert changed["contact"] == [{"name": {"text": "Mẹ"}, "gender": "female"}]
    assert "active" not in changed


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (operation("replace", path="Patient.name", value={"valueString": "x"}), 422),
        (operation("delete", path="Patient"), 422),
        (operation("insert", path="Patient.name", index=9, value={"valueHumanName": {"text": "x"}}), 422),
        (operation("move", path="Patient.name", source=0, destination=7), 422),
        (operation("add", path="Patient", name="gender", value={"valueCode": "male"}), 422),
        (operation("add", path="Patient", name="nothing", value={"valueCode": "male"}), 422),
        (operation("delete", path="Patient.nothing"), 400),
        (operation("delete", path="Patient.name.where(repeat(x))"), 400),
        (operation("delete", path="Patient.name.where(use = )"), 400),
        (operation("delete", path="Patient.name.where("), 400),
        (operation("delete", path="x" * 600), 400),
        (operation("jump", path="Patient.name"), 400),
        (operation("insert", path="Patient.name", value={"valueHumanName": {}}), 400),
        ({"name": "operation"}, 400),
        ({"name": "other", "part": []}, 400),
    ],
)
async def test_path_patches_that_do_not_fit(fhir: httpx.AsyncClient, change: Any, status: int) -> None:
    patient = await created(fhir, name=[{"family": "a"}, {"family": "b"}])
    answer = await fhir.patch(f"/Patient/{patient['id']}", json=parameters(change), headers=BLIND)
    assert answer.status_code == status, answer.text
    assert answer.json()["issue"][0]["expression"][0].startswith("Parameters")


async def test_patch_on_a_condition(fhir: httpx.AsyncClient) -> None:
    await created(fhir, identifier=[{"system": "urn:p", "value": "one"}])
    for _ in range(2):
        await created(fhir, identifier=[{"system": "urn:p", "value": "two"}])
    patch = json.dumps([{"op": "replace", "path": "/gender", "value": "other"}])
    for value, status in (("one", 200), ("none", 404), ("two", 412)):
        answer = await fhir.patch(
            "/Patient", params={"identifier": f"urn:p|{value}"}, content=patch, headers=JSON_PATCH
        )
        assert answer.status_code == status, answer.text
    assert (await fhir.patch("/Patient", content=patch, headers=JSON_PATCH)).status_code == 400
    assert (await fhir.patch("/Patient?_format=json", content=patch, headers=JSON_PATCH)).status_code == 400


async def test_patches_inside_batch_and_transaction(fhir: httpx.AsyncClient) -> None:
    patient = await created(fhir)
    url = f"Patient/{patient['id']}"
    document = json.dumps([{"op": "replace", "path": "/gender", "value": "other"}]).encode()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(document).decode(),
    }
    urn = "urn:uuid:5b4c1d8a-7d3c-4f0e-9a56-0d6e2f1b7c11"
    doctor = {"valueReference": {"reference": urn}}
    for kind in ("batch", "transaction"):
        version = (await fhir.get(f"/{url}")).json()["meta"]["versionId"]
        entries = [
            {"resource": binary, "request": {"method": "PATCH", "url": url, "ifMatch": f'W/"{version}"'}},
            {
                "resource": {"resourceType": "Basic", "code": {"text": kind}},
                "request": {"method": "POST", "url": "Basic"},
            },
        ]
        answer = await fhir.post("", json={"resourceType": "Bundle", "type": kind, "entry": entries})
        assert answer.status_code == 200, answer.text
        assert answer.json()["entry"][0]["response"]["status"].startswith("200"), answer.text
        stale = await fhir.post("", json={"resourceType": "Bundle", "type": kind, "entry": entries})
        said = stale.json()["entry"][0]["response"]["status"] if kind == "batch" else str(stale.status_code)
        assert said == "412"
    entries = [
        {
            "resource": parameters(operation("add", path="Patient", name="generalPractitioner", value=doctor)),
            "request": {"method": "PATCH", "url": "Patient?_id=" + patient["id"]},
        },
        {
            "fullUrl": urn,
            "resource": {"resourceType": "Practitioner"},
            "request": {"method": "POST", "url": "Practitioner"},
        },
    ]
    answer = await fhir.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text
    made = answer.json()["entry"][1]["response"]["location"].split("/_history")[0]
    assert (await fhir.get(f"/{url}")).json()["generalPractitioner"] == [{"reference": made}]
    entries[0]["resource"] = PATIENT
    wrong = await fhir.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": entries[:1]})
    assert wrong.status_code == 400
    assert wrong.json()["issue"][0]["expression"] == ["Bundle.entry[0].resource"]
