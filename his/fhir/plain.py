"""The quick half of validation: says yes to what is plainly well formed, and nothing of the rest.

Every yes is one the models of fhir.resources would give (a test compares both over all official examples and mutations
of them); whatever is rare or doubtful (extensions of primitives, URLs, base64, odd dates) is left to the models, which
also find the words of a refusal. Costs about a sixth of them.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from his.fhir.elements import RESOURCE, Element, elements
from his.fhir.resource_types import TYPES

Check = Callable[[Any], bool]
_CODE = re.compile(r"[!-~]+(?: [!-~]+)*").fullmatch
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:E[+-]?[0-9]{1,3})?").fullmatch
_PART = re.compile(r"[1-9][0-9]{3}(?:-(?:0[1-9]|1[0-2]))?").fullmatch
_DAY = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}").fullmatch
_MOMENT = re.compile(
    r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
).fullmatch
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]").fullmatch


def _string(value: Any) -> bool:
    return type(value) is str and not value.isspace() and value != ""


def _uri(value: Any) -> bool:
    return type(value) is str and value != ""


def _boolean(value: Any) -> bool:
    return type(value) is bool


def _whole(least: int) -> Check:
    return lambda value: type(value) is int and least <= value <= 2147483647


def _decimal(value: Any) -> bool:
    if type(value) is Decimal:
        return value.is_finite() and _DECIMAL(str(value)) is not None
    return type(value) is int and -(10**15) < value < 10**15


def _date(value: Any) -> bool:
    if type(value) is not str:
        return False
    if _DAY(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return _PART(value) is not None


def _instant(value: Any) -> bool:
    if type(value) is not str or not _MOMENT(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


PRIMITIVES: dict[str, Check] = {
    "String": _string,
    "Markdown": _string,
    "Xhtml": _string,
    "Uri": _uri,
    "Canonical": _uri,
    "Boolean": _boolean,
    "Code": lambda value: type(value) is str and _CODE(value) is not None,
    "Id": lambda value: type(value) is str and _ID(value) is not None,
    "Integer": _whole(-2147483648),
    "UnsignedInt": _whole(0),
    "PositiveInt": _whole(1),
    "Decimal": _decimal,
    "Date": _date,
    "DateTime": lambda value: _date(value) or _instant(value),
    "Instant": _instant,
    "Time": lambda value: type(value) is str and _CLOCK(value) is not None,
}


def plainly_valid(resource_type: str, resource: dict[str, Any]) -> bool:
    """Whether the models would take this resource; False when that takes a closer look. The caller bounds its depth."""
    return resource.get("resourceType") == resource_type and _object(resource_type, of_resource=True)(resource)


@cache
def _object(type_name: str, *, of_resource: bool = False) -> Check:
    """The check of an object of a type, made at its first use."""
    known = elements(type_name)
    if known is None:
        return _never
    checks = {name: _element(element) for name, element in known.items()}
    if of_resource:
        checks["resourceType"] = _uri
    required = frozenset(name for name, e in known.items() if e.required and e.choice == name)
    groups: dict[str, set[str]] = {}
    for name, element in known.items():
        if element.choice != name:
            groups.setdefault(element.choice, set()).add(name)
    choices = tuple((frozenset(names), any(known[name].required for name in names)) for names in groups.values())

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name, held in value.items():
            known_as = checks.get(name)
            if known_as is None or not known_as(held):
                return False
        if not required <= value.keys():
            return False
        for names, needed in choices:
            count = len(names & value.keys())
            if count > 1 or (needed and not count):
                return False
        return bool(value)

    return check


def _element(element: Element) -> Check:
    if element.primitive:
        one = PRIMITIVES.get(element.type, _never)
    elif element.type == RESOURCE:
        one = _resource
    else:
        one = _later(element.type)
    if not element.many:
        return one
    return lambda value: type(value) is list and bool(value) and all(map(one, value))


def _later(type_name: str) -> Check:
    """The check of a type that may hold itself (an extension in an extension)."""
    made: list[Check] = []

    def check(value: Any) -> bool:
        if not made:
            made.append(_object(type_name))
        return made[0](value)

    return check


def _resource(value: Any) -> bool:
    kind = value.get("resourceType") if type(value) is dict else None
    return type(kind) is str and kind in TYPES and plainly_valid(kind, value)


def _never(_value: Any) -> bool:
    return False
