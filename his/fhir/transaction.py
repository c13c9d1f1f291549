"""One atomic bundle: all entries are prepared first, then written in one database transaction or not at all.

http://hl7.org/fhir/R4/http.html#trules.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from his.fhir.access import Caller, check
from his.fhir.conditional import header_criteria, several, the_one
from his.fhir.dates import instant_text
from his.fhir.engine import Engine
from his.fhir.entries import Entry
from his.fhir.interactions import check_update_id, check_whole, conditional_update, expected
from his.fhir.jsonexact import read
from his.fhir.outcome import FhirError, all_ok, not_found
from his.fhir.patch import allow, change_in_bundle, change_of, drafted, standing
from his.fhir.references import Targets, base_of, conditional, references, relative, rewrite
from his.fhir.resource_types import TYPES
from his.fhir.search import split_query
from his.fhir.writer import Draft, Exists, check_id, check_type, etag_version, prepare, unless
from his.kit.errors import HisError
from his.kit.ids import new_id

RACES = 3
ACTION = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
HEADERS = {
    "http.If-Match": "ifMatch",
    "http.If-None-Exist": "ifNoneExist",
    "http.query": "url",
}


class Transaction:
    """One atomic bundle."""

    def __init__(self, engine: Engine, caller: Caller, entries: list[Entry], prefer: str, *, large: bool) -> None:
        self.engine = engine
        self.caller = caller
        self.entries = entries
        self.prefer = prefer
        self.large = large
        self.targets = Targets()

    async def run(self) -> None:
        """Prepare, write once, and note the answer of every entry; repeats when a conditional create lost a race."""
        for left in reversed(range(RACES)):
            self.targets = Targets()
            for entry in self.entries:
                with _In(entry, ".request"):
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
            except FhirError as error:
                if left and error.status == 412 and any(entry.again for entry in self.entries):
                    continue
                raise
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
        check(self.caller, self.engine.registry, ACTION[entry.method], kind)
        if entry.method == "DELETE":
            await self._address_delete(entry, kind, rest)
            return
        assert entry.parsed is not None
        if entry.method == "PATCH":
            await self._address_patch(entry, kind, rest)
        else:
            with _In(entry, ".resource"):
                resource = check_type(entry.parsed, kind)
                if entry.method == "PUT":
                    check_whole(resource)
            if entry.method == "POST":
                await self._address_create(entry, kind, resource)
            else:
                await self._address_update(entry, kind, rest, resource)
        self._aim(entry, kind)

    def _aim(self, entry: Entry, kind: str) -> None:
        """Note what the full URL of the entry stands for, and in which version where that is known."""
        draft = entry.draft
        assert draft is not None
        target = f"{kind}/{entry.found or draft.id}"
        if draft.fresh and not entry.found:
            self.targets.versions[target] = 1
        elif draft.must is not None:
            self.targets.versions[target] = draft.must + 1
        if entry.full_url:
            self.targets.known[entry.full_url] = target
            if local := relative(entry.full_url):
                self.targets.known.setdefault(local, target)

    async def _address_create(self, entry: Entry, kind: str, resource: dict[str, Any]) -> None:
        assert entry.parsed is not None
        entry.draft = Draft(kind, str(new_id()), entry.parsed, resource, "create", fresh=True)
        entry.found = ""
        condition = entry.request.get("ifNoneExist")
        if condition is not None:
            pairs = header_criteria(self.engine, condition)
            entry.draft.unless = unless(kind, condition, pairs)
            match = await the_one(self.engine, self.caller.scope, kind, pairs)
            if match.id:
                entry.found = match.id
                self.targets.versions[f"{kind}/{match.id}"] = match.version
                place = f'"location":"{kind}/{match.id}/_history/{match.version}","etag":"W/\\"{match.version}\\""'
                entry.answer = f'{{"response":{{"status":"200 OK",{place}}}}}'

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
            if entry.request.get("ifNoneMatch") == "*":
                draft.must = 0  # only where nothing stands
        else:
            pairs = split_query(entry.query)
            await conditional_update(self.engine, self.caller, draft, pairs, entry.request.get("ifMatch"))
        entry.draft = draft

    async def _address_patch(self, entry: Entry, kind: str, rest: list[str]) -> None:
        assert entry.parsed is not None
        allow(self.engine, self.caller, kind)
        change = change_of(
            *change_in_bundle(read(entry.parsed.text[entry.parsed.start : entry.parsed.end]), entry.path)
        )
        header = entry.request.get("ifMatch")
        must = expected(self.caller, header) if rest or header is not None else None
        identity = check_id(rest[0]) if rest else ""
        if not rest:
            identity = (await the_one(self.engine, self.caller.scope, kind, split_query(entry.query))).id
            if not identity:
                raise not_found()
        stored = await standing(self.engine, self.caller, kind, identity, must)
        with _In(entry, ".resource"):
            entry.draft = await asyncio.to_thread(drafted, kind, identity, stored, change)
        entry.again = must is None

    async def _address_delete(self, entry: Entry, kind: str, rest: list[str]) -> None:
        must = etag_version(entry.request["ifMatch"]) if "ifMatch" in entry.request else None
        if rest:
            entry.delete = (kind, check_id(rest[0]), must)
            return
        match = await the_one(self.engine, self.caller.scope, kind, split_query(entry.query))
        entry.delete = (kind, match.id, must) if match.id else None
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
        asked: dict[str, tuple[str, str, str]] = {}
        for entry in self.entries:
            if entry.draft is None or entry.found:
                continue
            parsed = entry.draft.parsed
            for reference in references(parsed.text[parsed.start : parsed.end]):
                condition = None if reference in self.targets.known else conditional(reference)
                if condition is None or reference in asked:
                    continue
                path = f"{entry.path}.resource"
                if condition[0] not in TYPES:
                    raise FhirError(400, "value", f"{path}: tham chiếu tới loại không có.", path)
                check(self.caller, self.engine.registry, "search", condition[0])
                asked[reference] = (*condition, path)
        wanted = [(kind, split_query(query)) for kind, query, _ in asked.values()]
        found = await self.engine.find_each(self.caller.scope, wanted)
        for (reference, (kind, _, path)), (identity, more) in zip(asked.items(), found, strict=True):
            if more or not identity:
                how = "nhiều hơn một" if more else "không có"
                raise FhirError(412, "multiple-matches" if more else "not-found",
                                f"{path}: tham chiếu có điều kiện tới {kind} khớp {how} tài nguyên.", path)  # fmt: skip
            self.targets.known[reference] = f"{kind}/{identity}"

    def _prepare(self) -> None:
        """Rewrite references, validate, and extract; runs in a thread for a large bundle."""
        for entry in self.entries:
            draft = entry.draft
            if draft is None or entry.found:
                continue
            with _In(entry, ".resource"):
                self._rewrite(entry, draft)
                prepare(draft)

    def _rewrite(self, entry: Entry, draft: Draft) -> None:
        def missing(reference: str) -> None:
            raise FhirError(400, "not-found", f"Tham chiếu {reference[:60]} không có trong Bundle.", draft.type)

        changed = rewrite(draft.parsed, self.targets, missing, base_of(entry.full_url))
        if changed is not draft.parsed:
            draft.parsed = changed
            draft.resource = changed.value

    def _answer(self, entry: Entry, version: int, at: datetime) -> str:
        told = f',"outcome":{all_ok().decode()}' if self.prefer == "OperationOutcome" else ""
        if entry.draft is None:
            return f'{{"response":{{"status":"204 No Content","etag":"W/\\"{version}\\""{told}}}}}'
        draft = entry.draft
        status = "201 Created" if version == 1 else "200 OK"
        resource = f'"resource":{draft.text(version)},' if self.prefer == "representation" else ""
        return (
            f'{{{resource}"response":{{"status":"{status}","location":"{draft.type}/{draft.id}/_history/{version}",'
            f'"etag":"W/\\"{version}\\"","lastModified":"{instant_text(at)}"{told}}}}}'
        )


class _In:
    """Tells refusals in which part of which entry they arose."""

    def __init__(self, entry: Entry, part: str) -> None:
        self.entry = entry
        self.part = part

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, HisError) or error.field.startswith("Bundle."):
            return
        place = self.entry.path + self.part
        error.findings = tuple(
            f if f.expression.startswith("Bundle.") else replace(f, expression=moved(f.expression, place))
            for f in error.findings
        )
        if not error.findings or error.field:
            error.field = moved(error.field, place)


def moved(expression: str, place: str) -> str:
    """A FHIRPath within a resource, or the name of a header, as it reads within the bundle."""
    if expression in HEADERS:
        return f"{place.removesuffix('.request')}.request.{HEADERS[expression]}"
    root, dot, rest = expression.partition(".")
    if root in ("", "http"):
        return place
    return f"{place}{dot}{rest}" if root[0].isupper() else f"{place}.{expression}"
