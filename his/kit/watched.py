"""What measurements and traces share: the code of an answer, known when the application is done with a request."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Done = Callable[[int], None]
"""Called with the code of the answer; 500 when an error came through that nothing caught."""


class Watched:
    """A layer around the application; `begin` is asked for each HTTP request and returns what is called at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def begin(self, scope: Scope) -> Done:
        """A request begins."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, done = 500, self.begin(scope)

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            done(status)


def queries_of(scope: Scope) -> int | None:
    """Statements that the request asked of the database; None where it had no handle of it."""
    db = scope.get("state", {}).get("db")
    return None if db is None else int(db.queries)
