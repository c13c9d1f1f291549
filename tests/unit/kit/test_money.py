"""Money: one rounding, one way to write it; worked examples of the claim tables and laws for all amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit.money import NBSP, plain, r2, r3, vnd, whole

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "two", "three", "cash"),
    [
        ("0.005", "0.01", "0.005", "0"),
        ("0.0045", "0.00", "0.005", "0"),
        ("2.675", "2.68", "2.675", "3"),
        ("-2.675", "-2.68", "-2.675", "-3"),
        ("36500", "36500.00", "36500.000", "36500"),
        ("7300.5", "7300.50", "7300.500", "7301"),
        ("7300.4999", "7300.50", "7300.500", "7300"),
        ("-0.5", "-0.50", "-0.500", "-1"),
    ],
)
def test_half_is_rounded_away_from_zero(amount, two, three, cash):
    value = Decimal(amount)
    assert (str(r2(value)), str(r3(value)), str(whole(value))) == (two, three, cash)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.000"),
        (1234567890, "1.234.567.890"),
        (Decimal("1234500.5"), "1.234.500,5"),
        (Decimal("0.25"), "0,25"),
        (Decimal("1.10"), "1,1"),
        (Decimal("-36500"), "−36.500"),
        (Decimal("-0.004"), "0"),
        (Decimal("1999.999"), "2.000"),
        (Decimal("0.999"), "1"),
        (Decimal("-1999.996"), "−2.000"),
        (Decimal("1E+6"), "1.000.000"),
    ],
)
def test_amounts_are_written_the_vietnamese_way(amount, written):
    assert vnd(amount) == f"{written}{NBSP}đ"
    assert vnd(amount, "") == written


def test_no_amount_is_a_dash():
    assert vnd(None) == "–"


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1234500.500", "1234500.5"),
        ("36500.00", "36500"),
        ("100", "100"),
        ("0.00", "0"),
        ("1E+3", "1000"),
        ("-0.50", "-0.5"),
    ],
)
def test_plain_amounts_have_no_separator_and_no_exponent(amount, written):
    assert plain(Decimal(amount)) == written


@given(AMOUNTS)
def test_rounding_moves_at_most_half_a_step_and_is_stable(amount):
    for rounding, step in ((whole, Decimal(1)), (r2, Decimal("0.01")), (r3, Decimal("0.001"))):
        rounded = rounding(amount)
        assert abs(rounded - amount) * 2 <= step
        assert rounding(rounded) == rounded
        assert rounding(-amount) == -rounded


@given(AMOUNTS)
def test_a_written_amount_reads_back_as_its_two_decimals(amount):
    text = vnd(amount, "").replace(".", "").replace(",", ".").replace("−", "-")
    assert Decimal(text) == r2(amount)


@given(AMOUNTS)
def test_plain_loses_nothing(amount):
    assert Decimal(plain(amount)) == amount
    assert "E" not in plain(amount)
