"""`_include` and `_revinclude`: what the matches point to and what points to them, each once, in bounded rounds.

http://hl7.org/fhir/R4/search.html#include. A round is three statements whatever the number of includes. What may be
included is what the caller could find by a search of its own: `Asking.within` says so for each type.
"""

from dataclasses import dataclass, field
from typing import Any

from his.fhir.conditions import Condition
from his.fhir.extract import SEPARATOR
from his.fhir.reader import Reader
from his.fhir.search import Query
from his.fhir.searchcompare import CONTEXT, Place, Sql
from his.fhir.searchlinks import Include
from his.fhir.searchwhere import predicate

Found = tuple[str, str, str]  # type, id, text
Key = tuple[str, str]
MOST = 1000
ROUNDS = 4


@dataclass(slots=True)
class Included:
    """What goes with the matches of a page; `cut` says that there was more."""

    found: list[Found] = field(default_factory=list)
    cut: bool = False


async def included(reader: Reader, unit: int, query: Query, matches: list[Found]) -> Included:
    """The resources to include with these matches."""
    out = Included()
    forward, backward = query.includes, query.revincludes
    there = {(kind, identity) for kind, identity, _ in matches}
    frontier = list(there)
    for _round in range(ROUNDS):
        if not frontier or not (forward or backward):
            break
        wanted = dict.fromkeys(await _forward(reader, unit, forward, frontier))
        wanted |= dict.fromkeys(await _backward(reader, unit, backward, frontier))
        keys = [key for key in wanted if key not in there]
        room = MOST - len(out.found)
        out.cut = out.cut or len(keys) > room
        fresh = await _fetch(reader, unit, query, keys[:room])
        out.found += fresh
        frontier = [(kind, identity) for kind, identity, _ in fresh]
        there |= set(frontier)
        forward = [include for include in forward if include.iterate]
        backward = [include for include in backward if include.iterate]
    return out


def _context(unit: int) -> Sql:
    return Sql().add(CONTEXT, str(unit)).add("SELECT r.* FROM ctx CROSS JOIN LATERAL (")


async def _forward(reader: Reader, unit: int, includes: list[Include], frontier: list[Key]) -> list[Key]:
    sql = _context(unit)
    asked: list[Include] = []
    for include in includes:
        ids = [identity for kind, identity in frontier if kind == include.source]
        if not ids:
            continue
        sql.add("UNION ALL" if asked else "").add("(SELECT %s::int AS n, i.value FROM resource_index i", len(asked))
        sql.add("WHERE i.unit_id = ctx.unit AND i.type = %s AND i.id = ANY(%s)", include.source, ids)
        sql.add("AND i.param = ANY(%s) ORDER BY i.value LIMIT %s)", list(include.params), MOST + 1)
        asked.append(include)
    if not asked:
        return []
    rows = await reader.rows(sql.add(") r"))
    pairs = [(asked[n], *value.partition(SEPARATOR)) for n, value in rows]
    return [(kind, identity) for include, identity, _, kind in pairs if kind and include.target in ("", kind)]


async def _backward(reader: Reader, unit: int, includes: list[Include], frontier: list[Key]) -> list[Key]:
    sql = _context(unit)
    asked: list[Include] = []
    for include in includes:
        values = [identity + SEPARATOR + kind for kind, identity in frontier if include.target in ("", kind)]
        if not values:
            continue
        sql.add("UNION ALL" if asked else "").add(
            "(SELECT DISTINCT %s::int AS n, i.id FROM resource_index i", len(asked)
        )
        sql.add(
            "WHERE i.unit_id = ctx.unit AND i.type = %s AND i.param = ANY(%s)", include.source, list(include.params)
        )
        sql.add("AND i.value = ANY(%s) ORDER BY i.id LIMIT %s)", values, MOST + 1)
        asked.append(include)
    if not asked:
        return []
    rows = await reader.rows(sql.add(") r"))
    return [(asked[n].source, identity) for n, identity in rows]


async def _fetch(reader: Reader, unit: int, query: Query, keys: list[Key]) -> list[Found]:
    """The texts of those that the caller may find, in the order of the keys."""
    seen: dict[str, tuple[Condition, ...]] = {}
    for kind in {kind for kind, _ in keys}:
        conditions = query.asking.within(kind)
        if conditions is not None:
            seen[kind] = tuple(conditions)
    keys = [key for key in keys if key[0] in seen]
    if not keys:
        return []
    sql = _context(unit).add("SELECT c.type, c.id, c.content FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY")
    sql.arguments += [[kind for kind, _ in keys], [identity for _, identity in keys]]
    sql.add("k(type, id, n) JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = k.type AND c.id = k.id")
    sql.add("WHERE NOT c.deleted AND (c.type = ANY(%s)", [kind for kind, conditions in seen.items() if not conditions])
    for kind, conditions in seen.items():
        if conditions:
            sql.add("OR (c.type = %s", kind)
            for condition in conditions:
                sql.add("AND")
                predicate(sql, condition, Place(kind, "c.id", "c", 0, few=True))
            sql.add(")")
    rows: list[Any] = await reader.rows(sql.add(") ORDER BY k.n LIMIT %s) r", len(keys)))
    return [(row[0], row[1], row[2]) for row in rows]
