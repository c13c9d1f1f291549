"""Where rules stay silent, and where the law draws the line."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES, assess_check_in, assess_claim
from his.claims.rules.line_service import exam_rates
from his.claims.terms import WALL_CLOCK, ClaimFacts

DAY = date(2026, 8, 10)
ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
D = Decimal


def at(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


def test_the_good_visit_fires_no_rule(good: ClaimFacts, h: Any) -> None:
    assert assess_claim(good, DAY) == []
    assert assess_check_in(good, DAY) == []


def test_a_good_inpatient_stay_fires_no_rule(good: ClaimFacts, h: Any) -> None:
    beds = [h.bed(key=f"bed-{n}", ordered_at=at(60 + 60 * 24 * n)) for n in range(3)]
    facts = h.rebill(h.both(h.inpatient(), h.more_services(*beds))(good))
    assert assess_claim(facts, DAY) == []


def test_rates_change_with_the_law(good: ClaimFacts, h: Any) -> None:
    half = h.drug(benefit_rate=D("47.5"))(good)
    before = {f.code for f in assess_claim(half, date(2026, 6, 30))}
    after = {f.code for f in assess_claim(half, date(2026, 7, 1))}
    assert "CLM-LINE-09" in before
    assert not {"CLM-LINE-09", "CLM-LINE-10"} & after


def test_cards_may_chain_over_the_stay_and_inpatients_have_grace(good: ClaimFacts, h: Any) -> None:
    first = replace(good.cards[0], valid_to=date(2026, 8, 10))
    second = replace(good.cards[0], number="HT3010000000042", valid_from=date(2026, 8, 11))
    long = h.inpatient(ended_at=at(60 * 24 * 30), treatment_days=31)(good)
    assert "CLM-CARD-02" in {f.code for f in assess_claim(replace(long, cards=(first,)), DAY)}
    assert "CLM-CARD-02" not in {f.code for f in assess_claim(replace(long, cards=(second, first)), DAY)}
    edge = replace(long, ended_at=at(60 * 24 * 15), cards=(first,))
    assert "CLM-CARD-02" not in {f.code for f in assess_claim(edge, DAY)}
    over = replace(edge, ended_at=at(60 * 24 * 16))
    assert "CLM-CARD-02" in {f.code for f in assess_claim(over, DAY)}


def donor(h: Any, bv: str, bh: str, rate: str, n: str, shares: tuple[str, str, str], cover: str = "100") -> Any:
    insurer, copay, own = shares
    return h.both(
        h.drug(
            quantity=D(1),
            unit_price=D(bv),
            cover_rate=D(cover),
            amount_hospital=D(bv),
            amount_covered=D(bh),
            benefit_rate=D(rate),
            insurer_share=D(insurer),
            copayment=D(copay),
            self_paid=D(own),
            other_domestic_donor=D(n),
            other_sources=D(n),
        ),
        h.rebill,
    )


@pytest.mark.parametrize(
    "case",
    [
        ("1000", "600", "80", "300", ("480", "120", "100"), "60"),
        ("1000", "600", "80", "450", ("480", "70", "0"), "60"),
        ("1000", "600", "80", "600", ("400", "0", "0"), "60"),
        ("10000000", "3500000", "80", "3000000", ("2800000", "700000", "3500000"), "50"),
        ("1000", "1000", "80", "200", ("800", "0", "0")),
    ],
    ids=["a-own", "a-copay", "a-fund", "b-official-example", "c-arv"],
)
def test_donor_cases_of_the_standard_are_lawful(case: tuple[Any, ...], good: ClaimFacts, h: Any) -> None:
    codes = {f.code for f in assess_claim(donor(h, *case)(good), DAY)}
    assert not codes & {"CLM-LINE-01", "CLM-LINE-02", "CLM-LINE-03", "CLM-LINE-04", "CLM-LINE-05"}


def test_the_other_reading_of_the_fund_total_is_only_mentioned(good: ClaimFacts, h: Any) -> None:
    facts = donor(h, "1000", "1000", "80", "200", ("800", "0", "0"))(good)
    assert [f.code for f in assess_claim(facts, DAY)] == ["CLM-SUM-08"]


def test_a_ceiling_moves_the_rest_to_the_patient(good: ClaimFacts, h: Any) -> None:
    capped = h.supply(
        package_code="G1", package_ceiling=D(150000), insurer_share=D(120000), copayment=D(30000), self_paid=D(50000)
    )
    facts = h.rebill(h.more_services(capped)(good))
    assert {f.code for f in assess_claim(facts, DAY)} == {"CLM-SUM-08"}


@pytest.mark.parametrize(
    ("count", "rates"),
    [(0, []), (1, [100]), (2, [100, 30]), (5, [100, 30, 30, 30, 10]), (7, [100, 30, 30, 30, 10, 0, 0])],
)
def test_exam_rates(count: int, rates: list[int]) -> None:
    assert exam_rates(count) == rates


def test_rules_have_title_basis_and_stable_codes() -> None:
    assert sum(not rule.code.startswith("CLM-FORM") for rule in RULES) >= 60
    for rule in (*RULES, *CHECK_IN_RULES):
        assert re.fullmatch(r"CLM-[A-Z]+(-(XML\d+|CHECKIN)(-[A-Z0-9_]+)?)?-\d{2}", rule.code)
        assert rule.title
        assert re.search(r"CORE-\d{3}|QĐ|Luật|TT ", rule.basis), rule.code
