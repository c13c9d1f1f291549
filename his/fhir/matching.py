"""Whether a resource that stands in no index meets the conditions of a search: the same comparisons in memory.

For resources that a slice makes when they are asked for. Values, dates and presence compare as in searchcompare.py; what
goes through other resources, and numbers, none of them meets.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from his.fhir.conditions import (
    AllCondition,
    AnyCondition,
    Condition,
    DateCondition,
    IdCondition,
    NotCondition,
    PatternCondition,
    PresentCondition,
    Range,
    UpdatedCondition,
    ValueCondition,
)
from his.fhir.extract import extract
from his.fhir.search import Query

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Made:
    """A made resource with what it would stand under in the index."""

    resource: dict[str, Any]
    values: frozenset[tuple[str, str]]
    dates: tuple[tuple[str, Span], ...]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.resource["id"])


def made_of(resource: dict[str, Any]) -> Made:
    """The resource, ready to be compared."""
    content = {name: value for name, value in resource.items() if name not in ("resourceType", "id")}
    rows, dates, _ = extract(resource["resourceType"], content)
    spans = tuple((name, (instant(low), instant(high))) for name, low, high in dates)
    return Made(resource, frozenset((name, value) for name, value in rows), spans)


def meets(query: Query, made: Made) -> bool:
    """Does the resource meet everything the search asks?"""
    if query.ids is not None and made.id not in query.ids:
        return False
    if query.updated is not None and not _meets(UpdatedCondition(query.updated), made):
        return False
    return all(_meets(condition, made) for condition in query.conditions)


def _meets(condition: Condition, made: Made) -> bool:
    match condition:
        case ValueCondition(param, ranges, more):
            return any(_within(value, ranges) for value in _values(made, (param, *more)))
        case PatternCondition(params, patterns):
            likes = [like(one) for one in patterns]
            return any(one.fullmatch(value) for value in _values(made, params) for one in likes)
        case PresentCondition(table, params):
            held = _values(made, params) if table == "resource_index" else (n for n, _ in made.dates if n in params)
            return any(True for _ in held)
        case DateCondition(param):
            return any(_compares(condition, span) for name, span in made.dates if name == param)
        case UpdatedCondition(found):
            at = made.resource.get("meta", {}).get("lastUpdated")
            return at is not None and _compares(found, (instant(at), instant(at)))
        case IdCondition(ids):
            return made.id in ids
        case NotCondition(inner):
            return not _meets(inner, made)
        case AllCondition(inner):
            return all(_meets(one, made) for one in inner)
        case AnyCondition(inner):
            return any(_meets(one, made) for one in inner)
    return False


def _values(made: Made, params: tuple[str, ...]) -> Iterable[str]:
    return (value for name, value in made.values if name in params)


def _within(value: str, ranges: Iterable[Range]) -> bool:
    return any(value == r.low if r.high is None else r.low <= value < r.high for r in ranges)


def like(pattern: str) -> re.Pattern[str]:
    """A LIKE pattern with backslash as escape."""
    parts = re.findall(r"\\.|%|_|[^\\%_]+", pattern, re.DOTALL)
    known = {"%": ".*", "_": "."}
    return re.compile("".join(known.get(p) or re.escape(p[1:] if p[0] == "\\" else p) for p in parts), re.DOTALL)


def _compares(condition: DateCondition, span: Span) -> bool:
    low, high = span
    for prefix, start, end in condition.alternatives:
        first, last = instant(start), instant(end)
        point = low == high
        right = {
            "eq": first <= low and (low < last if point else high <= last),
            "ne": not (first <= low and (low < last if point else high <= last)),
            "gt": low >= last if point else high > last,
            "ge": low >= first or high > last,
            "lt": low < first,
            "le": low < last and (point or low < first or high <= last),
            "sa": low >= last,
            "eb": low < first if point else high <= first,
            "ap": low < last and (low >= first if point else high > first),
        }[prefix]
        if right:
            return True
    return False


def instant(text: str) -> datetime:
    """The instant of an index text; what has no beginning or end lies at the edge of time."""
    return datetime.fromisoformat(text) if "infinity" not in text else _EDGES[text]


_EDGES = {
    "-infinity": datetime.fromisoformat("0001-01-01T00:00:00+00:00"),
    "infinity": datetime.fromisoformat("9999-12-31T23:59:59+00:00"),
}
