"""A client that costs next to nothing, for trials that measure a service under a crowd on the same machine.

A full HTTP client spends more time on a crowd of its own connections than the service on its answers; what it waits for
itself would be counted as the service's.
"""

import asyncio
from contextlib import suppress


class Line:
    """One kept connection that asks for pages, one after another."""

    def __init__(self, port, headers):
        self.port = port
        self.head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.reader = self.writer = None

    async def get(self, path):
        """The status of the answer; 0 when there was none.

        A kept connection may have been closed by the server while nobody used it: then the page is asked for on a new one.
        """
        kept = self.writer is not None
        status = await self._ask(path)
        return await self._ask(path) if kept and status == 0 else status

    async def _ask(self, path):
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n{self.head}\r\n".encode())
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            await self.reader.readexactly(int(length))
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0
        return int(head.split(maxsplit=2)[1])

    def close(self):
        """Hang up."""
        if self.writer is not None:
            with suppress(OSError):
                self.writer.close()
        self.reader = self.writer = None


def badge(client):
    """The headers of a client that has signed in."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
