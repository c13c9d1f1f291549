"""Endpoints of the protocol: token, introspection, revocation, keys, and what a client may find out beforehand."""

from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from his.fhir.oauth import FHIR_PATH, INTROSPECT_PATH, KEYS_PATH, REVOKE_PATH, TOKEN_PATH
from his.kit import clock
from his.kit.config import get_settings
from his.smart.service import keys, tokens
from his.smart.service.metadata import openid_configuration, smart_configuration

router = APIRouter()
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
LONGEST = 100_000


async def _call(request: Request) -> tokens.Call | None:
    """The form, each name once (RFC 6749 3.2); None when it is no form or a name stands twice."""
    said = request.headers.get("content-type", "")
    if not said.startswith("application/x-www-form-urlencoded"):
        return None
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=40)
    except ValueError:
        return None
    if len(body) > LONGEST or len({name for name, _ in pairs}) != len(pairs):
        return None
    return tokens.Call({name: value for name, value in pairs if value}, request.headers.get("authorization", ""))


async def _answer(request: Request, endpoint: str) -> JSONResponse:
    call = await _call(request)
    if call is None:
        return JSONResponse({"error": "invalid_request"}, 400, NO_STORE)
    status, body, _ = await tokens.answer(request.app.state.database, call, clock.now(), endpoint)
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="oauth2"'
    return JSONResponse(body, status, headers)


@router.post(TOKEN_PATH)
async def token(request: Request) -> JSONResponse:
    """Authorization code, refresh token or a client's own credentials for a bearer token (RFC 6749)."""
    return await _answer(request, "token")


@router.post(INTROSPECT_PATH)
async def introspect(request: Request) -> JSONResponse:
    """What a token means, for the client that holds it or that is allowed to ask (RFC 7662)."""
    return await _answer(request, "introspection")


@router.post(REVOKE_PATH)
async def revoke(request: Request) -> JSONResponse:
    """Give a token back (RFC 7009)."""
    return await _answer(request, "revocation")


@router.get(KEYS_PATH)
async def jwks() -> JSONResponse:
    """The public keys of id tokens."""
    return _public(keys.public_keys(get_settings().data_dir))


@router.get(FHIR_PATH + "/.well-known/smart-configuration")
async def smart() -> JSONResponse:
    """What this server can do, for SMART clients."""
    return _public(smart_configuration(get_settings().public_url))


@router.get("/.well-known/openid-configuration")
async def openid() -> JSONResponse:
    """What this server can do, for OpenID Connect clients."""
    return _public(openid_configuration(get_settings().public_url))


def _public(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"Cache-Control": "public, max-age=300"})
