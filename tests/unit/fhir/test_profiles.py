"""Profiles: what this system writes satisfies them, and each kind of rule is refused when it is broken."""

import copy
import time

import orjson
import pytest

from his.fhir import systems
from his.fhir.guide import guide_text
from his.fhir.invariants import walk
from his.fhir.jsontext import read_document
from his.fhir.profile_check import _children, _tree, compiled, findings
from his.fhir.profile_set import GUIDE_FILE, OURS, definition, guide, national, ours
from his.fhir.registry import discover


def examples(kind):
    for resource in discover().by_type.get(kind, ()):
        yield read_document(orjson.dumps(resource.to_fhir(resource.example())).decode()).value


def claiming(resource, *addresses):
    return {**copy.deepcopy(resource), "meta": {"profile": list(addresses)}}


def expressions(resource):
    return [(f.code, f.expression) for f in findings(resource["resourceType"], resource)]


@pytest.mark.parametrize("profile", OURS, ids=lambda p: p.type)
def test_what_we_write_satisfies_our_profile_and_what_it_builds_on(profile):
    found = [e for e in examples(profile.type) if profile.address != ours("vital-signs") or "component" in e]
    assert found
    for example in found:
        assert expressions(claiming(example, profile.address)) == [], example


def test_every_profile_compiles_with_what_it_builds_on():
    assert len(guide()["profiles"]) > 60
    for address in guide()["profiles"]:
        assert compiled(address) is not None, address
    for profile in OURS:
        assert profile.base.startswith("http://hl7.org/fhir/StructureDefinition/") or definition(profile.base), profile


def example(kind):
    return next(examples(kind))


def broken(kind, profile, change):
    resource = claiming(example(kind), ours(profile))
    change(resource)
    return expressions(resource)


CITIZEN = systems.CITIZEN


@pytest.mark.parametrize(
    ("kind", "profile", "change", "expected"),
    [
        ("Patient", "patient", lambda r: r.pop("gender"), ("FHIR-PROFILE-02", "Patient.gender")),
        ("Patient", "patient", lambda r: r.pop("identifier"), ("FHIR-PROFILE-02", "Patient.identifier")),
        ("Patient", "patient", lambda r: r["name"][0].pop("text"), ("FHIR-PROFILE-02", "Patient.name[0].text")),
        (
            "Patient", "patient", lambda r: r["identifier"].append({"system": CITIZEN, "value": "12"}),
            ("FHIR-PROFILE-07", "Patient.identifier"),
        ),
        (
            "Patient", "patient",
            lambda r: r["identifier"].extend([{"system": CITIZEN, "value": "0" * 12}, {"system": CITIZEN, "value": "1" * 12}]),
            ("FHIR-PROFILE-03", "Patient.identifier"),
        ),
        (
            "Patient", "patient", lambda r: r["identifier"].append({"system": CITIZEN, "value": "0" * 12, "use": "old"}),
            ("FHIR-PROFILE-04", "Patient.identifier[2].use"),
        ),
        (
            "Patient", "patient", lambda r: r["identifier"].append({"system": systems.PATIENT_CODE}),
            ("FHIR-PROFILE-02", "Patient.identifier[2].value"),
        ),
        (
            "Encounter", "encounter", lambda r: r["class"].update(code="XYZ"),
            ("FHIR-PROFILE-05", "Encounter.class"),
        ),
        ("Encounter", "encounter", lambda r: r["identifier"][0].update(system="urn:x"), ("FHIR-PROFILE-02", "Encounter.identifier")),
        ("Encounter", "encounter", lambda r: r.update(status="finished"), ("FHIR-PROFILE-07", "Encounter.period")),
        ("Condition", "condition", lambda r: r["code"]["coding"][0].update(system="urn:x"), ("FHIR-PROFILE-02", "Condition.code.coding")),
        ("Condition", "condition", lambda r: r.pop("encounter"), ("FHIR-PROFILE-02", "Condition.encounter")),
        ("Coverage", "coverage", lambda r: r["identifier"][0].update(value="GD1"), ("FHIR-PROFILE-07", "Coverage.identifier")),
        ("Claim", "claim", lambda r: r.update(use="predetermination"), ("FHIR-PROFILE-04", "Claim.use")),
        ("Claim", "claim", lambda r: r["total"].update(currency="USD"), ("FHIR-PROFILE-04", "Claim.total.currency")),
        ("Claim", "claim", lambda r: r["item"][0].pop("net"), ("FHIR-PROFILE-02", "Claim.item[0].net")),
        ("Practitioner", "practitioner", lambda r: r.pop("name"), ("FHIR-PROFILE-02", "Practitioner.name")),
        ("Practitioner", "practitioner", lambda r: r["name"].append({"use": "old", "text": "x"}), ("FHIR-PROFILE-03", "Practitioner.name")),
        ("Organization", "organization", lambda r: r.pop("name"), ("FHIR-PROFILE-02", "Organization.name")),
        ("Organization", "patient", lambda r: None, ("FHIR-PROFILE-01", "Organization.meta.profile")),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_element(kind, profile, change, expected):
    assert expected in broken(kind, profile, change)


def test_a_closed_slicing_takes_nothing_else():
    tree = _tree(
        (
            {"id": "Basic.identifier", "slicing": {"by": [["value", "system"]], "closed": True}},
            {"id": "Basic.identifier:a.system", "fixedUri": "urn:a"},
        )
    )
    good, bad = {"system": "urn:a"}, {"system": "urn:b"}
    assert list(_children(tree, {"identifier": [good]}, "Basic")) == []
    found = [(f.code, f.expression) for f in _children(tree, {"identifier": [good, bad]}, "Basic")]
    assert found == [("FHIR-PROFILE-06", "Basic.identifier[1]")]


def test_slices_by_type_of_a_choice():
    tree = _tree(
        (
            {"id": "Basic.value[x]", "slicing": {"by": [["type", "$this"]], "closed": False}},
            {"id": "Basic.value[x]:valueQuantity", "max": "0"},
        )
    )
    assert list(_children(tree, {"valueString": "x"}, "Basic")) == []
    assert [f.code for f in _children(tree, {"valueQuantity": {"value": 1}}, "Basic")] == ["FHIR-PROFILE-03"]


def test_the_national_profiles_are_checked_where_they_are_claimed():
    encounter = claiming(example("Encounter"), national("vn-core-encounter"))
    assert ("FHIR-PROFILE-02", "Encounter.diagnosis") in expressions(encounter)  # a chief complaint
    assert expressions(claiming(example("Patient"), national("vn-core-patient") + "|1.0.0")) == []


@pytest.mark.parametrize("odd", [None, 7, "x", [], [None], [7], ["urn:nobody"], {"a": 1}])
def test_odd_claims_break_nothing(odd):
    resource = {**example("Patient"), "meta": {"profile": odd}}
    assert expressions(resource) == []


def test_the_work_is_bounded():
    patient = claiming(example("Patient"), ours("patient"))
    patient["identifier"] = [{"system": systems.PATIENT_CODE, "value": str(n)} for n in range(5000)]
    started = time.process_time()
    assert expressions(patient)
    assert time.process_time() - started < 3


def test_the_kept_guide_is_the_published_one(shared_dir):
    published = shared_dir / "samples" / "vn-core-ig"
    assert guide_text(published) == GUIDE_FILE.read_bytes()


@pytest.mark.parametrize(
    ("element", "value", "code"),
    [
        ("valueQuantity", {"value": 1, "code": "mg"}, "FHIR-QTY-3"),
        ("valueRange", {"low": {"value": 5}, "high": {"value": 1}}, "FHIR-RNG-2"),
        ("subject", {"reference": "#nobody"}, "FHIR-REF-1"),
        ("extension", [{"url": "urn:x"}], "FHIR-EXT-1"),
        ("extension", [{"url": "urn:x", "valueString": "a", "extension": [{"url": "y", "valueString": "b"}]}], "FHIR-EXT-1"),
        ("telecom", [{"value": "09"}], "FHIR-CPT-2"),
        ("valuePeriod", {"start": "2026-02-01", "end": "2026-01-01"}, "FHIR-PERIOD-01"),
        ("content", [{"attachment": {"data": "AA=="}}], "FHIR-ATT-1"),
    ],
)  # fmt: skip
def test_invariants_of_data_types(element, value, code):
    assert [f.code for f in walk({element: value}, "Basic")] == [code]


def test_sound_data_types_pass():
    sound = {
        "valueQuantity": {"value": 1, "code": "mg", "system": "http://unitsofmeasure.org"},
        "valueRange": {"low": {"value": 1}, "high": {"value": 5}},
        "contained": [{"resourceType": "Patient", "id": "p"}],
        "subject": {"reference": "#p"},
        "extension": [{"url": "urn:x", "_valueString": {"extension": [{"url": "y", "valueCode": "z"}]}}],
        "telecom": [{"value": "09", "system": "phone"}],
    }
    assert list(walk(sound, "Basic")) == []
