"""Rounding, other sources, the ceiling of supplies: the five examples of the circular and the annex's own figures."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from his.billing.rules import compute_visit
from his.billing.rules.split import spread
from his.billing.terms import (
    CardFacts,
    ChargeFacts,
    DonorFacts,
    DonorMode,
    LineKind,
    OtherSources,
    VisitFacts,
    VisitShare,
)
from his.kit.errors import HisError

Compute = Callable[..., VisitShare]
HIGH = {"level": "intensive", "former": "provincial"}


def device_visit(compute: Compute, code: str, options: dict[str, Any] | None = None, **package: Any) -> VisitShare:
    """A use of supplies on 15/06/2017 (base salary 1,210,000) far above 45 months, by referral."""
    use = {"at": "20170615", "lines": [{"price": "50000000", "ceiling": "42000000"}, {"qty": "2", "price": "10000000"}]}
    return compute(
        options=options,
        vao="201706150800",
        ra="201706151800",
        loai_kcb="03",
        facility=HIGH,
        route={"referral": True},
        cards=[{"code": f"{code}790000000010", "from": "20150101", "to": "20291231"}],
        lines=[],
        packages=[use | package],
    )


@pytest.mark.parametrize(
    ("code", "package", "share", "rate"),
    [
        ("HN2", {}, 54_450_000, 100),
        ("HT3", {}, 51_727_500, 95),
        ("DN4", {}, 43_560_000, 80),
        ("DN4", {"five_years": True}, 47_190_000, 80),
        ("DN4", {"five_years": True, "copay_before": "7260000"}, 54_450_000, 100),
        ("DN4", {"five_years": True, "copay_before": "7000000"}, 54_190_000, 80),
        ("DN4", {"five_years": False, "copay_before": "9000000"}, 43_560_000, 80),
    ],
)
def test_supplies_above_45_months(compute: Compute, code: str, package: dict[str, Any], share: int, rate: int) -> None:
    visit = device_visit(compute, code, **package)
    use = visit.packages[0]
    assert (use.ceiling, use.amount_covered, use.insurer_share, use.benefit_rate) == (
        54_450_000,
        54_450_000,
        share,
        rate,
    )
    assert (use.copayment, use.self_paid) == (54_450_000 - share, 15_550_000)
    assert use.balances
    assert visit.totals.insurer_share == share
    for name in ("amount_hospital", "amount_covered", "insurer_share", "copayment", "self_paid"):
        assert sum(getattr(line, name) for line in use.lines) == getattr(use, name), name
    assert all(line.balances for line in use.lines)


def test_visit_history_stops_the_patients_part_too(compute: Compute) -> None:
    use = {"lines": [{"price": "120000000"}]}
    copay = {"five_years_on": "20200101", "first_half": "0", "second_half": "15000000"}
    share = compute(lines=[], packages=[use], copay=copay, loai_kcb="03").packages[0]
    assert (share.amount_covered, share.copayment, share.self_paid) == (113_850_000, 180_000, 6_150_000)


def test_supplies_below_the_ceiling_and_with_their_own_percentage(compute: Compute) -> None:
    use = {"lines": [{"price": "100000000"}, {"price": "90000000", "tyle_bh": 50}]}
    share = compute(lines=[], packages=[use], loai_kcb="03").packages[0]
    assert share.amount_covered == 145_000_000
    assert share.insurer_share == 116_000_000


def test_ceiling_may_bound_the_funds_share(compute: Compute) -> None:
    use = device_visit(compute, "DN4", {"device_ceiling": "fund"}).packages[0]
    assert (use.amount_covered, use.insurer_share, use.copayment) == (62_000_000, 49_600_000, 12_400_000)
    full = device_visit(compute, "HN2", {"device_ceiling": "fund"}).packages[0]
    assert (full.insurer_share, full.copayment, full.self_paid) == (54_450_000, 7_550_000, 8_000_000)


@pytest.mark.parametrize(
    ("donor", "cover", "parts"),
    [
        ({"mode": "a", "vttn": "3000000"}, 50, (4_000_000, 1_000_000, 2_000_000, 3_000_000)),
        ({"mode": "a", "nsnn": "5000000", "cl": "500000"}, 50, (4_000_000, 500_000, 0, 5_500_000)),
        ({"mode": "a", "vtnn": "7000000"}, 50, (3_000_000, 0, 0, 7_000_000)),
        ({"mode": "a", "vtnn": "70000000"}, 50, (0, 0, 0, 10_000_000)),
        ({"mode": "b", "vttn": "3000000"}, 50, (2_800_000, 700_000, 3_500_000, 3_000_000)),
        ({"mode": "b", "vttn": "30000000"}, 50, (0, 0, 0, 10_000_000)),
        ({"mode": "c"}, 100, (8_000_000, 0, 0, 2_000_000)),
        ({"mode": "c", "vtnn": "1"}, 50, (4_000_000, 0, 5_000_000, 1_000_000)),
    ],
)
def test_other_sources(compute: Compute, donor: dict[str, Any], cover: int, parts: tuple[int, ...]) -> None:
    visit = compute(lines=[{"kind": "drug", "price": "10000000", "tyle_bh": cover, "donor": donor}])
    total = visit.totals
    assert (total.insurer_share, total.copayment, total.self_paid, total.other_sources) == parts
    assert total.balances
    assert visit.lines[0].sources.total == total.other_sources


def test_support_of_the_facility_is_split_at_the_lower_price(compute: Compute) -> None:
    line = {"kind": "drug", "price": "1000000", "donor": {"mode": "b", "cl": "200000"}}
    assert compute(lines=[line | {"price_bh": "900000"}]).totals.amount_covered == 720_000
    assert compute(lines=[line | {"price_bh": "1200000"}]).totals.amount_covered == 800_000


def test_header_reading_by_difference_is_larger_when_a_donor_covers_copayment(compute: Compute) -> None:
    lines = [{"kind": "drug", "price": "1000000", "donor": {"mode": "a", "vttn": "200000"}}]
    assert compute(lines=lines).totals.insurer_share == 800_000
    other = compute(options={"header_fund": "covered_minus_copayment"}, lines=lines)
    assert other.totals.insurer_share == 1_000_000
    assert not other.totals.balances
    assert "không cộng khớp" in other.explanation[-1].text


@pytest.mark.parametrize(
    ("line", "hospital", "covered", "share"),
    [
        ({"price": "500000.125"}, "500000.13", "500000.13", "400000.10"),
        ({"qty": "3", "price": "333333.333"}, "1000000.00", "1000000.00", "800000.00"),
        ({"price": "1000000", "price_bh": "900000"}, "1000000", "900000", "720000"),
        ({"price": "1000000", "price_bh": "1200000"}, "1000000", "1000000", "800000"),
        ({"qty": "0.5", "price": "1000000.001", "tyle_bh": 100}, "500000.00", "500000.00", "400000.00"),
    ],
)
def test_rounding_half_up_per_line(
    compute: Compute, line: dict[str, Any], hospital: str, covered: str, share: str
) -> None:
    total = compute(lines=[{"kind": "service", **line}]).totals
    assert (total.amount_hospital, total.amount_covered, total.insurer_share) == tuple(
        map(Decimal, (hospital, covered, share))
    )


def test_header_is_the_sum_of_rounded_lines(compute: Compute) -> None:
    visit = compute(lines=[{"kind": "drug", "price": "333333.331"}] * 3)
    assert visit.lines[0].insurer_share == Decimal("266666.66")
    assert visit.totals.insurer_share == Decimal("799999.98")  # 80 % of the total would be 799,999.99


def test_spread_loses_no_cent() -> None:
    parts = spread(Decimal("100.00"), [Decimal("33.34"), Decimal("33.33"), Decimal("33.34")])
    assert sum(parts) == 100
    assert spread(Decimal(0), [Decimal(0)]) == [0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"unit_price": Decimal(-1)}, "unit_price"),
        ({"cover_scope": 4}, "cover_scope"),
        ({"cover_rate": Decimal(101)}, "cover_rate"),
        ({"share": 0, "kind": LineKind.BED}, "share"),
        ({"donor": DonorFacts(DonorMode.PATIENT, OtherSources(remaining=Decimal(-1)))}, "donor"),
    ],
)
def test_impossible_lines_are_refused_by_name(change: dict[str, Any], field: str) -> None:
    arrived = datetime.fromisoformat("2026-08-03T08:00:00")
    base: dict[str, Any] = {"key": "L1", "kind": LineKind.SERVICE, "unit_price": Decimal(1), "ordered_at": arrived}
    card = CardFacts("DN4790000000010", arrived.date())
    facts = VisitFacts(arrived, arrived, cards=(card,), lines=(ChargeFacts(**base | change),))
    with pytest.raises(HisError) as caught:
        compute_visit(facts)
    assert field in caught.value.field
