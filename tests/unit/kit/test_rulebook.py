"""Dated rules and constants: both ends included, never a guess."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Dated, Rule, assess, in_force, on_day

FIRST, LAST = date(2025, 1, 1), date(2026, 6, 30)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 31))


def rule(code, valid_from=None, valid_to=None):
    def check(facts):
        yield Finding(code, Severity.WARNING, f"{code} {facts}")

    return Rule(code, "t", "b", Severity.WARNING, check, valid_from, valid_to)


@pytest.mark.parametrize(
    ("day", "holds"),
    [(FIRST - timedelta(1), False), (FIRST, True), (LAST, True), (LAST + timedelta(1), False)],
)
def test_a_rule_holds_on_both_of_its_end_days(day, holds):
    assert rule("A", FIRST, LAST).holds(day) is holds
    assert bool(assess([rule("A", FIRST, LAST)], "x", day)) is holds


def test_open_ends_hold_for_ever():
    assert rule("A").holds(date.min)
    assert rule("A").holds(date.max)


def test_a_change_of_law_hands_over_without_gap_or_overlap():
    book = [rule("OLD", None, LAST), rule("NEW", LAST + timedelta(1))]
    assert [f.code for f in assess(book, "x", LAST)] == ["OLD"]
    assert [f.code for f in assess(book, "x", LAST + timedelta(1))] == ["NEW"]


def test_findings_come_in_the_order_of_the_rules():
    assert [f.code for f in assess([rule("B"), rule("A"), rule("C")], "x", FIRST)] == ["B", "A", "C"]


def test_a_constant_is_looked_up_by_day_and_never_guessed():
    values = [Dated(2_340_000, date(2024, 7, 1), LAST), Dated(2_530_000, LAST + timedelta(1))]
    assert on_day(values, LAST) == 2_340_000
    assert on_day(values, LAST + timedelta(1)) == 2_530_000
    assert on_day(values, date(2040, 1, 1)) == 2_530_000
    with pytest.raises(LookupError, match="2024-06-30"):
        on_day(values, date(2024, 6, 30))
    with pytest.raises(LookupError):
        on_day([], FIRST)


@given(st.lists(st.tuples(DAYS, DAYS | st.none()), max_size=6), DAYS)
def test_in_force_agrees_with_the_written_days(spans, day):
    values = [Dated(i, start, end) for i, (start, end) in enumerate(spans)]
    expected = [i for i, (start, end) in enumerate(spans) if start <= day and (end is None or day <= end)]
    assert list(in_force(values, day)) == expected
    if expected:
        assert on_day(values, day) == expected[0]
