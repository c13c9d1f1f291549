"""One compartment definition for the record that is gathered and for the record that opens: both doors asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from starlette.datastructures import Headers

from his.fhir import viewschema
from his.fhir.app import FhirApp, FhirGate
from his.fhir.compartment import DEFINITION, DIRECTORY, SUBJECTS, compartment, subject_parameters
from his.fhir.parameters import parameters
from his.fhir.registry import discover
from his.fhir.view import Grant, View
from his.kit.db import Database, Scope

from .conftest import BASE, Tester, nothing_else


@dataclass(frozen=True)
class OfPatient(Tester):
    """A caller with the token of one patient."""

    view: View | None = None


async def authenticate(_database: Database, headers: Headers) -> OfPatient:
    patient = headers.get("x-patient")
    view = View((Grant("*", frozenset("rs"), patient),)) if patient else None
    return OfPatient(Scope(1, "tester", "machine"), True, frozenset(), view)


@pytest_asyncio.fixture
async def doors(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FhirApp(database, authenticate, base=BASE, registry=discover())
    transport = httpx.ASGITransport(app=FhirGate(nothing_else, app), raise_app_exceptions=True)
    headers = {"content-type": "application/fhir+json"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, timeout=60) as client:
        yield client


async def made(doors: httpx.AsyncClient, kind: str, **body: Any) -> str:
    answer = await doors.post(f"/{kind}", json={"resourceType": kind, **body})
    assert answer.status_code == 201, answer.text
    return f"{kind}/{answer.json()['id']}"


async def person(doors: httpx.AsyncClient, name: str) -> str:
    address = await made(doors, "Patient", name=[{"text": name}], gender="unknown", birthDate="1980")
    return address.removeprefix("Patient/")


def to(patient: str) -> dict[str, str]:
    return {"reference": f"Patient/{patient}"}


def test_what_opens_is_a_part_of_what_is_gathered():
    gathered = compartment("Patient")
    assert len(gathered) == len(DEFINITION["Patient"]) == 66
    assert not SUBJECTS & {"Group", "Patient", "Person", "Schedule", *DIRECTORY}
    for kind in SUBJECTS:
        assert set(subject_parameters(kind)) <= set(gathered[kind])
        assert subject_parameters(kind) in (("patient",), ("subject",)), kind


@pytest.mark.parametrize("of", sorted(DEFINITION))
def test_every_parameter_is_one_of_the_standard_that_may_point_there(of):
    for kind, names in DEFINITION[of].items():
        for name in names:
            found = parameters(kind)[name.rstrip("*")]
            assert found.is_reference, f"{kind}.{name}"
            assert not found.possible or of in found.possible, f"{kind}.{name}"


def test_the_database_opens_by_the_same_table(clone):
    with psycopg.connect(clone["owner"]) as connection:
        for kind in DEFINITION["Patient"]:
            row = connection.execute("SELECT his_compartment(%s)", (kind,)).fetchone()
            assert row is not None
            assert tuple(row[0] or ()) == subject_parameters(kind), kind


CASES = [
    pytest.param("Account", {"status": "active"}, "subject", True, True, id="account"),
    pytest.param("Media", {"status": "completed", "content": {"url": "urn:x"}}, "subject", False, True, id="media"),
    pytest.param("Specimen", {}, "subject", False, True, id="specimen"),
    pytest.param("Communication", {"status": "completed"}, "subject", False, True, id="communication"),
    pytest.param("Communication", {"status": "completed"}, "recipient", True, False, id="recipient"),
    pytest.param("List", {"status": "current", "mode": "working"}, "source", False, False, id="source"),
    pytest.param("Basic", {"code": {"text": "x"}}, "author", False, False, id="author"),
    pytest.param("Group", {"type": "person", "actual": True}, "member", True, False, id="member"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "element", "many", "opens"), CASES)
async def test_a_record_is_gathered_by_all_and_opens_by_its_subject(doors, kind, body, element, many, opens):
    mine = await person(doors, "Lò Thị Mây")
    other = await person(doors, "Vàng A Sử")
    link: Any = {"entity": to(mine)} if element == "member" else to(mine)
    address = await made(doors, kind, **body, **{element: [link] if many else link})
    gathered = (await doors.get(f"/Patient/{mine}/$everything")).json()
    assert f"{BASE}/{address}" in {entry["fullUrl"] for entry in gathered["entry"]}
    read = await doors.get(f"/{address}", headers={"x-patient": mine})
    assert read.status_code == (200 if opens else 404), read.text
    assert (await doors.get(f"/{address}", headers={"x-patient": other})).status_code == 404


def test_a_table_without_its_stars_opens_nothing(monkeypatch):
    """The statements follow the table: when no parameter is starred, the function of the database knows no type."""
    monkeypatch.setattr(viewschema, "SUBJECTS", frozenset({"Account"}))
    made_of_one = viewschema._compartment()
    assert "Account" in made_of_one
    assert "Observation" not in made_of_one


def test_a_grant_judges_writes_by_the_same_table():
    grant = Grant("*", frozenset("c"), "p1")
    assert grant.covers("Account", "a", {"patient": ["p1\x1fPatient"]})
    assert not grant.covers("Communication", "a", {"recipient": ["p1\x1fPatient"]})
    assert not replace(grant, patient="p2").covers("Account", "a", {"patient": ["p1\x1fPatient"]})
