"""What a slice declares about a FHIR resource, and everything that is derived from the declarations.

`render` is the hook of `kit.db.Database`: it turns the subjects of a change set into the texts that are stored.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

import orjson

from his.discovery import fhir_modules
from his.fhir.dates import instant_text
from his.fhir.extract import extract
from his.fhir.parameters import Parameter, has_numbers, parameters
from his.fhir.resource_types import TYPES
from his.kit.changes import Changes
from his.kit.db import Db, Scope

Subject = type[Any]
ALWAYS_OURS = frozenset({"resourceType", "id", "meta", "text"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """A resource that arrived through FHIR, valid and about to be stored.

    `fresh` says that the id was made just now, so that no row can have it; `retry` that a key stood in the way of the
    first attempt. `resource` holds its numbers as int and Decimal.
    """

    id: str
    resource: dict[str, Any]
    at: datetime
    fresh: bool = True
    retry: bool = False


Accept = Callable[[Incoming, Db], Awaitable[Changes | None]]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One FHIR resource of one slice.

    `subject` is the class that services pass to `Changes.version`; `to_fhir` gives the resource of such a subject, of its
    `meta` at most `security` (labels.py); `modelled` names the top elements it writes, all others stay as a FHIR client left them; `own`
    names the identifier systems and extension URLs it writes, entries with others stay. `accept` turns a resource that
    arrives through FHIR into rows (None: what it says is not enough, the engine keeps the text alone); `discard` does the same as `accept` for a delete. `visible` says to whom the type exists at all: it has no default.
    """

    type: str
    subject: Subject
    to_fhir: Callable[[Any], dict[str, Any]]
    example: Callable[[], Any]
    visible: Callable[[Scope], bool]
    modelled: frozenset[str]
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)
    accept: Accept | None = None
    discard: Callable[[str, Db, datetime], Awaitable[Changes | None]] | None = None

    def __post_init__(self) -> None:
        assert self.type in TYPES, self.type

    @cached_property
    def keep(self) -> tuple[str, ...]:
        """Search parameters that read none of the elements we write: their index rows outlive a rendering."""
        ours = self.modelled | frozenset(self.own) | ALWAYS_OURS
        return tuple(p.name for p in parameters(self.type).values() if p.elements and not p.elements & ours)


@dataclass(frozen=True, slots=True)
class Served:
    """A type whose resources a slice makes when they are asked for, from rows that no version of a text stands for.

    `read(engine, caller, request, id)` and `search(engine, caller, pairs)` answer, or return None: then the engine's own
    store is asked, where resources of the type lie that came from outside. `beside` says that a search shows both, and that
    the made ones are nobody's record: who sees a part of the type only is sent to the store instead of being refused.
    `owns(id)` says which ids are those of made resources, so that nothing is written under them.
    """

    type: str
    read: Callable[..., Awaitable[Any]]
    search: Callable[..., Awaitable[Any]]
    beside: bool = False
    owns: Callable[[str], bool] = lambda _id: False


@dataclass(frozen=True, slots=True)
class Terminology:
    """Code lists that a slice keeps outside the engine, for `:in`, `:not-in`, `:above` and `:below`.

    `expand(db, address, day)` gives system and code of a value set, `related(db, system, code, below=)` a code with those
    it subsumes or is subsumed by; both give None for what is not theirs.
    """

    expand: Callable[..., Awaitable[list[tuple[str, str]] | None]]
    related: Callable[..., Awaitable[list[tuple[str, str]] | None]]


def to_unit(scope: Scope) -> bool:
    """Everybody who works for the unit, and its machines."""
    return scope.unit_id is not None


class Registry:
    """The declared resources by subject class and by type."""

    def __init__(
        self, resources: Iterable[Resource], served: Iterable[Served] = (), terminology: Iterable[Terminology] = ()
    ) -> None:
        self.terminology = tuple(terminology)
        self.served = {one.type: one for one in served}
        self.by_subject: dict[Subject, Resource] = {}
        self.by_type: dict[str, list[Resource]] = {}
        for resource in resources:
            assert resource.subject not in self.by_subject, f"two resources of {resource.subject.__name__}"
            self.by_subject[resource.subject] = resource
            self.by_type.setdefault(resource.type, []).append(resource)

    def visible(self, resource_type: str, scope: Scope) -> bool:
        """Whether the type exists for this scope; types without a declaration belong to the unit."""
        declared = self.by_type.get(resource_type)
        return any(r.visible(scope) for r in declared) if declared else to_unit(scope)

    def is_made(self, resource_type: str, identity: str) -> bool:
        """Whether a slice makes this resource itself."""
        return resource_type in self.served and self.served[resource_type].owns(identity)

    def accept(self, resource_type: str) -> Resource | None:
        """The declaration that makes rows of this type, if any."""
        return next((r for r in self.by_type.get(resource_type, ()) if r.accept is not None), None)

    def parameters(self, resource_type: str) -> dict[str, Parameter]:
        """The search parameters of a type."""
        return parameters(resource_type)

    def render(self, changes: Changes, scope: Scope, at: datetime) -> None:
        """Turn `changes.subjects` into `changes.resources`; a subject that nobody declared raises KeyError."""
        written: dict[tuple[str, str], dict[str, Any]] = {}
        for subject, op in changes.subjects:
            found = rendered(self.by_subject[type(subject)], subject, op, at)
            written[(found["type"], found["id"])] = found  # named twice: the last one counts
        changes.resources.extend(written.values())
        changes.subjects.clear()


def rendered(resource: Resource, subject: object, op: str, at: datetime) -> dict[str, Any]:
    """The payload of `his_write_resources` for one subject (schema.py)."""
    content = resource.to_fhir(subject)
    identity = content.pop("id")
    content.pop("resourceType", None)
    assert isinstance(identity, str), f"{resource.type} without id"
    index, dates, numbers = extract(resource.type, content)
    security = content.pop("meta", {}).get("security")
    labels = f',"security":{orjson.dumps(security).decode()}' if security else ""
    rest = orjson.dumps(content).decode()
    head = f'{{"resourceType":"{resource.type}","id":"{identity}","meta":{{"versionId":"'
    tail = f'","lastUpdated":"{instant_text(at)}"{labels}}}' + ("," + rest[1:] if content else "}")
    return {
        "type": resource.type,
        "id": identity,
        "op": op,
        "head": head,
        "tail": tail,
        "engine": False,
        "index": index,
        "dates": dates,
        **({"numbers": numbers} if numbers or has_numbers(resource.type) else {}),
        "modelled": sorted(resource.modelled | ALWAYS_OURS | frozenset(resource.own)),
        "own": resource.own,
        "keep": resource.keep,
    }


@cache
def discover() -> Registry:
    """The registry of all slices: every module under `his/<slice>/fhir/` with a `RESOURCE = Resource(...)`."""
    modules = fhir_modules()
    return Registry(
        (module.RESOURCE for module in modules if hasattr(module, "RESOURCE")),
        (module.SERVED for module in modules if hasattr(module, "SERVED")),
        (module.TERMINOLOGY for module in modules if hasattr(module, "TERMINOLOGY")),
    )


def render(changes: Changes, scope: Scope, at: datetime) -> None:
    """The hook for `kit.db.Database(render=...)`, with the registry of all slices."""
    discover().render(changes, scope, at)
