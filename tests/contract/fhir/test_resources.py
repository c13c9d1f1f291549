"""Every declared resource keeps its promises; the CapabilityStatement says what the server does."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from his.discovery import import_tables
from his.fhir.build import plain
from his.fhir.capability import statement
from his.fhir.extract import extract
from his.fhir.parameters import parameters
from his.fhir.profiles import resources
from his.fhir.registry import ALWAYS_OURS, Registry, Resource, discover, rendered, to_unit
from his.fhir.resource_types import TYPES
from his.fhir.validator import validate
from his.kit.db import Scope

import_tables()
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DECLARED = list(discover().by_subject.values())
NAMES = [f"{r.type}-{r.subject.__name__}" for r in DECLARED]
WANTED = {
    "Organization", "Practitioner", "Patient", "Coverage", "Encounter", "Condition", "Observation", "ServiceRequest",
    "DiagnosticReport", "MedicationRequest", "AllergyIntolerance", "MedicationDispense", "ChargeItem", "Invoice", "Claim",
    "ClaimResponse", "MeasureReport", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "PaymentReconciliation",
    "Subscription", "Location", "SupplyDelivery", "PractitionerRole",
}  # fmt: skip


def test_the_resources_of_the_house_are_declared() -> None:
    assert {r.type for r in DECLARED} == WANTED


@pytest.mark.parametrize("resource", DECLARED, ids=NAMES)
def test_the_example_is_valid_and_says_only_what_is_modelled(resource: Resource) -> None:
    content = plain(resource.to_fhir(resource.example()))
    validate(resource.type, content)
    assert content["resourceType"] == resource.type
    assert set(content) <= resource.modelled | set(resource.own) | ALWAYS_OURS
    assert "urn:uuid" not in json.dumps(content, default=str)


@pytest.mark.parametrize("resource", DECLARED, ids=NAMES)
def test_the_example_is_found_by_its_patient_identifier_or_address(resource: Resource) -> None:
    content = plain(resource.to_fhir(resource.example()))
    names = {name for name, _ in extract(resource.type, content)[0]}
    assert names & {"patient", "identifier", "measure", "url", "practitioner"}


@pytest.mark.parametrize("resource", DECLARED, ids=NAMES)
def test_rendering_splits_at_the_version_and_keeps_foreign_parameters(resource: Resource) -> None:
    payload = rendered(resource, resource.example(), "update", AT)
    text = json.loads(f"{payload['head']}12{payload['tail']}")
    assert text["meta"] == {"versionId": "12", "lastUpdated": "2026-11-22T10:00:00.000+07:00"}
    assert text["id"] == payload["id"]
    for name in payload["keep"]:
        assert not parameters(resource.type)[name].elements & (resource.modelled | set(resource.own))


def test_access_has_no_default() -> None:
    with pytest.raises(TypeError, match="visible"):
        Resource(  # type: ignore[call-arg]
            type="Basic", subject=int, to_fhir=lambda _: {}, example=lambda: 1, modelled=frozenset()
        )


def test_two_declarations_of_one_subject_are_refused() -> None:
    one = Resource(
        type="Basic", subject=int, to_fhir=lambda _: {}, example=lambda: 1, visible=to_unit, modelled=frozenset()
    )
    with pytest.raises(AssertionError):
        Registry([one, one])
    assert not to_unit(Scope(None))


def test_the_claim_repeats_the_charges_to_the_dong() -> None:
    resource = next(r for r in DECLARED if r.type == "Claim")
    view = resource.example()
    content = plain(resource.to_fhir(view))
    for item, charge in zip(content["item"], view.charges, strict=True):
        shares = {part["url"]: part["valueMoney"]["value"] for part in item["extension"][0]["extension"]}
        assert shares == {name: getattr(charge, name) for name in shares}
        assert item["net"]["value"] == charge.amount_hospital
    assert sum(item["net"]["value"] for item in content["item"]) == content["total"]["value"]


def test_the_capability_statement_is_valid_and_complete() -> None:
    content = json.loads(statement(discover(), "http://his.test/fhir/r4", AT))
    validate("CapabilityStatement", content)
    listed = content["rest"][0]["resource"]
    assert {r["type"] for r in listed} == TYPES
    for found in listed:
        names = [p["name"] for p in found["searchParam"]]
        assert names == ["_id", "_lastUpdated", "_has", "_list", *parameters(found["type"])]
        references = {f"{found['type']}:{p.name}" for p in parameters(found["type"]).values() if p.is_reference}
        assert set(found.get("searchInclude", ["*"])) == references | {"*"}
    patient = next(r for r in listed if r["type"] == "Patient")
    assert {"Observation:subject", "Observation:patient", "Encounter:patient"} <= set(patient["searchRevInclude"])
    assert content["fhirVersion"] == "4.0.1"


def test_the_conformance_files_are_valid_and_up_to_date() -> None:
    folder = Path(__file__).resolve().parents[3] / "fhir_profiles"
    for name, content in resources(discover(), "http://127.0.0.1:8000/fhir/r4", AT):
        fresh = json.loads(content)
        validate(fresh["resourceType"], fresh)
        kept = json.loads((folder / name).read_text(encoding="utf-8"))
        assert {**kept, "date": ""} == {**fresh, "date": ""}, f"{name}: run `his fhir profiles`"
    written = {name for name, _ in resources(discover(), "http://127.0.0.1:8000/fhir/r4", AT)}
    assert {path.name for path in folder.iterdir()} == written
