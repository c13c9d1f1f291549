"""One HTTP request and its answer on bare ASGI: headers, body limits, formats, preferences."""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers

from his.fhir.outcome import FhirError
from his.fhir.search import split_query
from his.fhir.xmlin import from_xml

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MIME = b"application/fhir+json; charset=utf-8"
XML_MIME = b"application/fhir+xml; charset=utf-8"
ALWAYS = (
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept, accept-encoding"),
)
_BODY = re.compile(r"(application/fhir\+json|application/json|application/json\+fhir|text/json)\s*(;|$)", re.IGNORECASE)
_XML_BODY = re.compile(r"(application/fhir\+xml|application/xml|application/xml\+fhir|text/xml)\s*(;|$)", re.IGNORECASE)
_THREAD_FROM = 200_000


@dataclass(slots=True)
class Request:
    """A request with its path split below the FHIR base."""

    method: str
    segments: list[str]
    query: str
    headers: Headers
    receive: Receive
    limit: int
    wire: str = "json"  # or "xml": the form of the answer
    pretty: bool = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query string, read."""
        return split_query(self.query) if self.query else []

    async def body(self) -> bytes:
        """The body; 413 beyond the limit, whatever the headers promised."""
        declared = self.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self.limit:
            raise too_large(self.limit)
        chunks = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise FhirError(400, "incomplete", "Kết nối đứt trước khi nhận đủ nội dung.", "http.body")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.limit:
                raise too_large(self.limit)
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)

    async def json_body(self) -> bytes:
        """The body of a write as JSON; XML is converted here, 415 for anything else."""
        said = self.headers.get("content-type", "application/fhir+json")
        if _BODY.match(said):
            return await self.unpacked()
        if not _XML_BODY.match(said):
            raise FhirError(
                415, "not-supported", "Chỉ nhận application/fhir+json hoặc application/fhir+xml.", "http.Content-Type"
            )
        body = await self.unpacked()
        if len(body) > _THREAD_FROM:
            return (await asyncio.to_thread(from_xml, body, self.limit)).encode()
        return from_xml(body, self.limit).encode()

    async def unpacked(self) -> bytes:
        """The body without its gzip, never more than the limit."""
        coding = self.headers.get("content-encoding", "identity").lower()
        body = await self.body()
        if coding == "identity":
            return body
        if coding not in ("gzip", "x-gzip"):
            raise FhirError(415, "not-supported", "Content-Encoding chỉ nhận gzip.", "http.Content-Encoding")
        opened = zlib.decompressobj(wbits=31)
        try:
            plain = opened.decompress(body, self.limit + 1)
        except zlib.error:
            raise FhirError(400, "structure", "Nội dung không phải gzip đúng.", "http.Content-Encoding") from None
        if len(plain) > self.limit:
            raise too_large(self.limit)
        if not opened.eof:
            raise FhirError(400, "structure", "Nội dung gzip bị cắt.", "http.Content-Encoding")
        return plain

    @property
    def prefer(self) -> str:
        """What the answer to a write shall hold: minimal, representation or OperationOutcome."""
        found = re.search(r"return\s*=\s*(\w+)", self.headers.get("prefer", ""))
        return found[1] if found else "representation"

    def flag(self, name: str) -> str:
        """The value of a control parameter such as `_format`, "" when absent."""
        if name not in self.query:
            return ""
        return next((value for key, value in self.pairs if key == name), "")


@dataclass(slots=True)
class Response:
    """An answer; `body` None sends none (304, 204). A body of another `media` than MIME is sent as it is."""

    status: int
    body: bytes | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    media: bytes = MIME


class SelfSending(Response):
    """An answer that is no FHIR JSON and sends itself, such as a file that is streamed."""

    async def send_itself(self, send: Send, *, head: bool) -> None:
        """Send status, headers and, unless `head`, the body."""
        raise NotImplementedError


def is_fhir_body(said: str) -> bool:
    """Whether a content type is a form of FHIR (a body without one is taken for JSON)."""
    return not said or bool(_BODY.match(said) or _XML_BODY.match(said))


def too_large(limit: int) -> FhirError:
    """The body is larger than this system takes (413)."""
    return FhirError(413, "too-long", f"Nội dung lớn hơn {limit // 1_000_000} MB.", "http.body")


def split_path(path: str) -> list[str]:
    """Path segments below the base, decoded."""
    try:
        return [unquote(part, errors="strict") for part in path.strip("/").split("/")] if path.strip("/") else []
    except UnicodeDecodeError:
        raise FhirError(400, "invalid", "Địa chỉ không phải UTF-8.") from None


def version_headers(version: int, updated_at: datetime) -> list[tuple[bytes, bytes]]:
    """ETag and Last-Modified of a resource."""
    return [
        (b"etag", b'W/"%d"' % version),
        (b"last-modified", format_datetime(updated_at.astimezone(UTC), usegmt=True).encode()),
    ]


async def send_response(send: Send, response: Response, *, head: bool = False) -> None:
    """Send the answer; HEAD gets the headers of GET without its body."""
    if isinstance(response, SelfSending):
        await response.send_itself(send, head=head)
        return
    headers = [*ALWAYS, *response.headers]
    if response.body is not None:
        headers = [(b"content-type", response.media), (b"content-length", b"%d" % len(response.body)), *headers]
    elif response.status not in (204, 304):
        headers = [(b"content-length", b"0"), *headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head or response.body is None else response.body})
