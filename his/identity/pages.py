"""Sign-in and sign-out pages, and the way home."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity import service
from his.identity.access import NOBODY, OWN_SITE, Caller, cookie_name, load_user, needs
from his.identity.rules import HOME_PAGE
from his.identity.terms import Capability, Role
from his.kit import clock
from his.kit.config import get_settings
from his.kit.errors import HisError, Kind
from his.web.page import is_fragment, render

router = APIRouter()
LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def _local(address: str) -> str:
    """Only a path of this host may follow a sign-in: browsers read `/\\` as `//` and skip tabs and line breaks."""
    return address if LOCAL.fullmatch(address) else ""


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "") -> Response:  # the name in the address
    """The sign-in page; who is signed in already goes home."""
    user = await load_user(request.app.state.database, request.cookies.get(cookie_name(), ""), clock.now())
    if user is not None:
        return RedirectResponse(_local(next) or HOME_PAGE[user.role], 303)
    return render(request, "sign_in.html", {"next": _local(next), "username": "", "error": ""})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    username: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=10_000)] = "",  # the name in the form
) -> Response:
    """Check the password and set the session cookie; a wrong one shows the form again with a sentence."""
    now, settings = clock.now(), get_settings()
    if request.headers.get("sec-fetch-site", "same-origin") not in OWN_SITE:
        raise HisError(Kind.FORBIDDEN, "Trang đã cũ. Tải lại trang rồi làm lại.")
    try:
        async with request.app.state.database.scoped(NOBODY) as db:
            account, token = await service.sign_in(
                db,
                username.strip(),
                password,
                now,
                agent=request.headers.get("user-agent", ""),
                hours=settings.session_hours,
                previous=request.cookies.get(cookie_name(), ""),
            )
    except HisError as error:
        context = {"next": _local(next), "username": username, "error": error.message}
        return render(request, "sign_in.html", context, error.status)
    home = _local(next) or HOME_PAGE[Role(account.role)]
    response: Response = RedirectResponse(home, 303)
    if is_fragment(request):  # the dialog over a page whose session had ended: the page stays as it is
        user = await load_user(request.app.state.database, token, now)
        response = Response(status_code=204, headers={"X-CSRF-Token": user.csrf if user else ""})
    response.set_cookie(
        cookie_name(),
        token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
        path="/",
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request, caller: Annotated[Caller, needs(Capability.HOME)]) -> Response:
    """End the session."""
    await service.sign_out(caller.db, request.cookies.get(cookie_name(), ""), caller.now)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(), path="/")
    return response


@router.get("/")
async def home(caller: Annotated[Caller, needs(Capability.HOME)]) -> Response:
    """The page where the role's work begins."""
    return RedirectResponse(HOME_PAGE[caller.user.role], 303)
