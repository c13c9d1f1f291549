"""One page of an export: which resources come next, and the lines they become.

Levels: the whole unit; the compartments of all its patients; the compartments of given patients (a Group's members). What was
deleted since then is told for the whole unit only: a deleted resource has no references left.
"""

from typing import Any

import orjson

from his.fhir.compartment import compartment
from his.fhir.engine import Engine
from his.fhir.extract import SEPARATOR
from his.fhir.operations.collect import in_unit
from his.fhir.searchsql import Sql
from his.kit.db import Scope

PAGE_ROWS, PAGE_BYTES = 1000, 8_000_000
FILE_BYTES = 256_000_000
DELETES = 100


async def page(engine: Engine, scope: Scope, spec: dict[str, Any], kind: str, after: str) -> list[tuple[str, str]]:
    """Id and text of the next resources of a type, about 8 MB at most; empty behind the last one."""
    sql = in_unit(scope).add(
        "(SELECT x.id, x.content FROM (SELECT c.id, c.content, "
        "sum(octet_length(c.content)) OVER (ORDER BY c.id) AS run, row_number() OVER (ORDER BY c.id) AS n "
        "FROM (SELECT c.id, c.content FROM resource_current c "
        "WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted AND c.id > %s",
        kind,
        after,
    )
    _times(sql, spec)
    if spec["level"] != "system":
        _in_compartment(sql, spec, kind, after)
    sql.add("ORDER BY c.id LIMIT %s) c) x WHERE x.n = 1 OR x.run <= %s ORDER BY x.id", PAGE_ROWS, PAGE_BYTES)
    rows = await engine.reader.rows(sql.add("LIMIT %s) r", PAGE_ROWS))
    return [(row[0], row[1]) for row in rows]


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
