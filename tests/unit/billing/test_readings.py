"""The readings of contradictory texts are dated: a visit is computed by those of the day on which it ended."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from his.billing.rules import compute_visit
from his.billing.rules.plain import read_visit
from his.billing.rules.readings import READINGS, settings_on
from his.billing.terms import BenefitSettings
from his.claims.rules.reading import POINTS
from his.claims.rules.reading import READINGS as CLAIM_READINGS
from his.kit.rulebook import Dated

TURN = date(2026, 9, 1)


def visit(day: str, **changes: Any) -> Any:
    facts: dict[str, Any] = {
        "vao": f"{day}0800", "ra": f"{day}1500", "loai_kcb": "01", "facility": {"level": "basic", "points": 40},
        "route": {"registered": True}, "cards": [{"code": "DN4790000000010", "from": "20200101", "to": "20291231"}],
        "lines": [{"kind": "service", "price": "1000000"}],
    }  # fmt: skip
    found, unknown = read_visit(facts | changes)
    assert unknown == []
    return found


def turned(name: str, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first reading ends on 31/08/2026, the other one begins."""
    (first,) = READINGS[name]
    values = (Dated(first.value, first.valid_from, date(2026, 8, 31), first.basis), Dated(other, TURN, basis="thử"))
    monkeypatch.setitem(READINGS, name, values)


def test_every_reading_is_dated_and_says_its_source() -> None:
    assert READINGS.keys() == {field.name for field in fields(BenefitSettings)}
    for name, values in READINGS.items():
        assert [value.value for value in values] == [getattr(BenefitSettings(), name)]
        assert all(len(value.basis) > 15 for value in values), name
    assert settings_on(date(2010, 1, 1)) == settings_on(date(2030, 1, 1)) == BenefitSettings()


def test_order_of_the_categories_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point 8: an emergency at a clinic that is not the registered one is 2 first, 1.13 in literal order."""
    turned("emergency_first", False, monkeypatch)
    route = {"registered": False, "emergency": True}
    before = compute_visit(visit("20260831", route=route, facility={"level": "basic", "points": 60}))
    after = compute_visit(visit("20260901", route=route, facility={"level": "basic", "points": 60}))
    assert before.category == "2"
    assert after.category != "2"


def test_part_cut_by_the_ratio_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point 9: 1,000,000 self-referred at half: 400,000 by the fund; the other half of the base is co-payment or self-paid."""
    turned("selfref_split", "self_paid", monkeypatch)
    route = {"registered": False}
    facility = {"level": "basic", "points": 60}
    before = compute_visit(visit("20260831", route=route, facility=facility)).totals
    after = compute_visit(visit("20260901", route=route, facility=facility)).totals
    assert before.insurer_share == after.insurer_share == Decimal(400_000)
    assert (before.copayment, before.self_paid) == (Decimal(600_000), Decimal(0))
    assert (after.copayment, after.self_paid) == (Decimal(100_000), Decimal(500_000))


def test_small_self_referred_bill_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point 10: 200,000 is under 15 % of the reference level: 100 % or the card's 80 %, times the ratio of a half."""
    turned("low_cost_selfref", "card_times_ratio", monkeypatch)
    small = {"route": {"registered": False}, "facility": {"level": "basic", "points": 60}}
    lines = [{"kind": "service", "price": "200000"}]
    assert compute_visit(visit("20260831", lines=lines, **small)).totals.insurer_share == Decimal(100_000)
    assert compute_visit(visit("20260901", lines=lines, **small)).totals.insurer_share == Decimal(80_000)


def test_day_that_fixes_the_reference_level_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point 20: a stay from 30/06 to 01/07/2026 has the level of its end, 2,530,000, or of its arrival, 2,340,000."""
    stay = visit("20260701", vao="202606300800", loai_kcb="03")
    assert compute_visit(stay).reference_level == Decimal(2_530_000)
    monkeypatch.setitem(READINGS, "reference_moment", (Dated("arrival", date.min, basis="thử"),))
    assert compute_visit(stay).reference_level == Decimal(2_340_000)


def test_day_on_which_a_near_poor_card_counts_more_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point 21: CN pays 95 % until 2025, 100 % from 2026; a line of 31/12/2025 in a stay that ends in 2026."""
    stay = visit(
        "20260102", vao="202512310800", loai_kcb="03",
        cards=[{"code": "CN3790000000010", "from": "20200101", "to": "20291231"}],
        lines=[{"kind": "service", "price": "1000000", "at": "202512310900"}],
    )  # fmt: skip
    assert compute_visit(stay).totals.insurer_share == Decimal(950_000)
    monkeypatch.setitem(READINGS, "digit_change_moment", (Dated("end", date.min, basis="thử"),))
    assert compute_visit(stay).totals.insurer_share == Decimal(1_000_000)


def test_computing_and_checking_share_one_answer() -> None:
    shared = {"header_fund", "four_hours", "extra_bed_day", "three_in_bed", "expired_card"}
    for name in shared:
        assert CLAIM_READINGS[name] is READINGS[name], name
    assert CLAIM_READINGS["supply_ceiling"] is READINGS["device_ceiling"]
    for name, point in POINTS.items():
        assert CLAIM_READINGS[name][0].value == point.default


def test_a_visit_of_today_uses_the_defaults() -> None:
    facts = visit("20260810")
    assert compute_visit(facts) == compute_visit(facts, BenefitSettings())
