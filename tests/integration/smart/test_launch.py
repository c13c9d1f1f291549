"""EHR launch: from the doctor's page to the app, with the patient and the visit that were open."""

from urllib.parse import parse_qsl, urlsplit

from .apps import App, allow, base, bearer, sign_in, token_of, told

SCOPE = "launch openid fhirUser patient/*.rs"


async def start(client, csrf, patient, encounter="", app="ehr"):
    form = {"csrf_token": csrf, "client": app, "patient": patient, "encounter": encounter}
    answer = await client.post("/apps", data=form)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://app.example/launch"
    found = dict(parse_qsl(parts.query))
    assert (found["keep"], found["iss"]) == ("1", base())
    return found["launch"]


async def test_the_app_opens_on_the_record_that_was_open(client, owner, records):
    csrf = await sign_in(client)
    page = await client.get("/apps", params={"patient": records.mine})
    assert "App ehr" in page.text
    assert "App pub" not in page.text
    assert "https://app.example" in page.headers["content-security-policy"]
    encounter = records.ids["mine"]["Encounter"]
    launch = await start(client, csrf, records.mine, encounter)
    app = App("ehr", scope=SCOPE)
    shown = await client.get(f"/authorize?{app.query(launch=launch)}")
    assert "Tẩn Mùi Hồng" in shown.text
    token = await token_of(client, csrf, app, records.theirs, launch=launch)  # the launch decides, not the form
    assert (token["patient"], token["encounter"]) == (records.mine, encounter)
    head = bearer(token["access_token"])
    assert (await client.get(f"/fhir/r4/Encounter/{encounter}", headers=head)).status_code == 200
    assert (await client.get(f"/fhir/r4/Patient/{records.theirs}", headers=head)).status_code == 404


async def test_a_launch_works_once_for_one_person_and_one_app(client, owner, records):
    csrf = await sign_in(client)
    launch = await start(client, csrf, records.mine)
    other = App("pub", scope=SCOPE)
    assert told(await client.get(f"/authorize?{other.query(launch=launch)}"))["error"] == "invalid_request"
    app = App("ehr", scope=SCOPE)
    csrf = await sign_in(client, "nurse")
    assert told(await client.get(f"/authorize?{app.query(launch=launch)}"))["error"] == "invalid_request"
    csrf = await sign_in(client)
    await allow(client, csrf, app, launch=launch)
    assert told(await client.get(f"/authorize?{app.query(launch=launch)}"))["error"] == "invalid_request"


async def test_an_old_launch_is_refused(client, owner, records):
    csrf = await sign_in(client)
    launch = await start(client, csrf, records.mine)
    owner.execute("UPDATE smart_launch SET expires_at = now()")
    answer = told(await client.get(f"/authorize?{App('ehr', scope=SCOPE).query(launch=launch)}"))
    assert answer["error"] == "invalid_request"


async def test_no_launch_on_a_record_that_is_not_there(client, owner, records):
    csrf = await sign_in(client)
    for patient in ("0198b2a0-0000-7000-8000-00000000dead", "x"):
        answer = await client.post("/apps", data={"csrf_token": csrf, "client": "ehr", "patient": patient})
        assert answer.status_code == 404
    for app in ("pub", "nobody", "foreign"):
        answer = await client.post("/apps", data={"csrf_token": csrf, "client": app, "patient": records.mine})
        assert answer.status_code == 404
