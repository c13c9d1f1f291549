"""What a resource is found by, and how a query is understood."""

import pytest

from his.fhir.conditions import ValueCondition, read_cursor, write_cursor
from his.fhir.dates import interval
from his.fhir.extract import LONGEST, SEPARATOR, bounded, extract
from his.fhir.jsontext import read_document
from his.fhir.outcome import FhirError
from his.fhir.parameters import DEFINITIONS, KINDS, parameters
from his.fhir.references import Targets, references, rewrite
from his.fhir.resource_types import TYPES
from his.fhir.search import parse


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", "2025-12-31T17:00:00+00:00", "2026-12-31T17:00:00+00:00"),
        ("2026-02", "2026-01-31T17:00:00+00:00", "2026-02-28T17:00:00+00:00"),
        ("2024-02-29", "2024-02-28T17:00:00+00:00", "2024-02-29T17:00:00+00:00"),
        ("2026-12-31T23:59:00Z", "2026-12-31T23:59:00+00:00", "2026-12-31T23:59:01+00:00"),
        ("2026-01-01T07:00+07:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500000+00:00", "2026-01-01T00:00:00.600000+00:00"),
    ],
)
def test_a_date_covers_its_precision(text: str, low: str, high: str) -> None:
    assert interval(text) == (low, high)


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2023-02-29", "2026-1-1", "2026-01-01T", "2026-01-01T25:00", "9999", "x"]
)
def test_no_date(text: str) -> None:
    assert interval(text) is None


def test_patient_rows() -> None:
    rows, dates, _ = extract(
        "Patient",
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:s", "value": "1"}, {"value": "2"}],
            "name": [{"family": "Nguyễn", "given": ["Đức Anh"]}],
            "telecom": [{"system": "phone", "value": "09"}, {"system": "email", "value": "a@b"}],
            "gender": "male",
            "birthDate": "1990",
            "generalPractitioner": [{"reference": "Practitioner/p/_history/2"}, {"reference": "#c"}, {"display": "x"}],
            "deceasedBoolean": False,
        },
    )
    found = {(name, value.replace(SEPARATOR, "~")) for name, value in rows}
    assert {
        ("identifier", "1~urn:s"), ("identifier", "2~"), ("family", "nguyen~nguyen~Nguyễn"),
        ("given", "duc~duc anh~Đức Anh"), ("given", "anh"), ("name", "nguyen~nguyen~Nguyễn"), ("telecom", "09~phone"),
        ("telecom", "a@b~email"),
        ("gender", "male~"), ("general-practitioner", "p~Practitioner"), ("deceased", "false~"),
    } <= found  # fmt: skip
    assert {value for name, value in found if name == "general-practitioner"} == {"p~Practitioner", ""}
    assert dates == [("birthdate", "1989-12-31T17:00:00+00:00", "1990-12-31T17:00:00+00:00")]


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, [[]], {"coding": 3}, {"coding": [1]}, {"reference": 5}, {"start": {}}]
)
@pytest.mark.parametrize("kind", ["Patient", "Observation", "Encounter", "Claim"])
def test_values_of_an_unexpected_shape_are_left_out(kind: str, junk: object) -> None:
    resource = {name: junk for parameter in parameters(kind).values() for name in parameter.elements}
    rows, dates, _ = extract(kind, resource)
    assert all(isinstance(value, str) for _, value in rows)
    assert all(len(row) == 3 for row in dates)


def test_long_values_stay_apart() -> None:
    first, second = bounded("a" * 900), bounded("a" * 901)
    assert first != second
    assert len(first) < LONGEST


def test_definitions_are_sound() -> None:
    assert len(TYPES) == 145
    for kind in DEFINITIONS:
        assert kind in TYPES
        for parameter in parameters(kind).values():
            assert parameter.kind in KINDS
            assert parameter.elements or (parameter.bases and len(parameter.parts) == 2)
    common = {"_profile", "_security", "_source", "_tag", "_text"}
    assert set(parameters("Basic")) == {"author", "code", "created", "identifier", "patient", "subject"} | common
    assert set(parameters("MedicinalProductManufactured")) == {"identifier"} | common
    assert parameters("Observation")["patient"].target == "Patient"
    assert parameters("Observation")["subject"].target == ""


def test_token_forms() -> None:
    def only(text: str) -> tuple[str, str | None]:
        (found,) = parse("Patient", [("identifier", text)]).conditions
        assert isinstance(found, ValueCondition)
        (one,) = found.ranges
        return one.low.replace(SEPARATOR, "~"), one.high and one.high.replace(SEPARATOR, "~")

    assert only("urn:s|1") == ("1~urn:s", None)
    assert only("|1") == ("1~", None)
    assert only("1") == ("1~", "1 ")
    assert only("a\\,b") == ("a,b~", "a,b ")


def test_cursor_round_trip_and_refusal() -> None:
    assert read_cursor(write_cursor("nguyen", "id-1")) == ("nguyen", "id-1")
    for bad in ("", "W10", "e30", "WzFd", "!!"):
        with pytest.raises(FhirError):
            read_cursor(bad)


def test_references_are_replaced_in_place_only() -> None:
    text = '{"a":{"reference" : "urn:uuid:1"},"b":"urn:uuid:1","c":"\\"reference\\":\\"urn:uuid:1\\"","d":{"reference":"X/1"}}'
    missing: list[str] = []
    changed = rewrite(read_document(f" {text} "), Targets({"urn:uuid:1": "Patient/9"}), missing.append)
    assert changed.text[changed.start : changed.end] == text.replace(
        '"reference" : "urn:uuid:1"', '"reference" : "Patient/9"'
    )
    assert references(text) == {"urn:uuid:1", "X/1"}
    assert changed.members == read_document(changed.text).members
    assert rewrite(changed, Targets(), missing.append) is changed
    rewrite(read_document('{"reference":"urn:uuid:2"}'), Targets(), missing.append)
    assert missing == ["urn:uuid:2"]
