"""Amounts in Vietnamese words, checked against how people write them on receipts."""

from decimal import Decimal

import pytest

from his.kit.money import vnd
from his.kit.words import money_words, number_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "không"),
        (4, "bốn"),
        (10, "mười"),
        (11, "mười một"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (55, "năm mươi lăm"),
        (101, "một trăm linh một"),
        (110, "một trăm mười"),
        (1_005, "một nghìn không trăm linh năm"),
        (141_488, "một trăm bốn mươi mốt nghìn bốn trăm tám mươi tám"),
        (1_000_000, "một triệu"),
        (1_000_001, "một triệu không trăm linh một"),
        (2_000_000_000, "hai tỷ"),
        (1_000_000_000_000, "một nghìn tỷ"),
        (-7, "âm bảy"),
    ],
)
def test_numbers_are_read_aloud(value: int, words: str) -> None:
    assert number_words(value) == words


def test_money_is_a_sentence_part_in_whole_dong() -> None:
    assert money_words(Decimal("141487.5")) == "Một trăm bốn mươi mốt nghìn bốn trăm tám mươi tám đồng"


def test_every_number_has_its_own_words() -> None:
    seen = {number_words(value) for value in range(0, 120_000, 7)}
    assert len(seen) == len(range(0, 120_000, 7))


@pytest.mark.parametrize(
    ("amount", "text"), [("689.999", "690"), ("0.995", "1"), ("1234.5", "1.234,5"), ("-0.5", "−0,5")]
)
def test_money_with_three_decimals_is_rounded_once(amount: str, text: str) -> None:
    assert vnd(Decimal(amount), "") == text
