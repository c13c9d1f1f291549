"""Answers of operations: Parameters, resources, collections of stored texts."""

from collections.abc import Iterable
from typing import Any

import orjson

from his.fhir.build import Json
from his.fhir.http import Response


def value(name: str, kind: str, content: Any) -> Json:
    """One parameter of the answer with a value of this type (`String`, `Code`, `Boolean`, `Coding`, ...)."""
    return {"name": name, f"value{kind}": content}


def parts(name: str, *inner: Json) -> Json:
    """One parameter of the answer with parts."""
    return {"name": name, "part": list(inner)}


def parameters(items: Iterable[Json]) -> Response:
    """A Parameters resource."""
    return resource({"resourceType": "Parameters", "parameter": list(items)})


def resource(content: Json, status: int = 200) -> Response:
    """Any resource."""
    return Response(status, orjson.dumps(content))
