"""Conditions of a search, and the position at which a page ended.

A condition is a value: `searchvalues.py` and `searchlinks.py` make them, `searchwhere.py` turns them into SQL.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
POSITIONS = 8


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
    """One of the ranges holds for one value under the parameter's name, or under one of `more` names."""

    param: str
    ranges: tuple[Range, ...]
    more: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class PatternCondition:
    """One value under one of the names matches a LIKE pattern: looked through, not looked up; `common`: by most."""

    params: tuple[str, ...]
    patterns: tuple[str, ...]
    common: bool = False


@dataclass(frozen=True, slots=True)
class NumberCondition:
    """One of the (prefix, value, low, high) comparisons holds for a number; `unit` see `searchwhere.UNITS`."""

    params: tuple[str, ...]
    alternatives: tuple[tuple[str, float, float, float, "Unit"], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit asked for: `how` is "" (any), "coded" (system and code) or "either" (code or what is written)."""

    how: str = ""
    code: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class NearCondition:
    """The position lies within `meters` of the point; `near` of the index of numbers."""

    param: str
    latitude: float
    longitude: float
    meters: float


@dataclass(frozen=True, slots=True)
class UpdatedCondition:
    """`_lastUpdated`: the comparisons of a DateCondition with the instant of the last change."""

    found: DateCondition


@dataclass(frozen=True, slots=True)
class IdCondition:
    """`_id`: one of these."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EngineCondition:
    """No domain row stands behind the resource: it carries the tag of its origin."""


@dataclass(frozen=True, slots=True)
class NeverCondition:
    """Nothing can match."""


@dataclass(frozen=True, slots=True)
class PresentCondition:
    """The element is there: a row in `table` or an empty value in the index; `pattern` keeps rows of one context."""

    table: str
    params: tuple[str, ...]
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class ContentCondition:
    """A jsonpath finds something in the text: a filter after other conditions have left few."""

    path: str
    named: str


@dataclass(frozen=True, slots=True)
class NotCondition:
    """The condition does not hold."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class AllCondition:
    """Every one holds."""

    inner: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyCondition:
    """One of them holds."""

    inner: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class ChainCondition:
    """The resource points, through one of the parameters, to one of a type that meets all of its conditions."""

    params: tuple[str, ...]
    targets: tuple[tuple[str, tuple["Condition", ...]], ...]


@dataclass(frozen=True, slots=True)
class HasCondition:
    """A resource of the type `source` points here through one of the parameters and meets all conditions."""

    source: str
    params: tuple[str, ...]
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class ListCondition:
    """The resource stands in this List."""

    identity: str
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class ValueSetCondition:
    """A code of this ValueSet, or one `above` or `below` the code that `address` names (`system|code`).

    `valuesets.py` puts the codes in the place before the search runs.
    """

    params: tuple[str, ...]
    address: str
    coded: bool  # the parameter is bound to one system
    name: str
    way: str = "in"


Condition = (
    ValueCondition
    | DateCondition
    | PatternCondition
    | NumberCondition
    | NearCondition
    | UpdatedCondition
    | IdCondition
    | EngineCondition
    | NeverCondition
    | PresentCondition
    | ContentCondition
    | NotCondition
    | AllCondition
    | AnyCondition
    | ChainCondition
    | HasCondition
    | ListCondition
    | ValueSetCondition
)
Within = Callable[[str], Sequence[Condition] | None]


def nobody(_kind: str) -> Sequence[Condition] | None:
    """No type may be looked into through another one."""
    return None


@dataclass(frozen=True, slots=True)
class Asking:
    """What the understanding of a search depends on besides its text.

    `within` says for a type what every resource must meet that the caller may search, None when it may not search the
    type at all; chains, `_has`, `_list` and includes ask it for each type they touch. `now` is an instant, ISO, for `ap`.
    """

    within: Within = nobody
    now: str = ""
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of `_sort`: where its values stand, and the way."""

    table: str  # resource_index resource_date resource_number, or "" for a column of resource_current
    params: tuple[str, ...] = ()
    column: str = "value"
    down: bool = False
    pattern: str = ""
    text: bool = False  # only rows that carry a whole text


def write_cursor(*position: Any) -> str:
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
        or not 1 <= len(position) <= POSITIONS
        or not all(isinstance(part, str) and "\x00" not in part for part in position)
    ):
        raise bad_cursor()
    return tuple(position)


def bad_cursor() -> FhirError:
    """A cursor that is none of this search (400)."""
    return bad("_cursor", "đường dẫn trang không còn dùng được.")
