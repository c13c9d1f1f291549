"""The smallest sensible body or form of an address, made from its declared types: it passes validation and reaches the work."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from .routes import Entry

NOWHERE = "0198b2a0-0000-7000-8000-00000000dead"
WORDS = {"date": "2026-11-20", "date-time": "2026-11-20T08:00:00+07:00", "uuid": NOWHERE}


class Samples:
    """Bodies by address from the OpenAPI description of the programming interface."""

    def __init__(self, app: FastAPI) -> None:
        self.description = app.openapi()

    def schema(self, entry: Entry) -> dict[str, Any] | None:
        """The schema of the JSON body, None when there is none."""
        operation = self.description["paths"].get(entry.path, {}).get(entry.method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    def parameters(self, entry: Entry) -> list[dict[str, Any]]:
        """Query parameters."""
        operation = self.description["paths"].get(entry.path, {}).get(entry.method.lower(), {})
        return [p for p in operation.get("parameters", ()) if p["in"] == "query"]

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references; of alternatives the first that is not null."""
        while True:
            if "$ref" in schema:
                schema = self.description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            elif "anyOf" in schema:
                schema = next(s for s in schema["anyOf"] if s.get("type") != "null")
            else:
                return schema

    def value(self, schema: dict[str, Any]) -> Any:
        """A value that the schema accepts."""
        schema = self.resolve(schema)
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type")
        if kind == "object":
            return {name: self.value(s) for name, s in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.value(schema.get("items", {}))]
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        if kind == "boolean":
            return False
        if "pattern" in schema and "|" in schema["pattern"]:
            return next(w for w in schema["pattern"].strip("^()$").split("|") if w)
        text = WORDS.get(schema.get("format", ""), "abc")
        return (text * 40)[: max(schema.get("minLength", 0), len(text))]

    def body(self, entry: Entry) -> Any:
        """The smallest sensible JSON body of an address."""
        schema = self.schema(entry)
        return None if schema is None else self.value(schema)

    def places(self, schema: dict[str, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
        """Every leaf of a body with its type."""
        schema = self.resolve(schema)
        if schema.get("type") == "object" and schema.get("properties"):
            for name, inner in schema["properties"].items():
                yield from self.places(inner, (*path, name))
        elif schema.get("type") == "array":
            yield from self.places(schema.get("items", {}), (*path, 0))
        else:
            yield path, schema.get("type", "any")


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body with another value at the path."""
    copy = deepcopy(body)
    spot = copy
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    return copy


def form_fields(entry: Entry) -> list[str]:
    """Names of the declared form fields of a page."""
    return [field.alias for field in entry.route.dependant.body_params]


def query_names(entry: Entry) -> list[str]:
    """Names of the query parameters."""
    return [field.alias for field in entry.route.dependant.query_params]
