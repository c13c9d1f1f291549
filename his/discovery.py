"""Finds the rooms of the slices: tables, routes, pages and FHIR resources are discovered, never listed by hand."""

import importlib
import importlib.util
import pkgutil
from types import ModuleType

LADDER = (
    "identity",
    "audit",
    "exchange",
    "catalog",
    "practice",
    "registration",
    "smart",
    "scheduling",
    "encounters",
    "wards",
    "orders",
    "prescriptions",
    "pharmacy",
    "papers",
    "breakglass",
    "billing",
    "claims",
    "reception",
    "consultation",
    "review",
    "settlement",
    "reporting",
    "privacy",
    "portal",
)


def room(name: str) -> list[ModuleType]:
    """The modules `his.<slice>.<name>` that exist, in the order of the ladder."""
    found = []
    for slice_name in LADDER:
        full = f"his.{slice_name}"
        if importlib.util.find_spec(full) and importlib.util.find_spec(f"{full}.{name}"):
            found.append(importlib.import_module(f"{full}.{name}"))
    return found


def import_tables() -> None:
    """Register every table class in SQLModel's metadata."""
    importlib.import_module("his.fhir.tables")
    room("tables")


def fhir_modules() -> list[ModuleType]:
    """Every module `his.<slice>.fhir.<resource>`."""
    return [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for package in room("fhir")
        for info in pkgutil.iter_modules(package.__path__)
    ]
