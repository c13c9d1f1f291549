"""The language of a request is set before anything of it runs, so that pages, fragments and sentences agree."""

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from his.web import i18n


class Language:
    """ASGI layer that reads the cookie `lang`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in the language its cookie names."""
        if scope["type"] == "http":
            cookie = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
            i18n.use_language(i18n.choose_language(cookie_parser(cookie.decode("latin-1"))))
        await self.app(scope, receive, send)
