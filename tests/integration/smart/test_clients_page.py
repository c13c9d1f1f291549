"""The administrator admits and locks clients; nothing weak is admitted."""

import json
import re

import pytest
from joserfc.jwk import ECKey, RSAKey

from .apps import BACK, bearer, sign_in

FORM = {"name": "Đo huyết áp tại nhà", "unit_code": "97002", "kind": "secret", "scopes": "system/Observation.crs"}


def public(key) -> str:
    return json.dumps({"keys": [key.as_dict(private=False)]})


async def add(client, csrf, **other):
    return await client.post("/system/clients", data={**FORM, "csrf_token": csrf, **other})


async def test_a_client_with_a_secret_works_at_once_and_is_locked_at_once(client):
    csrf = await sign_in(client, "installation-admin")
    page = await add(client, csrf)
    assert page.status_code == 200
    shown = dict(re.findall(r"<dt>(client_\w+)</dt><dd>([^<]+)</dd>", page.text))
    form = {"grant_type": "client_credentials", **shown}
    token = (await client.post("/oauth2/token", data=form)).json()
    assert token["scope"] == "system/Observation.crs"
    head = bearer(token["access_token"])
    assert (await client.get("/fhir/r4/Observation", headers=head)).status_code == 200
    again = await client.get("/system/clients")
    assert FORM["name"] in again.text
    assert shown["client_secret"] not in again.text
    lock = {"csrf_token": csrf, "client": shown["client_id"], "locked": "1"}
    assert "Đã khóa" in (await client.post("/system/clients/lock", data=lock)).text
    assert (await client.get("/fhir/r4/Observation", headers=head)).status_code == 401
    assert (await client.post("/oauth2/token", data=form)).status_code == 401
    await client.post("/system/clients/lock", data={**lock, "locked": "0"})
    assert (await client.post("/oauth2/token", data=form)).status_code == 200
    assert (await client.post("/system/clients/lock", data={**lock, "client": "nobody"})).status_code == 404


async def test_keys_that_sign_are_admitted_without_their_private_part(client, owner):
    csrf = await sign_in(client, "installation-admin")
    key = ECKey.generate_key("P-384", {"kid": "k"}, private=True)
    page = await add(client, csrf, kind="signed", name="Máy chủ ký", jwks=public(key))
    assert page.status_code == 200
    kept = owner.execute("SELECT jwks FROM api_client WHERE name = 'Máy chủ ký'").fetchone()
    assert '"d"' not in kept[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit_code": "00000"}, "unit_code"),
        ({"name": "x"}, "name"),
        ({"name": "\x00\x07"}, "name"),
        ({"scopes": ""}, "scopes"),
        ({"scopes": "system/Nothing.rs"}, "scopes"),
        ({"scopes": "patient/Observation.rs?name=x"}, "scopes"),
        ({"kind": "public", "redirect_uris": BACK}, "scopes"),
        ({"kind": "public", "scopes": "patient/*.rs"}, "scopes"),
        ({"kind": "else"}, "kind"),
        ({"redirect_uris": "http://app.example/cb"}, "redirect_uris"),
        ({"redirect_uris": "https://app.example/cb#x"}, "redirect_uris"),
        ({"redirect_uris": "javascript:alert(1)"}, "redirect_uris"),
        ({"redirect_uris": "https://[::1"}, "redirect_uris"),
        ({"redirect_uris": "https://a b/"}, "redirect_uris"),
        ({"redirect_uris": "https://a;script-src/"}, "redirect_uris"),
        ({"redirect_uris": "https://user@app.example/"}, "redirect_uris"),
        ({"launch_url": "ftp://app.example"}, "launch_url"),
        ({"launch_url": "https://[::1"}, "launch_url"),
        ({"kind": "signed", "jwks": ""}, "jwks"),
        ({"kind": "signed", "jwks": "{}"}, "jwks"),
        ({"kind": "signed", "jwks": '{"keys": []}'}, "jwks"),
        ({"kind": "signed", "jwks": '{"keys": [1]}'}, "jwks"),
        ({"kind": "signed", "jwks": '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'}, "jwks"),
        ({"kind": "signed", "jwks": public(ECKey.generate_key("P-256", private=True))}, "jwks"),
        ({"kind": "signed", "jwks_url": "https://evil.example/jwks"}, "jwks_url"),
    ],
)
async def test_what_is_weak_or_wrong_is_named(client, change, field):
    csrf = await sign_in(client, "installation-admin")
    page = await add(client, csrf, **change)
    assert page.status_code == 400
    assert f'id="{field}-e"' in page.text


async def test_private_keys_are_not_kept(client):
    csrf = await sign_in(client, "installation-admin")
    key = RSAKey.generate_key(2048, private=True)
    sent = json.dumps({"keys": [key.as_dict(private=True)]})
    page = await add(client, csrf, kind="signed", jwks=sent)
    assert page.status_code == 400
