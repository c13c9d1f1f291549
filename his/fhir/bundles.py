"""Batch and transaction: http://hl7.org/fhir/R4/http.html#transaction.

A transaction is one change set: all entries are prepared first, then written in one database transaction or not at
all. A batch is so many requests of their own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.datastructures import Headers

from his.fhir.access import Caller, check
from his.fhir.dates import instant_text
from his.fhir.engine import Engine
from his.fhir.http import Request, Response, split_path
from his.fhir.interactions import check_update_id, conditional_update, expected, several
from his.fhir.jsontext import Parsed, decode, read_array, read_document, read_object
from his.fhir.outcome import FhirError, outcome_of
from his.fhir.references import conditional, references, relative, rewrite
from his.fhir.resource_types import TYPES
from his.fhir.search import split_query
from his.fhir.writer import Draft, Exists, check_id, check_type, etag_version, prepare, unless
from his.kit.errors import HisError
from his.kit.ids import new_id

Route = Callable[[Engine, Caller, Request], Awaitable[Response]]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
RACES = 3


@dataclass(slots=True)
class Entry:
    """An entry of a bundle: what it asks, and what becomes of it."""

    position: int
    method: str
    segments: list[str]
    query: str
    request: dict[str, Any]
    full_url: str
    parsed: Parsed | None
    draft: Draft | None = None
    delete: tuple[str, str, int | None] | None = None
    found: str = ""  # the resource a conditional create found
    answer: str = ""

    @property
    def path(self) -> str:
        """FHIRPath of the entry, for errors."""
        return f"Bundle.entry[{self.position}]"


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
    if kind == "batch":
        answers = [await _batch_entry(engine, caller, entry, route) for entry in entries]
    else:
        await Transaction(engine, caller, entries, prefer, large=len(text) > engine.limits.thread_bytes).run()
        for entry in entries:
            if entry.method in ("GET", "HEAD"):
                entry.answer = await _batch_entry(engine, caller, entry, route)
        answers = [entry.answer for entry in entries]
    listed = f',"entry":[{",".join(answers)}]' if answers else ""
    return f'{{"resourceType":"Bundle","type":"{kind}-response"{listed}}}'.encode()


def read_bundle(text: str, limit: int) -> tuple[str, list[Entry]]:
    """Kind and entries of a bundle, each resource with its place in the text."""
    document = read_document(text)
    if document.value.get("resourceType") != "Bundle":
        raise FhirError(400, "structure", "Địa chỉ gốc chỉ nhận Bundle.", "resourceType")
    kind = document.value.get("type")
    if kind not in ("batch", "transaction"):
        raise FhirError(400, "value", "Bundle.type phải là batch hoặc transaction.", "Bundle.type")
    member = document.member("entry")
    if member is None:
        return kind, []
    if not isinstance(member.value, list) or len(member.value) > limit:
        raise FhirError(400, "structure", f"Bundle.entry phải là danh sách, tối đa {limit} mục.", "Bundle.entry")
    spans = read_array(text, member.value_start)
    return kind, [_entry(text, n, value, start) for n, (value, start, _) in enumerate(spans)]


def _entry(text: str, position: int, value: Any, start: int) -> Entry:
    path = f"Bundle.entry[{position}]"
    request = value.get("request") if isinstance(value, dict) else None
    if not isinstance(request, dict) or not all(isinstance(item, str) for item in request.values()):
        raise FhirError(400, "required", f"{path} cần request.method và request.url.", f"{path}.request")
    method, url = request.get("method", ""), request.get("url", "")
    if method not in METHODS:
        raise FhirError(400, "not-supported", f"{path}: phương thức không được hỗ trợ.", f"{path}.request.method")
    place, _, query = url.partition("?")
    segments = split_path(place)
    if not segments or segments[0] not in TYPES:
        raise FhirError(400, "value", f"{path}: request.url không có loại tài nguyên.", f"{path}.request.url")
    full_url = value.get("fullUrl", "")
    entry = Entry(position, method, segments, query, request, full_url if isinstance(full_url, str) else "", None)
    if method in ("POST", "PUT"):
        member = read_object(text, start).member("resource")
        if member is None or not isinstance(member.value, dict):
            raise FhirError(400, "required", f"{path} cần resource.", f"{path}.resource")
        entry.parsed = read_object(text, member.value_start)
    return entry


class Transaction:
    """One atomic bundle."""

    def __init__(self, engine: Engine, caller: Caller, entries: list[Entry], prefer: str, *, large: bool) -> None:
        self.engine = engine
        self.caller = caller
        self.entries = entries
        self.prefer = prefer
        self.large = large
        self.known: dict[str, str] = {}

    async def run(self) -> None:
        """Prepare, write once, and note the answer of every entry; repeats when a conditional create lost a race."""
        for left in reversed(range(RACES)):
            self.known = {}
            for entry in self.entries:
                await self._address(entry)
            self._refuse_doubles()
            await self._resolve_conditional_references()
            if self.large:
                await asyncio.to_thread(self._prepare)
            else:
                self._prepare()
            at = self.engine.now()
            drafts = [e for e in self._in_order() if e.draft is not None and not e.found]
            deletes = [e for e in self.entries if e.delete is not None]
            try:
                versions = (
                    await self.engine.writer.write(
                        self.caller.scope,
                        [e.draft for e in drafts if e.draft],
                        [e.delete for e in deletes if e.delete],
                        at,
                    )
                    or []
                )
            except Exists as found:
                if left and found.id:
                    continue
                raise several() from None
            for entry, version in zip(deletes + drafts, versions, strict=True):
                entry.answer = self._answer(entry, version, at)
            return

    async def _address(self, entry: Entry) -> None:
        """Decide which resource an entry is about, and what its full URL stands for."""
        kind, *rest = entry.segments
        if entry.method in ("GET", "HEAD"):
            return
        if len(rest) > 1 or (rest and entry.method == "POST"):
            raise FhirError(400, "value", f"{entry.path}: request.url không hợp lệ.", f"{entry.path}.request.url")
        action = {"POST": "create", "PUT": "update", "DELETE": "delete"}[entry.method]
        check(self.caller, self.engine.registry, action, kind)
        if entry.method == "DELETE":
            await self._address_delete(entry, kind, rest)
            return
        assert entry.parsed is not None
        with_path = _at(entry)
        with with_path:
            resource = check_type(entry.parsed, kind)
        if entry.method == "POST":
            await self._address_create(entry, kind, resource)
        else:
            await self._address_update(entry, kind, rest, resource)
        assert entry.draft is not None
        target = f"{kind}/{entry.found or entry.draft.id}"
        if entry.full_url:
            self.known[entry.full_url] = target
            if local := relative(entry.full_url):
                self.known.setdefault(local, target)

    async def _address_create(self, entry: Entry, kind: str, resource: dict[str, Any]) -> None:
        assert entry.parsed is not None
        entry.draft = Draft(kind, str(new_id()), entry.parsed, resource, "create", fresh=True)
        entry.found = ""
        condition = entry.request.get("ifNoneExist")
        if condition is not None:
            pairs = self.engine.localize(split_query(condition.rpartition("?")[2]))
            entry.draft.unless = unless(kind, condition, pairs)
            entry.found, more = await self.engine.find_one(self.caller.scope, kind, pairs)
            if more:
                raise several()
            if entry.found:
                entry.answer = f'{{"response":{{"status":"200 OK","location":"{kind}/{entry.found}"}}}}'

    async def _address_update(self, entry: Entry, kind: str, rest: list[str], resource: dict[str, Any]) -> None:
        assert entry.parsed is not None
        draft = Draft(kind, rest[0] if rest else "", entry.parsed, resource, "update")
        if rest:
            check_update_id(rest[0])
            if resource.get("id") != rest[0]:
                raise FhirError(
                    400, "invalid", "id trong nội dung phải bằng id trong request.url.", f"{entry.path}.resource.id"
                )
            draft.must = expected(self.caller, entry.request.get("ifMatch"))
        else:
            pairs = self.engine.localize(split_query(entry.query))
            await conditional_update(self.engine, self.caller, draft, pairs)
            if "ifMatch" in entry.request:
                draft.must = etag_version(entry.request["ifMatch"])
        entry.draft = draft

    async def _address_delete(self, entry: Entry, kind: str, rest: list[str]) -> None:
        must = etag_version(entry.request["ifMatch"]) if "ifMatch" in entry.request else None
        if rest:
            entry.delete = (kind, check_id(rest[0]), must)
            return
        pairs = self.engine.localize(split_query(entry.query))
        if not pairs:
            raise FhirError(400, "value", f"{entry.path}: cần mã hoặc điều kiện để xóa.", f"{entry.path}.request.url")
        found, more = await self.engine.find_one(self.caller.scope, kind, pairs)
        if more:
            raise several()
        entry.delete = (kind, found, must) if found else None
        entry.answer = '{"response":{"status":"204 No Content"}}'

    def _in_order(self) -> list[Entry]:
        """Creates before updates, as the specification orders them."""
        return sorted(self.entries, key=lambda entry: entry.method != "POST")

    def _refuse_doubles(self) -> None:
        seen: set[tuple[str, str]] = set()
        for entry in self.entries:
            key = entry.delete[:2] if entry.delete else (entry.draft.type, entry.draft.id) if entry.draft else None
            if key is None:
                continue
            if key in seen:
                raise FhirError(400, "duplicate", f"{entry.path}: cùng một tài nguyên có hai lần.", entry.path)
            seen.add(key)

    async def _resolve_conditional_references(self) -> None:
        for entry in self.entries:
            if entry.parsed is None or entry.found:
                continue
            for reference in references(entry.parsed.text[entry.parsed.start : entry.parsed.end]):
                asked = None if reference in self.known else conditional(reference)
                if asked is None:
                    continue
                kind, query = asked
                path = f"{entry.path}.resource"
                if kind not in TYPES:
                    raise FhirError(400, "value", f"{path}: tham chiếu tới loại không có.", path)
                check(self.caller, self.engine.registry, "search", kind)
                found, more = await self.engine.find_one(self.caller.scope, kind, split_query(query))
                if more or not found:
                    how = "nhiều hơn một" if more else "không có"
                    raise FhirError(412, "multiple-matches" if more else "not-found",
                                    f"{path}: tham chiếu có điều kiện tới {kind} khớp {how} tài nguyên.", path)  # fmt: skip
                self.known[reference] = f"{kind}/{found}"

    def _prepare(self) -> None:
        """Rewrite references, validate, and extract; runs in a thread for a large bundle."""
        for entry in self.entries:
            draft = entry.draft
            if draft is None or entry.found:
                continue
            with _at(entry):
                self._rewrite(entry, draft)
                prepare(draft)

    def _rewrite(self, entry: Entry, draft: Draft) -> None:
        assert entry.parsed is not None
        text = entry.parsed.text[entry.parsed.start : entry.parsed.end]

        def missing(reference: str) -> None:
            raise FhirError(400, "not-found", f"Tham chiếu {reference[:60]} không có trong Bundle.", draft.type)

        changed = rewrite(text, self.known, missing)
        if changed != text:
            draft.parsed = read_document(changed)
            draft.resource = draft.parsed.value

    def _answer(self, entry: Entry, version: int, at: datetime) -> str:
        if entry.draft is None:
            return f'{{"response":{{"status":"204 No Content","etag":"W/\\"{version}\\""}}}}'
        draft = entry.draft
        status = "201 Created" if version == 1 else "200 OK"
        resource = f'"resource":{draft.text(version)},' if self.prefer == "representation" else ""
        return (
            f'{{{resource}"response":{{"status":"{status}","location":"{draft.type}/{draft.id}/_history/{version}",'
            f'"etag":"W/\\"{version}\\"","lastModified":"{instant_text(at)}"}}}}'
        )


class _at:
    """Adds the entry's path to the expressions of a refusal."""

    def __init__(self, entry: Entry) -> None:
        self.path = f"{entry.path}.resource"

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, HisError):
            error.field = f"{self.path}/{error.field}" if error.field else self.path


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
        failed = outcome_of(error).decode()
        return f'{{"response":{{"status":"{error.status}","outcome":{failed}}}}}'
    return _batch_answer(response)


def _batch_answer(response: Response) -> str:
    shown: dict[str, str] = {"status": str(response.status)}
    for name, value in response.headers:
        if name in (b"etag", b"location"):
            shown[name.decode()] = value.decode()
    resource = f'"resource":{response.body.decode()},' if response.body else ""
    return f'{{{resource}"response":{orjson.dumps(shown).decode()}}}'
