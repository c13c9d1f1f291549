"""What passes the models and is refused all the same."""

from typing import Any

import pytest

from his.fhir.bindings import REQUIRED
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.fhir.validator import R4_ONLY_PREFIXES, model, validate

CODE = {"text": "x"}
SUBJECT = {"reference": "Patient/1"}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Patient", {"gender": "xx"}, "Patient.gender"),
    ("Patient", {"name": [{"use": "none"}]}, "Patient.name[0].use"),
    ("Patient", {"contact": [{"gender": "male"}]}, "Patient.contact[0]"),
    ("Patient", {"identifier": [{"period": {"start": "2026", "end": "2025-12"}}]}, "Patient.identifier[0].period"),
    ("Organization", {"active": True}, "Organization"),
    ("Observation", {"status": "done", "code": CODE}, "Observation.status"),
    (
        "Observation",
        {"status": "final", "code": CODE, "valueString": "1", "dataAbsentReason": CODE},
        "Observation.dataAbsentReason",
    ),
    ("Condition", {"subject": SUBJECT, "abatementString": "x"}, "Condition"),
    ("AllergyIntolerance", {"patient": SUBJECT}, "AllergyIntolerance.clinicalStatus"),
    (
        "Encounter",
        {"status": "finished", "class": {}, "period": {"start": "2026-02", "end": "2026-01"}},
        "Encounter.period",
    ),
]


@pytest.mark.parametrize(("kind", "body", "place"), REFUSED)
def test_bindings_and_invariants(kind: str, body: dict[str, Any], place: str) -> None:
    with pytest.raises(FhirError) as caught:
        validate(kind, {"resourceType": kind, **body})
    assert caught.value.status == 422
    assert place in [finding.expression for finding in caught.value.findings]


@pytest.mark.parametrize(
    "body",
    [
        {"name": [{"given": [None]}]},
        {"birthDate": None},
        {"nothing": 1},
        {"name": {"text": "x"}},
        {"contained": [{}]},
        {"contained": {}},
    ],
)
def test_what_is_no_fhir_is_400(body: dict[str, Any]) -> None:
    with pytest.raises(FhirError) as caught:
        validate("Patient", {"resourceType": "Patient", **body})
    assert caught.value.status == 400


def test_nulls_may_keep_the_place_of_an_extension() -> None:
    given = {"given": ["An", None], "_given": [None, {"id": "x"}]}
    validate("Patient", {"resourceType": "Patient", "name": [given]})


def test_period_within_one_day_is_fine() -> None:
    validate(
        "Patient",
        {"resourceType": "Patient", "name": [{"period": {"start": "2026-01-02T10:00:00Z", "end": "2026-01-02"}}]},
    )


def test_every_type_but_those_r4b_dropped_has_a_model() -> None:
    for kind in ("Patient", "Claim", "Task", "Measure"):
        assert model(kind) is not None
    dropped = {kind for kind in TYPES if kind.startswith(R4_ONLY_PREFIXES) and model(kind) is None}
    assert len(dropped) == 18
    validate("MedicinalProduct", {"resourceType": "MedicinalProduct", "anything": [1]})


def test_bindings_name_real_types() -> None:
    assert REQUIRED.keys() <= TYPES
