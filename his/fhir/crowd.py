"""Whether many resources match: what decides if a page is looked up candidate by candidate or brought together first.

A condition that leaves few drives the search from its own rows; when each one alone leaves many, a page stops soon on the
way through an ordered index. One statement counts the index rows of each condition, no further than `CROWD`.

Many of each do not make many of all: the way through the index may be long where hardly any resource meets every condition.
So it is given `WALK` milliseconds, then the page is brought together after all; both give the same rows in the same order.
"""

from collections.abc import Iterator
from typing import Any

from his.fhir.conditions import (
    AllCondition,
    ChainCondition,
    Condition,
    DateCondition,
    HasCondition,
    NumberCondition,
    ValueCondition,
)
from his.fhir.reader import Reader
from his.fhir.search import Query
from his.fhir.searchcompare import CONTEXT, Sql, named, numbers, ranges, spans
from his.fhir.searchsql import few, page

CROWD = 1000
WALK = 400
Countable = ValueCondition | DateCondition | NumberCondition


def doubtful(query: Query) -> bool:
    """Whether it takes a look to know: no selective condition, and more than one way to go about it."""
    if few(query) or (query.sort and not query.sorts and not query.conditions):
        return False
    linked = any(isinstance(c, ChainCondition | HasCondition) for c in query.conditions)
    return linked or bool(query.sorts) or len(query.conditions) > 1


async def is_crowded(reader: Reader, unit: int, query: Query) -> bool:
    """Whether every condition that can be counted has more than `CROWD` rows."""
    sql = Sql().add(CONTEXT, str(unit)).add("SELECT r.n FROM ctx CROSS JOIN LATERAL (SELECT least(NULL::bigint")
    counted = False
    for kind, condition in _countable(query.type, query.conditions):
        sql.add(", (SELECT count(*) FROM (SELECT 1 FROM")
        _rows(sql, kind, condition)
        sql.add("LIMIT %s) f)", CROWD + 1)
        counted = True
    if not counted:
        return True
    return bool((await reader.rows(sql.add(") AS n LIMIT 1) r")))[0][0] > CROWD)


async def found(reader: Reader, unit: int, query: Query) -> list[tuple[Any, ...]]:
    """The rows of a page, one more than asked, by the way that is the shorter one."""
    query.crowded = doubtful(query) and await is_crowded(reader, unit, query)
    if query.crowded:
        rows = await reader.rows_within(page(query, unit), WALK)
        if rows is not None:
            return rows
        query.crowded = False
    return await reader.rows(page(query, unit))


def _countable(kind: str, conditions: list[Condition] | tuple[Condition, ...]) -> Iterator[tuple[str, Countable]]:
    for condition in conditions:
        match condition:
            case ValueCondition() | DateCondition() | NumberCondition():
                yield kind, condition
            case AllCondition(inner):
                yield from _countable(kind, inner)
            case HasCondition(source, _, inner):
                yield from _countable(source, inner)
            case ChainCondition(_, ((target, inner),)):
                yield from _countable(target, inner)


def _rows(sql: Sql, kind: str, condition: Countable) -> None:
    table = "resource_index"
    params: tuple[str, ...]
    if isinstance(condition, ValueCondition):
        params = (condition.param, *condition.more)
    elif isinstance(condition, DateCondition):
        table, params = "resource_date", (condition.param,)
    else:
        table, params = "resource_number", condition.params
    sql.add(f"{table} x WHERE x.unit_id = ctx.unit AND x.type = %s AND", kind)
    named(sql, "x", params)
    sql.add("AND")
    if isinstance(condition, ValueCondition):
        ranges(sql, condition.ranges, "x.value")
    elif isinstance(condition, DateCondition):
        spans(sql, condition, "x.low", "x.high")
    else:
        numbers(sql, condition, "x")
