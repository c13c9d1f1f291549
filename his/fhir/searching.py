"""Search answers: stored texts joined into a Bundle, never parsed.

http://hl7.org/fhir/R4/search.html.
"""

from typing import Any
from urllib.parse import urlencode

import orjson

from his.fhir.access import Caller, check
from his.fhir.conditions import bad, write_cursor
from his.fhir.engine import Engine
from his.fhir.extract import SEPARATOR
from his.fhir.formats import negotiate_form
from his.fhir.http import Request, Response
from his.fhir.outcome import FhirError
from his.fhir.reader import Seen
from his.fhir.search import Include, Query, parse, split_query
from his.fhir.searchsql import CONTEXT, Sql, page, total
from his.fhir.views import view_of, viewed
from his.kit.db import Scope

Found = tuple[str, str, str]  # type, id, text


async def search(engine: Engine, caller: Caller, request: Request, kind: str, *, form: bool = False) -> Response:
    """GET Type?..., POST Type/_search."""
    check(caller, engine.registry, "search", kind)
    pairs = request.pairs
    if form:
        said = request.headers.get("content-type", "")
        if not said.startswith("application/x-www-form-urlencoded"):
            raise FhirError(415, "not-supported", "Tìm bằng POST cần application/x-www-form-urlencoded.")
        try:
            pairs = pairs + split_query((await request.body()).decode("ascii"))
        except UnicodeDecodeError:
            raise FhirError(400, "invalid", "Nội dung tìm kiếm chưa mã hóa phần trăm.") from None
        negotiate_form(request, pairs)
    query = parse(kind, engine.localize(pairs))
    view = view_of(pairs, kind)
    if view is not None and view.summary == "text" and (query.includes or query.revincludes):
        raise bad("_summary", "text không dùng cùng _include và _revinclude.")
    return Response(200, await viewed(await search_bundle(engine, caller, query), view))


async def search_bundle(engine: Engine, caller: Caller, query: Query) -> bytes:
    """Run the search, keep it in the audit, and join the texts."""
    scope = caller.scope
    assert scope.unit_id is not None
    count = None
    if query.total or query.only_total:
        count = (await engine.reader.rows(total(query, scope.unit_id)))[0][0]
    rows: list[tuple[Any, ...]] = []
    if not query.only_total:
        rows = await engine.reader.rows(page(query, scope.unit_id))
    more = len(rows) > query.count
    rows = rows[: query.count]
    matches = [(query.type, row[0], row[2]) for row in rows]
    included = await _included(engine, caller, query, matches) if matches else []
    seen = {"parameters": query.names, "seen": [row[0] for row in rows]}
    await engine.reader.audit(Seen("search", query.type, "", scope, seen))
    links = [("self", _link(engine, query, None))]
    if more:
        links.append(("next", _link(engine, query, write_cursor(rows[-1][3], rows[-1][4]))))
    entries = [_entry(engine, found, "match") for found in matches]
    entries += [_entry(engine, found, "include") for found in included]
    return bundle("searchset", links, entries, count)


def bundle(kind: str, links: list[tuple[str, str]], entries: list[str], count: int | None = None) -> bytes:
    """A Bundle from texts of its entries."""
    shown = f',"total":{count}' if count is not None else ""
    link = ",".join(f'{{"relation":"{name}","url":{orjson.dumps(url).decode()}}}' for name, url in links)
    body = f',"entry":[{",".join(entries)}]' if entries else ""
    return f'{{"resourceType":"Bundle","type":"{kind}"{shown},"link":[{link}]{body}}}'.encode()


def _entry(engine: Engine, found: Found, mode: str) -> str:
    kind, identity, text = found
    return f'{{"fullUrl":"{engine.base}/{kind}/{identity}","resource":{text},"search":{{"mode":"{mode}"}}}}'


def _link(engine: Engine, query: Query, cursor: str | None) -> str:
    pairs = query.pairs + ([("_cursor", cursor)] if cursor else [])
    return f"{engine.base}/{query.type}" + (f"?{urlencode(pairs)}" if pairs else "")


async def _included(engine: Engine, caller: Caller, query: Query, matches: list[Found]) -> list[Found]:
    """Resources that the matches point to, or that point to them: one level, each once."""
    wanted: dict[tuple[str, str], None] = {}
    for include in query.includes:
        for kind, identity in await _forward(engine, caller, include, matches):
            wanted[(kind, identity)] = None
    for include in query.revincludes:
        for identity in await _backward(engine, caller, include, matches):
            wanted[(include.source, identity)] = None
    there = {(kind, identity) for kind, identity, _ in matches}
    keys = [key for key in wanted if key not in there and _allowed(engine, caller, key[0])][:1000]
    if not keys:
        return []
    sql = _context(caller.scope).add(
        "(SELECT c.type, c.id, c.content FROM unnest(%s::text[], %s::text[]) k(type, id) JOIN resource_current c "
        "ON c.unit_id = ctx.unit AND c.type = k.type AND c.id = k.id WHERE NOT c.deleted LIMIT %s) r",
        [kind for kind, _ in keys],
        [identity for _, identity in keys],
        len(keys),
    )
    return [(row[0], row[1], row[2]) for row in await engine.reader.rows(sql)]


def _allowed(engine: Engine, caller: Caller, kind: str) -> bool:
    return engine.registry.visible(kind, caller.scope) and caller.may("read", kind)


def _context(scope: Scope) -> Sql:
    return Sql().add(CONTEXT, str(scope.unit_id)).add("SELECT r.* FROM ctx CROSS JOIN LATERAL")


async def _forward(engine: Engine, caller: Caller, include: Include, matches: list[Found]) -> list[tuple[str, str]]:
    sql = _context(caller.scope).add(
        "(SELECT i.value FROM resource_index i WHERE i.unit_id = ctx.unit AND i.type = %s AND i.id = ANY(%s) "
        "AND i.param = %s ORDER BY i.value LIMIT 1000) r",
        include.source,
        [identity for _, identity, _ in matches],
        include.param,
    )
    pairs = [value.partition(SEPARATOR) for (value,) in await engine.reader.rows(sql)]
    return [(kind, identity) for identity, _, kind in pairs if kind and include.target in ("", kind)]


async def _backward(engine: Engine, caller: Caller, include: Include, matches: list[Found]) -> list[str]:
    if not caller.may("search", include.source) or not engine.registry.visible(include.source, caller.scope):
        return []
    sql = _context(caller.scope).add(
        "(SELECT DISTINCT i.id FROM resource_index i WHERE i.unit_id = ctx.unit AND i.type = %s AND i.param = %s "
        "AND i.value = ANY(%s) ORDER BY i.id LIMIT 1000) r",
        include.source,
        include.param,
        [identity + SEPARATOR + kind for kind, identity, _ in matches],
    )
    return [identity for (identity,) in await engine.reader.rows(sql)]
