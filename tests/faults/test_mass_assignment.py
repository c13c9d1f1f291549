"""Trial 46: a field that nobody asked for is refused wherever a body is taken, and nothing of the request is stored.

The fields are those an attacker would try: id, unit, role, version, state. Every object of every JSON body gets each of them; FHIR
resources get elements that FHIR does not know. Forms take named fields only, which is looked up in the routes.
"""

import inspect
from copy import deepcopy
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel, ConfigDict
from sqlmodel import SQLModel

from his.identity.rules import FHIR_CAPABILITY, may, may_fhir
from his.identity.terms import Role
from his.kit import body as bodies
from tests.contract import conftest as contract
from tests.contract.routes import Entry, entries
from tests.contract.samples import Samples
from tests.faults.test_forged_requests import state
from tests.faults.trial import report

web, world = contract.web, contract.world  # the fixtures
NOWHERE = "0198b2a0-0000-7000-8000-00000000dead"
FIELDS = {"id": 777, "unit_id": 3, "role": "installation-admin", "version": 99, "state": "paid", "factor_exempt": True}


@pytest.fixture
def owner(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection


Place = tuple[tuple[Any, ...], bool]


def objects(samples: Samples, schema: dict[str, Any], path: tuple[Any, ...] = ()) -> list[Place]:
    """The places of a body that hold an object with named fields, and whether its schema refuses others."""
    schema = samples.resolve(schema)
    if schema.get("type") == "object" and schema.get("properties"):
        inner = [p for name, s in schema["properties"].items() for p in objects(samples, s, (*path, name))]
        return [(path, schema.get("additionalProperties") is False), *inner]
    if schema.get("type") == "array":
        return objects(samples, schema.get("items", {}), (*path, 0))
    return []


def with_field(body: Any, path: tuple[Any, ...], name: str) -> Any | None:
    """The body with one field more at the place; None when the field belongs there."""
    copy = deepcopy(body)
    spot = copy
    for step in path:
        spot = spot[step]
    if not isinstance(spot, dict) or name in spot:
        return None
    spot[name] = FIELDS[name]
    return copy


def classes(annotation: Any) -> list[type]:
    """The classes in a type annotation."""
    found = [annotation] if inspect.isclass(annotation) else []
    for inner in getattr(annotation, "__args__", ()):
        found += classes(inner)
    return found


def tables_as_bodies(found: list[Entry]) -> list[str]:
    """Routes whose declared body is a table class or holds one."""
    wrong = []
    for entry in found:
        dependant = getattr(entry.route, "dependant", None)
        for field in dependant.body_params if dependant else ():
            for one in classes(field.field_info.annotation):
                if issubclass(one, SQLModel) and hasattr(one, "__table__"):
                    wrong.append(f"{entry}: {one.__name__}")
    return wrong


async def probe(web, world) -> tuple[int, list[str]]:
    """Every field at every object of every body; returns how many were sent and which were not refused."""
    samples = Samples(web.app)
    n, passed = 0, []
    for entry in entries(web.app):
        schema = samples.schema(entry)
        if schema is None:
            continue
        body = samples.body(entry)
        role = next((r for r in Role if entry.capability and may(r, entry.capability)), None)
        headers = world.headers(role) if role else {}
        address = entry.address(dict.fromkeys(entry.parameters, NOWHERE))
        for place, closed in objects(samples, schema):
            for name in FIELDS:
                sent = with_field(body, place, name)
                if sent is None:
                    continue
                n += 1
                answer = await web.request(entry.method, address, json=sent, headers=headers)
                if answer.status_code not in (400, 422) or not (
                    closed or name in answer.text
                ):  # the first error is named
                    passed.append(f"{entry} {'.'.join(map(str, place))}+{name}: {answer.status_code}")
    for kind in sorted(FHIR_CAPABILITY):
        role = next((r for r in Role if may_fhir(r, "create", kind)), None)
        for name in FIELDS if role else ():
            if name in ("id", "version"):
                continue  # elements of some resources
            n += 1
            resource = {"resourceType": kind, f"x_{name}": FIELDS[name]}
            headers = {**world.headers(role), "content-type": "application/fhir+json"}
            answer = await web.post(f"/fhir/r4/{kind}", json=resource, headers=headers)
            if answer.status_code not in (400, 422):
                passed.append(f"POST {kind} + x_{name}: {answer.status_code}")
    return n, passed


async def test_a_field_nobody_asked_for_is_refused_and_nothing_is_stored(web, world, owner):
    before = state(owner)
    n, passed = await probe(web, world)
    changed = state(owner) != before
    tables = tables_as_bodies(entries(web.app))
    print(*passed[:40], *tables, sep="\n")
    report(
        "46",
        n=n,
        expected={"passed": 0, "stored": False, "tables": 0},
        got={"passed": len(passed), "stored": changed, "tables": len(tables)},
    )
    assert n > 300


def test_a_table_as_a_body_is_seen():
    from fastapi import FastAPI  # noqa: PLC0415  # the sabotage alone

    from his.identity.tables import Account  # noqa: PLC0415

    bad = FastAPI()

    @bad.post("/accounts")
    async def create(rows: list[Account]) -> None:
        """The sabotage: what is sent is stored."""

    found = tables_as_bodies(
        [Entry("POST", "/accounts", None, route) for route in bad.routes if hasattr(route, "dependant")]
    )
    assert found == ["POST /accounts: Account"]


def test_a_body_that_takes_everything_would_be_seen():
    class Careless(BaseModel):
        """The sabotage: the usual setting of pydantic."""

        name: str

    class Careful(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str

    assert Careless.model_validate({"name": "x", "role": "admin"}).name == "x"
    with pytest.raises(ValueError, match="role"):
        Careful.model_validate({"name": "x", "role": "admin"})
    assert bodies.Body.model_config.get("extra") == "forbid"
