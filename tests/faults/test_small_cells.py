"""Trial 33: an attacker with pencil and paper does not get a hidden count back out of a published month.

He knows every relation that is printed (ages, sexes, chapters, payers, units), subtracts one table from another, and knows
that a count is a whole number of at least 0.
"""

import random
from datetime import date

import pytest

from his.reporting.rules import figures
from his.reporting.rules.figures import MonthCells
from his.reporting.rules.groups import cells_of
from his.reporting.rules.suppression import suppress
from his.reporting.terms import THRESHOLD, UnitRef, VisitGroup
from tests.faults import trial

MONTHS = trial.count("HIS_ATTACKS", 12)


def bounds(values, sums, hidden):
    """What is known of each hidden cell: low and high, drawn tighter by every relation until nothing moves."""
    most = max(values.values(), default=0)
    low, high = dict.fromkeys(hidden, 0), dict.fromkeys(hidden, most)
    moved = True
    while moved:
        moved = False
        for line in sums:
            known = {k: (low[k], high[k]) if k in low else (values[k], values[k]) for k in line.members}
            least = sum(known[k][0] for k in line.parts)
            greatest = sum(known[k][1] for k in line.parts)
            limits = {line.total: (least, greatest)}
            bottom, top = known[line.total]
            for part in line.parts:
                limits[part] = (bottom - greatest + known[part][1], top - least + known[part][0])
            for key, (a, b) in limits.items():
                if key in low and (a > low[key] or b < high[key]):
                    low[key], high[key], moved = max(low[key], a), min(high[key], b), True
    return low, high


def attack(cells: MonthCells, hide) -> tuple[int, int, int]:
    """Hidden cells, small cells that are shown, and small counts of people that the attacker knows for certain."""
    ledger = figures._ledger(cells)
    hidden = hide(ledger)
    shown_small = sum(
        0 < value < THRESHOLD for key, value in ledger.values.items() if key not in hidden and key not in ledger.public
    )
    low, high = bounds(ledger.values, ledger.sums, hidden)
    open_to_all = excused(ledger, hidden)
    found = sum(low[k] == high[k] and 0 < ledger.values[k] < THRESHOLD and k not in open_to_all for k in hidden)
    return len(hidden), shown_small, found


def excused(ledger, hidden):
    """Cells under a public total that is itself a small count: the law publishes that total, and nothing can be hidden with it."""
    known, grown = {k for k in ledger.public if 0 < ledger.values[k] < THRESHOLD}, True
    while grown:
        grown = False
        for line in ledger.sums:
            if line.total in known and not known.issuperset(line.parts):
                known |= set(line.parts)
                grown = True
    return known


def full(ledger):
    return suppress(ledger.values, ledger.sums, frozenset(ledger.public), THRESHOLD)


def only_small(ledger):
    """The sabotage: small counts are hidden, their companions are not."""
    return frozenset(k for k, v in ledger.values.items() if 0 < v < THRESHOLD and k not in ledger.public)


def month_of(chance: random.Random) -> MonthCells:
    """A month of a province with one to eight units, small ones among them."""
    by_unit = [[visits(chance) for _ in range(chance.randint(0, 14))] for _ in range(chance.randint(1, 8))]
    units = [(UnitRef(i, f"97{i:03d}", f"Đơn vị {i}", "clinic"), cells_of(found)) for i, found in enumerate(by_unit)]
    totals = cells_of([group for found in by_unit for group in found])
    return MonthCells("97", "Tân Giang", date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 22), totals, units)


def visits(chance: random.Random) -> VisitGroup:
    return VisitGroup(
        care_setting=chance.choice(["01", "01", "01", "02", "03"]),
        insured=chance.random() < 0.8,
        sex=chance.choice(["male", "female", "female", "other"]),
        age_years=chance.randint(0, 99),
        outcome=chance.choice(["", "1", "2"]),
        discharge=chance.choice(["1", "1", "2", "5"]),
        icd=chance.choice(["I10", "J20", "K29", "A09", "O80", ""]),
        nights=chance.randint(0, 5),
        count=chance.choice([1, 1, 2, 3, 8, 40, 120]),
    )


def months(count: int):
    for number in range(count):
        yield month_of(random.Random(f"{trial.seed()}/{number}"))


def test_no_small_count_comes_back() -> None:
    hidden = shown = found = 0
    for cells in months(MONTHS):
        a, b, c = attack(cells, full)
        hidden, shown, found = hidden + a, shown + b, found + c
    assert hidden > MONTHS, "nothing was hidden, so nothing was proved"
    trial.report("33", n=MONTHS, expected={"shown": 0, "recovered": 0}, got={"shown": shown, "recovered": found, "hidden": hidden}, seed=trial.seed())  # fmt: skip


def test_hiding_the_small_counts_alone_is_not_enough() -> None:
    assert sum(attack(cells, only_small)[2] for cells in months(3)) > 0


@pytest.mark.parametrize("threshold", [0, 1])
def test_a_threshold_that_hides_nothing_is_seen(threshold: int) -> None:
    shown = sum(
        attack(cells, lambda ledger: suppress(ledger.values, ledger.sums, frozenset(ledger.public), threshold))[1]
        for cells in months(2)
    )
    assert shown > 0
