"""`_typeFilter` of an export: search queries that resources of a type must meet, one of them at least.

http://hl7.org/fhir/uv/bulkdata/export.html#_typefilter-query-parameter. The query is checked when the export is asked for, by the
rights of its client; the worker reads it again from the job. Several queries may stand in one value, separated by commas.
"""

import re
from typing import Any, Final

from his.fhir.conditions import Asking
from his.fhir.engine import Engine
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import Call, Value
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.fhir.search import Query, parse, split_query
from his.fhir.searchcompare import Place, Sql, spans
from his.fhir.searching import asking
from his.fhir.searchwhere import predicate
from his.fhir.valuesets import resolve
from his.kit.db import Scope

MOST: Final = 20
"""Queries of one export."""
_SEVERAL: Final = re.compile(r",(?=[A-Z][A-Za-z]+\?)")
_SHOWING: Final = frozenset(
    ["_sort", "_count", "_total", "_totalMethod", "_summary", "_elements", "_include", "_revinclude", "_cursor"]
)
"""Parameters that say how a search is shown; an export shows everything it finds."""


async def read_filters(call: Call, types: list[str]) -> dict[str, list[str]]:
    """The queries by type. Raises 400 that names the query: unknown, malformed, of a type that is not exported."""
    found: dict[str, list[str]] = {}
    for sent in call.inputs.all("_typeFilter"):
        for text in _SEVERAL.split(str(sent.value)):
            kind, _, query = text.strip().partition("?")
            if kind not in TYPES or not query:
                raise refused(sent.place, f"_typeFilter: {text[:60]} cần dạng Loại?tham-số=giá-trị.", "value")
            if kind not in types:
                raise refused(sent.place, f"_typeFilter: {kind} không nằm trong các loại được xuất (_type).", "value")
            await _check(call, sent, kind, query)
            found.setdefault(kind, []).append(query)
    if sum(map(len, found.values())) > MOST:
        raise refused(call.inputs.place("_typeFilter"), f"_typeFilter: tối đa {MOST} bộ lọc.", "too-costly")
    return found


async def _check(call: Call, sent: Value, kind: str, query: str) -> None:
    try:
        pairs = call.engine.localize(split_query(query))
        for name, _ in pairs:
            if name.partition(":")[0] in _SHOWING:
                raise refused(sent.place, f"_typeFilter không nhận {name[:40]}.", "not-supported")
        read = parse(kind, pairs, asking(call.engine, call.caller))
        await resolve(call.engine, call.caller.scope, read)
    except FhirError as error:
        raise FhirError(error.status, error.code, f"_typeFilter {kind}: {error.message}", sent.place) from None


async def understood(engine: Engine, scope: Scope, spec: dict[str, Any], kind: str) -> list[Query]:
    """The queries of a type as the worker applies them; their client's rights were asked when the export began."""
    asked = (spec.get("filters") or {}).get(kind, [])
    at = spec.get("asked_at") or engine.now().isoformat()
    found = [parse(kind, engine.localize(split_query(text)), Asking(_all_types, at)) for text in asked]
    for query in found:
        await resolve(engine, scope, query)
    return found


def _all_types(_kind: str) -> tuple[()]:
    return ()


def narrow(sql: Sql, kind: str, queries: list[Query]) -> None:
    """Keep of the resources `c` those that meet one of the queries."""
    sql.add("AND (")
    for n, query in enumerate(queries):
        sql.add("OR (true" if n else "(true")
        if query.ids is not None:
            sql.add("AND c.id = ANY(%s)", list(query.ids))
        if query.updated is not None:
            sql.add("AND")
            spans(sql, query.updated, "c.updated_at", "c.updated_at", instant=True)
        for condition in query.conditions:
            sql.add("AND")
            predicate(sql, condition, Place(kind, "c.id", "c", 0, few=True, must=False))
        sql.add(")")
    sql.add(")")
