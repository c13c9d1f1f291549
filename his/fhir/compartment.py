"""Compartments: which resources belong to a patient's or an encounter's record, and which of them open to the patient.

One table for both questions, the CompartmentDefinition of R4 in `compartment.txt`: `$everything`, `$export` and `$summary`
gather by all its parameters; what a patient's token may see (view.py, viewschema.py) goes by the starred ones, which name
the subject of care. Names are translated to those under which the index keeps references to the compartment's type.
"""

from functools import cache
from pathlib import Path
from typing import Final

from his.fhir.parameters import parameters
from his.fhir.resource_types import TYPES

DIRECTORY: Final = ("Location", "Medication", "Organization", "Practitioner", "PractitionerRole")
"""Types that say nothing of a patient: a patient's token that names them may read them, never write them."""
SUPPORTING: Final = (*DIRECTORY, "Device", "HealthcareService")
"""What a record points to without belonging to its patient: people, places, substances."""
_STAR: Final = "*"


def _read() -> dict[str, dict[str, tuple[str, ...]]]:
    """The table as written: compartment, type, parameters with their stars."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in Path(__file__).with_name("compartment.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            kind, *names = line.split()
            assert kind in TYPES, kind
            current[kind] = tuple(names)
    return found


DEFINITION: Final = _read()
SUBJECTS: Final = frozenset(
    kind for kind, names in DEFINITION["Patient"].items() if any(name.endswith(_STAR) for name in names)
)
"""Types whose resources may belong to one patient alone: the only ones that open to a patient's token, beside the directory."""


def _indexed(of: str, kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Under which names the index holds references to a resource `of` this type."""
    known = parameters(kind)
    held = {known[name].narrow.get(of, known[name].sources[0]): None for name in names}
    return tuple(held)


@cache
def compartment(of: str) -> dict[str, tuple[str, ...]]:
    """For each type the index parameters whose value `id` of this type puts a resource into its compartment."""
    return {kind: _indexed(of, kind, tuple(n.rstrip(_STAR) for n in names)) for kind, names in DEFINITION[of].items()}


@cache
def subject_parameters(kind: str) -> tuple[str, ...]:
    """The index parameters by which a resource of the type is about a patient; empty when it is about none."""
    names = tuple(n.rstrip(_STAR) for n in DEFINITION["Patient"].get(kind, ()) if n.endswith(_STAR))
    return _indexed("Patient", kind, names) if names else ()
