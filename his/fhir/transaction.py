"""One atomic bundle: all entries are prepared first, then written in one database transaction or not at all.

http://hl7.org/fhir/R4/http.html#trules.
"""

import asyncio
from datetime import datetime
from typing import Any

from his.fhir.access import Caller, check
from his.fhir.dates import instant_text
from his.fhir.engine import Engine
from his.fhir.entries import Entry
from his.fhir.interactions import check_update_id, conditional_update, expected, several
from his.fhir.jsontext import read_document
from his.fhir.outcome import FhirError
from his.fhir.references import conditional, references, relative, rewrite
from his.fhir.resource_types import TYPES
from his.fhir.search import split_query
from his.fhir.writer import Draft, Exists, check_id, check_type, etag_version, prepare, unless
from his.kit.errors import HisError
from his.kit.ids import new_id

RACES = 3


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
        with _At(entry):
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
            with _At(entry):
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


class _At:
    """Adds the entry's path to the expressions of a refusal."""

    def __init__(self, entry: Entry) -> None:
        self.path = f"{entry.path}.resource"

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, HisError):
            error.field = f"{self.path}/{error.field}" if error.field else self.path
