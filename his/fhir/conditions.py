"""Conditions of a search, and the position at which a page ended."""

import base64
from dataclasses import dataclass

import orjson

from his.fhir.outcome import FhirError

COMMON = 5
COMMON_NAMES = frozenset(
    [
        "active",
        "address-country",
        "address-use",
        "category",
        "class",
        "clinical-status",
        "deceased",
        "gender",
        "intent",
        "language",
        "outcome",
        "priority",
        "status",
        "type",
        "use",
        "verification-status",
    ]
)
REFERENCE_NAMES = frozenset({"patient", "subject", "encounter", "context", "request", "beneficiary", "based-on"})


def bad(name: str, message: str) -> FhirError:
    """A parameter that cannot be understood (400), by its name."""
    return FhirError(400, "invalid", f"Tham số tìm kiếm {name}: {message}", f"http.{name}")


@dataclass(frozen=True, slots=True)
class Range:
    """Index values from `low` on; up to `high` (excluded), or equal to `low` when `high` is None."""

    low: str
    high: str | None = None


@dataclass(frozen=True, slots=True)
class ValueCondition:
    """One of the ranges holds for one value of the parameter."""

    param: str
    ranges: tuple[Range, ...]

    @property
    def rank(self) -> int:
        """How few resources this is likely to leave: the lowest one leads the query."""
        if self.param == "identifier":
            return 0
        if self.param in REFERENCE_NAMES:
            return 1
        if self.param in COMMON_NAMES:
            return COMMON
        return 2 if all(r.high is None for r in self.ranges) else 3


@dataclass(frozen=True, slots=True)
class DateCondition:
    """One of the (prefix, low, high) comparisons holds for one interval of the parameter."""

    param: str
    alternatives: tuple[tuple[str, str, str], ...]

    @property
    def rank(self) -> int:
        """Dates leave many."""
        return 4


Condition = ValueCondition | DateCondition


def write_cursor(*position: str) -> str:
    """Where a page ended, as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def read_cursor(value: str) -> tuple[str, ...]:
    """Where the page before ended; 400 when the word is not one of ours."""
    try:
        position = orjson.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except ValueError:
        position = None
    if (
        not isinstance(position, list)
        or not 1 <= len(position) <= 3
        or not all(isinstance(part, str) and "\x00" not in part for part in position)
    ):
        raise bad("_cursor", "đường dẫn trang không còn dùng được.")
    return tuple(position)
