"""Binary as bytes: read in its own content type, written as it comes, http://hl7.org/fhir/R4/binary.html.

A read whose `Accept` asks for no form of FHIR gets the content with its content type; a body in any content type that is no
form of FHIR is wrapped into a Binary at the door. Everything between sees the resource: rights, view, versions and audit are those
of every other type. What comes out is never run by a browser: it is a download in a sandbox.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import orjson
from starlette.datastructures import Headers

from his.fhir.formats import accepted
from his.fhir.http import Request, Response, is_fhir_body
from his.fhir.jsontext import read_document
from his.fhir.outcome import FhirError

_MEDIA: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}( ?; ?[A-Za-z0-9_.-]{1,60}=\"?[A-Za-z0-9_.:+-]{1,100}\"?){0,4}$"
)
_REFERENCE: Final = re.compile(r"[A-Za-z0-9\-.:/_?=&%|]{1,500}$")
_ANY: Final = "application/octet-stream"
_SAFE: Final = [(b"content-disposition", b"attachment"), (b"content-security-policy", b"sandbox; default-src 'none'")]
THREAD_FROM: Final = 200_000
Made = TypeVar("Made")


def reads_bytes(request: Request, rest: list[str]) -> bool:
    """Whether this read of a Binary wants its content: `Accept` names a media type, and no form of FHIR as much."""
    single = request.method == "GET" and (len(rest) == 1 or (len(rest) == 3 and rest[1] == "_history"))
    return single and not request.flag("_format") and not accepted(request.headers.get("accept", "") or "*/*")


def writes_bytes(request: Request, rest: list[str]) -> bool:
    """Whether the body of this create or update is the content itself."""
    writes = (request.method, len(rest)) in (("POST", 0), ("PUT", 1))
    return writes and not is_fhir_body(request.headers.get("content-type", ""))


async def wrapped(request: Request, identity: str) -> Request:
    """The same request with the bytes of its body in a Binary. Raises 400 for a content type that is none."""
    media = request.headers.get("content-type", "").strip()
    if not _MEDIA.match(media):
        raise FhirError(400, "value", "Content-Type không phải loại nội dung hợp lệ.", "http.Content-Type")
    context = request.headers.get("x-security-context", "")
    if context and not _REFERENCE.match(context):
        raise FhirError(400, "value", "X-Security-Context cần tham chiếu, ví dụ Patient/mã.", "http.X-Security-Context")
    body = await request.unpacked()
    text = await _threaded(len(body), _resource, body, media, context, identity)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": text}

    own = (b"content-type", b"content-encoding", b"content-length")
    raw = [(name, value) for name, value in request.headers.raw if name not in own]
    headers = Headers(raw=[*raw, (b"content-type", b"application/fhir+json")])
    return replace(request, headers=headers, receive=receive, limit=max(request.limit, len(text)))


def _resource(body: bytes, media: str, context: str, identity: str) -> bytes:
    held: dict[str, Any] = {"resourceType": "Binary"} | ({"id": identity} if identity else {})
    held["contentType"] = media
    if context:
        held["securityContext"] = {"reference": context}
    if body:
        held["data"] = base64.b64encode(body).decode()
    return orjson.dumps(held)


async def unwrapped(response: Response) -> Response:
    """The content of the Binary that a read found, in its content type; any other answer as it is."""
    if response.status != 200 or not response.body:
        return response
    media, content = await _threaded(len(response.body), _content, response.body)
    return Response(200, content, [*response.headers, *_SAFE], media=media.encode("ascii"))


def _content(body: bytes) -> tuple[str, bytes]:
    held = read_document(body.decode()).value
    media, data = held.get("contentType"), held.get("data", "")
    try:
        content = base64.b64decode(data) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        raise FhirError(
            422, "processing", "Binary.data không phải base64 nên không trả được nội dung.", "Binary.data"
        ) from None
    return (media if isinstance(media, str) and _MEDIA.match(media) else _ANY), content


async def _threaded(size: int, make: Callable[..., Made], *given: Any) -> Made:
    """Large content is converted in a thread, so that nobody waits for it."""
    return await asyncio.to_thread(make, *given) if size > THREAD_FROM else make(*given)
