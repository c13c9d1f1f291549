"""All declared operations: those of the engine and those of the slices, discovered like resources."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from his.discovery import fhir_modules
from his.fhir.operations.declare import Operations


@cache
def discover() -> Operations:
    """Every `OPERATIONS = [...]` of the modules beside this one and of those under `his/<slice>/fhir/`."""
    own = (f"his.fhir.operations.{info.name}" for info in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [*(importlib.import_module(name) for name in own), *fhir_modules()]
    return Operations(one for module in modules for one in getattr(module, "OPERATIONS", ()))
