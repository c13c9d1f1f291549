"""Which form an answer takes on the wire: JSON as stored, XML made at the door, line breaks, gzip.

http://hl7.org/fhir/R4/http.html#mime-type; `_format` wins over `Accept`.
"""

import asyncio
import gzip
import re
from functools import lru_cache

from his.fhir.http import MIME, XML_MIME, Request, Response
from his.fhir.jsonexact import indented, read
from his.fhir.outcome import FhirError
from his.fhir.xmlout import to_xml

JSON, XML = "json", "xml"
GZIP_FROM = 1_400
"""Bytes below which an answer fits one packet, so that packing it saves nothing."""
THREAD_FROM = 200_000
"""Bytes from which another form is made in a thread, so that nobody waits for it."""
_JSON = re.compile(r"(application/(fhir\+(nd)?json|(nd)?json|json\+fhir|\*)|text/json|\*/\*|json|text/html)$")
_XML = re.compile(r"(application/(fhir\+xml|xml|xml\+fhir)|text/xml|xml)$")
_VERSION = re.compile(r"fhirversion\s*=\s*\"?([0-9.]+)")


def negotiate(request: Request) -> None:
    """Set the form of the answer; 406 when the caller takes neither JSON nor XML.

    An operation (`$...`) may answer in a form of its own, and a Binary is read in its own, so there nothing is refused.
    """
    asked = ""
    if request.query and "_" in request.query:
        asked = request.flag("_format")
        request.pretty = request.flag("_pretty") == "true"
    if asked:
        _choose(request, asked.replace(" ", "+"), "http._format")
    else:
        _choose(request, request.headers.get("accept", "") or "*/*", "http.Accept")


def negotiate_form(request: Request, pairs: list[tuple[str, str]]) -> None:
    """The same for what the body of a search says of the form of its answer."""
    for name, value in pairs:
        if name == "_format" and value:
            _choose(request, value.replace(" ", "+"), "http._format")
        elif name == "_pretty":
            request.pretty = value == "true"


def _choose(request: Request, said: str, expression: str) -> None:
    request.wire = form_of(said)
    operation = bool(request.segments) and request.segments[-1].startswith("$")
    if not request.wire and (operation or (request.segments[:1] == ["Binary"] and expression == "http.Accept")):
        request.wire = JSON
    if not request.wire:
        request.wire = JSON  # the refusal itself
        raise FhirError(406, "not-supported", "Chỉ trả application/fhir+json hoặc application/fhir+xml.", expression)


@lru_cache(maxsize=500)
def form_of(accept: str) -> str:
    """JSON or XML by the weights of an `Accept` header (JSON when they are equal), "" for neither."""
    best, weight = "", 0.0
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        form = JSON if _JSON.match(media) else XML if _XML.match(media) else ""
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value.strip())
        version = _VERSION.search(part)
        if version and not version[1].startswith("4.0"):
            continue
        if form and (quality > weight or (quality == weight and form == JSON and quality)):
            best, weight = form, quality
    return best


def accepted(accept: str) -> bool:
    """Whether an answer in a form of FHIR is what the header asks for: no other media type is named before it.

    `*/*` beside a media type stands for the rest; alone it is content with FHIR.
    """
    named = [part for part in accept.split(",") if not part.strip().startswith("*/*")]
    if not named or not form_of(accept):
        return bool(form_of(accept))
    forms = [part for part in named if form_of(part.partition(";")[0])]
    return bool(forms) and _weight(forms) >= _weight([part for part in named if part not in forms])


def _weight(parts: list[str]) -> float:
    return max((_quality(part.lower().partition("q=")[2].strip() or "1") for part in parts), default=0.0)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


async def dressed(request: Request, response: Response) -> Response:
    """The answer in the form the caller asked for; 406 when XML cannot hold it."""
    body = response.body
    if not body:
        return response
    if response.media == MIME and (request.wire == XML or request.pretty):
        if len(body) > THREAD_FROM:
            response.body = await asyncio.to_thread(_formed, body, request.wire, request.pretty)
        else:
            response.body = _formed(body, request.wire, request.pretty)
        if request.wire == XML:
            response.media = XML_MIME
    if len(response.body or b"") >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        await _pack(response)
    return response


def _formed(body: bytes, wire: str, pretty: bool) -> bytes:
    if wire == XML:
        return to_xml(body.decode(), pretty=pretty)
    return indented(read(body.decode())).encode()


async def _pack(response: Response) -> None:
    body = response.body or b""
    if len(body) > THREAD_FROM:
        response.body = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
    else:
        response.body = gzip.compress(body, 1, mtime=0)
    response.headers.append((b"content-encoding", b"gzip"))
