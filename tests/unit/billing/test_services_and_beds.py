"""Rates of examinations, operations and beds, bed days and treatment days, worked by hand."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from his.billing.rules.bed_days import surgical_bed_price
from his.billing.rules.plain import read_visit
from his.billing.rules.service_rate import desk_rate, rate_services
from his.billing.terms import BenefitSettings, VisitShare

Compute = Callable[..., VisitShare]
STAY = {"vao": "202608030800", "ra": "202608060800", "loai_kcb": "03"}


def rates(visit: VisitShare) -> list[int]:
    return [line.service_rate for line in visit.lines]


def exam(minute: int, **more: Any) -> dict[str, Any]:
    return {"kind": "exam", "price": "45000", "at": f"2026080308{minute:02}", **more}


def bed(price: str, **more: Any) -> dict[str, Any]:
    return {"kind": "bed", "price": price, "at": "202608030900", **more}


def operation(price: str, team: str | None = "T1", session: str | None = "S1", **more: Any) -> dict[str, Any]:
    return {"kind": "surgery", "price": price, "team": team, "session": session, **more}


def test_examinations_in_order_of_time(compute: Compute) -> None:
    visit = compute(lines=[exam(50), exam(10), exam(20), exam(30), exam(40), exam(59)])
    assert rates(visit) == [10, 100, 30, 30, 30, 0]
    assert visit.totals.amount_hospital == 90_000  # never more than two examinations


def test_out_of_scope_and_contained_lines_take_no_place(compute: Compute) -> None:
    visit = compute(lines=[exam(10, pham_vi=2), exam(20, contained=True), exam(30), exam(40)])
    assert rates(visit) == [100, 0, 100, 30]


def test_return_on_the_same_day_is_the_second_examination(visit: Callable[..., dict[str, Any]]) -> None:
    facts, _ = read_visit(visit(lines=[exam(10), exam(20)]))
    assert [row.percent for row in rate_services(facts.lines, 1, BenefitSettings())] == [30, 30]


@pytest.mark.parametrize(("number", "still", "rate"), [(65, False, 100), (66, False, 50), (66, True, 0)])
def test_overloaded_desk(number: int, still: bool, rate: int) -> None:
    assert desk_rate(number, still) == rate


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([operation("3000000"), operation("5000000")], [50, 100]),
        ([operation("5000000"), operation("3000000", "T2")], [100, 80]),
        ([operation("5000000", "T2"), operation("5000000", "T1"), operation("1", "T1")], [80, 100, 50]),
        ([operation("5000000", None), operation("3000000", None)], [100, 50]),
        ([operation("5000000"), operation("1000000") | {"kind": "procedure"}], [100, 80]),
        ([operation("5000000"), operation("3000000", session="S2")], [100, 100]),
        ([operation("5000000"), operation("3000000", session=None)], [100, 100]),
        ([operation("5000000"), operation("3000000", contained=True)], [100, 0]),
        ([operation("900000") | {"kind": "procedure"}, operation("800000") | {"kind": "procedure"}], [100, 100]),
    ],
)
def test_operations_of_one_session(compute: Compute, lines: list[dict[str, Any]], expected: list[int]) -> None:
    assert rates(compute(lines=lines, **STAY)) == expected


@pytest.mark.parametrize(
    ("share", "rate", "amount"), [(1, 100, 200_000), (2, 50, 100_000), (3, 33, 66_000), (5, 33, 66_000)]
)
def test_shared_bed(compute: Compute, share: int, rate: int, amount: int) -> None:
    line = compute(lines=[bed("200000", share=share)], **STAY).lines[0]
    assert (line.quantity, line.service_rate, line.amount_hospital) == (1, rate, amount)


def test_three_in_a_bed_may_mean_a_third(compute: Compute) -> None:
    line = compute(options={"three_in_bed": "third"}, lines=[bed("200000", share=3)], **STAY).lines[0]
    assert (line.service_rate, line.amount_hospital) == (33, Decimal("66666.67"))


@pytest.mark.parametrize(
    ("lines", "quantities"),
    [
        ([bed("250000"), bed("200000")], ["0.5", "0.5"]),
        ([bed("250000"), bed("300000"), bed("200000")], ["0", "0.5", "0.5"]),
        ([bed("250000"), bed("300000", hours="4"), bed("200000")], ["0.5", "0", "0.5"]),
        ([bed("250000", hours="5"), bed("300000", hours="4"), bed("200000", hours="3")], ["1", "0", "0"]),
        ([bed("250000"), bed("200000", at="202608040900")], ["1", "1"]),
        ([bed("250000", qty="2"), bed("200000")], ["2", "1"]),
        ([bed("250000", share=3), bed("200000", share=2)], ["0.333", "0.5"]),
    ],
)
def test_wards_of_one_day(compute: Compute, lines: list[dict[str, Any]], quantities: list[str]) -> None:
    visit = compute(lines=lines, **STAY)
    assert [line.quantity for line in visit.lines] == [Decimal(text) for text in quantities]


def test_three_in_a_bed_and_a_ward_change_is_a_third_of_a_half(compute: Compute) -> None:
    line = compute(lines=[bed("300000", share=3), bed("200000")], **STAY).lines[0]
    assert (line.service_rate, line.amount_hospital) == (50, 49_950)


@pytest.mark.parametrize(
    ("start", "end", "more", "days"),
    [
        ("202608030800", "202608031200", {}, 0),
        ("202608030800", "202608031201", {}, 1),
        ("202608031000", "202608040959", {}, 1),
        ("202608031000", "202608040959", {"outcome": 5}, 1),
        ("202608031000", "202608041000", {}, 1),
        ("202608031000", "202608041000", {"outcome": 5}, 2),
        ("202608031000", "202608050700", {}, 2),
        ("202608031000", "202608080900", {"outcome": 2, "discharge": 1}, 5),
        ("202608031000", "202608080900", {"outcome": 3, "discharge": 4}, 6),
        ("202608031000", "202608080900", {"outcome": 3, "discharge": 1}, 5),
        ("202608031000", "202608080900", {"outcome": 4, "discharge": 2}, 6),
        ("202608031000", "202608080900", {"outcome": 5}, 6),
        ("202608031000", "202608080900", {"outcome": 6, "discharge": 1}, 6),
        ("202608031000", "202608080900", {"outcome": 2, "discharge": 2}, 5),
        ("202608031000", "202608080900", {"outcome": 2, "discharge": 2, "sent_down": True}, 6),
        ("202608031000", "202608080900", {"outcome": 2, "discharge": 3}, 5),
        ("202608031000", "202608080900", {"vao_noi_tru": "202608040100"}, 4),
    ],
)
def test_bed_days(compute: Compute, start: str, end: str, more: dict[str, Any], days: int) -> None:
    assert compute(vao=start, ra=end, loai_kcb="03", **more).bed_days == days


def test_other_readings_of_bed_days(compute: Compute) -> None:
    four = {"vao": "202608030800", "ra": "202608031200", "loai_kcb": "03"}
    assert compute(options={"four_hours": "one"}, **four).bed_days == 1
    left = {"vao": "202608031000", "ra": "202608080900", "loai_kcb": "03", "outcome": 2}
    for discharge in (2, 3, 5):
        assert compute(options={"extra_bed_day": "any_referral"}, discharge=discharge, **left).bed_days == 6
    assert compute(options={"extra_bed_day": "any_referral"}, discharge=1, **left).bed_days == 5


@pytest.mark.parametrize(
    ("setting", "days"),
    [("01", 0), ("02", 4), ("03", 4), ("04", 4), ("05", 28), ("06", 4), ("07", 0), ("08", 3), ("09", 0)],
)
def test_treatment_days(compute: Compute, setting: str, days: int) -> None:
    visit = compute(vao="202608030800", ra="202608060800", loai_kcb=setting, medicine_days=28, service_days=3)
    assert visit.treatment_days == days
    assert (visit.bed_days is None) == (setting not in {"03", "04", "06", "09"})


def test_surgical_bed_price_lasts_ten_days() -> None:
    assert surgical_bed_price(10, Decimal(300_000), Decimal(200_000)) == 300_000
    assert surgical_bed_price(11, Decimal(300_000), Decimal(200_000)) == 200_000
