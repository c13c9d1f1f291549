"""OpenAPI of the FHIR routes, derived from the search parameters and operations as the CapabilityStatement is.

For tools that speak OpenAPI: the bodies are FHIR JSON, whose shape the profiles say better than a schema here could.
"""

from typing import Any

import orjson

from his.fhir.operations.declare import INSTANCE, TYPE, Operation
from his.fhir.operations.found import discover as operations
from his.fhir.parameters import parameters
from his.fhir.resource_types import TYPES

Json = dict[str, Any]
FHIR = "application/fhir+json"
_TEXT: Json = {"type": "string"}
_OF_RESULTS = ("_count", "_sort", "_summary", "_elements", "_total", "_include", "_revinclude", "_cursor")
_COMMON = ("_id", "_lastUpdated", "_list", "_has")


def document(base: str) -> bytes:
    """The document of the interface at this address, as bytes."""
    paths: dict[str, Json] = {
        "/metadata": {"get": _operation("CapabilityStatement", "metadata")},
        "/": {"post": {**_operation("Batch or transaction", "bundle"), "requestBody": _body("Bundle")}},
        "/_history": {"get": _operation("History of the unit", "history-system", [*_history()])},
    }
    for kind in sorted(TYPES):
        paths |= _of_type(kind)
    for one in operations().of_system():
        paths[f"/${one.name}"] = _declared(one, f"system-{one.name}", [])
    return orjson.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "FHIR R4", "version": "4.0.1"},
            "servers": [{"url": base}],
            "security": [{"bearer": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
                "parameters": {
                    "id": {"name": "id", "in": "path", "required": True, "schema": _TEXT},
                    "version": {"name": "version", "in": "path", "required": True, "schema": _TEXT},
                },
                "schemas": {
                    "Resource": {
                        "type": "object",
                        "required": ["resourceType"],
                        "properties": {"resourceType": _TEXT, "id": _TEXT, "meta": {"type": "object"}},
                    }
                },
            },
        }
    )


def _of_type(kind: str) -> dict[str, Json]:
    one, version = _reference("id"), _reference("version")
    must = _header("If-Match")
    search = [_query(name) for name in (*_COMMON, *_OF_RESULTS, *parameters(kind))]
    found: dict[str, Json] = {
        f"/{kind}": {
            "get": _operation(f"Search {kind}", f"search-{kind}", search),
            "post": {
                **_operation(f"Create {kind}", f"create-{kind}", [_header("If-None-Exist"), _header("Prefer")]),
                "requestBody": _body(kind),
            },
        },
        f"/{kind}/_search": {
            "post": {
                **_operation(f"Search {kind} by form", f"search-form-{kind}"),
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}},
            }
        },
        f"/{kind}/_history": {"get": _operation(f"History of {kind}", f"history-{kind}", _history())},
        f"/{kind}/{{id}}": {
            "get": _operation(f"Read {kind}", f"read-{kind}", [one, _header("If-None-Match"), _query("_summary")]),
            "put": {
                **_operation(f"Update {kind}", f"update-{kind}", [one, must, _header("Prefer")]),
                "requestBody": _body(kind),
            },
            "patch": {
                **_operation(f"Patch {kind}", f"patch-{kind}", [one, must]),
                "requestBody": {"content": {"application/json-patch+json": {"schema": {"type": "array", "items": {"type": "object"}}}}},
            },
            "delete": _operation(f"Delete {kind}", f"delete-{kind}", [one, must]),
        },
        f"/{kind}/{{id}}/_history": {"get": _operation(f"History of one {kind}", f"history-one-{kind}", [one, *_history()])},
        f"/{kind}/{{id}}/_history/{{version}}": {"get": _operation(f"Version of {kind}", f"vread-{kind}", [one, version])},
    }  # fmt: skip
    for declared in operations().of_type(kind):
        if TYPE in declared.levels:
            found[f"/{kind}/${declared.name}"] = _declared(declared, f"{kind}-{declared.name}", [])
        if INSTANCE in declared.levels:
            found[f"/{kind}/{{id}}/${declared.name}"] = _declared(declared, f"{kind}-one-{declared.name}", [one])
    return found


def _declared(declared: Operation, identity: str, path: list[Json]) -> Json:
    known = [_query(one.name) for one in declared.inputs]
    posted = {**_operation(declared.documentation, f"post-{identity}", path), "requestBody": _body("Parameters")}
    if declared.changes:
        return {"post": posted}
    return {"get": _operation(declared.documentation, f"get-{identity}", [*path, *known]), "post": posted}


def _operation(summary: str, identity: str, known: list[Json] | None = None) -> Json:
    answers = {
        "default": {"description": "FHIR", "content": {FHIR: {"schema": {"$ref": "#/components/schemas/Resource"}}}}
    }
    return {"summary": summary, "operationId": identity, "parameters": known or [], "responses": answers}


def _body(kind: str) -> Json:
    schema: Json = {"$ref": "#/components/schemas/Resource"}
    return {"required": True, "description": kind, "content": {FHIR: {"schema": schema}}}


def _history() -> list[Json]:
    return [_query("_since"), _query("_count"), _query("_at")]


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": _TEXT}


def _header(name: str) -> Json:
    return {"name": name, "in": "header", "schema": _TEXT}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}
