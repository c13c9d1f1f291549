"""The surgical bed-day price lasts ten days after one operation, then the internal one (TT 39/2018): days and both readings."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest

from his.billing.rules.bed_charges import LainBed, PriceLine, bed_day_charges
from his.billing.terms import BenefitSettings
from tests.unit.billing.inpatients import START, visit

D = Decimal
LATER = PriceLine("K19.1923", "Giường Nội khoa loại 2", "15", D(188000), D(188000))


def codes(days: int, operated: list[float], reading: Literal["after", "first"] = "after", **bed: Any) -> list[str]:
    fields = {"code": "K19.1943", "price": D(204700), "fund_price": D(204700), "later": LATER} | bed
    stay = LainBed(True, "me", "K19", "H001", START, None, **fields)
    moments = [START + timedelta(days=day) for day in operated]
    found = bed_day_charges([stay], visit(timedelta(days=days)), BenefitSettings(operation_day=reading), moments)
    return [one.stay.code for one in found]


S, M = "K19.1943", "K19.1923"


@pytest.mark.parametrize(
    ("days", "operated", "expected"),
    [
        (14, [], [S] * 14),  # not operated: the bed's own line
        (14, [0.1], [S] * 11 + [M] * 3),  # operated on day 0: the days 1 to 10 after it are surgical
        (14, [2.0], [S] * 13 + [M]),
        (12, [2.0], [S] * 12),
        (16, [0.1, 3.0], [S] * 14 + [M] * 2),  # a second operation gives ten days of its own
        (26, [0.1, 14.0], [S] * 11 + [M] * 3 + [S] * 11 + [M]),  # and gives the surgical price back
    ],
)
def test_ten_days_after_one_operation(days: int, operated: list[float], expected: list[str]) -> None:
    assert codes(days, operated) == expected


def test_both_readings() -> None:
    """The day of the operation is none of the ten, or the first of them."""
    assert codes(12, [0.1], "after") == [S] * 11 + [M]
    assert codes(12, [0.1], "first") == [S] * 10 + [M] * 2


def test_a_bed_without_a_second_line_keeps_its_price() -> None:
    assert codes(14, [0.1], later=None) == [S] * 14


def test_the_line_changes_also_where_both_prices_are_equal() -> None:
    assert codes(12, [0.1], price=LATER.price)[-1] == M
