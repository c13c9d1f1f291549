"""The token endpoint and its neighbours: facts in, Authlib's judgement, one change set out."""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError

from his.identity import service as identity
from his.identity.access import forget_tokens, load_person
from his.identity.passwords import digest, verify_password
from his.identity.tables import SmartAssertion
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.smart import store
from his.smart.grants import token_server
from his.smart.oauth import Answer, Asked, Facts
from his.smart.service.remote_keys import fetch_keys

LONGEST = 20_000
INVALID_CLIENT: Answer = (401, {"error": "invalid_client"}, [])


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one of the endpoints: its form, each name once, and the header that may name the client."""

    form: Mapping[str, str]
    authorization: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that Authlib looks at."""
        return {"Authorization": self.authorization} if self.authorization else {}


async def answer(database: Database, call: Call, now: datetime, endpoint: str = "token") -> Answer:
    """Status, body and headers for `token`, `introspection` or `revocation`.

    Raises HisError(BUSY) when the database is away; everything that the protocol knows comes back as its own error.
    """
    if "\x00" in call.form.get("client_id", ""):
        return INVALID_CLIENT
    if any("\x00" in value or len(value) > LONGEST for value in call.form.values()):
        return 400, {"error": "invalid_request"}, []
    async with database.scoped(Scope(None)) as db:
        facts = await _prove(db, call, now)
        await db.release()
        if facts is None:
            return INVALID_CLIENT
        scope = Scope(facts.client.unit_id, facts.client.id, "machine") if facts.client else Scope(None)
        writer = Db(database, scope)
        async with writer.locking():
            await _load(writer, facts, call, endpoint)
            status, body, headers = _judge(facts, call, endpoint)
            if _failed_assertion(facts, status):
                return INVALID_CLIENT
            if facts.client is not None and (facts.replayed or facts.assertion is not None or status == 200):
                refused = await _apply(writer, facts, status)
                if refused is not None:
                    return refused
    if facts.replayed or (endpoint == "revocation" and status == 200):
        forget_tokens()
    if body and body.get("error") == "invalid_client":
        status = 401
    return status, body, headers


def _failed_assertion(facts: Facts, status: int) -> bool:
    """An assertion was judged good but could not be remembered: never."""
    return status == 200 and facts.client is not None and bool(facts.keys) and facts.assertion is None


async def _apply(writer: Db, facts: Facts, status: int) -> Answer | None:
    changes = facts.changes if status == 200 else Changes()
    assert facts.client is not None
    if facts.replayed and facts.consent is not None and facts.consent.revoked_at is None:
        changes.update(facts.consent, revoked_at=facts.now)
        changes.audit("token-replayed", "ApiClient", facts.client.id)
    if facts.assertion is not None:
        jti, ends = facts.assertion
        changes.insert(SmartAssertion(client_id=facts.client.id, jti_sha256=digest(jti), expires_at=ends))
        changes.delete(*await store.list_old_assertions(writer, facts.client.id, facts.now))
    try:
        await writer.apply(changes, facts.now)
    except HisError as error:
        if error.kind is Kind.CONFLICT:  # the same assertion twice at the same moment
            return INVALID_CLIENT
        raise
    return None


def _judge(facts: Facts, call: Call, endpoint: str) -> Answer:
    server = token_server(facts)
    asked = Asked("POST", {}, call.form, call.headers)
    made: Answer = (
        server.create_token_response(asked) if endpoint == "token" else server.create_endpoint_response(endpoint, asked)
    )
    return made


async def _prove(db: Db, call: Call, now: datetime) -> Facts | None:
    """Who says it is asking, and whether the secret is right; None for a header that cannot be read."""
    named = _named(call)
    if named is None:
        return None
    client_id, secret = named
    claims = _claims(call.form.get("client_assertion", ""))
    subject = claims.get("sub")
    if isinstance(subject, str):
        if client_id not in ("", subject):
            return None
        client_id = subject
    facts = Facts(now)
    facts.client = await store.find_client(db, client_id) if client_id and "\x00" not in client_id else None
    client = facts.client
    if "client_assertion" in call.form and client is not None:
        jti = claims.get("jti")
        facts.assertion_used = not isinstance(jti, str) or await store.is_used(db, client.id, digest(jti))
        await db.release()
        facts.keys = client.jwks or (await fetch_keys(client.jwks_url, now) if client.jwks_url else "")
    elif secret:
        await db.release()
        stored = client.secret_hash if client is not None and not client.public else None
        facts.secret_is_right = await asyncio.to_thread(verify_password, stored or None, secret)
    return facts


def _named(call: Call) -> tuple[str, str] | None:
    scheme, _, value = call.authorization.partition(" ")
    if scheme.lower() != "basic":
        return call.form.get("client_id", ""), call.form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(value).decode().partition(":")
    except (ValueError, binascii.Error):  # no base64, no UTF-8, no ASCII
        return None
    return name, secret


def _claims(assertion: str) -> dict[str, Any]:
    """The claims of an assertion, not yet believed: they only say whose keys to look up."""
    if not assertion:
        return {}
    try:
        found = jws.extract_compact(assertion.encode())
        claims = json.loads(found.payload)
    except (JoseError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


async def _load(db: Db, facts: Facts, call: Call, endpoint: str) -> None:
    """Rows that the request names, locked: of two uses of one code at the same moment the second sees the first."""
    grant_id: UUID | None = None
    if endpoint != "token":
        key = digest(call.form.get("token", ""))
        facts.access = await store.lock_access(db, key)
        facts.refresh = None if facts.access else await store.lock_refresh(db, key)
    elif call.form.get("grant_type") == "authorization_code":
        facts.code = await store.lock_code(db, digest(call.form.get("code", "")))
        grant_id = facts.code.grant_id if facts.code else None
    elif call.form.get("grant_type") == "refresh_token":
        facts.refresh = await store.lock_refresh(db, digest(call.form.get("refresh_token", "")))
    if facts.refresh is not None:
        grant_id = facts.refresh.grant_id
    elif facts.access is not None:
        grant_id = facts.access.grant_id
    if grant_id is None:
        return
    facts.consent = await store.lock_grant(db, grant_id)
    if facts.consent is None:
        return
    facts.consent_holds = await identity.consent_holds(db, facts.consent, facts.now)
    person = await load_person(db, facts.consent.account_id, place=False)
    facts.person = person if person is not None and person.unit_id == facts.consent.unit_id else None
