"""Token endpoint of machine clients (OAuth 2.0 client credentials)."""

import base64
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from his.identity import service
from his.identity.access import NOBODY
from his.kit import clock
from his.kit.config import get_settings
from his.kit.errors import HisError

router = APIRouter()
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@router.post("/oauth2/token")
async def token(
    request: Request,
    grant_type: Annotated[str, Form(max_length=100)] = "",
    client_id: Annotated[str, Form(max_length=200)] = "",
    client_secret: Annotated[str, Form(max_length=200)] = "",
) -> JSONResponse:
    """A bearer token for a client id and secret, in the form or as HTTP Basic (RFC 6749)."""
    if grant_type != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400, NO_STORE)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, client_secret = base64.b64decode(value).decode().partition(":")
        except ValueError:  # no base64, no UTF-8, no ASCII
            return JSONResponse({"error": "invalid_client"}, 401, NO_STORE)
    seconds = get_settings().access_token_seconds
    try:
        async with request.app.state.database.scoped(NOBODY) as db:
            value, row = await service.issue_token(db, client_id, client_secret, clock.now(), seconds)
    except HisError as error:
        return JSONResponse({"error": "invalid_client", "error_description": error.message}, 401, NO_STORE)
    body = {"access_token": value, "token_type": "bearer", "expires_in": seconds, "scope": row.scopes}
    return JSONResponse(body, headers=NO_STORE)
