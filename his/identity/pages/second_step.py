"""The second step of signing in: the code of an authenticator, or setting one up where the role asks for it.

These doors ask for the half-open session themselves; it opens nothing else.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity import entering, own, second_factor, store
from his.identity.access import NOBODY, cookie_name, load_user, scope_of
from his.identity.pages.cookies import browser, give, own_site
from his.identity.pages.local import local
from his.identity.passwords import digest
from his.identity.rules import HOME_PAGE
from his.identity.tables import AccountFactor
from his.identity.terms import User
from his.kit import clock
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.web.page import render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Half:
    """Who is between the two steps, and when."""

    user: User
    token: str
    now: datetime
    database: Database


async def _half(request: Request, stage: str, csrf: str | None = None) -> Half:
    """The half-open session of the request. Raises UNAUTHENTICATED without one, FORBIDDEN without its token (`csrf`)."""
    now, database = clock.now(), request.app.state.database
    token = request.cookies.get(cookie_name(), "")
    user = await load_user(database, token, now, half=True)
    if user is None or user.stage != stage:
        raise HisError(Kind.UNAUTHENTICATED, "Bước này đã hết hạn. Nhập lại tên và mật khẩu.")
    if csrf is not None:
        own_site(request)
        if not hmac.compare_digest(csrf.encode("utf-8", "replace"), user.csrf.encode()):
            raise HisError(Kind.FORBIDDEN, "Trang đã cũ. Tải lại trang rồi làm lại.")
    return Half(user, token, now, database)


def picture(secret: str, user: User) -> dict[str, str]:
    """The QR code of a secret as an image address, and the secret in groups of four for typing."""
    code = segno.make(second_factor.address(secret, user.username, user.unit_name), error="m", micro=False)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"qr": code.svg_data_uri(scale=5, border=2), "secret": groups}


@router.get("/sign-in/code")
async def code_page(request: Request, next: str = "") -> Response:  # the name in the address
    """Ask for the code."""
    half = await _half(request, "code")
    return _code(request, half, local(next), "")


@router.post("/sign-in/code")
async def give_code(
    request: Request,
    code: Annotated[str, Form(max_length=40)] = "",
    csrf_token: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=10_000)] = "",  # the name in the form
) -> Response:
    """Take the code; a wrong one shows the form again with a sentence."""
    half = await _half(request, "code", csrf_token)
    try:
        async with half.database.scoped(NOBODY) as db:
            session = await store.find_session(db, digest(half.token))
            if session is None:
                raise entering.wrong()
            _, token = await entering.second_step(db, session, code, half.now, browser(request))
    except HisError as error:
        if error.kind is not Kind.UNAUTHENTICATED:
            raise
        return _code(request, half, local(next), "Mã chưa đúng hoặc đã dùng. Đợi mã mới rồi nhập lại.", 401)
    return give(RedirectResponse(local(next) or HOME_PAGE[half.user.role], 303), token)


def _code(request: Request, half: Half, target: str, error: str, status: int = 200) -> Response:
    context = {"next": target, "error": error, "csrf_token": half.user.csrf, "name": half.user.display_name}
    return render(request, "identity/code.html", context, status)


@router.get("/sign-in/enrol")
async def enrol_page(request: Request) -> Response:
    """Show the QR code: the role works only with a second factor and the account has none yet."""
    half = await _half(request, "enrol")
    return _enrol(request, half, await _factor(half), "")


@router.post("/sign-in/enrol")
async def enrol(
    request: Request,
    code: Annotated[str, Form(max_length=40)] = "",
    csrf_token: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Take the factor into use with its first code and show the recovery codes; the next sign-in asks for both steps."""
    half = await _half(request, "enrol", csrf_token)
    try:
        async with half.database.scoped(scope_of(half.user)) as db:
            codes = await own.confirm_factor(db, half.user.account_id, code, half.now)
            session = await store.find_session(db, digest(half.token))
            if session is not None:
                await db.apply(own.closed(session), half.now)
    except HisError as error:
        return _enrol(request, half, await _factor(half), error.message, error.status)
    response = render(request, "identity/recovery.html", {"codes": codes, "back": "/sign-in"})
    response.delete_cookie(cookie_name(), path="/")
    return response


async def _factor(half: Half) -> AccountFactor | None:
    async with half.database.scoped(NOBODY) as db:
        return await store.get_factor(db, half.user.account_id)


def _enrol(request: Request, half: Half, factor: AccountFactor | None, error: str, status: int = 200) -> Response:
    secret = own.pending_secret(factor)
    if not secret:
        raise HisError(Kind.UNAUTHENTICATED, "Bước này đã hết hạn. Nhập lại tên và mật khẩu.")
    context = {
        "error": error,
        "csrf_token": half.user.csrf,
        "name": half.user.display_name,
        **picture(secret, half.user),
    }
    return render(request, "identity/enrol.html", context, status)
