"""`$everything` of a patient, of all patients and of an encounter: the compartment page by page, and what a page points to.

http://hl7.org/fhir/R4/operation-patient-everything.html, operation-encounter-everything.html. The page is found by the index
of references; a type that the caller may not read and search is left out, as in a search with includes. `Patient/$everything`
without an id is the record of the patient whom the caller's access is about, otherwise that of every patient in the unit.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from his.fhir.compartment import SUPPORTING, compartment
from his.fhir.conditions import write_cursor
from his.fhir.extract import SEPARATOR
from his.fhir.http import Response
from his.fhir.narrowing import view_of
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
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.reader import Seen, Stored
from his.fhir.searching import bundle
from his.fhir.searchsql import Sql

PAGE, MOST = 200, 1000
_BORN = ["birthdate", "death-date"]  # dates of a person, not of care


async def everything(call: Call) -> Response:
    """One page of the record."""
    if not call.identity:
        call = replace(call, identity=_only_patient(call))
    kind = call.kind
    stored = await standing(call, kind, call.identity) if call.identity else None
    types = asked_types(call)
    count = asked_count(call, PAGE, MOST)
    after = cursor_of(call, 2)
    asked_along = [one for one in types if one in SUPPORTING or (kind, one) == ("Encounter", "Patient")]
    belongs = compartment(kind) | ({} if call.identity else {kind: ()})
    walked = [one for one in belongs if (not types or asked_along or one in types) and call.sees(one)]
    rows: list[tuple[Any, ...]] = []
    if walked:
        page = _page if call.identity else _page_of_all
        rows = await call.engine.reader.rows(page(call, {one: belongs[one] for one in walked}, after, count))
    more, rows = len(rows) > count, rows[:count]
    entries = []
    if stored is not None and after is None and (not types or kind in types) and _recent(call, stored):
        entries.append(entry(call.engine, kind, call.identity, stored.content, "match"))
    entries += [entry(call.engine, row[0], row[1], row[2], "match") for row in rows if not types or row[0] in types]
    if not types or asked_along:
        own = [(kind, call.identity)] if call.identity else []
        entries += await _supporting(call, [*own, *((row[0], row[1]) for row in rows)], asked_along)
    detail = {"parameters": sorted({value.name for value in call.inputs.values}), "resources": len(entries)}
    if not call.identity:
        detail["seen"] = [row[1] for row in rows if row[0] == kind]
    await call.engine.reader.audit(Seen("everything", kind, call.identity, call.caller.scope, detail))
    links = [("self", link(call, "everything"))]
    if more:
        links.append(("next", link(call, "everything", write_cursor(rows[-1][0], rows[-1][1]))))
    return Response(200, bundle("searchset", links, entries))


def _only_patient(call: Call) -> str:
    """The one patient whom the caller's access is about, "" when it is about several or none in particular."""
    view = view_of(call.caller)
    about = {grant.patient for grant in view.grants} if view is not None else set()
    return about.pop() if len(about) == 1 else ""


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
    _times(sql, call)
    if after:
        sql.add("AND (c.type, c.id) > (%s, %s)", *after)
    return sql.add("ORDER BY c.type, c.id LIMIT %s) r", count + 1)


def _page_of_all(call: Call, belongs: dict[str, tuple[str, ...]], after: tuple[str, ...] | None, count: int) -> Sql:
    """The same for all patients of the unit: the patients themselves, and whatever is about one of them."""
    sql = in_unit(call.caller.scope).add(
        "(SELECT c.type, c.id, c.content FROM resource_current c WHERE c.unit_id = ctx.unit AND c.type = ANY(%s) "
        "AND NOT c.deleted",
        sorted(belongs),
    )
    names = sorted({f"{kind}/{name}" for kind, listed in belongs.items() for name in listed})
    sql.add("AND (c.type = %s OR EXISTS (SELECT 1 FROM resource_index i WHERE i.unit_id = ctx.unit", call.kind)
    sql.add("AND i.type = c.type AND i.id = c.id AND i.type || '/' || i.param = ANY(%s)", names)
    sql.add("AND split_part(i.value, %s, 2) = %s OFFSET 0))", SEPARATOR, call.kind)
    _times(sql, call)
    if after:
        sql.add("AND (c.type, c.id) > (%s, %s)", *after)
    return sql.add("ORDER BY c.type, c.id LIMIT %s) r", count + 1)


def _times(sql: Sql, call: Call) -> None:
    """What was changed since then, and cared for between these days."""
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


async def _supporting(call: Call, keys: list[tuple[str, str]], asked: list[str]) -> list[str]:
    """What the resources of this page point to outside the compartment: people, places, substances, the patient."""
    possible = asked or (*SUPPORTING, *(["Patient"] if call.kind == "Encounter" else []))
    wanted = [kind for kind in possible if call.sees(kind)]
    if not wanted or not keys:
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
        levels=(TYPE, INSTANCE),
        inputs=(Input("start", "date"), Input("end", "date"), *_COMMON),
        definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
        documentation="Toàn bộ hồ sơ của một người bệnh (không nêu mã: của mọi người bệnh trong đơn vị), theo trang; start, end lọc theo ngày chăm sóc.",
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
