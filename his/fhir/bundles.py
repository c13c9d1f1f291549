"""Batch and transaction: http://hl7.org/fhir/R4/http.html#transaction.

A transaction is one change set (transaction.py). A batch is so many requests of their own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import orjson
from starlette.datastructures import Headers

from his.fhir.access import Caller
from his.fhir.dates import instant_text, interval
from his.fhir.engine import Engine
from his.fhir.entries import Entry, read_bundle
from his.fhir.http import Request, Response
from his.fhir.jsonexact import read as read_exact
from his.fhir.jsontext import decode
from his.fhir.narrowing import CLOSED_OPERATIONS
from his.fhir.outcome import FhirError, outcome_of
from his.fhir.patch import change_in_bundle
from his.fhir.transaction import Transaction
from his.kit.errors import HisError

READS = frozenset({"GET", "HEAD"})
Route = Callable[[Engine, Caller, Request], Awaitable[Response]]


async def process(engine: Engine, caller: Caller, request: Request, route: Route) -> Response:
    """POST to the base."""
    text = decode(await request.json_body())
    return Response(200, await process_text(engine, caller, text, route, request.prefer))


async def process_text(engine: Engine, caller: Caller, text: str, route: Route, prefer: str = "minimal") -> bytes:
    """Process the text of a batch or transaction bundle; the response bundle as bytes."""
    if len(text) > engine.limits.thread_bytes:
        kind, entries = await asyncio.to_thread(read_bundle, text, engine.limits.bundle_entries, engine.base)
    else:
        kind, entries = read_bundle(text, engine.limits.bundle_entries, engine.base)
    if kind == "transaction":
        await Transaction(engine, caller, entries, prefer, large=len(text) > engine.limits.thread_bytes).run()
    left = engine.limits.answer_bytes
    for entry in entries:
        if entry.method in READS or entry.operation:  # what they bring is the server's to bound
            entry.answer = await _batch_entry(engine, caller, entry, route, prefer) if left > 0 else TOO_MUCH
            left -= len(entry.answer)
        elif kind == "batch":
            entry.answer = await _batch_entry(engine, caller, entry, route, prefer)
    answers = [entry.answer for entry in entries]
    listed = f',"entry":[{",".join(answers)}]' if answers else ""
    return f'{{"resourceType":"Bundle","type":"{kind}-response"{listed}}}'.encode()


async def _batch_entry(engine: Engine, caller: Caller, entry: Entry, route: Route, prefer: str) -> str:
    try:
        return await _asked(engine, caller, entry, route, prefer)
    except HisError as error:
        return _refused(error, entry.path)


async def _asked(engine: Engine, caller: Caller, entry: Entry, route: Route, prefer: str) -> str:
    if entry.operation in CLOSED_OPERATIONS:
        text = f"{entry.path}: {entry.operation} làm ở nền, gửi riêng."
        raise FhirError(400, "not-supported", text, f"{entry.path}.request.url")
    body, media = b"", "application/fhir+json"
    if entry.parsed:
        body = entry.parsed.text[entry.parsed.start : entry.parsed.end].encode()
        if entry.method == "PATCH":
            text, media = change_in_bundle(read_exact(body.decode()), entry.path)
            body = text.encode()
    raw: list[tuple[bytes, bytes]] = [(b"content-type", media.encode()), (b"prefer", b"return=" + prefer.encode())]
    for name, header in (
        ("ifMatch", b"if-match"),
        ("ifNoneExist", b"if-none-exist"),
        ("ifNoneMatch", b"if-none-match"),
        ("ifModifiedSince", b"if-modified-since"),
    ):
        if name in entry.request:
            raw.append((header, _header(entry, name)))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    method = "GET" if entry.method == "HEAD" else entry.method
    request = Request(method, entry.segments, entry.query, Headers(raw=raw), receive, engine.limits.body_bytes)
    return _batch_answer(await route(engine, caller, request), head=entry.method == "HEAD", told=not entry.operation)


def _header(entry: Entry, name: str) -> bytes:
    """A condition of the entry as the header it stands for (an instant becomes an HTTP date)."""
    value: str = entry.request[name]
    if name == "ifModifiedSince":
        span = interval(value)
        if span is None:
            raise FhirError(400, "value", f"{entry.path}: ifModifiedSince cần thời điểm.", f"{entry.path}.request")
        value = format_datetime(datetime.fromisoformat(span[0]), usegmt=True)
    return value.encode("latin-1", "replace")


def _refused(error: HisError, place: str = "Bundle.entry") -> str:
    return f'{{"response":{{"status":"{error.status}","outcome":{outcome_of(error, place).decode()}}}}}'


TOO_MUCH = _refused(FhirError(413, "too-costly", "Các lần đọc trước trong Bundle đã quá lớn. Gửi phần còn lại riêng."))


def _batch_answer(response: Response, *, head: bool, told: bool = True) -> str:
    """The answer of an entry; an OperationOutcome is what is `told` beside it, unless an operation gives it as its result."""
    shown: dict[str, Any] = {"status": str(response.status)}
    for name, value in response.headers:
        if name in (b"etag", b"location"):
            shown[name.decode()] = value.decode()
        elif name == b"last-modified":
            shown["lastModified"] = instant_text(parsedate_to_datetime(value.decode()))
    resource = ""
    if response.body and not head:
        said = response.body.startswith(b'{"resourceType":"OperationOutcome"')
        if said and (told or response.status != 200):
            shown["outcome"] = orjson.Fragment(response.body)
        else:
            resource = f'"resource":{response.body.decode()},'
    return f'{{{resource}"response":{orjson.dumps(shown).decode()}}}'
