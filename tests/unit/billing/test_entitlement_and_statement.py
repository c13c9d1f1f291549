"""The sentence of the registration desk, and the explanation of a finished visit."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from his.billing.rules import compute_entitlement, compute_visit, explain, explain_line
from his.billing.rules.days import day_of
from his.billing.rules.reference_level import level_on
from his.billing.rules.steps import STEPS
from his.billing.terms import (
    CardFacts,
    ChargeFacts,
    CopayHistory,
    DonorFacts,
    DonorMode,
    Entitlement,
    FacilityFacts,
    LineKind,
    OtherSources,
    RouteFacts,
    VisitFacts,
    VisitShare,
)
from his.kit.errors import HisError
from his.kit.text import clean

Compute = Callable[..., VisitShare]
DAY = date(2026, 8, 3)
DN4 = CardFacts("DN4790000000010", date(2020, 1, 1), date(2029, 12, 31))


def entitle(**change: Any) -> Entitlement:
    facts: dict[str, Any] = {
        "cards": [DN4],
        "facility": FacilityFacts("basic", Decimal(40)),
        "route": RouteFacts(registered=True),
    }
    return compute_entitlement(DAY, **facts | change)


@pytest.mark.parametrize(
    ("change", "category", "text"),
    [
        ({}, "1.1", "Quỹ trả 80 %"),
        ({"facility": FacilityFacts("initial", station=True)}, "1.2", "Quỹ trả 100 %"),
        ({"facility": FacilityFacts("basic", Decimal(60)), "route": RouteFacts()}, "1.13", "Quỹ trả 40 %"),
        ({"facility": FacilityFacts("intensive", former="central"), "route": RouteFacts()}, "3.1", "Quỹ không trả"),
        ({"cards": [CardFacts("LH4790000000010", date(2024, 1, 1))]}, "1.1", "Quỹ trả 100 %"),
        ({"cards": []}, "9", "Quỹ không trả"),
        ({"exempt_from": date(2026, 5, 1)}, "1.1", "Quỹ trả 100 %"),
        ({"copay": CopayHistory(date(2020, 1, 1), Decimal(15_000_000))}, "1.1", "Quỹ trả 100 %"),
        ({"cards": [CardFacts("7900000010", date(2020, 1, 1), None, 3)]}, "1.1", "Quỹ trả 95 %"),
    ],
)
def test_entitlement_at_registration(change: dict[str, Any], category: str, text: str) -> None:
    entitlement = entitle(**change)
    assert (entitlement.category, entitlement.text) == (category, text)
    assert entitlement.reason == entitlement.explanation[0].text
    assert entitlement.low_cost_limit == 379_500


def test_entitlement_with_an_unchecked_number_says_what_to_do() -> None:
    entitlement = entitle(cards=[CardFacts("7900000010", date(2020, 1, 1))])
    assert (entitlement.category, entitlement.benefit_rate) == ("1.1", None)
    assert "tra cứu thẻ" in entitlement.text


def test_explanation_of_the_fifteen_per_cent_test(compute: Compute) -> None:
    sentences = [clean(text) for text in explain(compute(lines=[{"kind": "service", "price": "497440"}]))]
    assert sentences == [
        "Đối tượng 1.1: đến đúng nơi đăng ký khám chữa bệnh ban đầu.",
        "Thẻ có hiệu lực từ 01/01/2020 đến 31/12/2029: mã quyền lợi 4 hưởng 80 %.",
        "Tổng trong phạm vi 497.440 đ không dưới 379.500 đ (15 % mức tham chiếu 2.530.000 đ) nên cùng chi trả 20 %.",
        "Tổng chi phí 497.440 đ: quỹ trả 397.952 đ, cùng chi trả 99.488 đ, tự trả 0 đ.",
    ]


def test_explanation_below_fifteen_per_cent(compute: Compute) -> None:
    sentences = [clean(text) for text in explain(compute(lines=[{"kind": "service", "price": "300000"}]))]
    assert (
        "Tổng trong phạm vi 300.000 đ dưới 379.500 đ (15 % mức tham chiếu 2.530.000 đ) nên không cùng chi trả theo mức thẻ."
        in sentences
    )


def test_explanation_names_odd_lines_and_supplies(compute: Compute) -> None:
    visit = compute(
        loai_kcb="03",
        ra="202608060800",
        lines=[
            {"kind": "bed", "price": "200000", "share": 2},
            {"kind": "drug", "price": "100000", "tyle_bh": 50, "donor": {"mode": "a", "vttn": "10000"}},
            {"kind": "service", "price": "50000", "pham_vi": 2},
        ],
        packages=[{"lines": [{"price": "120000000"}]}],
        copay={"first_half": "0", "second_half": "180000"},
    )
    text = "\n".join(map(clean, explain(visit)))
    for part in (
        "Dòng 1: 2 người một giường nên tính 50 % giá giường.",
        "Dòng 2: Khoản này quỹ chỉ tính 50 % giá.",
        "Dòng 2: Nguồn khác trả 10.000 đ",
        "Dòng 3: Ngoài phạm vi BHYT",
        "Gói vật tư 1: Vật tư 120.000.000 đ: trong phạm vi 113.850.000 đ, trần 45 tháng 113.850.000 đ.",
        "Còn 15.000.000 đ cùng chi trả trong năm trước khi được miễn.",
        "Nằm viện 3 ngày giường, điều trị 4 ngày.",
        "nguồn khác 10.000 đ",
    ):
        assert part in text
    assert "tự trả 40.000 đ" in clean(explain_line(visit.lines[1])[-1])


def test_every_step_has_a_basis(compute: Compute) -> None:
    visit = compute(facility={"level": "basic", "points": 60}, route={})
    steps = [*visit.explanation, *visit.lines[0].explanation]
    assert {step.code for step in steps} <= set(STEPS)
    assert all(step.basis and step.text.endswith(".") for step in steps)


def test_aware_instants_count_as_days_of_viet_nam() -> None:
    assert day_of(datetime(2026, 6, 30, 17, 0, tzinfo=UTC)) == date(2026, 7, 1)
    assert day_of(datetime(2026, 6, 30, 16, 59, tzinfo=UTC)) == date(2026, 6, 30)


def test_no_reference_level_is_guessed() -> None:
    assert level_on(date(2026, 6, 30)) == 2_340_000
    with pytest.raises(HisError, match="mức tham chiếu"):
        level_on(date(2013, 6, 30))


def test_sixty_lines_take_well_under_five_milliseconds() -> None:
    kinds = list(LineKind)
    arrived = datetime.fromisoformat("2026-08-03T08:00:00")
    donor = DonorFacts(DonorMode.PATIENT, OtherSources(domestic_donors=Decimal(1000)))
    lines = tuple(
        ChargeFacts(str(i), kinds[i % 7], Decimal(12_345) + i, arrived, session="S", donor=donor) for i in range(60)
    )
    facts = VisitFacts(arrived, arrived, "03", FacilityFacts(), RouteFacts(registered=True), (DN4,), lines)
    fastest = 1.0
    for _ in range(10):
        started = time.perf_counter()
        compute_visit(facts)
        fastest = min(fastest, time.perf_counter() - started)
    assert fastest < 0.005
