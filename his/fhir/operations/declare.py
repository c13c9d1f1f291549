"""What is declared about an operation; the router, the CapabilityStatement and the tests follow from it.

A module `his/<slice>/fhir/<name>.py` (or one of the engine's own) ends in `OPERATIONS = [Operation(...), ...]`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from his.fhir.access import Caller
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.resource_types import TYPES
from his.kit.db import Scope

SYSTEM, TYPE, INSTANCE = "system", "type", "instance"
PRIMITIVES = frozenset(
    {"string", "code", "uri", "canonical", "id", "integer", "boolean", "date", "dateTime", "instant", "decimal"}
)
NAME = re.compile(r"[a-z][A-Za-z-]*$")


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter an operation takes: its FHIR type (or `Resource`), whether it must be there and may repeat."""

    name: str
    kind: str = "string"
    required: bool = False
    many: bool = False
    alternatives: tuple[str, ...] = ()  # other types the value may have, such as Coding beside code

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every type the value may have."""
        return (self.kind, *self.alternatives)


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter as it was sent: the value, its FHIR type and where it stood, for errors."""

    name: str
    kind: str
    value: Any
    place: str


@dataclass(slots=True)
class Inputs:
    """The parameters of one call, checked against the declaration."""

    values: list[Value] = field(default_factory=list)

    def all(self, name: str) -> list[Value]:
        """Every value of this name."""
        return [found for found in self.values if found.name == name]

    def first(self, name: str) -> Value | None:
        """The value of this name, or None."""
        return next((found for found in self.values if found.name == name), None)

    def get(self, name: str, default: Any = None) -> Any:
        """The plain value of this name, or the default."""
        found = self.first(name)
        return default if found is None else found.value

    def place(self, name: str) -> str:
        """Where the parameter stood, or where it should stand."""
        found = self.first(name)
        return found.place if found else f"Parameters.parameter.where(name='{name}')"


@dataclass(slots=True)
class Call:
    """One call of an operation: who calls, on what, with which parameters; `rest` is the path behind the name."""

    engine: Engine
    caller: Caller
    request: Request
    kind: str = ""
    identity: str = ""
    rest: list[str] = field(default_factory=list)
    inputs: Inputs = field(default_factory=Inputs)

    def sees(self, kind: str) -> bool:
        """May the caller read and search resources of this type? Whatever an operation gathers passes through here."""
        return (
            self.engine.registry.visible(kind, self.caller.scope)
            and self.caller.may("read", kind)
            and self.caller.may("search", kind)
        )


Run = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation at its levels.

    `needs` is the action that the caller must be allowed on the type ("" leaves the check to `run`); `changes` says that
    it writes: then it is POST only; `below` lets the path go on behind the name (`$export/<job>`) with GET and DELETE;
    `takes` are content types of a body that `run` reads by itself.
    """

    name: str
    run: Run
    types: tuple[str, ...] = ()
    levels: tuple[str, ...] = (TYPE,)
    inputs: tuple[Input, ...] = ()
    needs: str = "read"
    changes: bool = False
    below: bool = False
    takes: tuple[str, ...] = ()
    definition: str
    documentation: str
    visible: Callable[[Scope], bool] = lambda scope: scope.unit_id is not None

    def __post_init__(self) -> None:
        assert NAME.match(self.name), self.name
        assert set(self.levels) <= {SYSTEM, TYPE, INSTANCE}
        assert set(self.types) <= TYPES
        assert SYSTEM in self.levels or self.types

    def input(self, name: str) -> Input | None:
        """The declared parameter of this name, or None."""
        return next((one for one in self.inputs if one.name == name), None)

    @property
    def resource_input(self) -> Input | None:
        """The one parameter that may stand alone as the body, if any."""
        found = [one for one in self.inputs if one.kind == "Resource"]
        return found[0] if len(found) == 1 else None


class Operations:
    """The declared operations by name, type and level."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.all = list(operations)
        self._known: dict[tuple[str, str, str], Operation] = {}
        for operation in self.all:
            for level in operation.levels:
                for kind in ("",) if level == SYSTEM else operation.types:
                    key = (level, kind, operation.name)
                    assert key not in self._known, f"two operations {key}"
                    self._known[key] = operation

    def find(self, level: str, kind: str, name: str) -> Operation | None:
        """The operation at this level of this type (system: type ""), or None."""
        return self._known.get((level, kind, name))

    def of_type(self, kind: str) -> list[Operation]:
        """The operations of a type, each once, by name."""
        found = {op.name: op for (_, of, _), op in self._known.items() if of == kind and kind}
        return [found[name] for name in sorted(found)]

    def of_system(self) -> list[Operation]:
        """The operations of the system level, by name."""
        found = {op.name: op for (level, _, _), op in self._known.items() if level == SYSTEM}
        return [found[name] for name in sorted(found)]
