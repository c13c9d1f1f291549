"""Registration of practice: days, shifts over midnight, scope; each rule fires and keeps quiet."""

from datetime import date, datetime, time

import pytest

from his.kit.clock import VIETNAM
from his.kit.errors import HisError, Severity
from his.kit.rulebook import assess
from his.practice.rules import ORDERING_RULES, PERFORMING_RULES, chapter_of, state_of
from his.practice.service import read_form
from his.practice.terms import DeedFacts, Registered


def at_hour(day, hour, minute):
    """So many days into November 2026 on the wall clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


MONDAY = at_hour(30, 10, 0)
ON = date(2026, 11, 30)
SURGEON = Registered(date(2024, 1, 1), None, frozenset({"10", "27"}), "12345", time(7), time(17))
NIGHT = Registered(date(2024, 1, 1), None, frozenset(), "5", time(19), time(7))


def codes(rules, at=MONDAY, *registered, chapter="10", kind="surgery", planned=True):
    facts = DeedFacts("BS. Lê Văn Mẫu", at, registered, chapter, "Cắt ruột thừa", kind, planned)
    return [finding.code for finding in assess(rules, facts, on=at.date())]


def test_a_surgeon_operates_on_monday_morning():
    assert codes(PERFORMING_RULES, MONDAY, SURGEON) == codes(ORDERING_RULES, MONDAY, SURGEON) == []


def test_nobody_has_typed_the_list_yet():
    assert codes(ORDERING_RULES) == ["PRA-LIST-02"]


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        (date(2020, 1, 1), date(2026, 11, 29), ["PRA-LIST-01"]),
        (date(2026, 12, 1), None, ["PRA-LIST-01"]),
        (date(2020, 1, 1), date(2026, 11, 30), []),  # the last day counts
        (date(2026, 11, 30), None, []),  # so does the first
    ],
    ids=["ended", "not begun", "last day", "first day"],
)
def test_only_a_registration_in_force_counts(begin, end, found):
    assert codes(PERFORMING_RULES, MONDAY, Registered(begin, end)) == found


def test_an_ended_registration_says_since_when():
    facts = DeedFacts("BS. Lê Văn Mẫu", MONDAY, (Registered(date(2020, 1, 1), date(2026, 10, 31)),))
    (finding,) = assess(ORDERING_RULES, facts, on=ON)
    assert finding.severity is Severity.ERROR
    assert "hết 31/10/2026" in finding.message
    assert "Người hành nghề" in finding.message, "the next step is named"


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (at_hour(30, 7, 0), []),
        (at_hour(30, 17, 1), ["PRA-TIME-01"]),
        (at_hour(29, 10, 0), ["PRA-TIME-01"]),  # Sunday
    ],
    ids=["opens", "a minute late", "sunday"],
)
def test_hours_of_planned_care(at, found):
    assert codes(PERFORMING_RULES, at, SURGEON) == found


def test_an_emergency_knows_no_hours():
    assert codes(PERFORMING_RULES, at_hour(29, 3, 0), SURGEON, planned=False) == []


@pytest.mark.parametrize(
    ("at", "works"),
    [
        (at_hour(27, 18, 59), False),  # Friday evening, before the shift
        (at_hour(27, 23, 0), True),
        (at_hour(28, 6, 59), True),  # Saturday morning: the shift of Friday
        (at_hour(28, 7, 1), False),
        (at_hour(28, 23, 0), False),  # nobody is registered for Saturday night
        (at_hour(27, 3, 0), False),  # the night of Thursday
    ],
    ids=["before", "evening", "morning after", "over", "next night", "night before"],
)
def test_a_shift_over_midnight(at, works):
    assert NIGHT.works_at(at) is works


def test_scope_stops_the_hands_and_tells_the_order():
    physician = Registered(date(2024, 1, 1), None, frozenset({"02"}))
    assert codes(PERFORMING_RULES, MONDAY, physician) == ["PRA-SCOPE-01"]
    assert codes(ORDERING_RULES, MONDAY, physician) == ["PRA-SCOPE-02"]
    assert codes(PERFORMING_RULES, MONDAY, physician, SURGEON) == [], "what any registration covers is covered"
    assert codes(PERFORMING_RULES, MONDAY, physician, kind="lab", chapter="23") == [], "machines do that"


def test_chapters_and_states():
    assert [chapter_of(code) for code in ("02.1898", "23.0083.1523", "99.0001", "KHAM", "")] == ["02", "23", "", "", ""]
    ending = Registered(date(2024, 1, 1), date(2027, 1, 15))
    assert state_of([], ON) == "none"
    assert state_of([ending], ON) == "ending"
    assert state_of([ending, SURGEON], ON) == "valid"
    assert state_of([Registered(date(2020, 1, 1), date(2021, 1, 1))], ON) == "ended"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("valid_from", {"valid_from": ""}),
        ("valid_from", {"valid_from": "31/12/2026"}),
        ("valid_from", {"valid_from": "0001-01-01"}),
        ("valid_to", {"valid_to": "2025-12-31"}),
        ("closes_at", {"opens_at": "07:00"}),
        ("closes_at", {"opens_at": "07:00", "closes_at": "07:00"}),
        ("opens_at", {"opens_at": "7h"}),
    ],
)
def test_a_mistake_names_its_field(field, changed):
    typed = {"valid_from": "2026-01-01", "valid_to": "", "opens_at": "", "closes_at": ""} | changed
    with pytest.raises(HisError) as refused:
        read_form(typed, [], ["1"])
    assert refused.value.field == field


def test_days_and_chapters_must_be_known():
    typed = {"valid_from": "2026-01-01"}
    for chapters, days, field in (([], [], "weekdays"), ([], ["8"], "weekdays"), (["77"], ["1"], "chapters")):
        with pytest.raises(HisError) as refused:
            read_form(typed, chapters, days)
        assert refused.value.field == field
    assert read_form(typed | {"opens_at": "19:00", "closes_at": "07:00:30"}, ["10"], ["5", "1"]) == Registered(
        date(2026, 1, 1), None, frozenset({"10"}), "15", time(19), time(7)
    )
