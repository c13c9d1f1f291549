"""Group, package and ceiling of a supply: what fires, what does not, at the boundary of each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import assess_claim
from his.claims.rules.supply import SUPPLY_RULES
from his.claims.terms import ClaimFacts

DAY = date(2026, 8, 10)
D = Decimal
CEILING = D(113_850_000)  # 45 x 2,530,000
CASES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "supply-in-another-group": ("CLM-PACKAGE-01", lambda h: h.supply(group_code="8")),
    "service-in-a-supply-group": ("CLM-PACKAGE-01", lambda h: h.bed(group_code="11")),
    "ceiling-too-high": ("CLM-PACKAGE-02", lambda h: h.supply(package_code="G1", package_ceiling=CEILING + 1)),
    "ceiling-without-package": ("CLM-PACKAGE-03", lambda h: h.supply(package_ceiling=CEILING)),
}


def codes(good: ClaimFacts, h: Any, line: Any) -> set[str]:
    facts = h.rebill(h.more_services(line)(good))
    return {f.code for f in assess_claim(facts, DAY) if f.code.startswith("CLM-PACKAGE")}


@pytest.mark.parametrize("case", CASES)
def test_rule_fires(case: str, good: ClaimFacts, h: Any) -> None:
    code, line = CASES[case]
    assert codes(good, h, line(h)) == {code}


def test_every_rule_has_a_case() -> None:
    assert {code for code, _ in CASES.values()} == {rule.code for rule in SUPPLY_RULES}


def test_lawful_supplies_fire_none(good: ClaimFacts, h: Any) -> None:
    assert codes(good, h, h.supply(package_code="G1", package_ceiling=CEILING)) == set()
    assert codes(good, h, h.supply(package_code="G1")) == set()
    assert codes(good, h, h.supply(group_code="11")) == set()


def test_the_ceiling_follows_the_day_of_use(good: ClaimFacts, h: Any) -> None:
    """Before 01/07/2026 the level was 2,340,000, so the ceiling of today is too high for a use of that day."""
    old = D(105_300_000)
    june = h.supply(package_code="G1", package_ceiling=CEILING)
    june = replace(june, ordered_at=june.ordered_at - timedelta(days=60), performed_at=None)
    assert codes(good, h, june) == {"CLM-PACKAGE-02"}
    assert codes(good, h, replace(june, package_ceiling=old)) == set()


def test_five_years_end_the_patients_part_inside_a_package(good: ClaimFacts, h: Any) -> None:
    """47,190,000 of 54,450,000 is more than 80 %: lawful with five years reached, wrong without."""
    line = h.supply(
        package_code="G1", package_ceiling=CEILING, insurer_share=D(185_000), copayment=D(15_000), self_paid=D(0)
    )
    facts = h.rebill(h.more_services(line)(good))
    assert "CLM-LINE-12" in {f.code for f in assess_claim(facts, DAY)}
    reached = replace(facts, five_years_on=date(2026, 1, 1))
    assert "CLM-LINE-12" not in {f.code for f in assess_claim(reached, DAY)}
    assert "CLM-LINE-12" in {f.code for f in assess_claim(replace(facts, five_years_on=date(2027, 1, 1)), DAY)}
