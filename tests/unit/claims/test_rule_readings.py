"""Each open point that concerns rules is a named, dated setting: both readings are tried on a dossier where they part."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import assess_claim
from his.claims.rules.reading import POINTS, READINGS, is_other
from his.claims.terms import WALL_CLOCK, ClaimFacts
from his.kit.rulebook import Dated

DAY = date(2026, 8, 10)
ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
D = Decimal
Case = Callable[[Any], Callable[[ClaimFacts], ClaimFacts]]


def at(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


def donated(h: Any) -> Any:
    """A donor pays the co-payment: the two ways to T_BHTT differ, the header shows the sum of the lines."""
    drug = h.drug(copayment=D(0), other_domestic_donor=D("1441.5"), other_sources=D("1441.5"))
    return h.both(drug, h.rebill)


def operations(h: Any, rate: int) -> Any:
    one = h.bed(
        key="op-1", group_code="18", bed_codes=(), service_code="10.0001", service_name="Một", anaesthesia="2",
        performed_at=at(30), result_at=at(60), performer_codes=("000456/BN-CCHN",),
    )  # fmt: skip
    two = replace(
        one, key="op-2", service_code="10.0002", service_name="Hai", service_rate=D(rate), performed_at=at(40),
        performer_codes=("000457/BN-CCHN",),
    )  # fmt: skip
    return h.more_services(one, two)


def beds(h: Any, count: int, **stay: Any) -> Any:
    lines = [h.bed(key=f"bed-{n}", ordered_at=at(60 + n)) for n in range(count)]
    return h.both(h.inpatient(**stay), h.more_services(*lines))


FOUR_HOURS = {"ended_at": at(30 + 240), "treatment_days": 1, "paid_at": at(400), "care_setting": "03"}
# point -> dossier, rule, does it speak under the default, under the other reading
CASES: dict[str, tuple[Case, str, bool, bool]] = {
    "header_fund": (donated, "CLM-SUM-07", False, True),
    "supply_ceiling": (
        lambda h: h.more_services(h.supply(package_code="G1", package_ceiling=D(170000))), "CLM-LINE-06", True, False,
    ),
    "overlap": (lambda h: operations(h, 80), "CLM-TIME-32", False, True),
    "end_of_long_term": (
        lambda h: h.whole(care_setting="05", ended_at=at(60 * 24 * 30), follow_up_on=(date(2026, 9, 1),)),
        "CLM-TIME-13", False, True,
    ),
    "four_hours": (lambda h: beds(h, 1, **FOUR_HOURS), "CLM-LINE-45", True, False),
    "extra_bed_day": (lambda h: beds(h, 4, discharge_type="3"), "CLM-LINE-45", True, False),
    "three_in_bed": (
        lambda h: h.both(h.inpatient(), h.more_services(h.bed(service_rate=D("33.33")))), "CLM-LINE-43", True, False,
    ),
    "line_checks": (lambda h: h.exam(cover_scope="4"), "CLM-LINE-21", True, False),
    "device": (lambda h: h.test_line(device_codes=()), "CLM-LINE-48", True, False),
    "registered_here": (lambda h: h.whole(entitlement="7.2"), "CLM-CARD-10", False, True),
    "accident_list": (lambda h: h.whole(accident_code="9"), "CLM-DIAG-13", True, False),
    "expired_card": (
        lambda h: h.both(h.inpatient(ended_at=at(60 * 24 * 20)), h.card(valid_to=DAY)), "CLM-CARD-02", True, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_both_readings(name: str, good: ClaimFacts, h: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case, code, under_default, under_other = CASES[name]
    facts = case(h)(good)
    assert (code in {f.code for f in assess_claim(facts, DAY)}) is under_default
    point = POINTS[name]
    monkeypatch.setitem(READINGS, name, (Dated(point.other, date.min, basis=point.basis),))
    assert (code in {f.code for f in assess_claim(facts, DAY)}) is under_other


def test_every_point_has_a_case() -> None:
    assert set(CASES) == set(POINTS) == set(READINGS)


def test_a_reading_is_dated(good: ClaimFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    change = date(2026, 8, 10)
    values = (
        Dated("catalogue", date.min, change - timedelta(days=1)),
        Dated("unchecked", change),
    )
    monkeypatch.setitem(READINGS, "accident_list", values)
    assert is_other("accident_list", good)
    earlier = replace(good, arrived_at=at(-1440), ended_at=at(-1400))
    assert not is_other("accident_list", earlier)


def test_operations_apart_or_in_turn_are_right(good: ClaimFacts, h: Any) -> None:
    def codes(change: Any) -> set[str]:
        return {f.code for f in assess_claim(change(good), DAY)}

    assert "CLM-TIME-32" in codes(operations(h, 100))
    apart = h.both(
        operations(h, 100),
        lambda f: replace(
            f, services=(*f.services[:-1], replace(f.services[-1], performed_at=at(61), result_at=at(90)))
        ),
    )
    assert "CLM-TIME-32" not in codes(apart)
