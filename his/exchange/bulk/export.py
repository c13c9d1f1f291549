"""One page of an export: which resources come next, and the lines they become.

Levels: the whole unit; the compartments of all its patients; the compartments of given patients (a Group's members). What was
deleted since then is told for the whole unit only: a deleted resource has no references left. `_typeFilter` (filters.py) is asked
of each resource on the way, so that a page costs the same whether many or none meet it.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from his.exchange.bulk.filters import narrow, understood
from his.fhir.compartment import compartment
from his.fhir.engine import Engine
from his.fhir.extract import SEPARATOR
from his.fhir.operations.collect import in_unit
from his.fhir.searchsql import Sql
from his.kit.db import Scope

PAGE_ROWS, PAGE_BYTES = 1000, 8_000_000
FILE_BYTES = 256_000_000
DELETES = 100
WINDOW = 5000
"""Resources that one statement asks whether they meet a filter."""


@dataclass(frozen=True, slots=True)
class Page:
    """Texts of a type in the order of their ids, and up to which id the walk has come: "" behind the last one."""

    texts: list[str]
    last: str


async def page(engine: Engine, scope: Scope, spec: dict[str, Any], kind: str, after: str) -> Page:
    """The next resources of a type, about 8 MB at most."""
    queries = await understood(engine, scope, spec, kind)
    upto = await _window(engine, scope, kind, after) if queries else ""
    if queries and not upto:
        return Page([], "")
    sql = in_unit(scope).add(
        "(SELECT x.id, x.content, x.held FROM (SELECT c.id, c.content, count(*) OVER () AS held, "
        "sum(octet_length(c.content)) OVER (ORDER BY c.id) AS run, row_number() OVER (ORDER BY c.id) AS n "
        "FROM (SELECT c.id, c.content FROM resource_current c "
        "WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted AND c.id > %s",
        kind,
        after,
    )
    if queries:
        narrow(sql.add("AND c.id <= %s", upto), kind, queries)
    _times(sql, spec)
    if spec["level"] != "system":
        _in_compartment(sql, spec, kind, after)
    sql.add("ORDER BY c.id LIMIT %s) c) x WHERE x.n = 1 OR x.run <= %s ORDER BY x.id", PAGE_ROWS, PAGE_BYTES)
    rows = await engine.reader.rows(sql.add("LIMIT %s) r", PAGE_ROWS))
    whole = (
        not rows or len(rows) == rows[0][2] < PAGE_ROWS
    )  # nothing was cut off: the walk has come to the window's end
    last = upto if queries and whole else rows[-1][0] if rows else ""
    return Page([row[1] for row in rows], last)


async def _window(engine: Engine, scope: Scope, kind: str, after: str) -> str:
    """The id that ends the next `WINDOW` resources of a type, "" when there are none."""
    sql = in_unit(scope).add(
        "(SELECT max(w.id) FROM (SELECT c.id FROM resource_current c WHERE c.unit_id = ctx.unit AND c.type = %s "
        "AND c.id > %s ORDER BY c.id LIMIT %s) w LIMIT 1) r",
        kind,
        after,
        WINDOW,
    )
    return (await engine.reader.rows(sql))[0][0] or ""


def _times(sql: Sql, spec: dict[str, Any]) -> None:
    if spec.get("since"):
        sql.add("AND c.updated_at >= %s::timestamptz", spec["since"])
    if spec.get("until"):
        sql.add("AND c.updated_at < %s::timestamptz", spec["until"])


def _in_compartment(sql: Sql, spec: dict[str, Any], kind: str, after: str) -> None:
    """Only what belongs to the patients asked for; a patient belongs to itself."""
    patients = spec.get("patients")
    if kind == "Patient":
        if patients is not None:
            sql.add("AND c.id = ANY(%s)", patients)
        return
    names = list(compartment("Patient")[kind])
    if patients is None:
        sql.add("AND EXISTS (SELECT 1 FROM resource_index i WHERE i.unit_id = ctx.unit AND i.type = c.type")
        sql.add("AND i.id = c.id AND i.param = ANY(%s) AND split_part(i.value, %s, 2) = 'Patient')", names, SEPARATOR)
        return
    sql.add("AND c.id IN (SELECT i.id FROM resource_index i WHERE i.unit_id = ctx.unit AND i.type = %s", kind)
    sql.add("AND i.param = ANY(%s) AND i.value = ANY(%s)", names, [f"{one}{SEPARATOR}Patient" for one in patients])
    sql.add("AND i.id > %s)", after)


async def deleted_page(engine: Engine, scope: Scope, spec: dict[str, Any], kind: str, after: str) -> list[str]:
    """Ids of the next resources of a type that were deleted since then."""
    sql = in_unit(scope).add(
        "(SELECT c.id FROM resource_current c WHERE c.unit_id = ctx.unit AND c.type = %s AND c.deleted AND c.id > %s",
        kind,
        after,
    )
    _times(sql, spec)
    return [row[0] for row in await engine.reader.rows(sql.add("ORDER BY c.id LIMIT %s) r", DELETES))]


def lines(texts: list[str]) -> bytes:
    """Resources as NDJSON: the texts as they are stored, without their line breaks (none stands inside a JSON string)."""
    flat = (text.replace("\n", " ").replace("\r", " ") if "\n" in text or "\r" in text else text for text in texts)
    return ("\n".join(flat) + "\n").encode()


def deletions(kind: str, ids: list[str]) -> bytes:
    """One line: a transaction of deletes, as the manifest's `deleted` files hold them."""
    entries = [{"request": {"method": "DELETE", "url": f"{kind}/{one}"}} for one in ids]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}) + b"\n"
