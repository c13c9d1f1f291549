"""How many requests are under way at once: one more than can be served in time is told to come back, at once."""

from starlette.types import ASGIApp, Receive, Scope, Send

from his.kit.config import get_settings
from his.kit.middleware import HEADERS, NO_STORE

ALWAYS = ("/livez", "/readyz", "/static/")
"""What has to answer in a crowd too, and costs next to nothing."""
WORDS = "Máy chủ đang quá tải. Thử lại sau một giây."
BODY = f'{{"type":"urn:his:problem:busy","status":503,"title":"{WORDS}"}}'.encode()
FHIR_BODY = (
    '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled","expression":["http"],'
    f'"diagnostics":"{WORDS}"}}]}}'
).encode()


class Crowd:
    """The outermost layer. Beyond `HIS_MAX_REQUESTS` it answers 503 with `Retry-After`, before anything is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.most = get_settings().max_requests
        self.inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        if self.inside >= self.most:
            await refuse(scope, send)
            return
        self.inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1


async def refuse(scope: Scope, send: Send) -> None:
    """503 in the words of the door that was knocked at."""
    fhir = scope["path"].startswith("/fhir/")
    body, kind = (FHIR_BODY, b"application/fhir+json") if fhir else (BODY, b"application/problem+json")
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
        *HEADERS,
        NO_STORE,
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
