"""Standalone launch: from the app to the consent page, the code, the tokens and the record, and back out again."""

from joserfc import jwt
from joserfc.jwk import KeySet

from his.kit.config import get_settings

from .apps import BACK, App, allow, base, bearer, scopes_on, sign_in, token_of, told


async def test_discovery_says_where_and_how(client):
    answer = await client.get("/fhir/r4/.well-known/smart-configuration")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    found = answer.json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "permission-v2", "sso-openid-connect"} <= set(found["capabilities"])
    assert {"RS384", "ES384"} == set(found["token_endpoint_auth_signing_alg_values_supported"])
    address = get_settings().public_url
    for name in (
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "jwks_uri",
    ):
        path = found[name].removeprefix(address)
        assert (await client.get(path)).status_code in (200, 303, 405), name
    statement = (await client.get("/fhir/r4/metadata")).json()["rest"][0]["security"]
    uris = {e["url"]: e["valueUri"] for e in statement["extension"][0]["extension"]}
    assert uris["authorize"] == found["authorization_endpoint"]
    assert statement["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    other = (await client.get("/.well-known/openid-configuration")).json()
    assert other["issuer"] == found["issuer"] == address


async def test_who_is_not_signed_in_comes_back_to_the_question_unchanged(client, owner):
    app = App("pub")
    query = app.query()
    answer = await client.get(f"/authorize?{query}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/authorize")
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    wanted = str(page.request.url.params["next"])
    back = await client.post("/sign-in", data={"username": "doctor", "password": "demo", "next": wanted})
    assert back.headers["location"] == f"/authorize?{query}"
    assert (await client.get(back.headers["location"])).status_code == 200


async def test_the_whole_journey(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope="openid fhirUser profile launch/patient patient/*.rs")
    page = await client.get(f"/authorize?{app.query()}")
    assert "https://app.example" in page.headers["content-security-policy"]
    assert "App pub muốn dùng dữ liệu" in page.text
    found = await client.post(
        "/authorize/patient", data={"csrf_token": csrf, "query": app.query(), "q": "tan mui hong"}
    )
    assert records.mine in found.text
    token = await token_of(client, csrf, app, records.mine)
    assert (token["token_type"], token["patient"], token["need_patient_banner"]) == ("bearer", records.mine, True)
    assert token["expires_in"] == get_settings().access_token_seconds
    assert "refresh_token" not in token
    keys = KeySet.import_key_set((await client.get("/oauth2/jwks")).json())
    assert all("d" not in key.as_dict(private=None) for key in keys.keys)
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (get_settings().public_url, "pub", app.nonce)
    assert claims["fhirUser"].startswith(f"{base()}/Practitioner/")
    person = claims["fhirUser"].removeprefix(get_settings().public_url)
    read = await client.get(person, headers=bearer(token["access_token"]))
    assert read.status_code in (200, 404)  # seeded staff have no version yet; what counts is that the door is open
    mine = await client.get(f"/fhir/r4/Patient/{records.mine}", headers=bearer(token["access_token"]))
    assert mine.json()["name"][0]["text"] == "Tẩn Mùi Hồng"


async def test_the_person_may_keep_something_back(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope="launch/patient patient/Observation.rs patient/Condition.rs")
    code = await allow(client, csrf, app, records.mine, keep=["launch/patient", "patient/Observation.rs"])
    token = (await app.exchange(client, code)).json()
    assert token["scope"] == "launch/patient patient/Observation.rs"
    head = bearer(token["access_token"])
    assert (await client.get("/fhir/r4/Observation", headers=head)).status_code == 200
    assert (await client.get("/fhir/r4/Condition", headers=head)).status_code == 403


async def test_no_is_told_to_the_app(client, owner):
    csrf = await sign_in(client)
    app = App("pub")
    answer = await client.post("/authorize", data={"csrf_token": csrf, "query": app.query(), "decision": "deny"})
    assert told(answer) == {"error": "access_denied", "state": app.state}


async def test_without_a_patient_the_page_comes_back(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub")
    form = {"csrf_token": csrf, "query": app.query(), "decision": "allow", "scope": ["launch/patient", "patient/*.rs"]}
    answer = await client.post("/authorize", data=form)
    assert (answer.status_code, "Chọn người bệnh" in answer.text) == (400, True)
    for nobody in ("0198b2a0-0000-7000-8000-00000000dead", "x", "1' OR '1'='1"):
        assert (await client.post("/authorize", data={**form, "patient": nobody})).status_code == 400


async def test_scopes_of_version_1_and_restrictions_are_offered_as_sentences(client, owner):
    await sign_in(client)
    app = App("narrow", scope="launch/patient patient/Observation.read patient/Patient.read patient/Condition.rs")
    page = await client.get(f"/authorize?{app.query()}")
    assert scopes_on(page.text) == [
        "launch/patient", "patient/Observation.rs?category=vital-signs", "patient/Patient.r",
    ]  # fmt: skip
    assert "chỉ category = vital-signs" in page.text


async def test_a_user_scope_shows_what_the_person_sees(client, owner, records):
    csrf = await sign_in(client)
    token = await token_of(client, csrf, App("pub", scope="user/*.rs"))
    assert "patient" not in token
    head = bearer(token["access_token"])
    for whose in (records.mine, records.theirs):
        assert (await client.get(f"/fhir/r4/Patient/{whose}", headers=head)).status_code == 200
    assert (await client.get("/fhir/r4/Claim", headers=head)).status_code == 403  # a doctor reads no claims
    assert (await client.post("/fhir/r4/Observation", headers=head, content=b"{}")).status_code == 403


async def test_a_redirect_address_with_a_query_keeps_it(client, owner):
    owner.execute("UPDATE api_client SET redirect_uris = %s WHERE id = 'other'", (f"{BACK}?a=1&b=%20",))
    csrf = await sign_in(client)
    app = App("other", scope="user/Patient.r")
    query = app.query(redirect_uri=f"{BACK}?a=1&b=%20")
    form = {"csrf_token": csrf, "query": query, "decision": "allow", "scope": "user/Patient.r"}
    answer = await client.post("/authorize", data=form)
    assert answer.headers["location"].startswith(f"{BACK}?a=1&b=%20&code=")
