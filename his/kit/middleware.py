"""One ASGI layer around everything: body limit, security headers, and the number of queries of a page."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from his.kit.config import get_settings

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


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
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not length.isdigit() or int(length) > self.limit:
            await _refuse(send, self.limit)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                return {"type": "http.disconnect"}
            return message

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                headers.extend(HEADERS)
                db = scope.get("state", {}).get("db")
                if db is not None:
                    headers.append((b"server-timing", f'db;desc="{db.queries}"'.encode()))
            await send(message)

        await self.app(scope, bounded, framed)


async def _refuse(send: Send, limit: int) -> None:
    body = f'{{"type":"urn:his:problem:too-large","title":"Dữ liệu gửi lên quá {limit // 1048576} MB."}}'.encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
