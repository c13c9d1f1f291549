"""A subscriber for tests: a real HTTP server that keeps what it is told and answers as it is bid."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Told:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hook:
    """What was told, and what is answered."""

    base: str = ""
    status: int = 200
    patience: int | None = None  # how many more requests are answered so; then 500
    told: list[Told] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = first.split(" ")
                self.told.append(Told(method, path, headers, body))
                if self.patience is not None:
                    self.patience -= 1
                status = 500 if self.patience is not None and self.patience < 0 else self.status
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def running() -> AsyncIterator[Hook]:
    """A subscriber on a free loopback port."""
    hook = Hook()
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook/"
    try:
        yield hook
    finally:
        server.close()
