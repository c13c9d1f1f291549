"""Numbers and quantities: what the index holds of them, and how a number in a search is understood.

http://hl7.org/fhir/R4/search.html#number and #quantity. The index keeps double precision, because only its operators are
leakproof: two decimals in order stay in order, equal ones stay equal. A unit is `code␟system␟unit`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeGuard

NUMBER = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?)$", re.ASCII)
CURRENCIES = "urn:iso:std:iso:4217"
LARGEST = 1e300
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Asked:
    """A number of a search: its prefix, its value, and the interval that its digits stand for."""

    prefix: str
    value: float
    low: float
    high: float


def read_number(text: str) -> Asked | None:
    """The number a search asks for, or None when it is none that a resource could hold."""
    found = NUMBER.match(text)
    if found is None:
        return None
    prefix, value = found[1] or "eq", Decimal(found[2])
    if abs(value) > LARGEST:
        return None
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal("0.1") * abs(value) if prefix == "ap" else Decimal(5).scaleb(exponent - 1)
    return Asked(prefix, float(value), float(value - half), float(value + half))


def number_values(value: Any) -> Iterator[tuple[float | None, float | None, str]]:
    """`(low, high, unit)` of a number, Quantity, Money, Range, SampledData or position; None is without bound."""
    if _is_number(value):
        yield float(value), float(value), ""
    elif not isinstance(value, dict):
        return
    elif "value" in value:
        if _is_number(value["value"]):
            yield float(value["value"]), float(value["value"]), _unit(value)
    elif _is_number(value.get("latitude")) and _is_number(value.get("longitude")):
        yield float(value["latitude"]), float(value["longitude"]), ""
    elif "origin" in value:
        low, high = value.get("lowerLimit"), value.get("upperLimit")
        if _is_number(low) and _is_number(high) and isinstance(value["origin"], dict):
            yield float(low), float(high), _unit(value["origin"])
    elif "low" in value or "high" in value:
        low, high = _end(value.get("low")), _end(value.get("high"))
        if low is not None or high is not None:
            yield low, high, _unit(value.get("low") or value.get("high"))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and abs(float(value)) <= LARGEST


def _end(value: Any) -> float | None:
    return float(value["value"]) if isinstance(value, dict) and _is_number(value.get("value")) else None


def _unit(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    currency = value.get("currency")
    if isinstance(currency, str):
        return currency + _SEPARATOR + CURRENCIES + _SEPARATOR
    code, system, unit = (value.get(name) for name in ("code", "system", "unit"))
    parts = [part if isinstance(part, str) else "" for part in (code, system, unit)]
    return _SEPARATOR.join(parts)[:300] if any(parts) else ""
