"""Counts are never below 0, and this alone can leave one value for a hidden one: a worked example by hand."""

from his.reporting.rules.suppression import Sum, determined, squeezed

# Printed: a+b = 10, b+c = 6, b+e = 12, e+f = 6. So b is at most 6 and e at most 6; b = 12-e is then at least 6. b is 6, a is 4.
VALUES = {"a": 4, "b": 6, "c": 0, "e": 6, "f": 0, "ab": 10, "bc": 6, "be": 12, "ef": 6}
SUMS = [Sum("ab", ("a", "b")), Sum("bc", ("b", "c")), Sum("be", ("b", "e")), Sum("ef", ("e", "f"))]
HIDDEN = {"a", "b", "c", "e", "f"}


def test_a_count_that_only_its_bounds_give_away_is_found() -> None:
    assert determined(SUMS, HIDDEN) == set(), "adding and subtracting alone leaves all of them open"
    assert squeezed(VALUES, SUMS, HIDDEN) == HIDDEN


def test_one_more_visit_leaves_room() -> None:
    roomy = VALUES | {"c": 1, "bc": 7}
    assert squeezed(roomy, SUMS, HIDDEN) == set()


def test_with_a_further_hidden_total_nothing_is_left_to_know() -> None:
    assert squeezed(VALUES, SUMS, HIDDEN | {"be"}) == set()
