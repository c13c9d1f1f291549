"""Time limits of a dossier on the calendar of Viet Nam: working days, Tết, the close of a month, an older law."""

from datetime import date

import pytest

from his.claims.rules.deadline import Clock, due_of, dues, limits_on, working_days_between

D = date


@pytest.mark.parametrize(
    ("ended", "last"),
    [
        (D(2026, 11, 2), D(2026, 11, 11)),  # Monday: seven working days are Tuesday to the Wednesday after
        (D(2026, 11, 6), D(2026, 11, 17)),  # Friday: two weekends
        (D(2026, 11, 7), D(2026, 11, 17)),  # Saturday counts from Monday on
        (
            D(2026, 8, 28),
            D(2026, 9, 11),
        ),  # National Day on 1 and 2 September, Monday 31 August is exchanged for a Saturday
        (D(2026, 4, 24), D(2026, 5, 8)),  # Hùng Kings on Monday 27 April (26 is a Sunday), 30 April, 1 May
    ],
)
def test_seven_working_days(ended: date, last: date) -> None:
    correct = next(due for due in dues(ended) if due.clock is Clock.CORRECT)
    assert correct.day == last


def test_tet_is_not_counted() -> None:
    """Tết 2027: 6 February is the first day of the year, the days off reach into the next week."""
    correct = next(due for due in dues(D(2027, 2, 3)) if due.clock is Clock.CORRECT)
    assert working_days_between(D(2027, 2, 3), correct.day) == 7
    assert correct.day > D(2027, 2, 12)  # without the holidays it would be the 12th


def test_the_month_closes_before_the_fifth_even_when_working_days_are_left() -> None:
    due = due_of(D(2026, 11, 30))
    assert due is not None
    assert (due.clock, due.day) == (Clock.MONTH, D(2026, 12, 4))
    early = due_of(D(2026, 11, 3))
    assert early is not None
    assert early.clock is Clock.CORRECT


def test_a_returned_dossier_has_two_working_days() -> None:
    due = due_of(D(2026, 11, 2), answered=D(2026, 11, 20))
    assert due is not None
    assert (due.clock, due.day) == (
        Clock.REPLY,
        D(2026, 11, 25),
    )  # Tuesday 24 November is the Day of Vietnamese Culture
    assert not due.late(D(2026, 11, 25))
    assert due.late(D(2026, 11, 26))


def test_a_visit_of_before_the_circular_has_no_limit_of_it() -> None:
    assert limits_on(D(2026, 2, 9)) is None
    assert dues(D(2026, 2, 9)) == ()
    assert due_of(D(2026, 2, 9)) is None
    assert limits_on(D(2026, 2, 10)) is not None


def test_the_year_turns() -> None:
    month = next(due for due in dues(D(2026, 12, 31)) if due.clock is Clock.MONTH)
    assert month.day == D(2027, 1, 4)


def test_working_days_between_counts_both_ways() -> None:
    assert working_days_between(D(2026, 11, 6), D(2026, 11, 9)) == 1
    assert working_days_between(D(2026, 11, 9), D(2026, 11, 6)) == -1
    assert working_days_between(D(2026, 11, 7), D(2026, 11, 8)) == 0
