"""How many requests are under way at once: one more than can be served in time is told to come back, and soon."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from his.kit.config import get_settings
from his.kit.middleware import HEADERS, NO_STORE

ALWAYS = ("/livez", "/readyz", "/static/")
"""What has to answer in a crowd too, and costs next to nothing."""
PAUSE_SECONDS = 0.05
"""How long a refusal is held back: who knocks again the moment it comes would else take the processor from those inside."""
PAUSED_EACH = 8
"""For each place inside, how many refusals may be held back at a time: memory is bounded."""
WORDS = "Máy chủ đang quá tải. Thử lại sau một giây."
BODY = f'{{"type":"urn:his:problem:busy","status":503,"title":"{WORDS}"}}'.encode()
FHIR_BODY = (
    '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled","expression":["http"],'
    f'"diagnostics":"{WORDS}"}}]}}'
).encode()


class Crowd:
    """The outermost layer. Beyond `HIS_MAX_REQUESTS` it answers 503 with `Retry-After`, before anything is read.

    A refusal comes after `PAUSE_SECONDS`; where too many already wait for theirs, the next one gets it at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.most = get_settings().max_requests
        self.inside = self.paused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        if self.inside >= self.most:
            await self._pause()
            await refuse(scope, send)
            return
        self.inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1

    async def _pause(self) -> None:
        if self.paused >= PAUSED_EACH * self.most:
            return
        self.paused += 1
        try:
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self.paused -= 1


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
