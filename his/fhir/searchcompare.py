"""How one candidate compares with what a search asks: values, dates, numbers, positions.

A candidate is a row `row` of resource_current (or of an index joined to it) with its id in `ident`. Looked-up values
compare with leakproof operators, which reach an index under row-level security.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from his.fhir.conditions import (
    DateCondition,
    NearCondition,
    NumberCondition,
    PatternCondition,
    PresentCondition,
    Range,
    Unit,
    UpdatedCondition,
    ValueCondition,
)
from his.fhir.extract import SEPARATOR

CONTEXT = "WITH ctx AS MATERIALIZED (SELECT set_config('his.unit', %s, true)::int AS unit)"
EARTH_METERS = 6_371_000


@dataclass(slots=True)
class Sql:
    """A statement under construction: text and arguments in the same order."""

    parts: list[str] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)

    def add(self, text: str, *arguments: Any) -> "Sql":
        """Append text with its arguments."""
        self.parts.append(text)
        self.arguments += arguments
        return self

    @property
    def text(self) -> str:
        """The statement."""
        return " ".join(self.parts)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a predicate stands: type, id and row of the candidate, how deep the subqueries nest, whether few are left.

    `few`: another condition leaves few candidates, so that each one is looked at; otherwise the set of all that meet
    this condition is made first. `must`: it is the first set among the conditions that all have to hold, not a part of NOT
    or OR, so that it may drive the search. `beside`: one of the others is a set of ids.
    `paged`: the walk ends with the page, so what most candidates meet is looked up and never made a set.
    `hashed`: all are looked at, so a single look-up becomes a set made once; for a condition under NOT.
    """

    kind: str
    ident: str
    row: str
    depth: int = 0
    few: bool = False
    must: bool = True
    beside: bool = False
    paged: bool = False
    hashed: bool = False

    @property
    def inner(self) -> str:
        """An alias for the next index row."""
        return f"o{self.depth}" if self.depth else "o"

    def below(self, kind: str, few: bool) -> "Place":
        """The candidate of a subquery of this one."""
        return Place(kind, f"m{self.depth + 1}.id", f"m{self.depth + 1}", self.depth + 1, few)


def exists(sql: Sql, table: str, at: Place, params: tuple[str, ...]) -> str:
    """The beginning of a look-up of the candidate in an index table; returns the alias of its rows."""
    o = at.inner
    shown = f"{at.ident} IN (SELECT {o}.id" if at.hashed else "EXISTS (SELECT 1"
    sql.add(f"{shown} FROM {table} {o} WHERE {o}.unit_id = ctx.unit AND {o}.type = %s AND", at.kind)
    if not at.hashed:
        sql.add(f"{o}.id = {at.ident} AND")
    named(sql, o, params)
    return o


def named(sql: Sql, alias: str, params: tuple[str, ...]) -> None:
    """The row stands under one of the names."""
    if len(params) == 1:
        sql.add(f"{alias}.param = %s", params[0])
    else:
        sql.add(f"{alias}.param = ANY(%s)", list(params))


def value(sql: Sql, found: ValueCondition, at: Place) -> None:
    """A value under one of the names is one of those asked for."""
    o = exists(sql, "resource_index", at, (found.param, *found.more))
    sql.add("AND")
    ranges(sql, found.ranges, f"{o}.value")
    sql.add(")")


def ranges(sql: Sql, asked: tuple[Range, ...], column: str) -> None:
    """The column holds one of the values or lies in one of the intervals."""
    equal = [r.low for r in asked if r.high is None]
    spans_ = [(r.low, r.high) for r in asked if r.high is not None]
    sql.add("(")
    if len(equal) == 1:
        sql.add(f"{column} = %s", equal[0])
    elif equal:
        sql.add(f"{column} = ANY(%s)", equal)
    for n, (low, high) in enumerate(spans_):
        sql.add(f"{'OR ' if n or equal else ''}({column} >= %s AND {column} < %s)", low, high)
    sql.add(")")


_SPAN = {
    "eq": "({low} >= %(low)s AND {low} < %(high)s AND {high} <= %(high)s)",
    "ne": "NOT ({low} >= %(low)s AND {high} <= %(high)s)",
    "gt": "({high} > %(high)s)",
    "ge": "({high} > %(low)s AND ({high} > %(high)s OR {low} >= %(low)s))",
    "lt": "({low} < %(low)s)",
    "le": "({low} < %(high)s AND ({low} < %(low)s OR {high} <= %(high)s))",
    "sa": "({low} >= %(high)s)",
    "eb": "({high} <= %(low)s)",
    "ap": "({low} < %(high)s AND {high} > %(low)s)",
}
_INSTANT = {
    **_SPAN,
    "eq": "({low} >= %(low)s AND {low} < %(high)s)",
    "ne": "NOT ({low} >= %(low)s AND {low} < %(high)s)",
    "gt": "({low} >= %(high)s)",
    "ge": "({low} >= %(low)s)",
    "le": "({low} < %(high)s)",
    "eb": "({low} < %(low)s)",
    "ap": "({low} < %(high)s AND {low} >= %(low)s)",
}


def spans(sql: Sql, found: DateCondition, low: str, high: str, *, instant: bool = False) -> None:
    """The comparison of an indexed interval with the one asked for (an instant has no length)."""
    sql.add("(")
    for n, (prefix, start, end) in enumerate(found.alternatives):
        text = (_INSTANT if instant else _SPAN)[prefix].format(low=low, high=high)
        arguments = []
        while "%(" in text:
            name = text.split("%(", 1)[1].split(")", 1)[0]
            text = text.replace(f"%({name})s", "%s::timestamptz", 1)
            arguments.append(start if name == "low" else end)
        sql.add(("OR " if n else "") + text, *arguments)
    sql.add(")")


def date(sql: Sql, found: DateCondition, at: Place) -> None:
    """An interval of the parameter compares as asked."""
    o = exists(sql, "resource_date", at, (found.param,))
    sql.add("AND")
    spans(sql, found, f"{o}.low", f"{o}.high")
    sql.add(")")


def updated(sql: Sql, found: UpdatedCondition, at: Place) -> None:
    """The instant of the last change compares as asked."""
    spans(sql, found.found, f"{at.row}.updated_at", f"{at.row}.updated_at", instant=True)


def pattern(sql: Sql, found: PatternCondition, at: Place) -> None:
    """A value matches one of the patterns."""
    o = exists(sql, "resource_index", at, found.params)
    sql.add(f"AND {o}.value LIKE ANY(%s)", list(found.patterns)).add(")")


_NUMBER = {
    "eq": ("{o}.low >= %s AND {o}.high < %s", "lh"),
    "ne": ("NOT ({o}.low >= %s AND {o}.high < %s)", "lh"),
    "gt": ("{o}.high > %s", "v"),
    "ge": ("{o}.high >= %s", "v"),
    "lt": ("{o}.low < %s", "v"),
    "le": ("{o}.low <= %s", "v"),
    "sa": ("{o}.low > %s", "v"),
    "eb": ("{o}.high < %s", "v"),
    "ap": ("{o}.low <= %s AND {o}.high >= %s", "hl"),
}


def number(sql: Sql, found: NumberCondition, at: Place) -> None:
    """A number compares as asked, in the unit asked for."""
    o = exists(sql, "resource_number", at, found.params)
    sql.add("AND")
    numbers(sql, found, o)
    sql.add(")")


def numbers(sql: Sql, found: NumberCondition, alias: str) -> None:
    """The comparison of an indexed number with those asked for."""
    sql.add("(")
    for n, (prefix, value, low, high, unit) in enumerate(found.alternatives):
        text, order = _NUMBER[prefix]
        sql.add("OR (" if n else "(")
        sql.add(text.format(o=alias), *({"l": low, "h": high, "v": value}[letter] for letter in order))
        _unit(sql, unit, f"{alias}.unit")
        sql.add(")")
    sql.add(")")


def _unit(sql: Sql, unit: Unit, column: str) -> None:
    if unit.how == "coded":
        low = unit.code + SEPARATOR + unit.system
        sql.add(f"AND {column} >= %s AND {column} < %s", low + SEPARATOR, low + " ")
    elif unit.how == "either":
        sql.add(f"AND (({column} >= %s AND {column} < %s)", unit.code + SEPARATOR, unit.code + " ")
        sql.add(f"OR right({column}, %s) = %s)", len(unit.code) + 1, SEPARATOR + unit.code)


def near(sql: Sql, found: NearCondition, at: Place) -> None:
    """The position lies within the distance, on a sphere."""
    o = exists(sql, "resource_number", at, (found.param,))
    degrees = math.degrees(found.meters / EARTH_METERS)
    sql.add(f"AND {o}.low >= %s AND {o}.low <= %s", found.latitude - degrees, found.latitude + degrees)
    sql.add(
        f"AND 2 * {EARTH_METERS} * asin(least(1, sqrt(power(sin(radians({o}.low - %s) / 2), 2) + cos(radians(%s)) "
        f"* cos(radians({o}.low)) * power(sin(radians({o}.high - %s) / 2), 2)))) <= %s)",
        found.latitude,
        found.latitude,
        found.longitude,
        found.meters,
    )


def present(sql: Sql, found: PresentCondition, at: Place) -> None:
    """The element is there, with a row to compare or without."""
    end = "OFFSET 0)" if at.few or at.beside or at.paged else ")"
    sql.add("(")
    o = exists(sql, "resource_index", at, found.params)
    if found.pattern:
        sql.add(f"AND {o}.value LIKE %s", found.pattern)
    sql.add(end)
    if found.table != "resource_index":
        sql.add("OR")
        exists(sql, found.table, at, found.params)
        sql.add(end)
    sql.add(")")
