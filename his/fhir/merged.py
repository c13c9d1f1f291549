"""One order over two sources: resources that a slice makes when they are asked for, among those that are stored.

A position in a sorted answer is the same text for both (searchsort.py): "" for a key without a value, "=" and the value
otherwise. Without `_sort` the made ones come first, and nothing here is needed.
"""

from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

import orjson

from his.fhir.conditions import SortKey
from his.fhir.extract import SEPARATOR
from his.fhir.matching import Made, instant, like
from his.fhir.search import Query

Row = tuple[Any, ...]
"""id, version, text and the position of one resource, as a page of the store gives them."""
BEFORE_POSITION = 3


def merged(query: Query, rows: list[Row], made: Iterable[Made]) -> list[Row]:
    """The stored rows behind the cursor with the made ones behind it, in the order of `_sort`; one row more than asked.

    Each source is in this order itself, so the first `count + 1` of both are the first of all.
    """
    ours = [_row(query, one) for one in made]
    if query.cursor is not None:
        ours = [row for row in ours if _compared(query, row[BEFORE_POSITION:], query.cursor) > 0]

    def order(one: Row, two: Row) -> int:
        return _compared(query, one[BEFORE_POSITION:], two[BEFORE_POSITION:])

    return sorted([*rows, *ours], key=cmp_to_key(order))[: query.count + 1]


def _row(query: Query, made: Made) -> Row:
    position = [_shown(made, key) for key in query.sorts] or [_changed(made)]
    return made.id, made.resource["meta"]["versionId"], orjson.dumps(made.resource).decode(), *position, made.id


def _changed(made: Made) -> str:
    return str(made.resource["meta"]["lastUpdated"])


def _shown(made: Made, key: SortKey) -> str:
    """The smallest value of the key, downwards the largest, as a position shows it."""
    if not key.table:
        return "=" + (made.id if key.column == "id" else _changed(made))
    if key.table == "resource_index":
        held = [value for name, value in made.values if name in key.params and _sorts_by(key, value)]
    elif key.table == "resource_date":
        dates = [low for name, (low, _) in made.dates if name in key.params]
        held = [(max if key.down else min)(dates).isoformat()] if dates else []
    else:
        held = []  # none of the made ones has a number
    return "=" + (max if key.down else min)(held) if held else ""


def _sorts_by(key: SortKey, value: str) -> bool:
    if not value or (key.text and SEPARATOR not in value):
        return False
    return not key.pattern or like(key.pattern).fullmatch(value) is not None


def _compared(query: Query, one: tuple[str, ...], two: tuple[str, ...]) -> int:
    """Below 0 when the first position comes before the second, above 0 when behind."""
    if not query.sorts:
        way = -1 if query.sort[0] == "-" else 1
        changed = 0 if query.sort.endswith("id") else _order(instant(one[0]), instant(two[0]))
        return way * (changed or _order(one[-1], two[-1]))
    for key, first, second in zip(query.sorts, one, two, strict=False):
        if not first or not second:
            found = _order(not first, not second)  # without a value comes last either way
        else:
            found = _order(_value(key, first[1:]), _value(key, second[1:])) * (-1 if key.down else 1)
        if found:
            return found
    return _order(one[-1], two[-1])


def _value(key: SortKey, text: str) -> Any:
    if key.table == "resource_date" or key.column == "updated_at":
        return instant(text)
    return float(text) if key.table == "resource_number" else text


def _order(one: Any, two: Any) -> int:
    return int(one > two) - int(one < two)
