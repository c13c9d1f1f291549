"""`$everything` of a patient and of an encounter: the compartment page by page, and whatever a page points to.

http://hl7.org/fhir/R4/operation-patient-everything.html, operation-encounter-everything.html. The page is found by the index
of references; a type that the caller may not read and search is left out, as in a search with includes.
"""

from datetime import datetime
from typing import Any

from his.fhir.compartment import SUPPORTING, compartment
from his.fhir.conditions import write_cursor
from his.fhir.extract import SEPARATOR
from his.fhir.http import Response
from his.fhir.operations.collect import (
    asked_count,
    asked_types,
    cursor_of,
    entry,
    in_unit,
    instant_of,
    link,
    standing,
    texts_of,
)
from his.fhir.operations.declare import INSTANCE, Call, Input, Operation
from his.fhir.reader import Seen, Stored
from his.fhir.searching import bundle
from his.fhir.searchsql import Sql

PAGE, MOST = 200, 1000
_BORN = ["birthdate", "death-date"]  # dates of a person, not of care


async def everything(call: Call) -> Response:
    """One page of the record."""
    scope, kind = call.caller.scope, call.kind
    stored = await standing(call, call.kind, call.identity)
    types = asked_types(call)
    count = asked_count(call, PAGE, MOST)
    after = cursor_of(call, 2)
    belongs = compartment(kind)
    shown = [one for one in belongs if (not types or one in types) and call.sees(one)]
    rows: list[tuple[Any, ...]] = []
    if shown:
        rows = await call.engine.reader.rows(_page(call, {one: belongs[one] for one in shown}, after, count))
    more, rows = len(rows) > count, rows[:count]
    entries = []
    if after is None and (not types or kind in types) and _recent(call, stored):
        entries.append(entry(call.engine, kind, call.identity, stored.content, "match"))
    entries += [entry(call.engine, row[0], row[1], row[2], "match") for row in rows]
    if not types:
        entries += await _supporting(call, [(kind, call.identity), *((row[0], row[1]) for row in rows)])
    detail = {"parameters": sorted({value.name for value in call.inputs.values}), "resources": len(entries)}
    await call.engine.reader.audit(Seen("everything", kind, call.identity, scope, detail))
    links = [("self", link(call, "everything"))]
    if more:
        links.append(("next", link(call, "everything", write_cursor(rows[-1][0], rows[-1][1]))))
    return Response(200, bundle("searchset", links, entries))


def _recent(call: Call, stored: Stored) -> bool:
    since = instant_of(call, "_since")
    return since is None or stored.updated_at >= datetime.fromisoformat(since)


def _page(call: Call, belongs: dict[str, tuple[str, ...]], after: tuple[str, ...] | None, count: int) -> Sql:
    """The members of the compartment behind a position, in the order of type and id."""
    pairs = [(kind, parameter) for kind, names in belongs.items() for parameter in names]
    sql = in_unit(call.caller.scope).add(
        "(SELECT c.type, c.id, c.content FROM (SELECT DISTINCT i.type, i.id FROM unnest(%s::text[], %s::text[]) "
        "k(type, param) JOIN resource_index i ON i.unit_id = ctx.unit AND i.type = k.type AND i.param = k.param "
        "AND i.value = %s) m JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = m.type AND c.id = m.id "
        "WHERE NOT c.deleted AND NOT (c.type = %s AND c.id = %s)",
        [kind for kind, _ in pairs],
        [parameter for _, parameter in pairs],
        call.identity + SEPARATOR + call.kind,
        call.kind,
        call.identity,
    )
    since = instant_of(call, "_since")
    if since is not None:
        sql.add("AND c.updated_at >= %s::timestamptz", since)
    start, end = instant_of(call, "start"), instant_of(call, "end", end=True)
    if start or end:
        sql.add("AND (NOT EXISTS (SELECT 1 FROM resource_date d WHERE d.unit_id = ctx.unit AND d.type = c.type")
        sql.add("AND d.id = c.id AND d.param <> ALL(%s)) OR EXISTS (SELECT 1 FROM resource_date d", _BORN)
        sql.add("WHERE d.unit_id = ctx.unit AND d.type = c.type AND d.id = c.id AND d.param <> ALL(%s)", _BORN)
        if start:
            sql.add("AND d.high > %s::timestamptz", start)
        if end:
            sql.add("AND d.low < %s::timestamptz", end)
        sql.add("))")
    if after:
        sql.add("AND (c.type, c.id) > (%s, %s)", *after)
    return sql.add("ORDER BY c.type, c.id LIMIT %s) r", count + 1)


async def _supporting(call: Call, keys: list[tuple[str, str]]) -> list[str]:
    """What the resources of this page point to outside the compartment: people, places, substances, the patient."""
    wanted = [kind for kind in (*SUPPORTING, *(["Patient"] if call.kind == "Encounter" else [])) if call.sees(kind)]
    if not wanted:
        return []
    sql = in_unit(call.caller.scope).add(
        "(SELECT DISTINCT split_part(i.value, %s, 2) AS type, split_part(i.value, %s, 1) AS id "
        "FROM unnest(%s::text[], %s::text[]) k(type, id) JOIN resource_index i ON i.unit_id = ctx.unit "
        "AND i.type = k.type AND i.id = k.id WHERE split_part(i.value, %s, 2) = ANY(%s) LIMIT %s) r",
        SEPARATOR,
        SEPARATOR,
        [kind for kind, _ in keys],
        [identity for _, identity in keys],
        SEPARATOR,
        wanted,
        MOST,
    )
    found = {(row[0], row[1]) for row in await call.engine.reader.rows(sql)} - set(keys)
    if not found:
        return []
    rows = await call.engine.reader.rows(texts_of(call.caller.scope, sorted(found)))
    return [entry(call.engine, kind, identity, text, "include") for kind, identity, text in rows]


_COMMON = (
    Input("_since", "instant"),
    Input("_type", "code", many=True),
    Input("_count", "integer"),
    Input("_cursor", "string"),
)
OPERATIONS = [
    Operation(
        name="everything",
        run=everything,
        types=("Patient",),
        levels=(INSTANCE,),
        inputs=(Input("start", "date"), Input("end", "date"), *_COMMON),
        definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
        documentation="Toàn bộ hồ sơ của một người bệnh trong đơn vị, theo trang; start, end lọc theo ngày chăm sóc.",
    ),
    Operation(
        name="everything",
        run=everything,
        types=("Encounter",),
        levels=(INSTANCE,),
        inputs=_COMMON,
        definition="http://hl7.org/fhir/OperationDefinition/Encounter-everything",
        documentation="Toàn bộ hồ sơ của một lượt khám, theo trang.",
    ),
]
