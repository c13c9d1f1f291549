"""Refresh with rotation, introspection, revocation, and consents that end with their session."""

import pytest

from his.identity.access import forget_tokens
from his.kit.config import get_settings

from .apps import App, base, bearer, sign_in, token_of

OFFLINE = "launch/patient openid fhirUser patient/*.rs offline_access"


async def test_each_use_replaces_the_refresh_token(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope=OFFLINE)
    first = await token_of(client, csrf, app, records.mine)
    second = (await app.refresh(client, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["patient"], second["scope"]) == (records.mine, OFFLINE)
    head = bearer(second["access_token"])
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 200
    third = await app.refresh(client, second["refresh_token"], scope="patient/Observation.rs")
    assert third.status_code == 400  # only what was granted, in the words it was granted
    third = await app.refresh(client, second["refresh_token"], scope="launch/patient patient/*.rs")
    assert third.json()["scope"] == "launch/patient patient/*.rs"


async def test_an_old_refresh_token_ends_everything(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope=OFFLINE)
    first = await token_of(client, csrf, app, records.mine)
    second = (await app.refresh(client, first["refresh_token"])).json()
    stolen = await app.refresh(client, first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert (await app.refresh(client, second["refresh_token"])).status_code == 400
    for token in (first, second):
        head = bearer(token["access_token"])
        assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 401


async def test_a_refresh_token_is_bound_to_its_client_and_time(client, owner, records):
    csrf = await sign_in(client)
    app = App("pub", scope=OFFLINE)
    token = await token_of(client, csrf, app, records.mine)
    assert (await app.refresh(client, token["refresh_token"], client_id="other")).status_code == 400
    assert (await app.refresh(client, token["access_token"])).status_code == 400
    owner.execute("UPDATE smart_refresh SET expires_at = now()")
    assert (await app.refresh(client, token["refresh_token"])).status_code == 400


async def test_online_access_ends_with_the_session_and_offline_does_not(client, owner, records):
    csrf = await sign_in(client)
    online = App("pub", scope="launch/patient patient/*.rs online_access")
    offline = App("pub", scope=OFFLINE)
    first = await token_of(client, csrf, online, records.mine)
    second = await token_of(client, csrf, offline, records.mine)
    first = (await online.refresh(client, first["refresh_token"])).json()
    assert (await client.post("/sign-out", data={"csrf_token": csrf})).status_code == 303
    forget_tokens()
    path = f"/fhir/r4/Patient/{records.mine}"
    assert (await client.get(path, headers=bearer(first["access_token"]))).status_code == 401
    assert (await online.refresh(client, first["refresh_token"])).status_code == 400
    assert (await client.get(path, headers=bearer(second["access_token"]))).status_code == 200
    assert (await offline.refresh(client, second["refresh_token"])).status_code == 200


async def introspect(client, token, auth=("conf", "s3cret")):
    return await client.post("/oauth2/introspect", data={"token": token}, auth=auth)


async def test_a_client_asks_about_its_own_token(client, owner, records):
    csrf = await sign_in(client)
    app = App("conf", scope=OFFLINE)
    code_form = {"client_secret": "s3cret"}
    from_page = await token_with(client, csrf, app, records.mine, code_form)
    found = (await introspect(client, from_page["access_token"])).json()
    assert found["active"] is True
    assert (found["client_id"], found["patient"], found["scope"]) == ("conf", records.mine, OFFLINE)
    assert (found["iss"], found["aud"]) == (get_settings().public_url, base())
    assert found["exp"] - found["iat"] == get_settings().access_token_seconds
    assert found["fhirUser"].startswith(f"{base()}/Practitioner/")
    refresh = (await introspect(client, from_page["refresh_token"])).json()
    assert (refresh["active"], refresh["client_id"]) == (True, "conf")


async def token_with(client, csrf, app, patient, more):
    from .apps import allow  # noqa: PLC0415

    answer = await app.exchange(client, await allow(client, csrf, app, patient), **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_nobody_asks_about_other_clients_tokens(client, owner, records, machine):
    csrf = await sign_in(client)
    token = await token_of(client, csrf, App("pub"), records.mine)
    other = machine["authorization"].removeprefix("Bearer ")
    for unknown in (token["access_token"], other, "forged", ""):
        answer = await introspect(client, unknown)
        assert answer.json().get("active", False) is False
        assert set(answer.json()) <= {"active", "error", "error_description"}
    refused = await client.post("/oauth2/introspect", data={"token": token["access_token"], "client_id": "pub"})
    assert refused.status_code == 401
    assert (await introspect(client, token["access_token"], ("conf", "wrong"))).status_code == 401
    owner.execute("UPDATE api_client SET scopes = scopes || ' his/introspect' WHERE id = 'conf'")
    assert (await introspect(client, token["access_token"])).json()["active"] is True


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_token_given_back_is_worth_nothing(client, owner, records, which):
    csrf = await sign_in(client)
    app = App("conf", scope=OFFLINE)
    token = await token_with(client, csrf, app, records.mine, {"client_secret": "s3cret"})
    path, head = f"/fhir/r4/Patient/{records.mine}", bearer(token["access_token"])
    assert (await client.get(path, headers=head)).status_code == 200
    foreign = await client.post("/oauth2/revoke", data={"token": token[which], "client_id": "pub"})
    assert foreign.status_code == 400
    assert (await client.get(path, headers=head)).status_code == 200
    done = await client.post("/oauth2/revoke", data={"token": token[which]}, auth=("conf", "s3cret"))
    assert done.status_code == 200
    assert (await client.get(path, headers=head)).status_code == 401
    assert (await introspect(client, token[which])).json() == {"active": False}
    kept = await app.refresh(client, token["refresh_token"], client_secret="s3cret")
    assert kept.status_code == (200 if which == "access_token" else 400)
    unknown = await client.post("/oauth2/revoke", data={"token": "forged"}, auth=("conf", "s3cret"))
    assert unknown.status_code == 200
