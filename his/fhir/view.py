"""What part of a unit's resources a caller may see: the one place where scopes, roles and sensitive records meet.

A `View` is a value: grants by type, some of them for one patient's compartment or narrowed by a search condition, and
whether records of heightened confidentiality are among them. Reads carry it to the database (narrowing.py), where the
role `his_limited` sees no row outside it, whatever statement a door sends. Writes are judged here on the index rows of
the new text. A caller without a view sees all of its unit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from his.fhir.compartment import DIRECTORY, SUBJECTS, subject_parameters
from his.fhir.conditions import Range

READING: Final = frozenset("rs")


@dataclass(frozen=True, slots=True)
class Grant:
    """Letters of `cruds` on one type, or on all ("*").

    `patient` keeps to that patient's compartment; `where` to resources with a value in one of the ranges of each parameter.
    """

    type: str
    letters: frozenset[str]
    patient: str = ""
    where: tuple[tuple[str, tuple[Range, ...]], ...] = ()

    def names(self, resource_type: str) -> bool:
        """Does the grant speak of this type at all?"""
        if self.type not in ("*", resource_type):
            return False
        return (
            not self.patient or resource_type == "Patient" or resource_type in SUBJECTS or self._listed(resource_type)
        )

    def _listed(self, resource_type: str) -> bool:
        return resource_type in DIRECTORY

    def covers(self, resource_type: str, identity: str, index: Mapping[str, Iterable[str]]) -> bool:
        """Does a resource with these index values lie inside? Directory types are never written with a patient's grant."""
        if self.patient:
            if resource_type == "Patient":
                if identity != self.patient:
                    return False
            else:
                wanted = f"{self.patient}\x1fPatient"
                if not any(wanted in index.get(param, ()) for param in subject_parameters(resource_type)):
                    return False
        return all(any(_within(value, ranges) for value in index.get(param, ())) for param, ranges in self.where)


def _within(value: str, ranges: Iterable[Range]) -> bool:
    return any(value == r.low if r.high is None else r.low <= value < r.high for r in ranges)


@dataclass(frozen=True, slots=True)
class View:
    """What a caller may see and do: `grants`, `denied` types (none of the grants holds there), `sensitive` records.

    `sensitive` shows every kind of them (sensitive.py), `held` names single kinds that are seen; `carer` is who gives care
    (care.py), `work` the types that a role needs whatever the kind of the visit.
    `opened` names the one patient whose sensitive records are seen as well (break-glass).
    `wide` callers (staff with a session) may also call operations whose answer is not made of single resources.
    """

    grants: tuple[Grant, ...]
    sensitive: bool = False
    denied: frozenset[str] = frozenset()
    wide: bool = False
    opened: str = ""
    held: frozenset[str] = frozenset()
    carer: str = ""
    work: frozenset[str] = frozenset()

    def may(self, letter: str, resource_type: str) -> bool:
        """Is there any resource of the type for which the letter is granted?"""
        if resource_type in self.denied:
            return False
        return any(
            letter in g.letters and g.names(resource_type) and (letter in READING or not _unwritable(g, resource_type))
            for g in self.grants
        )

    def covers(self, letter: str, resource_type: str, identity: str, index: Mapping[str, Iterable[str]]) -> bool:
        """May the caller write a resource with these index values?"""
        return resource_type not in self.denied and any(
            letter in g.letters and g.names(resource_type) and g.covers(resource_type, identity, index)
            for g in self.grants
        )

    def whole(self, letter: str, resource_type: str) -> bool:
        """Is every resource of the type inside? Then one that carries no label and no patient may be shown too."""
        return resource_type not in self.denied and any(
            letter in g.letters and g.type in ("*", resource_type) and not g.patient and not g.where
            for g in self.grants
        )

    @property
    def everything(self) -> bool:
        """Nothing of the unit is outside: such a caller needs no view."""
        return (
            self.sensitive
            and not self.denied
            and any(g.type == "*" and g.letters >= READING and not g.patient and not g.where for g in self.grants)
        )


def _unwritable(grant: Grant, resource_type: str) -> bool:
    return bool(grant.patient) and resource_type in DIRECTORY


@lru_cache(maxsize=500)
def view_text(view: View, letters: str, kind: str = "", others: str = "rs") -> str:
    """The view as the database reads it: rows of `kind` (every type when empty) by `letters`, of other types by `others`."""
    types: dict[str, list[dict[str, Any]]] = {}
    named = {g.type for g in view.grants} | ({kind} if kind else set())
    for name in named:
        wanted = letters if not kind or name == kind else others
        types[name] = [
            _plain(g)
            for g in view.grants
            if g.letters & set(wanted) and g.type in ("*", name) and (name == "*" or g.names(name))
        ]
    types |= {name: [] for name in view.denied}
    out = {"sensitive": view.sensitive, "types": types} | right_to_sensitive(view.held, view.carer, view.opened)
    if view.work:
        out["k"] = sorted(view.work)
    return orjson.dumps(out, option=orjson.OPT_SORT_KEYS).decode()


def right_to_sensitive(held: Iterable[str], carer: str = "", opened: str = "") -> dict[str, Any]:
    """What the database is told of a person's right to sensitive records, in views and for pages: empty parts are left out."""
    return {key: value for key, value in (("h", sorted(held)), ("c", carer), ("o", opened)) if value}


def _plain(grant: Grant) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if grant.patient:
        out["p"] = grant.patient
    if grant.where:
        out["w"] = [[param, [[r.low, r.high] for r in ranges]] for param, ranges in grant.where]
    return out
