"""Numbers, money, dates and ages as a Vietnamese reader expects them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.web import filters

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1234500, "đ", f"1.234.500{NBSP}đ"),
        (Decimal(539440), "", "539.440"),
        (-12000, "", "−12.000"),
        (0, "", "0"),
        (None, "đ", "–"),
    ],
)
def test_vnd(amount: Decimal | int | None, unit: str, text: str) -> None:
    assert filters.vnd(amount, unit) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("6.40"), None, "6,4"),
        (Decimal("0.5"), None, "0,5"),
        (Decimal("1234.5"), None, "1.234,5"),
        (214806, None, "214.806"),
        (Decimal("-2.50"), None, "−2,5"),
        (Decimal(7), 1, "7,0"),
        (Decimal("1E+3"), None, "1.000"),
        (None, None, "–"),
    ],
)
def test_number(value: Decimal | int | None, places: int | None, text: str) -> None:
    assert filters.number(value, places) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_number_reads_back(value: Decimal) -> None:
    text = filters.number(value).replace(".", "").replace(",", ".").replace("−", "-")
    assert Decimal(text) == value


def test_percent_and_change() -> None:
    assert filters.percent(80) == f"80{NBSP}%"
    assert filters.change(19) == f"+19{NBSP}%"
    assert filters.change(-31) == f"−31{NBSP}%"
    assert filters.change(0) == f"0{NBSP}%"
    assert filters.change(None) == "–"


@pytest.mark.parametrize(
    ("birth", "text"),
    [
        (date(2026, 11, 23), "0 ngày tuổi"),
        (date(2026, 10, 24), "30 ngày tuổi"),
        (date(2026, 10, 23), "1 tháng tuổi"),
        (date(2025, 11, 24), "11 tháng tuổi"),
        (date(2025, 11, 23), "1 tuổi"),
        (date(2022, 8, 20), "4 tuổi 3 tháng"),
        (date(2020, 11, 24), "5 tuổi 11 tháng"),
        (date(2020, 11, 23), "6 tuổi"),
        (date(1968, 3, 14), "58 tuổi"),
        (1960, "sinh 1960"),
        (None, "–"),
    ],
)
def test_age(birth: date | int | None, text: str) -> None:
    assert filters.age(birth, date(2026, 11, 23)) == text


def test_age_of_the_unborn_is_refused() -> None:
    with pytest.raises(ValueError, match="after"):
        filters.age(date(2026, 11, 24), date(2026, 11, 23))


def test_times_are_shown_in_viet_nam() -> None:
    moment = datetime(2026, 11, 22, 18, 12, 4, tzinfo=UTC)
    assert filters.time(moment) == "01:12"
    assert filters.time(moment, seconds=True) == "01:12:04"
    assert filters.day(moment) == "23/11/2026"
    assert filters.day(date(2026, 1, 5)) == "05/01/2026"
    assert filters.datetime_vi(moment) == "01:12 23/11/2026"
    assert filters.datetime_vi(moment, now=datetime(2026, 11, 23, 9, tzinfo=UTC)) == "hôm nay 01:12"
    assert filters.datetime_vi(moment, now=datetime(2026, 11, 23, 17, 1, tzinfo=UTC)) == "01:12 23/11/2026"
    assert filters.time(None) == filters.day(None) == filters.datetime_vi(None) == "–"


def test_durations() -> None:
    assert filters.duration(timedelta(minutes=98)).replace(NBSP, " ") == "1 giờ 38 phút"
    assert filters.duration(0).replace(NBSP, " ") == "0 phút"
    assert filters.duration(60).replace(NBSP, " ") == "1 giờ"
    assert filters.duration(None) == "–"


def test_mask() -> None:
    assert filters.mask("034168004512") == "034168••••12"
    assert filters.mask(None) == "–"
