"""The whole application with one door that fails: the search of a type. What a trial of all doors has to notice."""

from typing import Any, NoReturn

from his.app import create_app as sound
from his.fhir import searching


async def _fails(*_arguments: object, **_named: object) -> NoReturn:
    raise RuntimeError("sabotage")


def create_app() -> Any:
    """The application, sabotaged."""
    searching.search = _fails
    return sound()
