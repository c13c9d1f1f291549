"""Small-cell suppression: what is hidden cannot be computed back, proved with fractions and by brute force."""

from datetime import date
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from his.reporting.rules.figures import MonthCells, publish
from his.reporting.rules.groups import cells_of
from his.reporting.rules.suppression import Sum, suppress
from his.reporting.terms import AGES, ALL, SEXES, UnitRef, VisitGroup

THRESHOLD = 5
small = st.integers(0, 30) | st.integers(0, 4)


@st.composite
def grids(draw):
    """A table with margins and, sometimes, a public grand total."""
    height, width = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    values = {(r, c): draw(small) for r in range(height) for c in range(width)}
    sums = []
    for r in range(height):
        values[r, "*"] = sum(values[r, c] for c in range(width))
        sums.append(Sum((r, "*"), [(r, c) for c in range(width)]))
    for c in range(width):
        values["*", c] = sum(values[r, c] for r in range(height))
        sums.append(Sum(("*", c), [(r, c) for r in range(height)]))
    values["*", "*"] = sum(values[r, "*"] for r in range(height))
    sums.append(Sum(("*", "*"), [(r, "*") for r in range(height)]))
    sums.append(Sum(("*", "*"), [("*", c) for c in range(width)]))
    return values, sums, frozenset({("*", "*")})


def solvable(sums, hidden):
    """Hidden cells with only one value, by Gauss-Jordan elimination over fractions on a dense matrix."""
    order = sorted(hidden, key=repr)
    rows = []
    for line in sums:
        row = [Fraction(0)] * len(order)
        for part in line.parts:
            if part in hidden:
                row[order.index(part)] += 1
        if line.total in hidden:
            row[order.index(line.total)] -= 1
        rows.append(row)
    done = 0
    for column in range(len(order)):
        pivot = next((i for i in range(done, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [x / rows[done][column] for x in rows[done]]
        for i, row in enumerate(rows):
            if i != done and row[column]:
                rows[i] = [x - row[column] * y for x, y in zip(row, rows[done], strict=True)]
        done += 1
    return {order[next(i for i, x in enumerate(row) if x)] for row in rows if sum(1 for x in row if x) == 1}


@settings(max_examples=150, deadline=None)
@given(grids())
def test_no_hidden_cell_of_a_table_can_be_computed(grid):
    values, sums, public = grid
    hidden = suppress(values, sums, public, THRESHOLD)
    assert {k for k, v in values.items() if 0 < v < THRESHOLD} - public <= hidden
    assert not hidden & public
    assert solvable(sums, hidden) == set()


@settings(max_examples=150, deadline=None)
@given(grids())
def test_no_shown_total_gives_a_small_rest_away(grid):
    values, sums, public = grid
    hidden = suppress(values, sums, public, THRESHOLD)
    for line in sums:
        parts = [k for k in line.parts if k in hidden]
        if line.total in hidden or not parts:
            continue
        rest = sum(values[k] for k in parts)
        everything = all(k in hidden or k in public for k in line.parts)
        assert len(parts) >= 2
        assert everything or rest >= THRESHOLD
        assert everything or rest > len(parts) or any(values[k] == 0 for k in parts)


@settings(max_examples=60, deadline=None)
@given(st.lists(small, min_size=2, max_size=4))
def test_brute_force_finds_more_than_one_world(counts):
    """Every assignment of whole numbers that fits what is shown: no hidden cell has the same value in all of them."""
    keys = [f"k{i}" for i in range(len(counts))]
    values = dict(zip(keys, counts, strict=True)) | {"sum": sum(counts)}
    hidden = suppress(values, [Sum("sum", keys)], frozenset({"sum"}), THRESHOLD)
    if not hidden or values["sum"] < THRESHOLD:
        return
    free = sorted(hidden)
    rest = values["sum"] - sum(v for k, v in values.items() if k not in hidden and k != "sum")
    worlds = [w for w in product(range(rest + 1), repeat=len(free)) if sum(w) == rest]
    for i, key in enumerate(free):
        assert len({w[i] for w in worlds}) > 1, key


@given(grids(), st.integers(0, 1))
def test_without_a_threshold_nothing_is_hidden(grid, threshold):
    values, sums, public = grid
    assert suppress(values, sums, public, threshold) == frozenset()


@given(grids())
def test_the_same_table_hides_the_same_cells(grid):
    values, sums, public = grid
    turned = dict(reversed(values.items()))
    assert suppress(values, sums, public) == suppress(turned, sums, public)


groups = st.builds(
    VisitGroup,
    care_setting=st.sampled_from(["01", "01", "01", "02", "03"]),
    insured=st.booleans(),
    sex=st.sampled_from(["male", "female", "female", "other"]),
    age_years=st.integers(0, 99),
    outcome=st.sampled_from(["", "1", "2"]),
    discharge=st.sampled_from(["1", "1", "2", "5"]),
    icd=st.sampled_from(["I10", "J20", "K29", ""]),
    nights=st.integers(0, 5),
    count=st.integers(1, 12),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(groups, max_size=6), min_size=1, max_size=4))
def test_published_months_never_contradict_and_never_tell(by_unit):
    """All figures of a month at once: totals, ages of units, morbidity; what two of them share is hidden in both."""
    units = [(UnitRef(i, f"97{i:03d}", f"Đơn vị {i}", "clinic"), cells_of(found)) for i, found in enumerate(by_unit)]
    totals = cells_of([group for found in by_unit for group in found])
    month = MonthCells("97", "Tân Giang", date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 22), totals, units)
    shown, exact = publish(month), publish(month, 0)
    assert (shown.figures["A02"].value is None) == (shown.figures["A01"].splits["age"][0].value is None)
    assert (shown.figures["A03"].value is None) == (shown.figures["A01"].splits["age"][3].value is None)
    for code in ("A07", "C06"):
        for row, true in zip(shown.chapters[code], exact.chapters[code], strict=True):
            for sex in SEXES:
                for age in AGES:
                    value, fact = row.cells[sex, age], true.cells[sex, age]
                    assert value is None or value == fact
                    assert fact == 0 or fact >= THRESHOLD or value is None
                known = [row.cells[sex, age] for age in AGES]
                if row.sexes[sex] is not None and known.count(None):
                    assert known.count(None) >= 2
    sum_row = shown.chapters["A07"][-1]
    assert sum_row.code == ALL
    for i, part in enumerate(shown.figures["A01"].splits["sex"]):
        assert part.value == sum_row.sexes[list(SEXES)[i]]
    for code, figure in exact.figures.items():
        assert not figure.hidden, code


def test_a_bridge_between_two_hidden_blocks_is_not_given_away():
    """Every line hides two cells or more, and still the one in the middle is the difference of two sums of lines."""
    blocks = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)}
    values = {(r, c): 4 if (r, c) in blocks or (r, c) == (1, 2) else 40 for r in range(4) for c in range(4)}
    sums = [Sum(("row", r), [(r, c) for c in range(4)]) for r in range(4)]
    sums += [Sum(("column", c), [(r, c) for r in range(4)]) for c in range(4)]
    for line in sums:
        values[line.total] = sum(values[k] for k in line.parts)
    margins = frozenset(line.total for line in sums)
    small_ones = {k for k, v in values.items() if v == 4}
    assert solvable(sums, small_ones) == {(1, 2)}, "the trap is one"
    hidden = suppress(values, sums, margins, THRESHOLD)
    assert small_ones < hidden
    assert solvable(sums, hidden) == set()
