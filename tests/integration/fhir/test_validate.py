"""`$validate` over HTTP: what a write would say, in every mode, and nothing is written."""

from uuid import uuid4

import httpx

from tests.integration.fhir.test_operations import PATIENT, complaint, made


async def test_validate_tells_what_a_write_would_say_and_writes_nothing(fhir: httpx.AsyncClient) -> None:
    good = await fhir.post("/Patient/$validate", json=PATIENT)
    assert good.status_code == 200
    assert good.json()["issue"][0]["severity"] == "information"
    wrong = await fhir.post("/Patient/$validate", json={**PATIENT, "gender": "xx"})
    assert wrong.status_code == 200
    assert wrong.json()["issue"][0]["expression"] == ["Patient.gender"]
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {**PATIENT, "birthDate": 7}}, {"name": "mode", "valueCode": "create"}]}  # fmt: skip
    shape = (await fhir.post("/Patient/$validate", json=wrapped)).json()["issue"][0]
    assert (shape["severity"], shape["expression"]) == ("error", ["Patient.birthDate"])
    name = f"Kiểm{uuid4().hex}"
    await fhir.post("/Patient/$validate", json={**PATIENT, "name": [{"family": name}]})
    assert "entry" not in (await fhir.get("/Patient", params={"family": name})).json()


async def test_validate_of_an_instance_and_its_modes(fhir: httpx.AsyncClient) -> None:
    patient = await made(fhir, PATIENT)
    url = f"/Patient/{patient['id']}/$validate"
    assert (await fhir.get(url)).json()["issue"][0]["severity"] == "information"
    assert (await fhir.get(f"{url}?mode=delete")).json()["issue"][0]["severity"] == "information"
    other = await fhir.post(f"{url}?mode=update", json={**PATIENT, "id": "other"})
    assert other.json()["issue"][0]["expression"] == ["Patient.id"]
    assert (await fhir.get(url, headers={"x-unit": "2"})).status_code == 404
    assert (await fhir.get(f"/Patient/{uuid4()}/$validate?mode=delete")).status_code == 404
    assert complaint(await fhir.post("/Patient/$validate?mode=guess", json=PATIENT)) == "http.mode"
    assert complaint(await fhir.get("/Patient/$validate")) == "Parameters.parameter.where(name='resource')"
    assert (await fhir.post("/Patient/$validate", content="{nothing")).status_code == 400
    unknown = await fhir.post("/Patient/$validate?profile=http://example.org/fhir/x", json=PATIENT)
    assert unknown.json()["issue"][0]["code"] == "not-supported"
    base = await fhir.post("/Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", json=PATIENT)
    assert base.json()["issue"][0]["severity"] == "information"
    wrong = await fhir.post("/Patient/$validate", json={"resourceType": "Basic", "code": {"text": "x"}})
    assert wrong.json()["issue"][0]["expression"] == ["resourceType"]
