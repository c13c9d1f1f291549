"""Which lots are taken, and what the store says: each rule with an example and a counter-example."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit.errors import Finding, Severity
from his.kit.rulebook import assess
from his.pharmacy.rules import RULES, is_expired, pick_lots
from his.pharmacy.terms import Lot, Need, StockFacts
from his.pharmacy.view import read_scan

TODAY = date(2026, 11, 23)


def lot(number: str, days: int, available: int, drug: str = "A") -> Lot:
    return Lot(uuid4(), drug, number, TODAY + timedelta(days=days), Decimal(available))


def need(quantity: int, *, days: int = 28, drug: str = "A", key: str = "1", insured: bool = True) -> Need:
    return Need(key, drug, "Amlodipin 5mg", "Viên", Decimal(quantity), TODAY + timedelta(days=days - 1), insured)


def picked(needs: list[Need], lots: list[Lot]) -> list[tuple[str, Decimal]]:
    names: dict[UUID, str] = {row.id: row.lot_number for row in lots}
    return [(names[take.lot_id], take.quantity) for take in pick_lots(needs, lots, TODAY).takes]


def codes(facts: StockFacts) -> list[Finding]:
    return assess(RULES, facts, facts.on)


def test_first_expiry_first() -> None:
    assert picked([need(28)], [lot("B", 400, 100), lot("A", 60, 20)]) == [("A", 20), ("B", 8)]


def test_exact_quantity_leaves_nothing_missing() -> None:
    plan = pick_lots([need(28)], [lot("A", 60, 28)], TODAY)
    assert dict(plan.missing) == {}


def test_short_lived_lot_only_when_the_others_do_not_suffice() -> None:
    assert picked([need(28)], [lot("SOON", 10, 100), lot("LATE", 400, 20)]) == [("LATE", 20), ("SOON", 8)]


def test_expired_lot_is_never_taken_and_today_still_counts() -> None:
    assert picked([need(1, days=1)], [lot("DEAD", -1, 10), lot("TODAY", 0, 10)]) == [("TODAY", 1)]
    assert is_expired(TODAY - timedelta(days=1), TODAY)
    assert not is_expired(TODAY, TODAY)


def test_two_lines_of_one_drug_share_the_lot() -> None:
    plan = pick_lots([need(6, key="1"), need(6, key="2")], [lot("A", 400, 10)], TODAY)
    assert dict(plan.missing) == {"2": 2}


@pytest.mark.parametrize(
    ("code", "severity", "speaks", "silent"),
    [
        (
            "PHA-STOCK-01",
            Severity.ERROR,
            StockFacts(TODAY, (need(28),), (lot("A", 400, 20),)),
            StockFacts(TODAY, (need(28),), (lot("A", 400, 28),)),
        ),
        (
            "PHA-STOCK-02",
            Severity.WARNING,
            StockFacts(TODAY, (need(28, insured=False),), (lot("A", 400, 20),)),
            StockFacts(TODAY, (need(28, insured=False),), (lot("A", 400, 28),)),
        ),
        (
            "PHA-STOCK-03",
            Severity.WARNING,
            StockFacts(TODAY, (need(28),), (lot("A", 10, 28),)),
            StockFacts(TODAY, (need(28),), (lot("A", 27, 28),)),
        ),
    ],
)
def test_rule_speaks_and_is_silent(code: str, severity: Severity, speaks: StockFacts, silent: StockFacts) -> None:
    (finding,) = [f for f in codes(speaks) if f.code == code]
    assert (finding.severity, finding.line) == (severity, "1")
    assert code not in {f.code for f in codes(silent)}


def test_shortage_names_the_amounts() -> None:
    (finding,) = codes(StockFacts(TODAY, (need(28),), (lot("A", 400, 20), lot("OLD", -5, 9))))
    assert finding.message == "Kho thiếu 8 viên Amlodipin 5mg: cần 28 viên, phát được 20 viên (còn 9 viên đã hết hạn)."


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(-30, 400), st.integers(0, 50)), max_size=8),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 60), st.integers(1, 90)), max_size=6),
)
def test_plan_takes_no_more_than_there_is_and_misses_only_what_is_not_there(
    shelves: list[tuple[str, int, int]], wanted: list[tuple[str, int, int]]
) -> None:
    lots = [lot(f"L{i}", days, amount, drug) for i, (drug, days, amount) in enumerate(shelves)]
    needs = [need(amount, days=days, drug=drug, key=str(i)) for i, (drug, amount, days) in enumerate(wanted)]
    plan = pick_lots(needs, lots, TODAY)
    for row in lots:
        taken = sum((t.quantity for t in plan.takes if t.lot_id == row.id), Decimal(0))
        assert taken <= row.available
        assert not taken or not is_expired(row.expires_on, TODAY)
    for row in needs:
        got = sum((t.quantity for t in plan.takes if t.key == row.key), Decimal(0))
        assert got + plan.missing.get(row.key, Decimal(0)) == row.quantity
    for drug in "AB":
        usable = sum(
            (o.available for o in lots if o.drug_code == drug and not is_expired(o.expires_on, TODAY)), Decimal(0)
        )
        asked = sum((n.quantity for n in needs if n.drug_code == drug), Decimal(0))
        missing = sum((plan.missing.get(n.key, Decimal(0)) for n in needs if n.drug_code == drug), Decimal(0))
        assert missing == max(asked - usable, Decimal(0))


@pytest.mark.parametrize(
    ("typed", "words", "units"),
    [
        ("M2608", "M2608", None),
        ("M2608*30", "M2608", 30),
        ("M'26 * 7", "M'26", 7),
        ("(01)08935001234567(17)271231(10)M2608", "M2608", None),
        ("]d2010893500123456717271231" + "10M2608", "M2608", None),
        ("VD-90087-26", "VD-90087-26", None),
    ],
)
def test_scans(typed: str, words: str, units: int | None) -> None:
    scanned = read_scan(typed)
    assert (scanned.words, scanned.units) == (words, units)
