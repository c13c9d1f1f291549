"""Dates, numbers, quantities and positions in a search, http://hl7.org/fhir/R4/search.html#prefix."""

import re
from datetime import datetime

from his.fhir.conditions import (
    Condition,
    DateCondition,
    NearCondition,
    NumberCondition,
    Unit,
    bad,
)
from his.fhir.dates import interval
from his.fhir.numbers import read_number
from his.fhir.parameters import Parameter
from his.fhir.searchtext import alternatives, any_of, split_token

DATE_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(?=\d)")
_METERS = {"": 1000.0, "km": 1000.0, "m": 1.0, "mi_us": 1609.344, "[mi_us]": 1609.344}


def dates(name: str, param: str, value: str, now: str) -> DateCondition:
    """Comparisons with dates; `now` (ISO) is what `ap` measures from."""
    out = []
    for one in alternatives(name, value):
        found = DATE_PREFIX.match(one)
        if found is None:
            raise bad(name[:60], "cần ngày dạng 2026-11-22, có thể đứng sau eq ne gt lt ge le sa eb ap.")
        span = interval(one[found.end() :].replace(" ", "+"))
        if span is None or (found[1] == "ap" and not now):
            raise bad(name[:60], "ngày không hợp lệ.")
        out.append((found[1] or "eq", *(_widened(name, *span, now) if found[1] == "ap" else span)))
    return DateCondition(param, tuple(out))


def _widened(name: str, low: str, high: str, now: str) -> tuple[str, str]:
    """The interval, wider by a tenth of its distance from now on both sides."""
    first, last = datetime.fromisoformat(low), datetime.fromisoformat(high)
    gap = abs(datetime.fromisoformat(now) - first) / 10
    try:
        return (first - gap).isoformat(), (last + gap).isoformat()
    except OverflowError:
        raise bad(name[:60], "ngày không hợp lệ.") from None


def numbers(name: str, parameter: Parameter, value: str) -> Condition:
    """Comparisons with numbers or quantities."""
    return NumberCondition(
        parameter.sources, tuple(quantity(name, parameter, one) for one in alternatives(name, value))
    )


def quantity(name: str, parameter: Parameter, value: str) -> tuple[str, float, float, float, Unit]:
    """`number`, `number|system|code` or `number||code`."""
    number, *rest = split_token(value)
    asked = read_number(number)
    if asked is None or len(rest) not in (0, 2) or (rest and (not rest[1] or parameter.kind == "number")):
        raise bad(name[:60], "cần số, với đại lượng là số|hệ|đơn vị hoặc số||đơn vị.")
    unit = Unit()
    if rest:
        unit = Unit("coded" if rest[0] else "either", rest[1], rest[0])
    return asked.prefix, asked.value, asked.low, asked.high, unit


def near(name: str, parameter: Parameter, value: str) -> Condition:
    """`latitude|longitude|distance|unit`; without a distance ten kilometres."""
    found: list[Condition] = []
    for one in alternatives(name, value):
        latitude, *rest = split_token(one)
        numbers = [read_number(part) for part in (latitude, *(rest[:2] if len(rest) > 1 else [*rest, "10"]))]
        unit = rest[2] if len(rest) > 2 else ""
        if len(rest) not in (1, 2, 3) or unit not in _METERS or any(n is None or n.prefix != "eq" for n in numbers):
            raise bad(name[:60], "cần vĩ độ|kinh độ|khoảng cách|km.")
        at, across, distance = (n.value for n in numbers if n)
        meters = distance * _METERS[unit]
        if abs(at) > 90 or abs(across) > 180 or not 0 <= meters <= 2_000_000:
            raise bad(name[:60], "vị trí hoặc khoảng cách nằm ngoài phạm vi.")
        found.append(NearCondition(parameter.sources[0], at, across, meters))
    return any_of(found)
