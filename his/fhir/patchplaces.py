"""Where a FHIRPath of a patch points: places in a resource that can be written to.

http://hl7.org/fhir/R4/fhirpatch.html allows a simple subset: names, indexers and filters from the root down. Names and
indexers are followed here, because a place is wanted and not a value; the condition inside `where(...)` is evaluated by
fhirpathpy on each candidate, limited to functions that look at the candidate alone.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhirpathpy import evaluate
from fhirpathpy.models import models

from his.fhir.elements import RESOURCE, Element, choices, elements
from his.fhir.outcome import FhirError

MAX_PATH = 500
MAX_PLACES = 5_000
_STEP = re.compile(r"`?([A-Za-z_][A-Za-z0-9_]*)`?(?:\[(\d{1,6})\])?$", re.ASCII)
_CALL = re.compile(r"([A-Za-z]+)\((.*)\)(?:\[(\d{1,6})\])?$", re.ASCII | re.DOTALL)
_FUNCTION = re.compile(r"([A-Za-z]+)\s*\(", re.ASCII)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_ALLOWED = frozenset(
    [
        "where",
        "exists",
        "empty",
        "not",
        "first",
        "last",
        "single",
        "extension",
        "ofType",
        "as",
        "is",
        "hasValue",
        "startsWith",
        "endsWith",
        "contains",
        "lower",
        "upper",
        "length",
        "count",
        "all",
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """A value that stands in `holder` under `name`, at `index` when it is one of a list.

    `kind` is the type of the value, `owner` that of the holder, `element` the definition of the value in it (None for
    the resource itself).
    """

    holder: dict[str, Any]
    name: str
    index: int | None
    kind: str
    element: Element | None
    owner: str = ""

    @property
    def value(self) -> Any:
        """The value that stands there."""
        value = self.holder[self.name]
        return value if self.index is None else value[self.index]


def refuse(path: str, why: str) -> FhirError:
    """A path that cannot be followed (400)."""
    return FhirError(400, "invalid", f"Đường dẫn FHIRPath {path[:80]}: {why}", "Parameters.parameter.part")


@lru_cache(maxsize=500)
def steps(path: str) -> tuple[str, ...]:
    """The path cut at the points that stand outside brackets and quotes; 400 for what is no path."""
    if not path or len(path) > MAX_PATH:
        raise refuse(path, f"cần 1 đến {MAX_PATH} ký tự.")
    found, depth, start, at = [], 0, 0, 0
    while at < len(path):
        mark = path[at]
        if mark == "'":
            quoted = _QUOTED.match(path, at)
            if quoted is None:
                raise refuse(path, "thiếu dấu nháy đóng.")
            at = quoted.end()
            continue
        depth += (mark in "([") - (mark in ")]")
        if depth < 0 or depth > 4:
            raise refuse(path, "dấu ngoặc sai hoặc lồng quá sâu.")
        if mark == "." and depth == 0:
            found.append(path[start:at].strip())
            start = at + 1
        at += 1
    if depth:
        raise refuse(path, "dấu ngoặc không đóng.")
    return (*found, path[start:].strip())


def places(resource: dict[str, Any], path: str) -> list[Place]:
    """The places of a path, in document order; empty when nothing stands there."""
    kind = str(resource.get("resourceType", ""))
    current = [Place({"": resource}, "", None, kind, None)]
    for n, step in enumerate(steps(path)):
        if n == 0 and step in (kind, "Resource", "DomainResource", "%resource", "$this"):
            continue
        current = _follow(current, step, path)
        if len(current) > MAX_PLACES:
            raise refuse(path, "chỉ tới quá nhiều phần tử.")
    return current


def _follow(current: list[Place], step: str, path: str) -> list[Place]:
    named = _STEP.match(step)
    if named:
        found = [place for holder in current for place in children(holder, named[1], path)]
        return _indexed(found, named[2])
    call = _CALL.match(step)
    if call is None:
        raise refuse(path, f"không hiểu {step[:40]}.")
    name, argument = call[1], call[2].strip()
    if name == "where":
        keeps = _condition(argument, path)
        return _indexed([place for place in current if keeps(place)], call[3])
    if name == "extension":
        found = [place for holder in current for place in children(holder, "extension", path)]
        url = argument.strip("'\"")
        return _indexed([p for p in found if isinstance(p.value, dict) and p.value.get("url") == url], call[3])
    if name in ("ofType", "as"):
        wanted = argument.removeprefix("FHIR.").strip("'")
        return _indexed([p for p in current if wanted in (p.kind, p.kind[:1].lower() + p.kind[1:])], call[3])
    return _indexed(_sliced(current, name, argument, path), call[3])


def _indexed(found: list[Place], index: str | None) -> list[Place]:
    return found if index is None else found[int(index) : int(index) + 1]


def _sliced(current: list[Place], name: str, argument: str, path: str) -> list[Place]:
    if name in ("skip", "take") and argument.isascii() and argument.isdigit() and len(argument) < 7:
        return current[int(argument) :] if name == "skip" else current[: int(argument)]
    if not argument:
        if name == "first":
            return current[:1]
        if name == "last":
            return current[-1:]
        if name == "tail":
            return current[1:]
        if name == "single":
            if len(current) > 1:
                raise refuse(path, "single() khớp nhiều phần tử.")
            return current
    raise refuse(path, f"hàm {name[:40]} không dùng được trong bản vá.")


def children(holder: Place, name: str, path: str) -> Iterator[Place]:
    """The values of an element of this place; 400 when its type has no such element."""
    value = holder.value
    kind = holder.kind
    if not isinstance(value, dict):  # the id and extensions of a primitive stand beside it
        value, kind = _beside(holder), "Element"
    elif kind == RESOURCE:
        kind = str(value.get("resourceType", ""))
    known = elements(kind)
    group = choices(kind).get(name)
    if known is None or group is None:
        raise refuse(path, f"{kind} không có phần tử {name}.")
    for element in group:
        held = value.get(element.name)
        if isinstance(held, list):
            for index in range(len(held)):
                yield Place(value, element.name, index, element.type, element, kind)
        elif held is not None:
            yield Place(value, element.name, None, element.type, element, kind)


def _beside(place: Place) -> dict[str, Any]:
    shadow = place.holder.get(f"_{place.name}")
    if isinstance(shadow, list):
        shadow = shadow[place.index] if place.index is not None and place.index < len(shadow) else None
    return shadow if isinstance(shadow, dict) else {}


def _condition(expression: str, path: str) -> Callable[[Place], bool]:
    """The filter of a `where`; 400 for an empty one and for functions that look beyond the candidate."""
    bare = _QUOTED.sub("''", expression)
    used = set(_FUNCTION.findall(bare)) - {"and", "or", "xor", "implies", "in"}
    if not expression or "%" in bare or not used <= _ALLOWED:
        raise refuse(path, "điều kiện của where() trống hoặc dùng hàm không được phép.")

    def keeps(place: Place) -> bool:
        try:
            found = evaluate(place.value, {"base": place.kind, "expression": expression}, {}, models["r4"])
        except Exception as error:  # fhirpathpy raises bare exceptions for whatever it cannot read
            raise refuse(path, "điều kiện của where() không đọc được.") from error
        return found == [True]

    return keeps
