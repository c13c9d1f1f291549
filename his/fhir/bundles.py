"""Batch and transaction: http://hl7.org/fhir/R4/http.html#transaction.

A transaction is one change set (transaction.py). A batch is so many requests of their own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.datastructures import Headers

from his.fhir.access import Caller
from his.fhir.engine import Engine
from his.fhir.entries import Entry, read_bundle
from his.fhir.http import Request, Response
from his.fhir.jsontext import decode
from his.fhir.outcome import FhirError, outcome_of
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
        kind, entries = await asyncio.to_thread(read_bundle, text, engine.limits.bundle_entries)
    else:
        kind, entries = read_bundle(text, engine.limits.bundle_entries)
    if kind == "transaction":
        await Transaction(engine, caller, entries, prefer, large=len(text) > engine.limits.thread_bytes).run()
    left = engine.limits.answer_bytes
    for entry in entries:
        if entry.method in READS:
            entry.answer = await _batch_entry(engine, caller, entry, route) if left > 0 else TOO_MUCH
            left -= len(entry.answer)
        elif kind == "batch":
            entry.answer = await _batch_entry(engine, caller, entry, route)
    answers = [entry.answer for entry in entries]
    listed = f',"entry":[{",".join(answers)}]' if answers else ""
    return f'{{"resourceType":"Bundle","type":"{kind}-response"{listed}}}'.encode()


async def _batch_entry(engine: Engine, caller: Caller, entry: Entry, route: Route) -> str:
    raw: list[tuple[bytes, bytes]] = [(b"content-type", b"application/fhir+json"), (b"prefer", b"return=minimal")]
    for name, header in (
        ("ifMatch", b"if-match"),
        ("ifNoneExist", b"if-none-exist"),
        ("ifNoneMatch", b"if-none-match"),
    ):
        if name in entry.request:
            raw.append((header, entry.request[name].encode()))
    body = entry.parsed.text[entry.parsed.start : entry.parsed.end].encode() if entry.parsed else b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    method = "GET" if entry.method == "HEAD" else entry.method
    request = Request(method, entry.segments, entry.query, Headers(raw=raw), receive, engine.limits.body_bytes)
    try:
        response = await route(engine, caller, request)
    except HisError as error:
        return _refused(error)
    return _batch_answer(response)


def _refused(error: HisError) -> str:
    return f'{{"response":{{"status":"{error.status}","outcome":{outcome_of(error).decode()}}}}}'


TOO_MUCH = _refused(FhirError(413, "too-costly", "Các lần đọc trước trong Bundle đã quá lớn. Gửi phần còn lại riêng."))


def _batch_answer(response: Response) -> str:
    shown: dict[str, str] = {"status": str(response.status)}
    for name, value in response.headers:
        if name in (b"etag", b"location"):
            shown[name.decode()] = value.decode()
    resource = f'"resource":{response.body.decode()},' if response.body else ""
    return f'{{{resource}"response":{orjson.dumps(shown).decode()}}}'
