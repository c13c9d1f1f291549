"""Rendering of pages and fragments: one Jinja environment for the shell and for the templates of every slice.

`render(request, "slice/page.html", {...})` adds the shell's context from `request.state`, without any input or output:
`user`, `menu`, `csrf_token`, `gateway`, `now` are put there by the sign-in layer; each may be absent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from his.kit.errors import HisError, Kind
from his.web import charts, i18n, keys
from his.web.filters import FILTERS
from his.web.static_files import asset_url

HERE = Path(__file__).parent
PACKAGE = HERE.parent


class ShellUser(Protocol):
    """What the top bar needs to know about the person who is signed in."""

    display_name: str
    role: str
    unit_name: str
    place: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the top bar: word, address, icon name of the sprite. The current one is found by address."""

    label: str
    href: str
    icon: str = "list"


@dataclass(frozen=True, slots=True)
class Gateway:
    """State of an outside gateway in the top bar: `tone` is `ok` or `warn`, `text` a short sentence with the state."""

    text: str
    tone: str = "ok"


@dataclass(frozen=True, slots=True)
class Toast:
    """The line in the status strip after an action; `undo` is the address posted by "Hoàn tác", valid ten minutes."""

    text: str
    undo: str = ""
    tone: str = "ok"


def _loader() -> BaseLoader:
    slices = {
        folder.parent.name: FileSystemLoader(folder)
        for folder in sorted(PACKAGE.glob("*/templates"))
        if folder.parent != HERE
    }
    return ChoiceLoader([FileSystemLoader(HERE / "templates"), PrefixLoader(slices)])


def _environment() -> Environment:
    environment = Environment(
        loader=_loader(),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,  # no look at the disk while a page is made
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(FILTERS)
    environment.globals.update(
        asset=asset_url,
        chart=charts,
        key_cap=keys.cap,
        key_bar=keys.key_bar,
        language=i18n.current_language,
        other_language=i18n.other_language,
    )
    return environment


templates = _environment()


def is_fragment(request: Request) -> bool:
    """Did the page's script ask for a piece (not a boosted or restored whole page)?"""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and "hx-boosted" not in headers
        and "hx-history-restore-request" not in headers
    )


def current_item(menu: Sequence[MenuItem], path: str) -> MenuItem | None:
    """The menu entry whose address is the longest prefix of the path."""
    hits = [m for m in menu if path == m.href or path.startswith(m.href.rstrip("/") + "/")]
    return max(hits, key=lambda m: len(m.href), default=None)


def shell_context(request: Request) -> dict[str, Any]:
    """The variables every page may use; pure reading of `request.state`."""
    state = request.state
    menu: Sequence[MenuItem] = getattr(state, "menu", ())
    now: datetime | None = getattr(state, "now", None)
    return {
        "request": request,
        "user": getattr(state, "user", None),
        "menu": menu,
        "menu_current": current_item(menu, request.url.path),
        "csrf_token": getattr(state, "csrf_token", ""),
        "gateway": getattr(state, "gateway", None),
        "now": now,
        "fragment": is_fragment(request),
    }


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    status: int = 200,
    *,
    toast: Toast | None = None,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page or fragment as a response, in the language of the request.

    `template` is `page.html` of the shell or `<slice>/file.html`; `toast` puts a line into the status strip.
    Raises jinja2.UndefinedError when the template uses a name that nobody gave.
    """
    i18n.use_language(i18n.choose_language(request.cookies))
    body = templates.get_template(template).render({**shell_context(request), **(context or {})})
    response = HTMLResponse(body, status_code=status, headers=dict(headers or {}))
    response.headers["Content-Language"] = i18n.current_language()
    response.headers["Vary"] = "HX-Request, Cookie"
    if toast is not None:
        response.headers["HX-Trigger"] = toast_event(toast)
    return response


def toast_event(toast: Toast) -> str:
    """The value of the HX-Trigger header that shows the toast (ASCII, because headers are)."""
    return json.dumps({"toast": {"text": toast.text, "undo": toast.undo, "tone": toast.tone}})


NEXT_STEP: dict[Kind, str] = {
    Kind.UNAUTHENTICATED: "Đăng nhập lại để làm tiếp.",
    Kind.FORBIDDEN: "Nhờ người có quyền, hoặc báo quản trị cấp quyền.",
    Kind.NOT_FOUND: "Kiểm lại mã hoặc tìm theo tên.",
    Kind.STALE: "Mở lại bản mới rồi sửa tiếp.",
    Kind.BUSY: "Chờ ít phút rồi thử lại. Dữ liệu đã nhập vẫn còn.",
    Kind.TOO_MANY: "Chờ ít phút rồi thử lại.",
}


def render_error(request: Request, error: HisError) -> HTMLResponse:
    """An error as a page, or as a fragment whose sentence goes to the status strip: what happened and the next action."""
    return render(
        request,
        "error_part.html" if is_fragment(request) else "error.html",
        {
            "sentence": error.message,
            "next_step": i18n.gettext(NEXT_STEP.get(error.kind, "")) if error.kind in NEXT_STEP else "",
            "findings": error.findings,
            "incident": "",
        },
        error.status,
    )


def render_incident(request: Request, incident: str) -> HTMLResponse:
    """The page of a broken invariant (500): nothing about the cause, an incident number to tell the administrator."""
    return render(
        request,
        "error_part.html" if is_fragment(request) else "error.html",
        {
            "sentence": i18n.gettext("Máy chủ gặp sự cố khi làm việc này. Những gì đã lưu vẫn còn."),
            "next_step": i18n.gettext("Thử lại; nếu vẫn vậy, báo quản trị số sự cố dưới đây."),
            "findings": (),
            "incident": incident,
        },
        500,
    )
