"""Searches through other resources: chains, `_has`, `_list`, `_include` and `_revinclude`.

http://hl7.org/fhir/R4/search.html#chaining. Every type that is looked into is asked for by `Asking.within`: a type that the
caller may not search is refused, and what the caller may not see of a type is left out of it.
"""

import re
from dataclasses import dataclass

from his.fhir.conditions import (
    Asking,
    ChainCondition,
    Condition,
    HasCondition,
    IdCondition,
    ListCondition,
    UpdatedCondition,
    bad,
)
from his.fhir.outcome import FhirError
from his.fhir.parameters import Parameter, parameters
from his.fhir.resource_types import TYPES
from his.fhir.searchranges import dates
from his.fhir.searchtext import ID, alternatives
from his.fhir.searchvalues import conditions

DEEPEST = 2
_HAS = re.compile(r"_has:([A-Za-z]+):([A-Za-z_\-]+):(.+)$", re.DOTALL)
_INCLUDE = re.compile(r"([A-Z][A-Za-z]+):([a-z\-]+|\*)(?::([A-Z][A-Za-z]+))?$")


@dataclass(frozen=True, slots=True)
class Include:
    """`_include` or `_revinclude`: the type that holds the reference, the parameter, the type it must point to.

    `param` is "*" for every reference, `source` "" for every type; `iterate` follows what was included as well.
    """

    source: str
    param: str
    target: str = ""
    iterate: bool = False

    @property
    def params(self) -> tuple[str, ...]:
        """The names under which the references stand in the index."""
        known = parameters(self.source)
        asked = known.values() if self.param == "*" else (known[self.param],)
        return tuple(dict.fromkeys(source for p in asked if p.is_reference for source in p.sources))


def seen_by(kind: str, asking: Asking, name: str) -> tuple[Condition, ...]:
    """What a resource of the type must meet that the caller may search; 403 when it may search none."""
    found = asking.within(kind) if kind in TYPES else None
    if found is None:
        raise FhirError(403, "forbidden", f"Không được tìm qua {kind[:40]}.", f"http.{name[:60]}")
    return tuple(found)


def condition(
    resource_type: str, name: str, value: str, asking: Asking, whole: str = "", depth: int = 0
) -> list[Condition]:
    """The conditions of one parameter, chains included; `whole` is what the caller wrote when this is a part of it."""
    whole = whole or name
    if name.startswith("_has:"):
        return [_has(resource_type, name, value, asking, whole, depth)]
    head, dot, rest = name.partition(".")
    base, _, modifier = head.partition(":")
    if dot:
        return [_chain(resource_type, base, modifier, rest, value, asking, whole, depth)]
    if base == "_id" and not modifier:
        ids = tuple(alternatives(whole, value))
        if not all(ID.match(one) for one in ids):
            raise bad(whole[:60], "mã không hợp lệ.")
        return [IdCondition(ids)]
    if base == "_lastUpdated" and not modifier:
        return [UpdatedCondition(dates(whole, base, value, asking.now))]
    if base == "_list" and not modifier:
        if not ID.match(value):
            raise bad(whole[:60], "cần mã của một List.")
        return [ListCondition(value, seen_by("List", asking, whole))]
    return conditions(resource_type, base, modifier, value, asking, whole)


def _deeper(name: str, depth: int) -> int:
    if depth >= DEEPEST:
        raise bad(name[:60], f"đi qua nhiều hơn {DEEPEST} tham chiếu.")
    return depth + 1


def _chain(
    kind: str, base: str, modifier: str, rest: str, value: str, asking: Asking, whole: str, depth: int
) -> ChainCondition:
    parameter = parameters(kind).get(base)
    if parameter is None or not parameter.is_reference or not rest:
        raise bad(whole[:60], f"{kind} không có tham chiếu {base[:40]}.")
    if modifier and (modifier not in TYPES or (parameter.possible and modifier not in parameter.possible)):
        raise bad(whole[:60], "không trỏ tới loại này.")
    targets = (modifier,) if modifier else parameter.possible
    if not targets:
        raise bad(whole[:60], "cần loại của tài nguyên, dạng tham-số:Loại.tham-số.")
    depth = _deeper(whole, depth)
    known = [target for target in targets if _knows(target, rest)]
    if not known:
        raise bad(whole[:60], "loại được trỏ tới không có tham số này.")
    seen = [target for target in known if asking.within(target) is not None]
    if not seen:
        seen_by(known[0], asking, whole)
    found = []
    for target in seen:
        inner = condition(target, rest, value, asking, whole, depth)
        found.append((target, (*seen_by(target, asking, whole), *inner)))
    narrowed = tuple(parameter.narrow.get(target, parameter.sources[0]) for target in seen)
    return ChainCondition(tuple(dict.fromkeys(narrowed)), tuple(found))


def _knows(target: str, rest: str) -> bool:
    head = rest.partition(".")[0].partition(":")[0]
    return head in parameters(target) or head in ("_id", "_lastUpdated", "_has", "_list")


def _has(kind: str, name: str, value: str, asking: Asking, whole: str, depth: int) -> HasCondition:
    found = _HAS.match(name)
    if found is None:
        raise bad(whole[:60], "cần _has:Loại:tham-chiếu:tham-số.")
    source, base, rest = found.groups()
    parameter = parameters(source).get(base) if source in TYPES else None
    if parameter is None or not parameter.is_reference or not _may_point(parameter, kind):
        raise bad(whole[:60], f"{source[:40]} không có tham chiếu {base[:40]} tới {kind}.")
    depth = _deeper(whole, depth)
    seen = seen_by(source, asking, whole)
    inner = condition(source, rest, value, asking, whole, depth)
    held = (parameter.narrow.get(kind, parameter.sources[0]),)
    return HasCondition(source, held, (*seen, *inner))


def _may_point(parameter: Parameter, kind: str) -> bool:
    return not parameter.possible or kind in parameter.possible


def include(name: str, value: str, must: str) -> Include:
    """An `_include` of the type `must`, or a `_revinclude` (`must` ""), with or without `:iterate`."""
    _, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise bad(name[:60], "bổ ngữ không được hỗ trợ.")
    if value == "*" and must:
        value = f"{must}:*"
    found = _INCLUDE.match(value)
    iterate = bool(modifier)
    if found is None or found[1] not in TYPES or (must and found[1] != must and not iterate):
        raise bad(name[:60], "cần Loại:tham-số.")
    parameter = parameters(found[1]).get(found[2])
    unknown = found[2] != "*" and (parameter is None or not parameter.is_reference)
    if unknown or (found[3] and found[3] not in TYPES):
        raise bad(name[:60], "không có tham số tham chiếu này.")
    return Include(found[1], found[2], found[3] or "", iterate)
