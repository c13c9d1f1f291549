"""Conditions as SQL predicates: those of searchcompare.py, their combinations, and what goes through other resources.

Where ids have to be taken out of a reference or put into one, a subquery with OFFSET 0 does it first, so that only plain
columns are compared and row-level security lets them reach an index.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from his.fhir.conditions import (
    AllCondition,
    AnyCondition,
    ChainCondition,
    Condition,
    ContentCondition,
    DateCondition,
    EngineCondition,
    HasCondition,
    IdCondition,
    ListCondition,
    NearCondition,
    NotCondition,
    NumberCondition,
    PatternCondition,
    PresentCondition,
    UpdatedCondition,
    ValueCondition,
    ValueSetCondition,
    bad,
)
from his.fhir.extract import SEPARATOR
from his.fhir.searchcompare import Place, Sql, date, exists, named, near, number, pattern, present, updated, value

LINKED = (ChainCondition, HasCondition, ListCondition)
SINGLE = (ValueCondition, DateCondition, PatternCondition, NumberCondition)
"""Conditions that are one look-up in an index of the candidate."""
PROBED = (*SINGLE, ChainCondition, HasCondition)
"""Those that are one EXISTS when few candidates are left."""


def predicate(sql: Sql, found: Condition, at: Place) -> None:
    """Append the condition as a boolean expression."""
    if isinstance(found, ValueSetCondition):
        raise bad(found.name[:60], "ValueSet chỉ dùng được trong tìm kiếm.")
    write = _WRITERS.get(type(found))
    if write is None:
        sql.add("false")
    else:
        write(sql, found, at)


def _ids(sql: Sql, found: IdCondition, at: Place) -> None:
    sql.add(f"{at.ident} = ANY(%s)", list(found.ids))


def _engine(sql: Sql, _found: EngineCondition, at: Place) -> None:
    sql.add(f"{at.row}.engine")


def _content(sql: Sql, found: ContentCondition, at: Place) -> None:
    _read(sql, found, f"{at.row}.content")


def _not(sql: Sql, found: NotCondition, at: Place) -> None:
    """A join would compare each candidate with every row that meets it: a look-up for each, or a set when all are looked at."""
    looked = at.few or at.paged or at.beside
    sql.add("NOT (")
    hashed = not looked and isinstance(found.inner, (*SINGLE, PresentCondition))
    predicate(sql, found.inner, replace(at, must=False, hashed=hashed))
    if looked:
        fixed(sql, found.inner)
    sql.add(")")


def _all(sql: Sql, found: AllCondition, at: Place) -> None:
    sql.add("(")
    for n, inner in enumerate(found.inner):
        if n and _is_content(inner) and sql.parts[-1] in (")", "OFFSET 0)"):
            end = sql.parts.pop()  # into the look-up before it, so that only texts it leaves are read
            sql.add("AND")
            _read(sql, inner, f"CASE WHEN {at.inner}.id <> '' THEN {at.row}.content END")
            sql.add(end)
            continue
        sql.add("AND" if n else "")
        predicate(sql, inner, at)
        if at.few or at.beside:
            fixed(sql, inner)
        at = behind(inner, at)
    sql.add(")")


def _is_content(found: Condition) -> bool:
    if isinstance(found, AnyCondition):
        return all(isinstance(inner, ContentCondition) for inner in found.inner)
    return isinstance(found, ContentCondition)


def _read(sql: Sql, found: Condition, content: str) -> None:
    sql.add("(")
    for n, inner in enumerate(found.inner if isinstance(found, AnyCondition) else (found,)):
        assert isinstance(inner, ContentCondition)
        sql.add(f"{'OR ' if n else ''}his_json_match({content}, %s, %s::jsonb)", inner.path, inner.named)
    sql.add(")")


def is_set(found: Condition) -> bool:
    """Whether the condition, unless few candidates are left, becomes a set of ids that is made first."""
    if isinstance(found, AllCondition):
        return any(is_set(inner) for inner in found.inner)
    if isinstance(found, AnyCondition):
        plain = all(isinstance(inner, IdCondition | ContentCondition) for inner in found.inner)
        return not plain and not any(isinstance(inner, EngineCondition) for inner in found.inner)
    return isinstance(found, LINKED)


def _any(sql: Sql, found: AnyCondition, at: Place) -> None:
    """Few candidates are asked one by one; otherwise the ids of all alternatives are brought together first."""
    if at.few or not is_set(found):
        sql.add("(")
        for n, inner in enumerate(found.inner):
            sql.add("OR" if n else "")
            predicate(sql, inner, replace(at, must=False))
        sql.add(")")
        return
    end = _among(sql, at)
    for n, inner in enumerate(found.inner):
        place = at.below(at.kind, False)
        sql.add(f"{'UNION ALL SELECT ' if n else ''}{place.ident} FROM")
        candidates(sql, (inner,), place)
    sql.add(end)


def candidates(sql: Sql, conditions: tuple[Condition, ...], at: Place, also: str = "") -> None:
    """Current resources of a type that meet the conditions: from behind FROM to the end of WHERE; `also` joins to them."""
    sql.add(f"resource_current {at.row} {also} WHERE {at.row}.unit_id = ctx.unit AND {at.row}.type = %s", at.kind)
    sql.add(f"AND NOT {at.row}.deleted")
    at = along(at, conditions)
    for found in conditions:
        sql.add("AND")
        predicate(sql, found, at)
        if at.few or at.beside:
            fixed(sql, found)
        at = behind(found, at)


def along(at: Place, conditions: Iterable[Condition]) -> Place:
    """The place of these conditions: beside a set of ids the others stay look-ups for each of its members.

    The planner takes every condition for one row's worth and would start from a common value, comparing each of its rows
    with the whole set, or making the set again for each: seconds at fifty thousand resources.
    """
    return replace(at, beside=not at.few and any(is_set(found) for found in conditions))


def fixed(sql: Sql, found: Condition) -> None:
    """The condition just appended stays a look-up for each candidate: few are left, and no index may lead instead of them."""
    if isinstance(found, PROBED) and sql.parts[-1] == ")":
        sql.parts[-1] = "OFFSET 0)"


def behind(found: Condition, at: Place) -> Place:
    """The place of the conditions after this one: one set drives, what follows is asked of its members."""
    return replace(at, must=False) if at.must and is_set(found) else at


def _among(sql: Sql, at: Place) -> str:
    """The beginning of a set of ids that is made once and then looked up in the index by order; returns its end.

    As an array no join can make it anew for each row. But a second array, or one under NOT and OR, would be searched from
    end to end for each candidate (twenty thousand times twenty thousand: 10 s): there it is a hashed subquery, and IS TRUE
    keeps the planner from making a join of it.
    """
    sql.add(f"{at.ident} = ANY(ARRAY(SELECT" if at.must else f"({at.ident} IN (SELECT")
    return "))" if at.must else ")) IS TRUE"


def _chain(sql: Sql, found: ChainCondition, at: Place) -> None:
    if at.few:
        _chain_of_one(sql, found, at)
        return
    o = at.inner
    end = _among(sql, at)
    sql.add(f"{o}.id FROM resource_index {o} WHERE {o}.unit_id = ctx.unit AND {o}.type = %s AND", at.kind)
    named(sql, o, found.params)
    sql.add(f"AND {o}.value = ANY(ARRAY(")
    for n, (kind, conditions) in enumerate(found.targets):
        place = at.below(kind, False)
        sql.add(f"{'UNION ALL' if n else ''} SELECT {place.ident} || %s::text FROM", SEPARATOR + kind)
        candidates(sql, conditions, place)
    sql.add("))").add(end)


def _chain_of_one(sql: Sql, found: ChainCondition, at: Place) -> None:
    """Does this candidate point to one that meets the conditions?"""
    o = exists(sql, "resource_index", at, found.params)
    sql.add("AND EXISTS (SELECT 1 FROM")
    sql.add(f"(SELECT split_part({o}.value, E'\\x1f', 1) AS id, split_part({o}.value, E'\\x1f', 2) AS kind OFFSET 0)")
    sql.add(f"k{at.depth} WHERE")
    for n, (kind, conditions) in enumerate(found.targets):
        place = at.below(kind, True)
        sql.add(f"{'OR' if n else ''} k{at.depth}.kind = %s AND EXISTS (SELECT 1 FROM", kind)
        candidates(sql, conditions, place)
        sql.add(f"AND {place.ident} = k{at.depth}.id)")
    sql.add(")").add(")")


def _has(sql: Sql, found: HasCondition, at: Place) -> None:
    if at.few:
        _has_one(sql, found, at)
        return
    place = at.below(found.source, False)
    o, k = at.inner, f"k{at.depth}"
    end = _among(sql, at)
    sql.add(f"split_part({k}.value, E'\\x1f', 1) FROM")
    held = Sql().add(f"CROSS JOIN LATERAL (SELECT {o}.value FROM resource_index {o} WHERE {o}.unit_id = ctx.unit")
    held.add(f"AND {o}.type = {place.row}.type AND {o}.id = {place.ident} AND")
    named(held, o, found.params)
    held.add(f"AND {o}.value LIKE %s OFFSET 0) {k}", "%" + SEPARATOR + at.kind)
    sql.arguments += held.arguments
    candidates(sql, found.conditions, place, held.text)
    sql.add(end)


def _has_one(sql: Sql, found: HasCondition, at: Place) -> None:
    """Does one that meets the conditions point to this candidate?"""
    place = at.below(found.source, True)
    o, k = at.inner, f"k{at.depth}"
    sql.add(f"EXISTS (SELECT 1 FROM (SELECT {at.ident} || %s::text AS ref OFFSET 0) {k}", SEPARATOR + at.kind)
    sql.add(f"JOIN resource_index {o} ON {o}.value = {k}.ref")
    sql.add(f"JOIN resource_current {place.row} ON {place.row}.unit_id = {o}.unit_id AND {place.row}.type = {o}.type")
    sql.add(f"AND {place.row}.id = {o}.id WHERE {o}.unit_id = ctx.unit AND {o}.type = %s AND", found.source)
    named(sql, o, found.params)
    for inner in found.conditions:
        sql.add("AND")
        predicate(sql, inner, place)
        fixed(sql, inner)
    sql.add(")")


def _list(sql: Sql, found: ListCondition, at: Place) -> None:
    place, o = at.below("List", False), at.inner
    end = _among(sql, at)
    sql.add(f"split_part({o}.value, E'\\x1f', 1) FROM resource_index {o}")
    sql.add(f"WHERE {o}.unit_id = ctx.unit AND {o}.type = 'List' AND {o}.id = %s", found.identity)
    sql.add(f"AND {o}.param = 'item' AND {o}.value LIKE %s", "%" + SEPARATOR + at.kind)
    if found.conditions:
        sql.add(f"AND {o}.id IN (SELECT {place.ident} FROM")
        candidates(sql, found.conditions, place)
        sql.add(")")
    sql.add(end)


_WRITERS: dict[type, Callable[[Sql, Any, Place], None]] = {
    ValueCondition: value,
    DateCondition: date,
    UpdatedCondition: updated,
    PatternCondition: pattern,
    NumberCondition: number,
    NearCondition: near,
    IdCondition: _ids,
    EngineCondition: _engine,
    PresentCondition: present,
    ContentCondition: _content,
    NotCondition: _not,
    AllCondition: _all,
    AnyCondition: _any,
    ChainCondition: _chain,
    HasCondition: _has,
    ListCondition: _list,
}
