"""Search answers: stored texts joined into a Bundle, never parsed.

http://hl7.org/fhir/R4/search.html.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from his.fhir import crowd
from his.fhir.access import Caller, check
from his.fhir.conditions import Asking, Condition, bad, write_cursor
from his.fhir.engine import Engine
from his.fhir.formats import negotiate_form
from his.fhir.http import Request, Response
from his.fhir.included import MOST, Included, included
from his.fhir.matching import Made
from his.fhir.merged import merged
from his.fhir.outcome import FhirError, issue, outcome
from his.fhir.reader import Seen
from his.fhir.search import Query, parse, split_query
from his.fhir.searchcompare import CONTEXT, Sql
from his.fhir.searchsql import ESTIMATED, planned, total
from his.fhir.valuesets import resolve
from his.fhir.views import view_of, viewed
from his.kit.db import Scope

LENIENT = "handling=lenient"


def asking(engine: Engine, caller: Caller, prefer: str = "") -> Asking:
    """What this caller may look into through a search, and how it wants mistakes handled."""

    def within(kind: str) -> tuple[Condition, ...] | None:
        known = engine.registry.visible(kind, caller.scope)
        return () if known and caller.may("search", kind) and caller.may("read", kind) else None

    return Asking(within, engine.now().isoformat(), LENIENT in prefer.replace(" ", ""))


async def search(engine: Engine, caller: Caller, request: Request, kind: str, *, form: bool = False) -> Response:
    """GET Type?..., POST Type/_search."""
    check(caller, engine.registry, "search", kind)
    pairs = await form_pairs(request) if form else request.pairs
    query = parse(kind, engine.localize(pairs), asking(engine, caller, request.headers.get("prefer", "")))
    view = view_of(pairs, kind)
    if view is not None and view.summary == "text" and (query.includes or query.revincludes):
        raise bad("_summary", "text không dùng cùng _include và _revinclude.")
    return Response(200, await viewed(await search_bundle(engine, caller, query), view))


async def form_pairs(request: Request) -> list[tuple[str, str]]:
    """What a search by POST asks: the query string and the form."""
    said = request.headers.get("content-type", "")
    if not said.startswith("application/x-www-form-urlencoded"):
        raise FhirError(
            415, "not-supported", "Tìm bằng POST cần application/x-www-form-urlencoded.", "http.Content-Type"
        )
    try:
        pairs = request.pairs + split_query((await request.body()).decode("ascii"))
    except UnicodeDecodeError:
        raise FhirError(400, "invalid", "Nội dung tìm kiếm chưa mã hóa phần trăm.", "http.body") from None
    negotiate_form(request, pairs)
    return pairs


async def search_bundle(engine: Engine, caller: Caller, query: Query, made: Sequence[Made] = ()) -> bytes:
    """Run the search, keep it in the audit, and join the texts; `made` are matches of a sorted search beside the stored."""
    scope = caller.scope
    assert scope.unit_id is not None
    if any(name.endswith((":in", ":not-in", ":above", ":below")) for name in query.names):
        await resolve(engine, scope, query)
    count = await _count(engine, scope.unit_id, query) if query.total or query.only_total else None
    count = None if count is None else count + len(made)
    rows: list[tuple[Any, ...]] = []
    if not query.only_total:
        rows = await crowd.found(engine.reader, scope.unit_id, query)
        rows = merged(query, rows, made) if made else rows
    more = len(rows) > query.count
    rows = rows[: query.count]
    matches = [(query.type, row[0], row[2]) for row in rows]
    others = Included()
    if matches and (query.includes or query.revincludes):
        others = await included(engine.reader, scope.unit_id, query, matches)
    seen = {"parameters": query.names, "seen": [row[0] for row in rows]}
    await engine.reader.audit(Seen("search", query.type, "", scope, seen))
    links = [("self", page_link(engine, query.type, query.pairs, None))]
    if more:
        links.append(("next", page_link(engine, query.type, query.pairs, write_cursor(*rows[-1][3:]))))
    entries = [entry_text(engine, *found) for found in matches]
    entries += [entry_text(engine, *found, "include") for found in others.found]
    if query.ignored or others.cut:
        entries.append(_told(query, others))
    return bundle("searchset", links, entries, count)


async def _count(engine: Engine, unit: int, query: Query) -> int:
    """All matches; an estimate counts no further than `ESTIMATED` and asks the planner beyond."""
    if query.total != "estimate" or query.only_total:
        return int((await engine.reader.rows(total(query, unit)))[0][0])
    counted = int((await engine.reader.rows(total(query, unit, ESTIMATED + 1)))[0][0])
    if counted <= ESTIMATED:
        return counted
    plan = (await engine.reader.rows(planned(query, unit)))[0][0]
    return max(counted, int(plan[0]["Plan"]["Plan Rows"]))


def _told(query: Query, others: Included) -> str:
    """The entry that says what a lenient search left out, and that there was more to include."""
    issues = [issue("warning", error.code, f"Đã bỏ qua: {error.message}", error.field) for error in query.ignored]
    if others.cut:
        issues.append(
            issue("warning", "incomplete", f"Chỉ kèm {MOST} tài nguyên được tham chiếu đầu tiên.", "http._include")
        )
    return f'{{"resource":{outcome(*issues).decode()},"search":{{"mode":"outcome"}}}}'


def bundle(kind: str, links: list[tuple[str, str]], entries: list[str], count: int | None = None) -> bytes:
    """A Bundle from texts of its entries."""
    shown = f',"total":{count}' if count is not None else ""
    link = ",".join(f'{{"relation":"{name}","url":{orjson.dumps(url).decode()}}}' for name, url in links)
    body = f',"entry":[{",".join(entries)}]' if entries else ""
    return f'{{"resourceType":"Bundle","type":"{kind}"{shown},"link":[{link}]{body}}}'.encode()


def entry_text(engine: Engine, kind: str, identity: str, text: str, mode: str = "match") -> str:
    """The entry of a search answer around a text."""
    return f'{{"fullUrl":"{engine.base}/{kind}/{identity}","resource":{text},"search":{{"mode":"{mode}"}}}}'


def page_link(engine: Engine, kind: str, pairs: list[tuple[str, str]], cursor: str | None) -> str:
    """The address of this search, or of its page behind a position."""
    pairs = pairs + ([("_cursor", cursor)] if cursor else [])
    return f"{engine.base}/{kind}" + (f"?{urlencode(pairs)}" if pairs else "")


def _context(scope: Scope) -> Sql:
    return Sql().add(CONTEXT, str(scope.unit_id)).add("SELECT r.* FROM ctx CROSS JOIN LATERAL")
