"""Papers by date, sums, checks, time limits and moves: each rule fires on one month and stays silent on another."""

from datetime import date
from decimal import Decimal

import pytest

from his.kit.errors import Severity
from his.settlement.rules import (
    CHECKS,
    allowed,
    assess_month,
    blocked,
    build_figures,
    digest,
    form_of,
    minutes_due,
    months_of_quarter,
    pay_due,
    quarter_form,
    read_sums,
    section_of,
    send_due,
    settled_state,
    written,
)
from his.settlement.terms import Bucket, EntryKind, GroupCost, MonthFacts, Move, State, Sums

D = Decimal


def sums(asked: int, *, cases: int = 1, hospital: int | None = None, reduced: int = 0) -> Sums:
    total = asked * 5 // 4 if hospital is None else hospital
    return Sums(cases, D(total), D(asked * 5 // 4), D(asked), D(asked // 4), D(0), D(0), D(asked - reduced), D(reduced))


def figures(*buckets: Bucket, asked: int | None = None, left: int = 0, period: str = "2026-10"):
    total = sum((b.sums.asked for b in buckets), D(0))
    costs = [GroupCost("1", 2, D(asked) if asked is not None else total, total)]
    return build_figures(period, form_of(period), buckets, costs, left=(left, D(left * 1000)))


ONE = Bucket("01", EntryKind.CLAIM, sums(80_000))
GOOD = MonthFacts(figures(ONE), date(2026, 11, 10), date(2026, 11, 15))


def changed(**parts):
    found = {name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__} | parts
    return MonthFacts(**found)


FIRES = {
    "STL-SEND-01": changed(figures=figures()),
    "STL-SEND-02": changed(day=date(2026, 10, 31)),
    "STL-SEND-03": changed(earlier_open=["2026-09"]),
    "STL-SEND-04": changed(day=date(2026, 11, 16)),
    "STL-SEND-05": changed(last_closed="2026-11"),
    "STL-LEFT-01": changed(figures=figures(ONE, left=3)),
    "STL-SUM-01": changed(figures=figures(Bucket("01", EntryKind.CLAIM, sums(80_000, hospital=100_001)))),
    "STL-SUM-02": changed(uneven=["2610-000001"]),
    "STL-SUM-03": changed(figures=figures(ONE, asked=79_999)),
}


def test_every_check_has_its_month():
    assert set(FIRES) == {rule.code for rule in CHECKS}
    assert assess_month(GOOD) == []


@pytest.mark.parametrize("code", FIRES)
def test_a_check_fires_on_its_month_alone(code):
    found = assess_month(FIRES[code])
    assert [f.code for f in found] == [code]
    assert found[0].message.endswith(".")
    rule = next(r for r in CHECKS if r.code == code)
    assert found[0].severity is rule.severity


def test_before_april_2026_the_covered_part_is_not_compared():
    facts = changed(uneven=["2603-000001"], day=date(2026, 3, 31), figures=figures(ONE, period="2026-02"))
    assert assess_month(facts) == []


@pytest.mark.parametrize(
    ("period", "form", "quarter"),
    [
        ("2025-12", "C79a-HD, C80a-HD", "C79a-HD, C80a-HD quý"),
        ("2026-03", "C79a-HD, C80a-HD", "C79a-HD, C80a-HD quý"),
        ("2026-04", "01/BH", "02/BH"),
        ("2026-12", "01/BH", "02/BH"),
    ],
)
def test_the_first_day_of_a_period_chooses_its_paper(period, form, quarter):
    assert form_of(period).name == form
    assert quarter_form(period) == quarter


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "x", "", "2012-11", "²026-10"])
def test_a_word_that_is_no_month_is_refused(text):
    with pytest.raises((ValueError, LookupError)):
        form_of(text)


def test_sections_of_both_forms_hold_every_setting():
    new, old = form_of("2026-04"), form_of("2026-03")
    keys = {code: section_of(new, code).key for code in ("01", "06", "07", "02", "05", "08", "04", "09", "03", "10")}
    assert keys == {
        "01": "I",
        "06": "I",
        "07": "I",
        "02": "II",
        "05": "II",
        "08": "II",
        "04": "III",
        "09": "III",
        "03": "IV",
        "10": "khac",
    }
    assert [section_of(old, code).key for code in ("01", "03", "04")] == ["ngoai-tru", "noi-tru", "noi-tru"]


def test_a_setting_without_section_is_still_counted():
    found = figures(ONE, Bucket("10", EntryKind.CLAIM, sums(40_000)))
    assert found.total.asked == 120_000
    assert found.sections[-1].key == "khac"


def test_recalled_dossiers_are_taken_off():
    back = Bucket(
        "03",
        EntryKind.RECALL,
        Sums(-1, *(-D(getattr(ONE.sums, n)) for n in ONE.sums.__dataclass_fields__ if n != "cases")),
    )
    found = figures(ONE, back)
    assert found.total == Sums()
    assert {row.key: row.sums.approved for row in found.kinds} == {
        "claim": D(80_000), "carried": D(0), "adjust": D(0), "recall": D(-80_000), "open": D(0),
    }  # fmt: skip


def test_what_is_kept_is_what_was_computed_and_a_cell_changes_the_hash():
    found = figures(ONE, Bucket("03", EntryKind.CARRIED, sums(44_444, reduced=11)))
    kept = written(found)
    assert digest(read_sums(kept)) == digest(found)
    kept["sections"][0]["sums"]["approved"] = "80000.01"
    assert digest(read_sums(kept)) != digest(found)


def test_time_limits_follow_the_law_of_their_day():
    assert send_due("2026-12") == date(2027, 1, 15)
    assert pay_due(date(2026, 2, 9)) == date(2026, 2, 19)  # ten days
    assert pay_due(date(2026, 4, 29)) == date(2026, 5, 6)  # three working days over 30/4, 1/5 and a weekend
    assert minutes_due(date(2026, 2, 9)) is None
    assert minutes_due(date(2026, 11, 27)) == date(2026, 12, 1)  # Friday to Tuesday


def test_quarters():
    assert months_of_quarter("2026-05") == ("2026-04", "2026-05", "2026-06")
    assert months_of_quarter("2026-12") == ("2026-10", "2026-11", "2026-12")


def test_nothing_moves_a_locked_month_but_a_payment():
    for move in Move:
        assert allowed(move, State.LOCKED) is (move is Move.PAY)
        assert not allowed(move, State.PAID)
        assert bool(blocked(move, State.PAID))
    assert blocked(Move.SEND, State.DRAFT) == ""
    assert settled_state(D(5), D(4)) is State.LOCKED
    assert settled_state(D(-5), D(-5)) is State.PAID
    assert {rule.severity for rule in CHECKS} == {Severity.ERROR, Severity.WARNING, Severity.INFORMATION}
