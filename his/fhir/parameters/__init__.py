"""Search parameters as data: `standard.txt` holds all of R4, a line a parameter, compiled once per resource type.

`name kind paths [targets]`. Kinds: `token`, `code` (an element bound to one system, which callers may name or not),
`string`, `reference`, `canonical` (a reference by address), `date`, `uri`, `number`, `quantity`, `near` (a position),
`text` (words of the narrative), `composite`. A path is a chain of elements; `|` separates alternatives, `[field=value]`
keeps matching items, `:Type` keeps references to that type, a final `?` indexes that the element is there at all.
A composite names its bases (`.` is the resource itself) and two parts `parameter@path|path` below each base.

Rows are written once: a parameter that reads what another one reads already looks at that one's rows (`sources`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path as File

from his.fhir.resource_types import TYPES

KINDS = frozenset(
    ["token", "code", "string", "reference", "canonical", "date", "uri", "number", "quantity", "near", "text", "composite"]
)  # fmt: skip
COMMON = """
_profile uri meta.profile
_security token meta.security
_source uri meta.source
_tag token meta.tag
_text text text.div
"""
_STEP = re.compile(r"(\w+)(?:\[(\w+)=([\w-]+)\])?$")
_FHIR_TYPE = {"code": "token", "canonical": "reference", "near": "special", "text": "string"}


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path; items whose `field` is not `value` are left out."""

    name: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """Where a parameter's values stand; `target` keeps references to one type, `exists` indexes presence."""

    steps: tuple[Step, ...]
    target: str = ""
    exists: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One half of a composite: the parameter that reads its values, and the elements below the base."""

    param: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one resource type.

    `sources` are the parameters under whose names its rows stand, `narrow` those that hold the references to one type,
    `context` keeps rows of one context (the phones among the contact points).
    """

    name: str
    kind: str
    paths: tuple[Path, ...]
    targets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    narrow: dict[str, str] = field(default_factory=dict)
    context: str = ""
    bases: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def elements(self) -> frozenset[str]:
        """The top elements this parameter reads."""
        return frozenset(path.steps[0].name for path in self.paths)

    @property
    def target(self) -> str:
        """The only type this reference may point to, or "" when several may."""
        targets = {path.target for path in self.paths}
        if len(targets) == 1 and targets != {""}:
            return targets.pop()
        if len(self.targets) == 1:
            return self.targets[0]
        return "Patient" if self.name == "patient" else ""

    @property
    def possible(self) -> tuple[str, ...]:
        """The types a reference may point to; empty when it may point to any."""
        return (self.target,) if self.target else self.targets

    @property
    def is_presence(self) -> bool:
        """Whether it asks if an element is there at all."""
        return self.paths != () and self.paths[-1].exists

    @property
    def is_reference(self) -> bool:
        """Whether it points to other resources."""
        return self.kind in ("reference", "canonical")

    @property
    def fhir_type(self) -> str:
        """The parameter's type in FHIR's words."""
        return _FHIR_TYPE.get(self.kind, self.kind)


def _sections(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("["):
            current = found.setdefault(line.strip("[]\n"), [])
        elif line.strip() and not line.startswith("#"):
            current.append(line)
    return found


DEFINITIONS: dict[str, list[str]] = _sections(
    File(__file__).with_name("standard.txt").read_text(encoding="utf-8").splitlines()
)


def _path(text: str) -> Path:
    exists = text.endswith("?")
    text, _, target = text.rstrip("?").partition(":")
    steps = []
    for part in re.split(r"\.(?![^\[]*\])", text):
        found = _STEP.match(part)
        assert found is not None, f"bad path {text}"
        steps.append(Step(found[1], found[2] or "", found[3] or ""))
    return Path(tuple(steps), target, exists)


def _parameter(line: str) -> Parameter:
    name, kind, paths, *rest = line.split()
    assert kind in KINDS, line
    if kind == "composite":
        parts = (half.partition("@") for half in rest)
        return Parameter(
            name,
            kind,
            (),
            bases=tuple(paths.split("|")),
            parts=tuple(Part(p, tuple(e.split("|"))) for p, _, e in parts),
        )
    targets = tuple(rest[0].split(",")) if rest else ()
    return Parameter(name, kind, tuple(_path(path) for path in paths.split("|")), targets, sources=(name,))


@cache
def parameters(resource_type: str) -> dict[str, Parameter]:
    """The search parameters of a type by name; every type has at least `identifier` and those of all resources."""
    assert resource_type in TYPES, resource_type
    lines = [*DEFINITIONS.get(resource_type, ["identifier token identifier"]), *COMMON.strip().splitlines()]
    return _share_rows({p.name: p for p in map(_parameter, lines)})


def _share_rows(known: dict[str, Parameter]) -> dict[str, Parameter]:
    """Let parameters that read the same elements share their rows."""
    read = {name: frozenset(p.paths) for name, p in known.items() if p.paths}
    out = dict(known)
    for name, p in known.items():
        if p.kind == "composite":
            continue
        same = sorted(
            (other for other in read if read[other] == read[name] and known[other].kind == p.kind),
            key=lambda other: (other != "patient", other),
        )
        if same[0] != name:
            out[name] = replace(p, sources=(same[0],))
            continue
        inner = [o for o in read if read[o] < read[name] and known[o].kind == p.kind and p.kind != "date"]
        if inner and frozenset().union(*(read[o] for o in inner)) == read[name]:
            out[name] = replace(p, sources=tuple(inner))
            continue
        wide = next((o for o in read if read[o] == {_unfiltered(p)} and known[o].kind == p.kind), None)
        if wide and wide != name and p.kind == "token" and p.paths[0].steps[-1].field == "system":
            out[name] = replace(p, sources=(wide,), context=p.paths[0].steps[-1].value)
            continue
        narrow = {known[o].paths[0].target: o for o in read if _narrows(known[o], p)}
        if narrow:
            out[name] = replace(p, sources=(name, *narrow.values()), narrow=narrow)
    for name, p in out.items():  # the rows of a parameter that has none itself
        out[name] = replace(p, sources=tuple(dict.fromkeys(s for o in p.sources for s in _rows_of(out, o, name))))
        out[name].narrow.update(out[p.sources[0]].narrow if p.sources and p.sources[0] != name else {})
    return out


def _rows_of(known: dict[str, Parameter], source: str, name: str) -> tuple[str, ...]:
    return (source,) if source == name else known[source].sources


def _unfiltered(p: Parameter) -> Path:
    steps = p.paths[0].steps
    return Path((*steps[:-1], Step(steps[-1].name)))


def _narrows(narrow: Parameter, wide: Parameter) -> bool:
    """Whether `narrow` is `wide` for one type of target."""
    if wide.kind != "reference" or len(narrow.paths) != 1 or len(wide.paths) != 1 or wide.paths[0].target:
        return False
    return bool(narrow.paths[0].target) and narrow.paths[0].steps == wide.paths[0].steps


@cache
def by_element(resource_type: str) -> dict[str, tuple[tuple[Parameter, Path], ...]]:
    """For each top element the parameters that read it and write rows of their own: what the extractor walks."""
    out: dict[str, list[tuple[Parameter, Path]]] = {}
    for parameter in parameters(resource_type).values():
        if parameter.name in parameter.sources:
            for path in parameter.paths:
                out.setdefault(path.steps[0].name, []).append((parameter, path))
    return {element: tuple(found) for element, found in out.items()}


@cache
def has_numbers(resource_type: str) -> bool:
    """Whether resources of this type may have rows in the index of numbers."""
    return any(p.kind in ("number", "quantity", "near") for p in parameters(resource_type).values())
