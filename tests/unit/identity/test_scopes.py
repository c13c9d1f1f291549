"""Scopes of SMART: read to the letter or not at all, and what is granted lies inside both what was asked and what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.fhir.view import Grant, View, view_text
from his.identity.scopes import conditions, grant, grants, read_scope

LEVELS = ("patient", "user", "system")
TYPES = ("*", "Patient", "Observation", "Condition")
LETTERS = ("c", "r", "s", "rs", "cruds", "cud", "u", "ds", "read", "write", "*")
QUERIES = ("", "?category=vital-signs", "?category=a,b", "?status=final")
SCOPES = st.builds(
    lambda level, kind, letters, query: f"{level}/{kind}.{letters}{query if kind == 'Observation' else ''}",
    st.sampled_from(LEVELS), st.sampled_from(TYPES), st.sampled_from(LETTERS), st.sampled_from(QUERIES),
)  # fmt: skip
INDEX = {
    "patient": ["p1\x1fPatient"],
    "subject": ["p1\x1fPatient"],
    "category": ["vital-signs\x1furn:c"],
    "status": ["final\x1f"],
}


def covers(scopes, letter, kind, index):
    return any(
        letter in g.letters and g.names(kind) and g.covers(kind, "x", index)
        for g in grants(scopes, LEVELS, patient="p1")
    )


@given(st.lists(SCOPES, max_size=4), st.lists(SCOPES, max_size=4))
def test_what_is_granted_was_asked_and_is_allowed(asked, allowed):
    found = grant(" ".join(asked), " ".join(allowed), LEVELS)
    for kind in TYPES[1:]:
        for letter in "cruds":
            for index in (INDEX, {}, {**INDEX, "category": ["a\x1f"]}):
                if covers(found, letter, kind, index):
                    assert covers(asked, letter, kind, index)
                    assert covers(allowed, letter, kind, index)


@given(SCOPES)
def test_a_scope_allows_itself(scope):
    found = grant(scope, scope, LEVELS)
    assert [read_scope(one) for one in found] == [read_scope(scope)]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    found = read_scope(text)
    assert found is None or read_scope(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.rs?", "patient/Observation.rs?category", "patient/Observation.rs?category=", "patient/*.rs?category=a",
        "patient/Observation.rs?category:in=a", "patient/Observation.rs?date=2020", "patient/Observation.rs?category=a|",
        "patient/Observation.sr", "patient/observation.rs", "group/Observation.rs", "patient/Observation.rs?category=a,,b",
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_no_scope(text):
    assert read_scope(text) is None


@pytest.mark.parametrize(
    ("query", "value", "inside"),
    [
        ("vital-signs", "vital-signs\x1furn:c", True), ("vital-signs", "vital-signs2\x1furn:c", False),
        ("vital", "vital-signs\x1furn:c", False), ("urn:c|vital-signs", "vital-signs\x1furn:c", True),
        ("urn:d|vital-signs", "vital-signs\x1furn:c", False), ("|vital-signs", "vital-signs\x1furn:c", False),
        ("|vital-signs", "vital-signs\x1f", True), ("a,vital-signs", "vital-signs\x1f", True),
    ],
)  # fmt: skip
def test_a_restriction_means_what_the_search_means(query, value, inside):
    where = conditions("Observation", [("category", query)])
    assert where is not None
    assert Grant("Observation", frozenset("r"), where=where).covers("Observation", "x", {"category": [value]}) is inside


def test_a_patient_scope_without_a_patient_gives_nothing():
    assert grants(["patient/*.cruds"], LEVELS) == ()


def test_everything_is_everything_only_without_any_limit():
    whole = Grant("*", frozenset("cruds"))
    assert View((whole,), sensitive=True).everything
    assert not View((whole,)).everything
    assert not View((whole,), sensitive=True, denied=frozenset({"Claim"})).everything
    assert not View((Grant("*", frozenset("cruds"), "p1"),), sensitive=True).everything
    assert not View((Grant("*", frozenset("r")),), sensitive=True).everything
    assert not View((Grant("Patient", frozenset("rs")),), sensitive=True).everything


def test_the_database_gets_only_the_rows_of_the_letter():
    view = View((Grant("Observation", frozenset("r"), "p1"), Grant("Patient", frozenset("s"), "p1")))
    assert view_text(view, "s", "Observation", "") == '{"sensitive":false,"types":{"Observation":[],"Patient":[]}}'
    assert '"Observation":[{"p":"p1"}]' in view_text(view, "r", "Observation")
