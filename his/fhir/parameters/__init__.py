"""Search parameters as data: one line a parameter, `name kind path`, compiled once per resource type.

Kinds: `token`, `code` (an element bound to one system, which callers may name or not), `string`, `reference`, `date`,
`uri`. A path is a chain of elements; `|` separates alternatives, `[field=value]` keeps matching items, `:Type` keeps
references to that type, a final `?` indexes that the element is there at all.
"""

import re
from dataclasses import dataclass
from functools import cache

from his.fhir.parameters import administrative, clinical, finance, medication
from his.fhir.resource_types import TYPES

KINDS = frozenset({"token", "code", "string", "reference", "date", "uri"})
DEFINITIONS: dict[str, str] = {
    **administrative.PARAMETERS,
    **clinical.PARAMETERS,
    **medication.PARAMETERS,
    **finance.PARAMETERS,
}
_STEP = re.compile(r"(\w+)(?:\[(\w+)=([\w-]+)\])?$")


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
class Parameter:
    """A search parameter of one resource type."""

    name: str
    kind: str
    paths: tuple[Path, ...]

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
        return "Patient" if self.name == "patient" else ""

    @property
    def fhir_type(self) -> str:
        """The parameter's type in FHIR's words."""
        return "token" if self.kind == "code" else self.kind


def _path(text: str) -> Path:
    exists = text.endswith("?")
    text, _, target = text.rstrip("?").partition(":")
    steps = []
    for part in re.split(r"\.(?![^\[]*\])", text):
        found = _STEP.match(part)
        assert found is not None, f"bad path {text}"
        steps.append(Step(found[1], found[2] or "", found[3] or ""))
    return Path(tuple(steps), target, exists)


@cache
def parameters(resource_type: str) -> dict[str, Parameter]:
    """The search parameters of a type by name; every type has at least `identifier`."""
    assert resource_type in TYPES, resource_type
    out = {}
    for line in DEFINITIONS.get(resource_type, "identifier token identifier").strip().splitlines():
        name, kind, paths = line.split()
        assert kind in KINDS, line
        out[name] = Parameter(name, kind, tuple(_path(path) for path in paths.split("|")))
    return out


@cache
def by_element(resource_type: str) -> dict[str, tuple[tuple[Parameter, Path], ...]]:
    """For each top element the parameters that read it: what the extractor walks."""
    out: dict[str, list[tuple[Parameter, Path]]] = {}
    for parameter in parameters(resource_type).values():
        for path in parameter.paths:
            out.setdefault(path.steps[0].name, []).append((parameter, path))
    return {element: tuple(found) for element, found in out.items()}
