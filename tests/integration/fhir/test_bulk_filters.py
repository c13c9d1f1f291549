"""`_typeFilter`: what is exported of a type meets one of its queries; other types come whole; nonsense is named."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from his.exchange.bulk import export, filters
from his.kit.db import Database
from tests.integration.fhir.bulk import PATIENT, complaint, exported, finish, made, started

LOINC = "http://loinc.org"


async def result(fhir: httpx.AsyncClient, patient: str, code: str, status: str = "final") -> str:
    body = {
        "resourceType": "Observation", "status": status, "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    return (await made(fhir, body))["id"]


async def ids(fhir: httpx.AsyncClient, worker: Database, types: str, *asked: str, at: str = "") -> set[str]:
    query = "&".join([f"_type={types}", *(f"_typeFilter={quote(one)}" for one in asked)])
    return {r["id"] for r in await exported(fhir, worker, f"{at}/$export?{query}")}


async def record(fhir: httpx.AsyncClient) -> dict[str, str]:
    man, woman = [await made(fhir, PATIENT | {"gender": gender}) for gender in ("male", "female")]
    found = {"man": man["id"], "woman": woman["id"]}
    found["a"] = await result(fhir, man["id"], "8480-6")
    found["b"] = await result(fhir, woman["id"], "8480-6")
    found["c"] = await result(fhir, woman["id"], "718-7")
    found["d"] = await result(fhir, woman["id"], "718-7", "cancelled")
    return found


@pytest.mark.parametrize("window", [2, 5000])
async def test_queries_are_kept_to(
    fhir: httpx.AsyncClient, worker: Database, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "WINDOW", window)
    one = await record(fhir)
    mine = set(one.values())
    coded = await ids(fhir, worker, "Patient,Observation", f"Observation?code={LOINC}|718-7&status=final")
    assert coded & mine == {one["man"], one["woman"], one["c"]}
    either = await ids(fhir, worker, "Observation", "Observation?status=cancelled", f"Observation?code={LOINC}|8480-6")
    assert either & mine == {one["a"], one["b"], one["d"]}
    together = await ids(
        fhir,
        worker,
        "Patient,Observation",
        f"Patient?gender=male,Observation?code={LOINC}|8480-6,718-7&status=cancelled",
    )
    assert together & mine == {one["man"], one["d"]}
    linked = await ids(fhir, worker, "Observation", "Observation?patient.gender=male", at="/Patient")
    assert linked & mine == {one["a"]}
    without = await ids(fhir, worker, "Observation", "Observation?status:not=final")
    assert without & mine == {one["d"]}
    assert one["man"] not in await ids(fhir, worker, "Patient", "Patient?_has:Observation:patient:status=cancelled")


async def test_a_value_set_of_the_unit_filters(fhir: httpx.AsyncClient, worker: Database) -> None:
    one = await record(fhir)
    body: dict[str, Any] = {"resourceType": "ValueSet", "status": "active", "url": "urn:vs:blood"}
    body["compose"] = {"include": [{"system": LOINC, "concept": [{"code": "718-7"}]}]}
    await made(fhir, body)
    found = await ids(fhir, worker, "Observation", "Observation?code:in=urn:vs:blood")
    assert found & set(one.values()) == {one["c"], one["d"]}


async def test_a_page_that_is_cut_goes_on_where_it_was_cut(
    fhir: httpx.AsyncClient, worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await record(fhir)
    whole = await ids(fhir, worker, "Observation", "Observation?status=final")
    for name, value in (("PAGE_ROWS", 1), ("PAGE_BYTES", 1)):
        with monkeypatch.context() as small:
            small.setattr(export, name, value)
            assert await ids(fhir, worker, "Observation", "Observation?status=final") == whole
    assert {one["a"], one["b"], one["c"]} <= whole


async def test_filters_that_are_forgotten_are_noticed(
    fhir: httpx.AsyncClient, worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotage: a worker that narrows nothing."""
    one = await record(fhir)
    monkeypatch.setattr(export, "narrow", lambda sql, kind, queries: None)
    found = await ids(fhir, worker, "Observation", "Observation?status=cancelled")
    assert found & set(one.values()) != {one["d"]}


@pytest.mark.parametrize(
    "asked",
    [
        "Patient", "Patient?", "?gender=male", "Patientt?gender=male", "Patient?colour=red", "Patient?gender=male&_sort=name",
        "Observation?code=x", "Patient?birthdate=soon", "Patient?_include=Patient:organization", "Patient?gender:in=urn:nowhere",
        "Patient?gender=\x01",
    ],
    ids=["bare", "empty", "typeless", "unknown-type", "unknown", "sort", "other-type", "date", "include", "value-set", "control"],
)  # fmt: skip
async def test_nonsense_is_named(fhir: httpx.AsyncClient, asked: str) -> None:
    answer = await fhir.get(f"/$export?_type=Patient&_typeFilter={quote(asked)}")
    assert complaint(answer) == (400, "http._typeFilter")


async def test_too_many_are_refused_and_rights_are_asked(fhir: httpx.AsyncClient, worker: Database) -> None:
    many = "&".join(f"_typeFilter={quote(f'Patient?gender=male&_id=x{n}')}" for n in range(filters.MOST + 1))
    assert complaint(await fhir.get(f"/$export?_type=Patient&{many}")) == (400, "http._typeFilter")
    through = quote("Patient?_has:Observation:patient:status=final")
    denied = await fhir.get(f"/$export?_type=Patient&_typeFilter={through}", headers={"x-denied": "search:Observation"})
    assert complaint(denied) == (403, "http._typeFilter")
    await started(fhir, f"/$export?_type=Patient&_typeFilter={through}")
    await finish(worker)
