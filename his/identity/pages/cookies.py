"""The session cookie, and where a request comes from."""

from fastapi import Request
from fastapi.responses import Response

from his.identity.access import OWN_SITE, cookie_name
from his.identity.entering import Browser
from his.kit.config import get_settings
from his.kit.errors import HisError, Kind


def give(response: Response, token: str) -> Response:
    """Set the cookie of a session."""
    settings = get_settings()
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


def browser(request: Request) -> Browser:
    """What the browser calls itself, its address, and how long a session of it lasts."""
    address = request.client.host if request.client else ""
    return Browser(request.headers.get("user-agent", ""), get_settings().session_hours, address)


def own_site(request: Request) -> None:
    """Raise FORBIDDEN for a form that another site sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in OWN_SITE:
        raise HisError(Kind.FORBIDDEN, "Trang đã cũ. Tải lại trang rồi làm lại.")
