"""Other sites' browser apps at the open interfaces: they come with a token of their own, never with a cookie.

`*` is what keeps cookies out: a browser that sends them does not hand such an answer to the page.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/fhir/", "/oauth2/", "/.well-known/")
_ANY = (b"access-control-allow-origin", b"*")
_SHOWN = (b"access-control-expose-headers", b"ETag, Location, Content-Location, Last-Modified, Retry-After")
_PREFLIGHT = [
    _ANY,
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since",
    ),
    (b"access-control-max-age", b"3600"),
    (b"content-length", b"0"),
]


class Cors:
    """Answers preflight questions and marks the answers that another site's page may read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; nothing changes for callers that are no page of another site."""
        if scope["type"] != "http" or not scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        names = {name for name, _ in scope["headers"]}
        if b"origin" not in names:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in names:
            await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, _marked(send))


def _marked(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), _ANY, _SHOWN]
        await send(message)

    return marked
