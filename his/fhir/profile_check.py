"""Checks a resource against the profiles it claims in `meta.profile`: cardinalities, fixed and pattern values, required
bindings, slices, and the invariants that the profile adds.

http://hl7.org/fhir/R4/profiling.html. Only a resource that claims a profile pays: the rules of a profile are compiled at its
first use. The work is bounded by the profile and the resource, and ends at ten findings. A profile nobody here knows is left
alone; what a known one builds on outside this system (HL7's own types) is checked by the models (validator.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import fhirpathpy

from his.fhir.profile_set import Invariant, bound, definition
from his.kit.errors import Finding, Severity

MAX_CLAIMED = 20


@dataclass(slots=True)
class Node:
    """The rules of one element, its children by name and its slices."""

    low: int = 0
    high: int | None = None
    fixed: Any = None
    pattern: Any = None
    codes: str = ""
    profile: str = ""
    by: tuple[tuple[str, str], ...] = ()
    closed: bool = False
    children: dict[str, "Node"] = field(default_factory=dict)
    slices: dict[str, "Node"] = field(default_factory=dict)

    def at(self, name: str, cut: str) -> "Node":
        """The child, or the slice of the child, made when it is not there."""
        child = self.children.setdefault(name, Node())
        return child.slices.setdefault(cut, Node()) if cut else child


@dataclass(frozen=True, slots=True)
class Compiled:
    """A profile ready to be checked: those it builds on first."""

    type: str
    roots: tuple[Node, ...]
    invariants: tuple[tuple[Invariant, Callable[..., Any]], ...]


@cache
def compiled(address: str) -> Compiled | None:
    """The rules of a profile and of what it builds on; None when it is not known here."""
    roots: list[Node] = []
    invariants: list[tuple[Invariant, Callable[..., Any]]] = []
    kind, known = "", definition(address)
    for _ in range(MAX_CLAIMED):
        if known is None:
            break
        kind = kind or known.type
        roots.append(_tree(known.elements))
        invariants += [(one, fhirpathpy.compile(one.expression)) for one in known.invariants]
        known = definition(known.base)
    return Compiled(kind, tuple(reversed(roots)), tuple(invariants)) if roots else None


def _tree(elements: tuple[dict[str, Any], ...]) -> Node:
    root = Node()
    for element in elements:
        node = root
        for step in element["id"].split(".")[1:]:
            name, _, cut = step.partition(":")
            node = node.at(name, cut)
        node.low = element.get("min", node.low)
        if element.get("max", "*") != "*":
            node.high = int(element["max"])
        for name, value in element.items():
            if name.startswith("fixed"):
                node.fixed = value
            elif name.startswith("pattern"):
                node.pattern = value
        node.codes = element.get("set", "")
        node.profile = element.get("profile", "")
        if "slicing" in element:
            node.by = tuple((kind, path) for kind, path in element["slicing"]["by"])
            node.closed = element["slicing"]["closed"]
    return root


def claimed(resource: dict[str, Any]) -> list[str]:
    """The profiles a resource claims, without the version after `|`."""
    meta = resource.get("meta")
    found = meta.get("profile") if isinstance(meta, dict) else None
    return (
        [one.partition("|")[0] for one in found[:MAX_CLAIMED] if isinstance(one, str)]
        if isinstance(found, list)
        else []
    )


def findings(resource_type: str, resource: dict[str, Any]) -> Iterator[Finding]:
    """What the claimed profiles find wrong; each expression names the element."""
    for address in claimed(resource):
        known = compiled(address)
        if known is None:
            continue
        if known.type != resource_type:
            yield _wrong("FHIR-PROFILE-01", f"Hồ sơ {address} dành cho {known.type}.", f"{resource_type}.meta.profile")
            continue
        for root in known.roots:
            yield from _children(root, resource, resource_type)
        yield from _invariants(known, resource, resource_type)


def _invariants(known: Compiled, resource: dict[str, Any], path: str) -> Iterator[Finding]:
    for one, holds in known.invariants:
        try:
            answer = holds(resource)
        except Exception:  # a value that the rule cannot be asked about does not satisfy it
            answer = [False]
        if answer and answer[0] is False:
            yield _wrong("FHIR-PROFILE-07", one.human, f"{path}.{one.element}" if one.element else path)


def _children(node: Node, item: Any, path: str) -> Iterator[Finding]:
    if not isinstance(item, dict):
        return
    for name, child in node.children.items():
        values = list(_values(item, name, path))
        yield from _element(child, values, f"{path}.{name.removesuffix('[x]')}")


def _values(item: dict[str, Any], name: str, path: str) -> Iterator[tuple[str, Any]]:
    """The values of an element with their places; `value[x]` stands under the name of its type."""
    names = [name]
    if name.endswith("[x]"):
        start = name[:-3]
        names = [key for key in item if key.startswith(start) and key[len(start) : len(start) + 1].isupper()]
    for key in names:
        value = item.get(key)
        if isinstance(value, list):
            yield from ((f"{path}.{key}[{n}]", one) for n, one in enumerate(value) if one is not None)
        elif value is not None:
            yield f"{path}.{key}", value
        elif f"_{key}" in item:
            yield f"{path}.{key}", item[f"_{key}"]


def _element(node: Node, values: list[tuple[str, Any]], path: str) -> Iterator[Finding]:
    yield from _count(node, len(values), path)
    for place, value in values:
        yield from _value(node, value, place)
    taken: set[str] = set()
    for cut, part in node.slices.items():
        picked = _picked(node, part, cut)
        if picked is None:
            continue
        inside = [(place, value) for place, value in values if picked(place, value)]
        taken.update(place for place, _ in inside)
        yield from _count(part, len(inside), f"{path} ({cut})")
        for place, value in inside:
            yield from _value(part, value, place)
    if node.closed and node.slices:
        for place, _ in values:
            if place not in taken:
                yield _wrong("FHIR-PROFILE-06", f"{place}: không thuộc lát cắt nào của hồ sơ.", place)


def _count(node: Node, count: int, path: str) -> Iterator[Finding]:
    place = path.split(" ", 1)[0]
    if count < node.low:
        yield _wrong("FHIR-PROFILE-02", f"{path}: cần ít nhất {node.low}, có {count}.", place)
    if node.high is not None and count > node.high:
        yield _wrong("FHIR-PROFILE-03", f"{path}: nhiều nhất {node.high}, có {count}.", place)


def _value(node: Node, value: Any, path: str) -> Iterator[Finding]:
    if node.fixed is not None and value != node.fixed:
        yield _wrong("FHIR-PROFILE-04", f"{path}: phải đúng bằng giá trị cố định của hồ sơ.", path)
    if node.pattern is not None and not _matches(node.pattern, value):
        yield _wrong("FHIR-PROFILE-04", f"{path}: phải chứa giá trị mẫu của hồ sơ.", path)
    if node.codes and not _is_bound(node.codes, value):
        yield _wrong("FHIR-PROFILE-05", f"{path}: mã không thuộc tập giá trị {node.codes}.", path)
    yield from _children(node, value, path)
    if node.profile:
        typed = compiled(node.profile)
        for root in typed.roots if typed is not None else ():
            yield from _children(root, value, path)


def _matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(inner, value.get(name)) for name, inner in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(_matches(inner, one) for one in value) for inner in pattern)
    return bool(pattern == value)


def _is_bound(codes: str, value: Any) -> bool:
    """Is one of the codes of the value in the set? A set that is not known here allows all."""
    allowed = bound(codes)
    if allowed is None:
        return True
    if isinstance(value, str):
        return any(value in found for found in allowed.values())
    if not isinstance(value, dict):
        return True
    codings = value.get("coding") if "coding" in value else [value] if "code" in value else None
    if not isinstance(codings, list):
        return True  # text only: the binding speaks of codes
    return any(isinstance(c, dict) and c.get("code") in allowed.get(c.get("system", ""), ()) for c in codings)


def _picked(node: Node, part: Node, cut: str) -> Callable[[str, Any], bool] | None:
    """How a value is known to belong to the slice; None when nothing here can tell."""
    tests: list[tuple[str, Node]] = []
    for kind, path in node.by:
        if kind == "type":
            return lambda place, _value: place.rpartition(".")[2].partition("[")[0] == cut
        if kind not in ("value", "pattern"):
            return None
        if path == "url" and part.profile:
            address = part.profile
            return lambda _place, value: isinstance(value, dict) and value.get("url") == address
        rule = _rule(part, path)
        if rule is not None:
            tests.append((path, rule))
    if not tests:
        return None
    return lambda _place, value: all(_fits(rule, _inner(value, path)) for path, rule in tests)


def _rule(part: Node, path: str) -> Node | None:
    """The node that fixes a discriminator, or a pattern further up that contains it."""
    node = part
    steps = [] if path == "$this" else path.split(".")
    for n, step in enumerate(steps):
        if node.fixed is not None or node.pattern is not None:
            inner = _first(node.fixed if node.fixed is not None else node.pattern, steps[n:])
            return None if inner is None else Node(fixed=inner)
        child = node.children.get(step)
        if child is None:
            return None
        node = child
    return node if node.fixed is not None or node.pattern is not None or bound(node.codes) is not None else None


def _first(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _inner(value: Any, path: str) -> list[Any]:
    """The values at the end of a path, lists flattened."""
    layer = [value]
    for step in [] if path == "$this" else path.split("."):
        following: list[Any] = []
        for item in layer:
            found = item.get(step) if isinstance(item, dict) else None
            following += found if isinstance(found, list) else [] if found is None else [found]
        layer = following
    return layer


def _fits(rule: Node, values: list[Any]) -> bool:
    if rule.fixed is not None:
        return rule.fixed in values
    if rule.pattern is not None:
        return any(_matches(rule.pattern, value) for value in values)
    return any(_is_bound(rule.codes, value) for value in values)


def _wrong(code: str, message: str, path: str) -> Finding:
    return Finding(code, Severity.ERROR, message, path)
