"""SMART scopes as grants of the FHIR engine: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html.

Version 2 (`patient/Observation.rs?category=vital-signs`) and, as aliases, version 1 (`patient/Observation.read`). A search
restriction takes token parameters that the index holds; a scope that cannot be kept to the letter is no scope at all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode

from his.fhir.conditions import Range
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.parameters import parameters
from his.fhir.resource_types import TYPES
from his.fhir.view import Grant
from his.identity.terms import Machine

BLIND_UPDATE: Final = "his/blind-update"
INTROSPECT: Final = "his/introspect"
LAUNCH: Final = frozenset({"launch", "launch/patient", "launch/encounter"})
PLAIN: Final = LAUNCH | {"openid", "fhirUser", "profile", "offline_access", "online_access", BLIND_UPDATE, INTROSPECT}
"""Scopes that name no resources."""
LETTERS: Final = {
    "create": "c",
    "read": "r",
    "vread": "r",
    "history": "r",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "search": "s",
}
_ALIASES: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_SCOPE = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]*)\."
    r"(?P<letters>read|write|\*|(?=.)c?r?u?d?s?)(?:\?(?P<query>[!-~]+))?"
)
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """A scope on resources: who it is about (`patient`, `user`, `system`), type, letters, search restriction."""

    level: str
    type: str
    letters: str
    query: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        suffix = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.level}/{self.type}.{self.letters}{suffix}"


@lru_cache(maxsize=5000)
def read_scope(text: str) -> ResourceScope | None:
    """The scope on resources that the text is, or None."""
    found = _SCOPE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or found["type"] not in ("*", *TYPES):
        return None
    query = tuple(parse_qsl(found["query"] or "", keep_blank_values=True))
    if (found["query"] and not query) or conditions(found["type"], query) is None:
        return None
    return ResourceScope(found["level"], found["type"], _ALIASES.get(found["letters"], found["letters"]), query)


def conditions(
    resource_type: str, query: Iterable[tuple[str, str]]
) -> tuple[tuple[str, tuple[Range, ...]], ...] | None:
    """The search restriction as ranges of the index; None when one of its parameters cannot be kept."""
    out = []
    for name, value in query:
        known = parameters(resource_type).get(name) if resource_type != "*" else None
        if known is None or known.kind not in ("token", "code") or not value:
            return None
        ranges = []
        for one in value.split(","):
            system, bar, code = one.rpartition("|")
            if not code:
                return None
            if bar:
                ranges.append(Range(bounded(code + SEPARATOR + ("" if known.kind == "code" else system))))
            else:
                ranges.append(Range(code + SEPARATOR, code + " "))  # SEPARATOR and what follows it: any system
        out.append((name, tuple(ranges)))
    return tuple(out)


def split(scopes: str) -> list[str]:
    """The scopes of a text, each once, in their order."""
    return list(dict.fromkeys(scopes.split()))


def is_known(scope: str) -> bool:
    """Is it a scope of this system?"""
    return scope in PLAIN or read_scope(scope) is not None


def grant(asked: str, allowed: str, levels: Iterable[str]) -> list[str]:
    """What of the scopes asked for lies inside the scopes a client may have; `levels` are those that the flow can give."""
    may = [found for found in map(read_scope, split(allowed)) if found is not None]
    plain = set(split(allowed))
    out: dict[str, None] = {}
    for one in split(asked):
        wanted = read_scope(one)
        if wanted is None:
            if one in PLAIN and one in plain:
                out[one] = None
        elif wanted.level in levels:
            for inner in may:
                common = _common(wanted, inner)
                if common is not None:
                    out[one if common == wanted else str(common)] = None
    return list(out)


def _common(wanted: ResourceScope, allowed: ResourceScope) -> ResourceScope | None:
    if wanted.level != allowed.level or (wanted.type != allowed.type and "*" not in (wanted.type, allowed.type)):
        return None
    letters = "".join(letter for letter in wanted.letters if letter in allowed.letters)
    kind = allowed.type if wanted.type == "*" else wanted.type
    query = wanted.query + tuple(pair for pair in allowed.query if pair not in wanted.query)
    if not letters or conditions(kind, query) is None:
        return None
    return replace(wanted, type=kind, letters=letters, query=query)


def grants(scopes: Iterable[str], levels: Iterable[str], patient: str = "") -> tuple[Grant, ...]:
    """The grants of scopes of these levels; those of `patient/` need the patient and give nothing without one."""
    out = []
    wanted = set(levels)
    for found in map(read_scope, scopes):
        if found is None or found.level not in wanted or (found.level == "patient" and not patient):
            continue
        where = conditions(found.type, found.query)
        assert where is not None, "read_scope takes only what can be kept"
        out.append(Grant(found.type, frozenset(found.letters), patient if found.level == "patient" else "", where))
    return tuple(out)


def machine_may(machine: Machine, action: str, resource_type: str) -> bool:
    """Do the `system/` scopes of the client cover the action on some resource of the type?"""
    letter = LETTERS.get(action)
    return letter is not None and any(
        letter in one.letters and one.names(resource_type) for one in grants(machine.scopes, ("system",))
    )
