"""Pages of the shell itself: the list of keys and, for developers, the living style sheet of the components."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from his.kit.text import fold
from his.web import i18n, keys, parts
from his.web.page import render, templates
from his.web.static_files import asset_url

router = APIRouter(include_in_schema=False)
places = APIRouter(include_in_schema=False)  # for a shell that stands alone; the front desk answers with people as well
YEAR_SECONDS = 365 * 24 * 3600


def _with_parts_menu(request: Request) -> None:
    """The style sheet shows the bar even when nobody is signed in."""
    if getattr(request.state, "user", None) is None:
        request.state.user = parts.Doctor()
    if not getattr(request.state, "menu", ()):
        request.state.menu = parts.MENU
    if getattr(request.state, "gateway", None) is None:
        request.state.gateway = parts.GATEWAY


@router.get("/favicon.ico")
async def show_icon() -> RedirectResponse:
    """The icon of the tab, for documents that name none: a JSON answer, a printed PDF."""
    return RedirectResponse(asset_url("favicon.svg"), 308)


@router.get("/keys")
async def list_keys(request: Request) -> HTMLResponse:
    """All keys by screen, printable, from the same data as the key bar."""
    return render(request, "keys.html", {"groups": keys.keys_by_context(), "titles": keys.CONTEXTS})


@router.get("/parts")
async def show_parts(request: Request) -> HTMLResponse:
    """Every component in every state, with invented data."""
    _with_parts_menu(request)
    return render(request, "parts.html", parts.context())


@router.get("/parts/exam")
async def show_exam_parts(request: Request) -> HTMLResponse:
    """The three-column work layout with banner, dose grid, basket and findings."""
    _with_parts_menu(request)
    return render(request, "parts_exam.html", parts.context())


@router.get("/parts/tv")
async def show_waiting_room(request: Request) -> HTMLResponse:
    """The waiting-room screen with a call."""
    return render(request, "tv.html", parts.waiting_room())


@router.get("/parts/codes")
async def search_codes(request: Request, q: str = "") -> HTMLResponse:
    """The option fragment of the typeahead: codes or words, marks ignored."""
    wanted = fold(q).split()
    hits = [c for c in parts.CODES if all(w in fold(f"{c['code']} {c['label']}") for w in wanted)]
    module = templates.get_template("ui/search.html").module
    return HTMLResponse(str(module.options(hits)))  # type: ignore[attr-defined]


@places.get("/palette")
async def search_places(request: Request, q: str = "") -> HTMLResponse:
    """Where Ctrl+K can go by word: the entries of the menu of the person who is signed in."""
    wanted = fold(q).split()
    menu = getattr(request.state, "menu", ())
    items = [
        {"value": m.href, "label": m.label, "href": m.href} for m in menu if all(w in fold(m.label) for w in wanted)
    ]
    module = templates.get_template("ui/search.html").module
    return HTMLResponse(str(module.options(items)))  # type: ignore[attr-defined]


@router.get("/language/{code}")
async def choose(request: Request, code: str) -> RedirectResponse:
    """Keep the language (`vi` or `en`) in a cookie and go back to where the person was."""
    back = urlsplit(request.headers.get("referer", ""))
    target = back.path if back.netloc == request.headers.get("host", "") and back.path else "/"
    response = RedirectResponse(target, 303)
    if code in i18n.LANGUAGES:
        response.set_cookie("lang", code, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    return response
