"""An app and a person at the browser, as the tests of SMART play them: over HTTP, with real redirects."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import psycopg

from his.kit.config import get_settings

BACK = "https://app.example/callback"
WIDE = (
    "openid fhirUser profile launch launch/patient launch/encounter offline_access online_access "
    "patient/*.cruds user/*.cruds"
)


def base() -> str:
    return get_settings().public_url + "/fhir/r4"


def add_client(
    owner: psycopg.Connection, client_id: str, scopes: str = WIDE, *, unit: int = 2, **columns: object
) -> None:
    values = {
        "id": client_id, "secret_hash": "", "name": f"App {client_id}", "unit_id": unit, "scopes": scopes, "active": True,
        "public": True, "redirect_uris": BACK, **columns,
    }  # fmt: skip
    names = ", ".join(values)
    owner.execute(
        f"INSERT INTO api_client ({names}) VALUES ({', '.join(['%s'] * len(values))}) ON CONFLICT (id) DO NOTHING",
        list(values.values()),
    )


@dataclass
class App:
    """What an app keeps between its requests."""

    client_id: str
    scope: str = "openid fhirUser launch/patient patient/*.rs"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    nonce: str = "n-0S6_WzA2Mj"

    def query(self, **other: str | None) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        pairs: dict[str, str | None] = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "scope": self.scope,
            "state": self.state, "aud": base(), "code_challenge": challenge, "code_challenge_method": "S256",
            "nonce": self.nonce, **other,
        }  # fmt: skip
        return urlencode({name: value for name, value in pairs.items() if value is not None})

    async def exchange(self, client: httpx.AsyncClient, code: str, **other: str | None) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": self.client_id,
            "code_verifier": self.verifier, **other,
        }  # fmt: skip
        sent = {name: value for name, value in form.items() if value is not None}
        return await client.post("/oauth2/token", data=sent)

    async def refresh(self, client: httpx.AsyncClient, token: str, **other: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id, **other}
        return await client.post("/oauth2/token", data=form)


async def sign_in(client: httpx.AsyncClient, username: str = "doctor") -> str:
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    return answer.headers["x-csrf-token"]


def told(answer: httpx.Response) -> dict[str, str]:
    """What the redirect tells the app."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return dict(parse_qsl(parts.query))


def scopes_on(page: str) -> list[str]:
    """The scopes that the consent page offers."""
    found = re.findall(r'name="scope" value="([^"]+)"', page)
    return [one.replace("&amp;", "&").replace("&#34;", '"') for one in found]


async def allow(
    client: httpx.AsyncClient,
    csrf: str,
    app: App,
    patient: str = "",
    *,
    keep: list[str] | None = None,
    **other: str | None,
) -> str:
    """Open the page, press the button; the code."""
    query = app.query(**other)
    page = await client.get(f"/authorize?{query}")
    assert page.status_code == 200, (page.status_code, page.headers.get("location"), page.text[:500])
    form = {"csrf_token": csrf, "query": query, "decision": "allow", "patient": patient}
    asked = scopes_on(page.text) if keep is None else keep
    answer = await client.post("/authorize", data={**form, "scope": asked})
    answer_told = told(answer)
    assert answer_told["state"] == app.state
    return answer_told["code"]


async def token_of(client: httpx.AsyncClient, csrf: str, app: App, patient: str = "", **other: str | None) -> dict:
    """The whole journey: the answer of the token endpoint."""
    answer = await app.exchange(client, await allow(client, csrf, app, patient, **other))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
