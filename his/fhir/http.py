"""One HTTP request and its answer on bare ASGI: headers, body limits, formats, preferences."""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers

from his.fhir.outcome import FhirError
from his.fhir.search import split_query

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MIME = b"application/fhir+json; charset=utf-8"
ALWAYS = ((b"cache-control", b"private, no-cache"), (b"x-content-type-options", b"nosniff"))
_JSON = re.compile(r"(application/(fhir\+json|json|json\+fhir|\*)|text/json|\*/\*|json)\b|\*/\*|application/\*")
_BODY = re.compile(r"(application/fhir\+json|application/json|application/json\+fhir|text/json)\s*(;|$)", re.IGNORECASE)


@dataclass(slots=True)
class Request:
    """A request with its path split below the FHIR base."""

    method: str
    segments: list[str]
    query: str
    headers: Headers
    receive: Receive
    limit: int

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
                raise FhirError(400, "incomplete", "Kết nối đứt trước khi nhận đủ nội dung.")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.limit:
                raise too_large(self.limit)
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)

    async def json_body(self) -> bytes:
        """The body of a write; 415 unless it is said to be JSON."""
        said = self.headers.get("content-type", "application/fhir+json")
        if not _BODY.match(said):
            raise FhirError(415, "not-supported", "Chỉ nhận application/fhir+json.", "http.Content-Type")
        return await self.body()

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
    """An answer; `body` None sends none (304, 204)."""

    status: int
    body: bytes | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class SelfSending(Response):
    """An answer that is no FHIR JSON and sends itself, such as a file that is streamed."""

    async def send_itself(self, send: Send, *, head: bool) -> None:
        """Send status, headers and, unless `head`, the body."""
        raise NotImplementedError


def too_large(limit: int) -> FhirError:
    """The body is larger than this system takes (413)."""
    return FhirError(413, "too-long", f"Nội dung lớn hơn {limit // 1_000_000} MB.")


def split_path(path: str) -> list[str]:
    """Path segments below the base, decoded."""
    try:
        return [unquote(part, errors="strict") for part in path.strip("/").split("/")] if path.strip("/") else []
    except UnicodeDecodeError:
        raise FhirError(400, "invalid", "Địa chỉ không phải UTF-8.") from None


def check_format(request: Request) -> None:
    """406 unless the caller takes JSON: the only format this system writes (a bulk job's files have their own)."""
    if request.segments[:1] in (["$export"], ["$import"]):
        return
    asked = request.flag("_format") or request.headers.get("accept", "*/*")
    if not _JSON.search(asked):
        raise FhirError(406, "not-supported", "Chỉ trả application/fhir+json.", "http.Accept")


def version_headers(version: int, updated_at: datetime) -> list[tuple[bytes, bytes]]:
    """ETag and Last-Modified of a resource."""
    return [
        (b"etag", b'W/"%d"' % version),
        (b"last-modified", format_datetime(updated_at.astimezone(UTC), usegmt=True).encode()),
    ]


class _Exact(float):
    """A number that prints as it was written."""

    def __new__(cls, text: str) -> "_Exact":
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __repr__(self) -> str:
        return self.text


def pretty(body: bytes) -> bytes:
    """The same JSON with line breaks; numbers keep their digits."""
    value = json.loads(body, parse_float=_Exact)
    return _indented(value, "\n").encode()


def _indented(value: Any, newline: str) -> str:
    inner = newline + "  "
    if isinstance(value, dict) and value:
        parts = (f"{json.dumps(name, ensure_ascii=False)}: {_indented(item, inner)}" for name, item in value.items())
        return "{" + inner + ("," + inner).join(parts) + newline + "}"
    if isinstance(value, list) and value:
        return "[" + inner + ("," + inner).join(_indented(item, inner) for item in value) + newline + "]"
    return repr(value) if isinstance(value, _Exact) else json.dumps(value, ensure_ascii=False)


async def send_response(send: Send, response: Response, *, head: bool = False) -> None:
    """Send the answer; HEAD gets the headers of GET without its body."""
    if isinstance(response, SelfSending):
        await response.send_itself(send, head=head)
        return
    headers = [*ALWAYS, *response.headers]
    if response.body is not None:
        headers = [(b"content-type", MIME), (b"content-length", b"%d" % len(response.body)), *headers]
    elif response.status not in (204, 304):
        headers = [(b"content-length", b"0"), *headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head or response.body is None else response.body})
