"""Rules on using a supply: each fires on what it forbids and is silent on a lawful use; packages are numbered by first use."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from his.kit.rulebook import assess
from his.orders.rules import SUPPLY_RULES, package_codes
from his.orders.terms import ApprovedSupply, SupplyFacts

DAY = date(2026, 10, 5)
ORDERED = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
SUTURE = ApprovedSupply(
    "N05.02.030", "Chỉ khâu", "10", Decimal(28500), Decimal(28500), 100, "215/QĐ-SYT;G2;N1;2026", False
)
GOOD = SupplyFacts(
    "N05.02.030", Decimal("1.5"), "insurance", True, False, ORDERED + timedelta(minutes=20), ORDERED, "in-progress",
    ORDERED + timedelta(hours=1), SUTURE,
)  # fmt: skip
Change = Callable[[SupplyFacts], SupplyFacts]
CASES: dict[str, tuple[str, Change]] = {
    "unknown": ("ORD-SUP-01", lambda f: replace(f, supply=None, payer="self")),
    "zero": ("ORD-SUP-02", lambda f: replace(f, quantity=Decimal(0))),
    "negative": ("ORD-SUP-02", lambda f: replace(f, quantity=Decimal(-1))),
    "four-decimals": ("ORD-SUP-02", lambda f: replace(f, quantity=Decimal("0.0005"))),
    "too-many": ("ORD-SUP-02", lambda f: replace(f, quantity=Decimal(10_001))),
    "before-the-order": ("ORD-SUP-03", lambda f: replace(f, used_at=ORDERED - timedelta(minutes=1))),
    "in-the-future": ("ORD-SUP-03", lambda f: replace(f, used_at=f.now + timedelta(minutes=1))),
    "revoked": ("ORD-SUP-04", lambda f: replace(f, order_status="revoked")),
    "no-bid": ("ORD-SUP-05", lambda f: replace(f, supply=replace(SUTURE, tender=""))),
    "no-card": ("ORD-SUP-06", lambda f: replace(f, insured=False)),
    "out-of-scope": ("ORD-SUP-06", lambda f: replace(f, supply=replace(SUTURE, insured_price_vnd=Decimal(0)))),
    "single-use": ("ORD-SUP-07", lambda f: replace(f, reused=True)),
}


@pytest.mark.parametrize("case", CASES)
def test_rule_fires(case: str) -> None:
    code, change = CASES[case]
    found = assess(SUPPLY_RULES, change(GOOD), on=DAY)
    assert [f.code for f in found] == [code]
    assert found[0].message.endswith(".")


@pytest.mark.parametrize(
    "lawful",
    [
        GOOD,
        replace(GOOD, quantity=Decimal("0.001")),
        replace(GOOD, used_at=ORDERED),
        replace(GOOD, payer="self", insured=False),
        replace(GOOD, payer="self", supply=replace(SUTURE, tender="")),
        replace(GOOD, supply=replace(SUTURE, cost_group="11", tender="")),
        replace(GOOD, reused=True, supply=replace(SUTURE, reusable=True)),
    ],
    ids=["usual", "least", "at-once", "own-money", "own-money-no-bid", "outside-list", "reusable"],
)
def test_a_lawful_use_fires_nothing(lawful: SupplyFacts) -> None:
    assert assess(SUPPLY_RULES, lawful, on=DAY) == []


def test_every_rule_has_a_case() -> None:
    assert {code for code, _ in CASES.values()} == {rule.code for rule in SUPPLY_RULES}


def test_packages_are_numbered_by_the_first_use_and_not_by_the_order_given() -> None:
    first, second = UUID(int=2), UUID(int=1)
    uses = [
        (second, ORDERED + timedelta(minutes=5)), (first, ORDERED + timedelta(minutes=9)), (first, ORDERED),
    ]  # fmt: skip
    assert package_codes(uses) == package_codes(uses[::-1]) == {first: "G1", second: "G2"}
    assert package_codes([]) == {}
