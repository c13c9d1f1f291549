"""Search restrictions of scopes, and records of heightened confidentiality: what is left out is left out everywhere."""

import pytest

from .apps import App, bearer, sign_in, token_of

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ICD = "http://hl7.org/fhir/sid/icd-10"


def ids_in(answer) -> set[str]:
    return {e["resource"]["id"] for e in answer.json().get("entry", []) if "resource" in e}


async def test_a_category_is_kept_to_at_every_door(client, owner, records):
    csrf = await sign_in(client)
    token = await token_of(client, csrf, App("narrow", scope="launch/patient patient/*.rs"), records.mine)
    assert token["scope"] == "launch/patient patient/Observation.rs?category=vital-signs patient/Patient.r"
    head = bearer(token["access_token"])
    vital, laboratory = records.ids["mine"]["Observation"], records.ids["mine"]["laboratory"]
    assert (await client.get(f"/fhir/r4/Observation/{vital}", headers=head)).status_code == 200
    for shut in (laboratory, records.ids["theirs"]["Observation"]):
        for path in ("", "/_history", "/_history/1"):
            assert (await client.get(f"/fhir/r4/Observation/{shut}{path}", headers=head)).status_code == 404
    assert ids_in(await client.get("/fhir/r4/Observation", headers=head)) == {vital}
    assert ids_in(await client.get("/fhir/r4/Observation?category=laboratory", headers=head)) == set()
    assert ids_in(await client.get("/fhir/r4/Observation/_history", headers=head)) == {vital}
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 200
    assert (await client.get("/fhir/r4/Patient", headers=head)).status_code == 403  # r is not s
    included = await client.get("/fhir/r4/Observation?_include=Observation:subject", headers=head)
    assert ids_in(included) == {vital}  # what goes along with a search asks for search too


async def secret_condition(client, machine, patient, code="B20", label=None):
    sent = {
        "resourceType": "Condition", "subject": {"reference": f"Patient/{patient}"},
        "clinicalStatus": {"coding": [{"code": "active"}]}, "code": {"coding": [{"system": ICD, "code": code}]},
    }  # fmt: skip
    if label:
        sent["meta"] = {"security": [{"system": CONFIDENTIALITY, "code": label}]}
    made = await client.post("/fhir/r4/Condition", headers=machine, json=sent)
    assert made.status_code == 201, made.text
    return made.json()["id"]


@pytest.mark.parametrize(("code", "label"), [("B20", None), ("B24.1", None), ("Z21", None), ("J00", "R"), ("J00", "V")])
@pytest.mark.parametrize(
    ("username", "app", "sees"),
    [("hiv-doctor", "seeing", True), ("hiv-doctor", "pub", False), ("doctor", "seeing", False)],
)
async def test_sensitive_records_need_the_right_of_person_and_app(
    client, owner, records, machine, code, label, username, app, sees
):
    secret = await secret_condition(client, machine, records.mine, code, label)
    plain = records.ids["mine"]["Condition"]
    csrf = await sign_in(client, username)
    token = await token_of(client, csrf, App(app, scope="launch/patient patient/*.rs"), records.mine)
    head = bearer(token["access_token"])
    expected = 200 if sees else 404
    for path in ("", "/_history", "/_history/1"):
        assert (await client.get(f"/fhir/r4/Condition/{secret}{path}", headers=head)).status_code == expected
    found = ids_in(await client.get("/fhir/r4/Condition", headers=head))
    assert plain in found
    assert (secret in found) is sees
    through = ids_in(await client.get("/fhir/r4/Patient?_revinclude=Condition:patient", headers=head))
    assert (secret in through) is sees


@pytest.mark.parametrize(("username", "status"), [("hiv-doctor", 200), ("doctor", 404), ("nurse", 404)])
async def test_a_session_follows_the_same_policy(client, owner, records, machine, username, status):
    secret = await secret_condition(client, machine, records.mine)
    await sign_in(client, username)
    assert (await client.get(f"/fhir/r4/Condition/{secret}")).status_code == status
    found = ids_in(await client.get(f"/fhir/r4/Condition?patient={records.mine}"))
    assert (secret in found) is (status == 200)
    assert records.ids["mine"]["Condition"] in found
    assert (await client.get("/fhir/r4/Claim")).status_code == 403


async def test_a_machine_sees_sensitive_records_only_when_it_is_allowed_to(client, owner, records, machine):
    secret = await secret_condition(client, machine, records.mine)
    assert (await client.get(f"/fhir/r4/Condition/{secret}", headers=machine)).status_code == 200
    owner.execute("UPDATE api_client SET sensitive = false WHERE id = 'demo-client'")
    try:
        form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
        token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
        assert (await client.get(f"/fhir/r4/Condition/{secret}", headers=bearer(token))).status_code == 404
        plain = records.ids["mine"]["Condition"]
        assert (await client.get(f"/fhir/r4/Condition/{plain}", headers=bearer(token))).status_code == 200
    finally:
        owner.execute("UPDATE api_client SET sensitive = true WHERE id = 'demo-client'")


async def test_a_label_that_was_taken_off_does_not_open_older_versions(client, owner, records, machine):
    secret = await secret_condition(client, machine, records.mine, "J00", "R")
    kept = (await client.get(f"/fhir/r4/Condition/{secret}", headers=machine)).json()
    del kept["meta"]
    put = await client.put(f"/fhir/r4/Condition/{secret}", headers={**machine, "if-match": 'W/"1"'}, json=kept)
    assert put.status_code == 200
    await sign_in(client, "doctor")
    assert (await client.get(f"/fhir/r4/Condition/{secret}")).status_code == 200
    assert (await client.get(f"/fhir/r4/Condition/{secret}/_history/1")).status_code == 404
    assert (await client.get(f"/fhir/r4/Condition/{secret}/_history/2")).status_code == 200
