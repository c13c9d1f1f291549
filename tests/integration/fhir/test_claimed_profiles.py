"""Profiles on the wire: a claim that does not hold is 422 with the element; without a claim nobody asks."""

import json
import os
import subprocess
import sys

import pytest

from his.fhir.profile_set import ours

PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "http://fhir.ehealth.gov.vn/core/sid/citizen_id", "value": "001080000001", "use": "official"}],
    "name": [{"text": "Lý Thị Mẩy"}],
    "gender": "female",
    "birthDate": "1980-02-03",
}  # fmt: skip


def claiming(**change):
    made = {**PATIENT, "meta": {"profile": [ours("patient")]}, **change}
    return {name: value for name, value in made.items() if value is not None}


async def test_a_patient_that_holds_what_it_claims_is_stored_with_the_claim(fhir):
    made = await fhir.post("Patient", json=claiming())
    assert made.status_code == 201, made.text
    assert made.json()["meta"]["profile"] == [ours("patient")]


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        ({"gender": None}, "Patient.gender"),
        ({"birthDate": None}, "Patient.birthDate"),
        ({"identifier": None}, "Patient.identifier"),
        ({"name": [{"family": "Lý"}]}, "Patient.name[0].text"),
        ({"identifier": [{**PATIENT["identifier"][0], "value": "1"}]}, "Patient.identifier"),
        ({"identifier": [{**PATIENT["identifier"][0], "use": "temp"}]}, "Patient.identifier[0].use"),
    ],
)
async def test_what_is_wrong_is_named(fhir, change, expression):
    answer = await fhir.post("Patient", json=claiming(**change))
    assert answer.status_code == 422, answer.text
    issues = answer.json()["issue"]
    assert expression in [one["expression"][0] for one in issues]
    assert all(one["details"]["coding"][0]["code"].startswith("FHIR-PROFILE-") for one in issues)
    unclaimed = claiming(**change, meta=None)
    assert (await fhir.post("Patient", json=unclaimed)).status_code in (201, 409)  # 409: the number is another record's


async def test_updates_and_transactions_are_held_to_it_too(fhir):
    made = (
        await fhir.post("Patient", json=claiming(identifier=[{**PATIENT["identifier"][0], "value": "001080000002"}]))
    ).json()
    changed = {**made, "gender": None}
    del changed["gender"]
    put = await fhir.put(f"Patient/{made['id']}", headers={"if-match": 'W/"1"'}, json=changed)
    assert put.status_code == 422
    entry = {"resource": claiming(gender=None), "request": {"method": "POST", "url": "Patient"}}
    answer = await fhir.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer.status_code == 422
    assert "Patient.gender" in answer.text


async def test_an_unknown_profile_is_kept_and_asks_for_nothing(fhir):
    sent = {"resourceType": "Basic", "code": {"text": "x"}, "meta": {"profile": ["https://elsewhere.example/p"]}}
    made = await fhir.post("Basic", json=sent)
    assert made.status_code == 201
    assert made.json()["meta"]["profile"] == ["https://elsewhere.example/p"]


def test_the_guide_and_the_systems_are_a_matter_of_settings():
    script = (
        "from his.fhir import systems; from his.fhir.profile_set import OURS, definition, national; "
        "p = OURS[0]; assert definition(p.base), p.base; import json; "
        "print(json.dumps([systems.CITIZEN, systems.FACILITY, p.base, str(p.elements), sorted(systems.CITIZEN_SYSTEMS)]))"
    )
    environment = {
        **os.environ,
        "HIS_FHIR_GUIDE": "http://fhir.hl7.org.vn/core",
        "HIS_FHIR_SYSTEMS": "citizen=http://fhir.hl7.org.vn/core/sid/cccd",
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    citizen, facility, base, elements, known = json.loads(done.stdout)
    assert citizen == "http://fhir.hl7.org.vn/core/sid/cccd"
    assert facility == "http://fhir.hl7.org.vn/core/sid/provider-code"
    assert base == "http://fhir.hl7.org.vn/core/StructureDefinition/vn-core-patient"
    assert citizen in elements
    assert "http://fhir.ehealth.gov.vn/core/sid/citizen_id" in known
