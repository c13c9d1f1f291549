"""One ASGI layer around everything: body limit, security headers, and the number of queries of a page."""

import sys

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from his.kit import requests
from his.kit.config import get_settings

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
NO_STORE = (b"cache-control", b"no-store")
"""After a sign-out the back key shows nothing of a patient; answers that may be kept say so themselves."""
SELF_LIMITED = ("/fhir/",)
"""Applications that count bytes themselves and refuse in their own words."""


class Guard:
    """Refuses bodies over the limit before they are parsed and adds headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.limit = get_settings().max_body_mb * 1024 * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        requests.begin(scope["headers"])
        limit = sys.maxsize if scope["path"].startswith(SELF_LIMITED) else self.limit
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not length.isdigit() or int(length) > limit:
            await _refuse(send, limit)
            return
        await self._bounded(scope, receive, send, limit)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Serve a request and count its bytes while they are read: a chunked one does not state its length."""
        seen = 0
        started = False

        async def bounded() -> Message:
            nonlocal seen
            if seen > limit:
                return {"type": "http.disconnect"}
            message = await receive()
            seen += len(message.get("body", b""))
            return {"type": "http.disconnect"} if seen > limit else message

        async def framed(message: Message) -> None:
            nonlocal started
            if seen > limit and not started:
                return  # what the application thinks of half a body is not the answer
            if message["type"] == "http.response.start":
                started = True
                headers = message.setdefault("headers", [])
                said = {name.lower() for name, _ in headers}
                headers.extend(header for header in (*HEADERS, NO_STORE) if header[0] not in said)
                headers.append((requests.HEADER, requests.request_id.get().encode()))
                db = scope.get("state", {}).get("db")
                if db is not None:
                    headers.append((b"server-timing", f'db;desc="{db.queries}"'.encode()))
            await send(message)

        try:
            await self.app(scope, bounded, framed)
        except Exception:
            if seen <= limit or started:
                raise
        if seen > limit and not started:
            await _refuse(send, limit)


def secured(response: Response) -> Response:
    """The same headers for an answer that is made outside this layer (an incident)."""
    for name, value in (*HEADERS, NO_STORE):
        response.headers.setdefault(name.decode(), value.decode())
    return response


async def _refuse(send: Send, limit: int) -> None:
    body = f'{{"type":"urn:his:problem:too-large","status":413,"title":"Dữ liệu gửi lên quá {limit // 1048576} MB."}}'.encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *HEADERS,
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
