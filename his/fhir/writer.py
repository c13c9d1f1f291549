"""Create, update and delete: a text becomes one entry of a change set, and the change set is applied once.

Steps of a write: read the text, validate, ask the slice for rows (`accept`), splice id and meta, extract what it is
found by. `prepare` is all of it but `accept` and needs no database, so that a large bundle can be prepared in a thread.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg

from his.fhir.conditions import ValueCondition, bad
from his.fhir.dates import instant_text
from his.fhir.extract import DateRows, NumberRows, Rows, extract
from his.fhir.jsontext import ENGINE_ONLY, Parsed, splice
from his.fhir.outcome import FhirError, not_found
from his.fhir.parameters import has_numbers
from his.fhir.registry import Incoming, Registry
from his.fhir.resource_types import TYPES
from his.fhir.search import Query, parse
from his.fhir.searchtext import ID
from his.fhir.validator import validate
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind


@dataclass(slots=True)
class Draft:
    """A resource on its way into the store."""

    type: str
    id: str
    parsed: Parsed
    resource: dict[str, Any]
    op: str  # create update
    must: int | None = None
    fresh: bool = False
    unless: dict[str, Any] | None = None
    index: Rows = field(default_factory=list)
    dates: DateRows = field(default_factory=list)
    numbers: NumberRows = field(default_factory=list)
    head: str = ""
    tail: str = ""

    def text(self, version: int) -> str:
        """The stored text of this version."""
        return f"{self.head}{version}{self.tail}"


ATTEMPTS = 6


class Exists(Exception):
    """The condition of a conditional create is met by the resource `id`; "" when several meet it."""

    def __init__(self, identity: str) -> None:
        super().__init__("exists")
        self.id = identity


def check_type(parsed: Parsed, resource_type: str) -> dict[str, Any]:
    """The resource as a dict; refuses another type than the one addressed."""
    resource = parsed.value
    sent = resource.get("resourceType")
    if not isinstance(sent, str) or sent not in TYPES:
        raise FhirError(400, "structure", "Thiếu resourceType hợp lệ.", "resourceType")
    if sent != resource_type:
        raise FhirError(400, "invalid", f"Nội dung là {sent}, địa chỉ là {resource_type}.", "resourceType")
    return resource


def prepare(draft: Draft) -> Draft:
    """Validate the resource and extract what it is found by; needs no database."""
    validate(draft.type, draft.resource)
    draft.index, draft.dates, draft.numbers = extract(draft.type, draft.resource)
    return draft


def unless(resource_type: str, condition: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The condition of a conditional create as the database checks it; only index values can be promised unique."""
    query = parse(resource_type, pairs)
    ranges = []
    for found in query.conditions:
        if not isinstance(found, ValueCondition) or len(found.ranges) != 1 or found.more:
            raise bad(getattr(found, "param", "If-None-Exist"), "không dùng được trong If-None-Exist.")
        ranges.append([found.param, found.ranges[0].low, found.ranges[0].high])
    if (
        not ranges
        or query.ids is not None
        or query.updated
        or query.cursor
        or query.includes
        or query.revincludes
        or query.sorts
    ):
        raise bad("If-None-Exist", "cần ít nhất một tham số như identifier.")
    return {"key": orjson.dumps(sorted(ranges, key=str)).decode(), "all": ranges, "condition": condition}


class Writer:
    """Writes for all scopes of one database."""

    def __init__(self, database: Database, registry: Registry, tag_system: str) -> None:
        self.database = database
        self.registry = registry
        self.tag = orjson.dumps({"system": tag_system, "code": ENGINE_ONLY}).decode()

    async def write(
        self, scope: Scope, drafts: list[Draft], deletes: list[tuple[str, str, int | None]], at: datetime
    ) -> Any:
        """Apply everything in one transaction; returns the versions, deletes first.

        Raises Exists when a conditional create finds its resource, FhirError for every refusal.
        """
        for kind, identity in (*((d.type, d.id) for d in drafts), *(gone[:2] for gone in deletes)):
            if self.registry.is_made(kind, identity):
                raise owned()
        blind = all(draft.must is None for draft in drafts)
        retry = False
        for left in reversed(range(ATTEMPTS)):
            async with self.database.scoped(scope) as db:
                changes = await self._changes(db, drafts, deletes, at, retry)
                try:
                    return await db.apply(changes, at)
                except HisError as error:
                    again = (error.kind is Kind.CONFLICT and not retry) or (error.kind is Kind.STALE and blind)
                    if not left or not again:
                        raise _sentence(error) from error
                    retry = retry or error.kind is Kind.CONFLICT
                except psycopg.Error as error:
                    raise refusal(error) from error
        raise AssertionError("unreachable")

    async def _changes(
        self, db: Db, drafts: list[Draft], deletes: list[tuple[str, str, int | None]], at: datetime, retry: bool
    ) -> Changes:
        changes = Changes()
        for kind, identity, must in deletes:
            changes.merge(await self._discard(db, kind, identity, at))
            entry = {"type": kind, "id": identity, "op": "delete", "engine": False}
            discarded = any(r.discard for r in self.registry.by_type.get(kind, ()))
            entry["engine"] = not discarded
            if must is not None:
                entry["must"] = must
            changes.resources.append(entry)
            changes.audit("delete", kind, identity)
        stamp = instant_text(at)
        for draft in drafts:
            accepted = await self._accepted(db, draft, at, retry)
            if accepted is not None:
                # the text that came is what is returned, so nothing else is rendered, searched or sorted by
                accepted.subjects = [
                    s for s in accepted.subjects if self.registry.by_subject[type(s[0])].type != draft.type
                ]
                changes.merge(accepted)
            draft.head, draft.tail = splice(draft.parsed, draft.id, stamp, None if accepted else self.tag)
            entry = {
                "type": draft.type,
                "id": draft.id,
                "op": draft.op,
                "head": draft.head,
                "tail": draft.tail,
                "engine": accepted is None,
                "index": draft.index,
            }
            for name in ("must", "unless"):
                if getattr(draft, name) is not None:
                    entry[name] = getattr(draft, name)
            if draft.fresh:
                entry["fresh"] = True
            if draft.dates:
                entry["dates"] = draft.dates
            if draft.numbers or (draft.op == "update" and has_numbers(draft.type)):
                entry["numbers"] = draft.numbers
            changes.resources.append(entry)
            changes.audit(draft.op, draft.type, draft.id)
        return changes

    async def _accepted(self, db: Db, draft: Draft, at: datetime, retry: bool) -> Changes | None:
        declared = self.registry.accept(draft.type)
        if declared is None or declared.accept is None:
            return None
        return await declared.accept(Incoming(draft.id, draft.resource, at, draft.fresh, retry), db)

    async def _discard(self, db: Db, kind: str, identity: str, at: datetime) -> Changes:
        for declared in self.registry.by_type.get(kind, ()):
            if declared.discard is not None:
                return await declared.discard(identity, db, at) or Changes()
        return Changes()


def refusal(error: psycopg.Error) -> Exception:
    """What the writing function says (schema.py), as a FHIR error; other database errors come back as they are."""
    state = error.sqlstate
    if state == "HS409":
        return Exists(error.diag.message_detail or "")
    if state == "HS404":
        return not_found()
    if state == "HS428":
        return version_needed()
    if state == "HS423":
        return owned()
    return error


def owned() -> FhirError:
    """What the application keeps itself is not replaced by what arrives (409)."""
    text = "Hồ sơ này do phần mềm của đơn vị quản lý: sửa trong ứng dụng, không thay bằng nội dung này."
    return FhirError(409, "business-rule", text)


def _sentence(error: HisError) -> HisError:
    if error.kind is Kind.STALE:
        return stale()
    return error


def stale() -> FhirError:
    """The version named is not the one that stands (412)."""
    text = "Tài nguyên đã có phiên bản mới hơn. Đọc lại rồi gửi với If-Match mới."
    return FhirError(412, "conflict", text, "http.If-Match")


def version_needed() -> FhirError:
    """An update that does not say which version it replaces (428)."""
    return FhirError(428, "required", 'Thiếu If-Match: gửi phiên bản đã đọc, ví dụ If-Match: W/"3".', "http.If-Match")


def check_id(identity: str) -> str:
    """A logical id as FHIR allows it; anything else names nothing here (404)."""
    if not ID.match(identity):
        raise not_found()
    return identity


def etag_version(header: str) -> int:
    """The version in `W/"3"`; 412 for anything that is no version of ours."""
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise FhirError(412, "conflict", 'If-Match không phải phiên bản, cần dạng W/"3".', "http.If-Match")
    return int(text)


def only_one(query: Query) -> Query:
    """A search whose answer must be one resource: two rows are enough to refuse."""
    query.count = 1
    return query
