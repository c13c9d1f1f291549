"""Sign-in and sign-out pages, and the way home."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity import service
from his.identity.access import NOBODY, Caller, cookie_name, load_user, needs
from his.identity.pages.cookies import browser, give, own_site
from his.identity.pages.local import local
from his.identity.rules import HOME_PAGE
from his.identity.terms import Capability, Role
from his.kit import clock
from his.kit.errors import HisError
from his.web.page import is_fragment, render

router = APIRouter()


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "") -> Response:  # the name in the address
    """The sign-in page; who is signed in already goes home."""
    user = await load_user(request.app.state.database, request.cookies.get(cookie_name(), ""), clock.now())
    if user is not None:
        return RedirectResponse(local(next) or HOME_PAGE[user.role], 303)
    return render(request, "sign_in.html", {"next": local(next), "username": "", "error": ""})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    username: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    code: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=10_000)] = "",  # the name in the form
) -> Response:
    """Check the password and set the session cookie; a wrong one shows the form again with a sentence.

    An account with a second factor goes on to its second step, unless the code came along (the dialog over a page).
    """
    now, here = clock.now(), browser(request)
    own_site(request)
    try:
        async with request.app.state.database.scoped(NOBODY) as db:
            account, token = await service.sign_in(
                db,
                username.strip(),
                password,
                now,
                agent=here.agent,
                hours=here.hours,
                address=here.address,
                previous=request.cookies.get(cookie_name(), ""),
                code=code,
            )
    except HisError as error:
        context = {"next": local(next), "username": username, "error": error.message}
        return render(request, "sign_in.html", context, error.status)
    database = request.app.state.database
    half = await load_user(database, token, now, half=True)
    home = local(next) or HOME_PAGE[Role(account.role)]
    if half is not None:
        suffix = f"?next={quote(home, safe='/?=:,')}" if half.stage == "code" else ""
        return give(_onward(request, f"/sign-in/{half.stage}{suffix}"), token)
    if not is_fragment(request):
        return give(RedirectResponse(home, 303), token)
    user = await load_user(database, token, now)  # the dialog over a page whose session had ended: the page stays
    return give(Response(status_code=204, headers={"X-CSRF-Token": user.csrf if user else ""}), token)


def _onward(request: Request, address: str) -> Response:
    """To the second step; the dialog leaves its page for it, because the page's form cannot be kept through a set-up."""
    if is_fragment(request):
        return Response(status_code=409, headers={"X-Second-Step": address})
    return RedirectResponse(address, 303)


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
