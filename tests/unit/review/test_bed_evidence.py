"""What an insurance officer sees of a bed line: which bed, from when to when, what part of a day at which rate."""

from datetime import datetime
from decimal import Decimal

from his.claims.terms import WALL_CLOCK, ServiceLine
from his.review.rules.evidence import _performed, bed_times, detail

D = Decimal


def line(**changes: object) -> ServiceLine:
    values: dict[str, object] = {
        "key": "1", "group_code": "15", "unit_name": "Ngày", "quantity": D("0.500"), "cover_rate": D(100),
        "amount_hospital": D(0), "amount_covered": D(0), "benefit_rate": D(80), "insurer_share": D(0), "copayment": D(0),
        "self_paid": D(0), "department_code": "K03", "unit_price_hospital": D(0), "unit_price_covered": D(0),
        "service_rate": D(50), "bed_codes": ("H001", "H002"), "service_code": "K03.1917",
        "ordered_at": datetime(2026, 11, 2, 9, 30, tzinfo=WALL_CLOCK),
        "result_at": datetime(2026, 11, 3, tzinfo=WALL_CLOCK),
    }  # fmt: skip
    return ServiceLine(**{**values, **changes})  # type: ignore[arg-type]


def test_the_small_line_names_beds_ward_and_times() -> None:
    assert bed_times(line()) == "H001, H002 · K03 · 02/11 09:30 – 03/11 00:00"
    assert detail(line(), {}) == bed_times(line())
    assert bed_times(line(result_at=None)) == "H001, H002 · K03 · 02/11 09:30"


def test_the_timeline_says_what_part_of_a_day_at_which_rate() -> None:
    steps = list(_performed(line(), None, {}))  # type: ignore[arg-type]
    assert [step.text for step in steps] == [
        "Nằm giường H001, H002, khoa K03, 0.5 ngày × 50 %", "Hết ngày giường H001, H002",
    ]  # fmt: skip
    missing = list(_performed(line(result_at=None), None, {}))  # type: ignore[arg-type]
    assert missing[-1].state == "waiting"
