"""Backend Services: a machine signs its assertion; every other way of being somebody is refused."""

import asyncio
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from his.kit.config import get_settings
from his.smart.service import remote_keys

from .apps import add_client, bearer

RSA = RSAKey.generate_key(2048, {"kid": "r1"}, private=True)
EC = ECKey.generate_key("P-384", {"kid": "e1"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "r1"}, private=True)
SCOPES = "system/Patient.rs system/Observation.rs?category=vital-signs"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def public(*keys) -> str:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


@pytest.fixture(scope="module")
def backend(owner):
    add_client(owner, "backend", SCOPES, public=False, redirect_uris="", jwks=public(RSA, EC))


def endpoint() -> str:
    return get_settings().public_url + "/oauth2/token"


def claims(**other) -> dict:
    now = int(time.time())
    found = {
        "iss": "backend",
        "sub": "backend",
        "aud": endpoint(),
        "exp": now + 240,
        "jti": secrets.token_hex(8),
        **other,
    }
    return {name: value for name, value in found.items() if value is not None}


def signed(said: dict, key=RSA, alg="RS384", **header) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid, "typ": "JWT", **header}, said, key, algorithms=[alg])


async def ask(client, assertion: str, **other):
    form = {
        "grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": assertion,
        "scope": "system/Patient.rs", **other,
    }  # fmt: skip
    return await client.post("/oauth2/token", data={name: value for name, value in form.items() if value is not None})


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS384"), (EC, "ES384")])
async def test_a_signed_assertion_gives_a_token_for_what_was_asked(client, backend, records, key, alg):
    answer = await ask(client, signed(claims(), key, alg))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("bearer", "system/Patient.rs", 900)
    assert "refresh_token" not in body
    head = bearer(body["access_token"])
    assert (await client.get("/fhir/r4/Patient", headers=head)).status_code == 200
    assert (await client.get("/fhir/r4/Observation", headers=head)).status_code == 403


async def test_a_search_restriction_holds_for_machines_too(client, backend, records):
    body = (await ask(client, signed(claims()), scope="system/Observation.rs")).json()
    assert body["scope"] == "system/Observation.rs?category=vital-signs"
    found = (await client.get("/fhir/r4/Observation", headers=bearer(body["access_token"]))).json()
    categories = {e["resource"]["category"][0]["coding"][0]["code"] for e in found["entry"]}
    assert categories == {"vital-signs"}


async def test_the_same_assertion_is_not_taken_twice(client, backend):
    assertion = signed(claims())
    assert (await ask(client, assertion)).status_code == 200
    again = await ask(client, assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    shared = claims()
    assert (await ask(client, signed(shared))).status_code == 200
    assert (await ask(client, signed({**shared, "exp": shared["exp"] - 1}, EC, "ES384"))).status_code == 401
    several = signed(claims())
    answers = await asyncio.gather(*(ask(client, several) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401, 401, 401]


async def test_an_assertion_is_spent_even_when_the_scope_was_wrong(client, backend):
    assertion = signed(claims())
    refused = await ask(client, assertion, scope="system/Encounter.rs")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert (await ask(client, assertion)).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://evil.example/token"}, {"aud": None}, {"iss": "other"}, {"sub": "other"}, {"sub": None},
        {"sub": ["backend"]}, {"jti": None}, {"jti": ""}, {"jti": 7}, {"jti": "x" * 501}, {"exp": None}, {"exp": 1},
        {"exp": int(time.time()) + 86_400}, {"exp": "tomorrow"}, {"exp": True}, {"nbf": int(time.time()) + 3600},
    ],
)  # fmt: skip
async def test_wrong_claims_are_refused(client, backend, change):
    answer = await ask(client, signed(claims(**change)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def unsigned(said: dict) -> str:
    def part(value: dict) -> str:
        import base64  # noqa: PLC0415

        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(said)}."


async def test_wrong_signatures_are_refused(client, backend):
    secret = OctKey.import_key(public(RSA).encode())
    confused = jws.serialize_compact({"alg": "HS256", "kid": "r1"}, json.dumps(claims()).encode(), secret, ["HS256"])
    good = signed(claims())
    wrong = {
        "another key": signed(claims(), OTHER),
        "none": unsigned(claims()),
        "the public key as a secret": confused,
        "an algorithm that is not offered": signed(claims(), RSA, "RS256"),
        "cut": good[:-4],
        "empty signature": good.rpartition(".")[0] + ".",
        "no JWT": "abc",
        "dots": "..",
        "": "",
    }
    for why, assertion in wrong.items():
        answer = await ask(client, assertion)
        assert answer.status_code == 401 or (why == "" and answer.status_code in (400, 401)), (why, answer.text)
        assert "access_token" not in answer.json()


async def test_the_client_named_beside_the_assertion_must_be_the_same(client, backend):
    assert (await ask(client, signed(claims()), client_id="demo-client")).status_code == 401
    assert (await ask(client, signed(claims()), client_id="backend")).status_code == 200


async def test_a_client_that_signs_has_no_weaker_way(client, backend):
    form = {"grant_type": "client_credentials", "client_id": "backend"}
    assert (await client.post("/oauth2/token", data=form)).status_code == 401
    assert (await client.post("/oauth2/token", data={**form, "client_secret": ""})).status_code == 401
    assert (await ask(client, signed(claims()), client_assertion_type="x")).status_code == 401
    # and a client with a secret cannot sign
    assert (await ask(client, signed(claims(iss="demo-client", sub="demo-client")))).status_code == 401


class _Keys(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}

    def do_GET(self) -> None:
        status, body, headers = self.answers.get(self.path, (404, b"", {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Silent."""


@pytest.fixture
def key_host(monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), _Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_port}"
    _Keys.answers = {
        "/jwks": (200, public(EC).encode(), {}),
        "/moved": (302, b"", {"location": f"http://{host}/jwks"}),
        "/large": (200, b" " * 100_000 + public(EC).encode(), {}),
        "/broken": (200, b"<html>", {}),
    }
    monkeypatch.setenv("HIS_SMART_JWKS_HOSTS", f"keys.example {host}")
    get_settings.cache_clear()
    remote_keys._known.clear()
    yield host
    server.shutdown()


@pytest.mark.parametrize(
    ("path", "status"), [("/jwks", 200), ("/moved", 401), ("/large", 401), ("/broken", 401), ("/no", 401)]
)
async def test_keys_may_stand_at_the_clients_own_address(client, owner, key_host, path, status):
    name = f"remote{path.strip('/')}"
    add_client(owner, name, SCOPES, public=False, redirect_uris="", jwks_url=f"http://{key_host}{path}")
    owner.execute("UPDATE api_client SET jwks_url = %s WHERE id = %s", (f"http://{key_host}{path}", name))
    answer = await ask(client, signed(claims(iss=name, sub=name), EC, "ES384"))
    assert answer.status_code == status


async def test_no_host_outside_the_list_is_asked(client, owner, key_host, monkeypatch):
    monkeypatch.setenv("HIS_SMART_JWKS_HOSTS", "keys.example")
    get_settings.cache_clear()
    add_client(owner, "stray", SCOPES, public=False, redirect_uris="", jwks_url=f"http://{key_host}/jwks")
    assert (await ask(client, signed(claims(iss="stray", sub="stray"), EC, "ES384"))).status_code == 401
    for address in (
        "http://keys.example/jwks", "https://keys.example@evil.example/", "https://evil.example/keys.example",
        "https://keys.example:444/", "https://keys.example.evil/", "file:///etc/passwd", "https://[::1", "",
    ):  # fmt: skip
        assert not remote_keys.is_allowed(address), address
    assert remote_keys.is_allowed("https://keys.example/jwks")


def test_published_sets_hold_no_private_part():
    assert "d" not in KeySet.import_key_set(json.loads(public(RSA))).keys[0].as_dict(private=None)
