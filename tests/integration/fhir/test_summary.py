"""`Patient/$summary` over HTTP: the sections of the International Patient Summary from the record as it stands."""

from datetime import date
from uuid import uuid4

import httpx

from his.fhir.systems import CITIZEN
from tests.integration.fhir.test_slice_operations import UNIT, complaint, person, registered


async def test_the_summary_of_a_patient(fhir: httpx.AsyncClient) -> None:
    number = f"0{uuid4().int % 10**11:011d}"
    patient = await registered(fhir, person("Vũ Thị Tóm Tắt", number))
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    made = {}
    for name, body in {
        "now": {"resourceType": "Condition", "clinicalStatus": {"coding": [{"system": clinical, "code": "active"}]}, "code": {"text": "Hen & <phế quản>"}, **subject},
        "past": {"resourceType": "Condition", "clinicalStatus": {"coding": [{"system": clinical, "code": "resolved"}]}, "code": {"text": "Viêm họng"}, **subject},
        "result": {"resourceType": "Observation", "status": "final", "code": {"text": "Hb"}, "valueQuantity": {"value": 130.50, "unit": "g/L"}, "effectiveDateTime": "2026-01-02", **subject},
        "wrong": {"resourceType": "Observation", "status": "entered-in-error", "code": {"text": "Hb"}, **subject},
    }.items():  # fmt: skip
        answer = await fhir.post(f"/{body['resourceType']}", json=body)
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    answer = await fhir.get(f"/Patient/{patient}/$summary")
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    composition = bundle["entry"][0]["resource"]
    assert (bundle["type"], composition["resourceType"]) == ("document", "Composition")
    by_code = {s["code"]["coding"][0]["code"]: s for s in composition["section"]}
    assert [e["reference"] for e in by_code["11450-4"]["entry"]] == [f"Condition/{made['now']}"]
    assert "Hen &amp; &lt;phế quản&gt;" in by_code["11450-4"]["text"]["div"]
    assert [e["reference"] for e in by_code["11348-0"]["entry"]] == [f"Condition/{made['past']}"]
    assert [e["reference"] for e in by_code["30954-2"]["entry"]] == [f"Observation/{made['result']}"]
    assert by_code["48765-2"]["emptyReason"]["coding"][0]["code"] == "unavailable"
    inside = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
    pointed = {e["reference"] for s in composition["section"] for e in s.get("entry", [])}
    assert pointed | {f"Patient/{patient}"} <= inside
    assert (await fhir.post("/Bundle/$validate", json=bundle)).json()["issue"][0]["severity"] == "information"
    by_number = await fhir.get(f"/Patient/$summary?identifier={CITIZEN}|{number}")
    assert by_number.json()["entry"][1]["resource"]["id"] == patient


async def test_a_summary_that_cannot_be_made(fhir: httpx.AsyncClient) -> None:
    patient = await registered(fhir, person("Vũ Thị Tóm Tắt"))
    assert (await fhir.get(f"/Patient/{patient}/$summary", headers=UNIT)).status_code == 404
    assert (await fhir.get(f"/Patient/{uuid4()}/$summary")).status_code == 404
    assert complaint(await fhir.get("/Patient/$summary")) == (400, "Parameters.parameter.where(name='identifier')")
    assert complaint(await fhir.get(f"/Patient/{patient}/$summary?profile=http://x")) == (400, "http.profile")
    assert date.fromisoformat((await fhir.get(f"/Patient/{patient}/$summary")).json()["timestamp"][:10])
