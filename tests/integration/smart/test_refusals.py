"""Everything that must not work: at the authorization endpoint, at the token endpoint, with used and foreign tokens."""

import asyncio
import hashlib

import pytest

from his.identity.access import forget_tokens

from .apps import BACK, App, allow, base, bearer, sign_in, token_of, told


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "foreign"},
        {"client_id": "demo-client"},
        {"client_id": "pub\x00"},
        {"redirect_uri": "https://app.example/callback/"},
        {"redirect_uri": "https://app.example/callback?x=1"},
        {"redirect_uri": "https://APP.example/callback"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": None},
        {"state": "x" * 9000},
    ],
)
async def test_a_request_that_cannot_be_trusted_is_never_sent_on(client, owner, change):
    await sign_in(client)
    app = App("pub")
    answer = await client.get(f"/authorize?{app.query(**change)}")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "không hợp lệ" in answer.text


@pytest.mark.parametrize("twice", ["scope=openid", f"redirect_uri={BACK}", "state=1", "code_challenge=x"])
async def test_a_parameter_twice_is_refused(client, owner, twice):
    await sign_in(client)
    assert (await client.get(f"/authorize?{App('pub').query()}&{twice}")).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"scope": "system/*.cruds"}, "invalid_scope"),
        ({"scope": "patient/Nothing.rs"}, "invalid_scope"),
        ({"scope": "patient/Observation.rs?unknown=1"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "launch patient/*.rs"}, "invalid_scope"),
        ({"launch": "forged"}, "invalid_request"),
    ],
)
async def test_a_mistake_is_told_to_the_app(client, owner, change, error):
    await sign_in(client)
    app = App("pub")
    answer = told(await client.get(f"/authorize?{app.query(**change)}"))
    assert answer["error"] == error
    assert answer.get("state") == (None if "state" in change else app.state)
    assert "code" not in answer


async def test_another_site_cannot_say_yes(client, owner, records):
    csrf = await sign_in(client)
    form = {"query": App("pub").query(), "decision": "allow", "patient": records.mine, "scope": ["patient/*.rs"]}
    for sent, headers in (
        (form, {}),
        ({**form, "csrf_token": "x"}, {}),
        ({**form, "csrf_token": csrf}, {"sec-fetch-site": "cross-site"}),
    ):
        assert (await client.post("/authorize", data=sent, headers=headers)).status_code == 403


async def test_a_scope_that_was_not_asked_cannot_be_slipped_in(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope="launch/patient patient/Patient.r")
    code = await allow(client, csrf, app, records.mine, keep=["patient/Patient.r", "user/*.cruds", "patient/*.cruds"])
    assert (await app.exchange(client, code)).json()["scope"] == "patient/Patient.r"


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "w" * 50},
        {"code_verifier": None},
        {"code_verifier": "x"},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": None},
        {"client_id": "other"},
        {"code": "forged"},
        {"code": None},
    ],
)
async def test_a_code_is_bound_to_verifier_address_and_client(client, owner, records, change):
    csrf = await sign_in(client)
    app = App("pub")
    code = await allow(client, csrf, app, records.mine)
    answer = await app.exchange(client, **{"code": code, **change})
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_grant", "invalid_request")
    assert (await app.exchange(client, code)).status_code == 200  # the right one still works


async def test_an_old_code_is_refused(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub")
    code = await allow(client, csrf, app, records.mine)
    owner.execute("UPDATE smart_code SET expires_at = now()")
    answer = await app.exchange(client, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_used_twice_ends_what_it_gave(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope="launch/patient patient/*.rs offline_access")
    code = await allow(client, csrf, app, records.mine)
    token = (await app.exchange(client, code)).json()
    head = bearer(token["access_token"])
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 200
    again = await app.exchange(client, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 401
    assert (await app.refresh(client, token["refresh_token"])).status_code == 400


async def test_of_two_uses_at_the_same_moment_at_most_one_gives_a_token(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub")
    code = await allow(client, csrf, app, records.mine)
    answers = await asyncio.gather(*(app.exchange(client, code) for _ in range(8)))
    given = [a.json()["access_token"] for a in answers if a.status_code == 200]
    assert len(given) == 1
    assert {a.status_code for a in answers} == {200, 400}
    forget_tokens()
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=bearer(given[0]))).status_code == 401


async def test_only_digests_are_kept(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope="launch/patient patient/*.rs offline_access")
    code = await allow(client, csrf, app, records.mine)
    token = (await app.exchange(client, code)).json()
    for secret in (code, token["access_token"], token["refresh_token"]):
        for table in ("smart_code", "smart_refresh", "access_token", "smart_grant"):
            rows = owner.execute(f"SELECT t::text FROM {table} t").fetchall()
            assert not any(secret in row[0] for row in rows)
    kept = owner.execute("SELECT code_sha256 FROM smart_code").fetchall()
    assert (hashlib.sha256(code.encode()).hexdigest(),) in kept


async def test_a_confidential_app_needs_its_secret(client, owner, records):
    csrf = await sign_in(client)
    app = App("conf", scope="launch/patient patient/*.rs")
    for wrong in ({}, {"client_secret": "wrong"}, {"client_secret": ""}):
        code = await allow(client, csrf, app, records.mine)
        answer = await app.exchange(client, code, **wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert (await app.exchange(client, code, client_secret="s3cret")).status_code == 200
    code = await allow(client, csrf, app, records.mine)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": app.verifier}
    assert (await client.post("/oauth2/token", data=form, auth=("conf", "s3cret"))).status_code == 200


async def test_a_public_app_has_no_credentials_of_its_own(client, owner):
    for secret in ({}, {"client_secret": "x"}):
        answer = await client.post(
            "/oauth2/token", data={"grant_type": "client_credentials", "client_id": "pub", **secret}
        )
        assert answer.status_code in (400, 401)
        assert "access_token" not in answer.json()


async def test_what_is_no_form_is_refused(client, owner):
    for sent in (
        {"json": {"grant_type": "client_credentials"}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {
            "content": b"grant_type=refresh_token&grant_type=client_credentials",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
        {"data": {"grant_type": "authorization_code", "code": "a\x00b", "client_id": "pub"}},
        {"data": {"grant_type": "authorization_code", "code": "a" * 30_000, "client_id": "pub"}},
    ):
        answer = await client.post("/oauth2/token", **sent)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_locked_app_is_out(client, owner, records):
    csrf = await sign_in(client)
    app = App("other", scope="launch/patient patient/*.rs offline_access")
    owner.execute("UPDATE api_client SET redirect_uris = %s WHERE id = 'other'", (BACK,))
    token = await token_of(client, csrf, app, records.mine)
    owner.execute("UPDATE api_client SET active = false WHERE id = 'other'")
    try:
        head = bearer(token["access_token"])
        assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 401
        assert (await app.refresh(client, token["refresh_token"])).status_code in (400, 401)
        assert (await client.get(f"/authorize?{app.query()}")).status_code == 400
    finally:
        owner.execute("UPDATE api_client SET active = true WHERE id = 'other'")


async def test_a_person_whose_account_closed_takes_the_app_along(client, owner, records):
    csrf = await sign_in(client, "nurse")
    app = App("pub", scope="launch/patient patient/*.rs offline_access")
    token = await token_of(client, csrf, app, records.mine)
    owner.execute("UPDATE account SET active = false WHERE username = 'nurse'")
    try:
        head = bearer(token["access_token"])
        assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 401
        assert (await app.refresh(client, token["refresh_token"])).status_code == 400
    finally:
        owner.execute("UPDATE account SET active = true WHERE username = 'nurse'")


async def test_roles_without_apps_are_turned_away(client, owner):
    await sign_in(client, "province-officer")
    answer = await client.get(f"/authorize?{App('pub').query()}")
    assert answer.status_code == 403
    assert base() not in answer.headers.get("location", "")
