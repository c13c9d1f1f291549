"""History of an instance, a type and the whole unit: http://hl7.org/fhir/R4/http.html#history.

Newest first, paged by cursor, `_since` and `_at`. The history of the unit walks the time index of every type the caller
may read and merges, so that no index over all types has to be kept up by every write.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from his.fhir.access import Caller, check
from his.fhir.conditions import bad, read_cursor, write_cursor
from his.fhir.dates import instant_text, interval
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.outcome import FhirError, not_found
from his.fhir.reader import Seen
from his.fhir.resource_types import TYPES
from his.fhir.searching import bundle
from his.fhir.searchsql import CONTEXT, Sql
from his.fhir.views import NAMES, view_of, viewed
from his.fhir.writer import check_id

DEFAULT_COUNT = 50
MAX_COUNT = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T0-9:.+\-Z]{0,32}$", re.ASCII)
_COLUMNS = "v.type, v.id, v.version, v.recorded_at, v.op, v.content"
_METHOD = {"create": "POST", "update": "PUT", "delete": "DELETE"}
_STATUS = {"create": "201", "update": "200", "delete": "204"}


@dataclass(slots=True)
class Wanted:
    """What a history request asks for; times are ISO texts, `span` the period of `_at`."""

    pairs: list[tuple[str, str]]
    count: int = DEFAULT_COUNT
    since: str = ""
    span: tuple[str, str] | None = None
    cursor: tuple[str, ...] | None = None
    only_total: bool = False


async def history(
    engine: Engine, caller: Caller, request: Request, kind: str | None, identity: str | None = None
) -> Response:
    """GET Type/id/_history, Type/_history and _history."""
    kinds = _kinds(engine, caller, kind)
    if identity is not None:
        check_id(identity)
    wanted = _wanted(request.pairs)
    view = view_of(request.pairs, kind or "")
    total = None
    if wanted.only_total or identity is not None:
        total = (await engine.reader.rows(_counting(caller, wanted, kinds, identity)))[0][0]
    rows: list[tuple[Any, ...]] = []
    if not wanted.only_total:
        rows = await engine.reader.rows(_page(caller, wanted, kinds, identity))
    await engine.reader.audit(Seen("history", kind or "", identity or "", caller.scope))
    if identity is not None and not total and not (wanted.since or wanted.span):
        raise not_found()
    address = "/".join(part for part in (engine.base, kind, identity, "_history") if part)
    links = [("self", _link(address, wanted.pairs))]
    if len(rows) > wanted.count:
        last = rows[wanted.count - 1]
        after = write_cursor(instant(last), f"{last[0]}/{last[1]}", str(last[2]))
        links.append(("next", _link(address, [*wanted.pairs, ("_cursor", after)])))
    entries = [_entry(engine, row) for row in rows[: wanted.count]]
    return Response(200, await viewed(bundle("history", links, entries, total), view))


def instant(row: tuple[Any, ...]) -> str:
    """The recorded instant of a row, to the microsecond."""
    return str(row[3].isoformat())


def _kinds(engine: Engine, caller: Caller, kind: str | None) -> list[str]:
    """The types whose versions are shown; 403 or 404 when there is none."""
    if kind is not None:
        check(caller, engine.registry, "read", kind)
        return [kind]
    if caller.scope.unit_id is None:
        raise not_found()
    kinds = [k for k in sorted(TYPES) if engine.registry.visible(k, caller.scope) and caller.may("read", k)]
    if not kinds:
        raise FhirError(403, "forbidden", "Tài khoản này không được đọc loại tài nguyên nào.", "http.path")
    return kinds


def _wanted(pairs: list[tuple[str, str]]) -> Wanted:
    wanted = Wanted([])
    for name, value in pairs:
        if name == "_count":
            if not value.isascii() or not value.isdigit() or len(value) > 6:
                raise bad(name, "cần một số nguyên từ 0.")
            wanted.count = min(int(value), MAX_COUNT)
            wanted.only_total = wanted.only_total or wanted.count == 0
        elif name == "_cursor":
            wanted.cursor = _cursor(value)
            continue
        elif name == "_since":
            wanted.since = _span(name, value)[0]
        elif name == "_at":
            wanted.span = _span(name, value)
        elif name == "_sort":
            if value != "-_lastUpdated":
                raise bad(name, "lịch sử chỉ sắp theo -_lastUpdated.")
        elif name == "_summary":
            wanted.only_total = wanted.only_total or value == "count"
        elif name in ("_format", "_pretty"):
            continue
        elif name not in NAMES:
            raise bad(name[:60], "không được hỗ trợ trong _history.")
        wanted.pairs.append((name, value))
    return wanted


def _span(name: str, value: str) -> tuple[str, str]:
    span = interval(value.replace(" ", "+"))
    if span is None:
        raise bad(name, "cần thời điểm dạng 2026-11-22T08:00:00+07:00.")
    return span


def _cursor(value: str) -> tuple[str, ...]:
    cursor = read_cursor(value)
    if (
        len(cursor) != 3
        or not _TIME.match(cursor[0])
        or interval(cursor[0]) is None
        or "/" not in cursor[1]
        or not (cursor[2].isascii() and cursor[2].isdigit() and len(cursor[2]) < 10)
    ):
        raise bad("_cursor", "đường dẫn trang không còn dùng được.")
    return cursor


def _from(sql: Sql, wanted: Wanted) -> None:
    """The conditions on time of one version `v`."""
    if wanted.since:
        sql.add("AND v.recorded_at >= %s::timestamptz", wanted.since)
    if wanted.span:
        sql.add("AND v.recorded_at < %s::timestamptz", wanted.span[1])
        sql.add("AND NOT EXISTS (SELECT 1 FROM resource_version n WHERE n.unit_id = ctx.unit AND n.type = v.type")
        sql.add("AND n.id = v.id AND n.version = v.version + 1 AND n.recorded_at <= %s::timestamptz)", wanted.span[0])


def _counting(caller: Caller, wanted: Wanted, kinds: list[str], identity: str | None) -> Sql:
    sql = Sql().add(CONTEXT, str(caller.scope.unit_id))
    sql.add("SELECT r.n FROM ctx CROSS JOIN LATERAL (SELECT count(*) AS n FROM resource_version v")
    sql.add("WHERE v.unit_id = ctx.unit AND v.type = ANY(%s)", kinds)
    if identity is not None:
        sql.add("AND v.id = %s", identity)
    _from(sql, wanted)
    return sql.add("LIMIT 1) r")


def _page(caller: Caller, wanted: Wanted, kinds: list[str], identity: str | None) -> Sql:
    """One page of versions, one row more than asked."""
    sql = Sql().add(CONTEXT, str(caller.scope.unit_id)).add(f"SELECT {_COLUMNS} FROM ctx CROSS JOIN LATERAL (")
    after = wanted.cursor
    if identity is not None:
        sql.add(f"SELECT {_COLUMNS} FROM resource_version v WHERE v.unit_id = ctx.unit AND v.type = %s", kinds[0])
        sql.add("AND v.id = %s", identity)
        if after:
            sql.add("AND v.version < %s", int(after[2]))
        _from(sql, wanted)
        sql.add("ORDER BY v.version DESC")
    else:
        sql.add(f"SELECT {_COLUMNS} FROM unnest(%s::text[]) k(type) CROSS JOIN LATERAL (", kinds)
        sql.add(f"SELECT {_COLUMNS} FROM resource_version v WHERE v.unit_id = ctx.unit AND v.type = k.type")
        if after:
            kind, _, key = after[1].partition("/")
            sql.add("AND v.recorded_at <= %s::timestamptz", after[0])
            sql.add("AND (v.recorded_at < %s::timestamptz OR v.type < %s OR", after[0], kind)
            sql.add("(v.type = %s AND (v.id < %s OR (v.id = %s AND v.version < %s))))", kind, key, key, int(after[2]))
        _from(sql, wanted)
        sql.add("ORDER BY v.recorded_at DESC, v.id DESC, v.version DESC LIMIT %s) v", wanted.count + 1)
        sql.add("ORDER BY v.recorded_at DESC, v.type DESC, v.id DESC, v.version DESC")
    return sql.add("LIMIT %s) v", wanted.count + 1)


def _link(address: str, pairs: list[tuple[str, str]]) -> str:
    return address + (f"?{urlencode(pairs)}" if pairs else "")


def _entry(engine: Engine, row: tuple[Any, ...]) -> str:
    kind, identity, version, at, op, text = row
    address = kind if op == "create" else f"{kind}/{identity}"
    resource = f'"resource":{text},' if op != "delete" else ""
    return (
        f'{{"fullUrl":"{engine.base}/{kind}/{identity}",{resource}'
        f'"request":{{"method":"{_METHOD[op]}","url":"{address}"}},'
        f'"response":{{"status":"{_STATUS[op]}","etag":"W/\\"{version}\\"","lastModified":"{instant_text(at)}"}}}}'
    )
