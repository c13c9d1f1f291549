"""Every door of the running application, as written in doors.txt: address and verb, and the right that opens it.

The list is checked when the application is put together: an address, a FHIR operation or a kind of resource of ours that
has no row, or asks for another right than its row, does not start. So nobody adds a door and forgets who may pass.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from starlette.routing import Mount

from his.fhir.operations.declare import Operation
from his.fhir.resource_types import TYPES
from his.identity.rules import FHIR_CAPABILITY
from his.identity.terms import Capability

LIST: Final = Path(__file__).with_name("doors.txt")
OPEN: Final = "open"
OPERATION: Final = "FHIR"
MOUNT: Final = "MOUNT"
PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True, slots=True)
class Door:
    """One verb of one address; `capability` is None where everybody may pass."""

    method: str
    path: str
    capability: Capability | None
    route: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: verb and address, the right (`open`: nobody is asked), and for open doors the reason."""

    door: str
    right: str
    reason: str


class UnknownDoorError(Exception):
    """The application has a door that is not written down, or the list a door that is not there."""


@cache
def rows(path: Path = LIST) -> dict[str, Row]:
    """The written list by `VERB address`. Raises UnknownDoorError when a line says nothing or says it twice."""
    found: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        text, _, reason = line.partition("  # ")
        parts = text.split()
        if len(parts) != 3 or (parts[2] == OPEN and not reason.strip()):
            raise UnknownDoorError(f"{path.name}: a row is `VERB address right`, with `  # reason` when open: {line!r}")
        door = f"{parts[0]} {parts[1]}"
        if door in found:
            raise UnknownDoorError(f"{path.name}: {door} stands twice")
        found[door] = Row(door, parts[2], reason.strip())
    return found


def _dependants(dependant: Any) -> Iterator[Any]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _flat(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield prefix, route
        else:
            yield from _flat(inner.routes, prefix + route.include_context.prefix)


def doors(routes: Iterable[Any]) -> list[Door]:
    """Every verb of every address, included routers too. Raises UnknownDoorError for an address that names two rights."""
    out = []
    for prefix, route in _flat(routes):
        path = prefix + str(getattr(route, "path", ""))
        if isinstance(route, Mount):
            out.append(Door(MOUNT, path, None, route))
            continue
        named = _named(route)
        if len(named) > 1:
            raise UnknownDoorError(f"{path} names two rights: {sorted(named)}")
        for method in sorted(set(getattr(route, "methods", None) or {"GET"}) - {"HEAD", "OPTIONS"}):
            out.append(Door(method, path, next(iter(named), None), route))
    return out


def _named(route: Any) -> set[Capability]:
    dependant = getattr(route, "dependant", None)
    if dependant is None:
        return set()
    found = (getattr(below.call, "capability", None) for below in _dependants(dependant))
    return {capability for capability in found if capability is not None}


def operation_doors(operations: Iterable[Operation]) -> dict[str, str]:
    """FHIR operations as rows: `FHIR Type/$name` and the action that the caller needs on the type (`own`: it asks itself)."""
    found = {}
    for one in operations:
        for kind in ("*",) if set(one.types) == set(TYPES) else one.types or ("",):
            place = f"{kind}/${one.name}" if kind else f"${one.name}"
            found[f"{OPERATION} {place}"] = one.needs or "own"
    return found


def check(routes: Iterable[Any], operations: Iterable[Operation], kinds: Iterable[str]) -> None:
    """Raise UnknownDoorError unless routes, operations and our kinds of resource are exactly those that are written."""
    written = rows()
    wrong = []
    standing = {str(door): door.capability.value if door.capability else OPEN for door in doors(routes)}
    standing |= operation_doors(operations)
    for door, right in standing.items():
        row = written.get(door)
        if row is None:
            wrong.append(f"{door} ({right}) has no row")
        elif row.right != right:
            wrong.append(f"{door} asks for {right}, its row says {row.right}")
    wrong += [f"the row {door} opens nothing" for door in written.keys() - standing.keys()]
    wrong += [f"FHIR type {kind} has no row in FHIR_CAPABILITY" for kind in set(kinds) - FHIR_CAPABILITY.keys()]
    if wrong:
        raise UnknownDoorError(f"his/identity/{LIST.name} and the application differ:\n" + "\n".join(sorted(wrong)))
