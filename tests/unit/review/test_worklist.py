"""Deadlines in working days, the random sample, and why a dossier is looked at."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from his.kit.workdays import add_working_days, is_working_day
from his.review.rules import (
    answer_due,
    band_of,
    chip_word,
    deviation_of,
    draw_of,
    due_on,
    in_sample,
    sample_range,
    suggest_reason,
    why_looked_at,
)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 11, 16), date(2026, 11, 26)),  # Monday; 24/11 is a holiday, a weekend lies between
        (date(2026, 2, 13), date(2026, 3, 3)),  # Friday before the lunar new year (16 to 20/02)
        (date(2026, 8, 28), date(2026, 9, 11)),  # 31/08 off in exchange for a Saturday, 01 and 02/09 holidays
        (date(2026, 4, 24), date(2026, 5, 8)),  # 27, 30/04 and 01/05
        (date(2026, 10, 3), date(2026, 10, 13)),  # received on a Saturday
        (date(2025, 12, 30), date(2026, 1, 9)),  # over the year, before the circular
    ],
)
def test_result_is_due_seven_working_days_after_receipt(received: date, due: date) -> None:
    assert due_on(received) == due


def test_an_answer_is_due_in_three_working_days() -> None:
    assert answer_due(date(2026, 11, 20)) == date(2026, 11, 26)


def test_working_days() -> None:
    assert not is_working_day(date(2026, 11, 22))
    assert not is_working_day(date(2026, 9, 2))
    assert is_working_day(date(2026, 11, 23))
    with pytest.raises(AssertionError):
        add_working_days(date(2026, 11, 23), 0)


def test_the_sample_is_the_same_for_the_same_seed_and_of_the_right_size() -> None:
    draws = [draw_of(UUID(int=n), "2026-10") for n in range(20_000)]
    assert draws == [draw_of(UUID(int=n), "2026-10") for n in range(20_000)]
    assert draws != [draw_of(UUID(int=n), "2026-11") for n in range(20_000)]
    assert all(0 <= d < 10_000 for d in draws)
    first = [d for d in draws if in_sample(d, 5)]
    assert 800 < len(first) < 1200
    seeded = [d for d in draws if in_sample(d, 5, "thanh tra quý 4")]
    assert 800 < len(seeded) < 1200
    assert seeded != first
    assert sample_range(5, "thanh tra quý 4") == sample_range(5, "thanh tra quý 4")
    assert all(in_sample(d, 100, "x") for d in draws[:200])
    assert set(first) <= {d for d in draws if in_sample(d, 10)}
    for seed in ("a", "b", "c", "d"):  # never around the end: one range is one index scan
        low, high = sample_range(30, seed)
        assert 0 <= low < high <= 10_000


def test_why_a_dossier_is_looked_at() -> None:
    assert why_looked_at(3, Decimal(10), 4) == "4 phát hiện"
    assert why_looked_at(3, Decimal(5_000_001), 0) == "trên 5 triệu"
    assert why_looked_at(3, Decimal(5_000_000), 0) == "mẫu ngẫu nhiên"
    assert why_looked_at(9_999, Decimal(10), 0) == "sạch"


def test_bands_and_deviation() -> None:
    assert [band_of(Decimal(n)) for n in (0, 99_999, 100_000, 999_999, 1_000_000, 19_999_999, 20_000_000)] == [
        0, 0, 1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert deviation_of(Decimal(150), Decimal(100)) == 50
    assert deviation_of(Decimal(50), Decimal(100)) == -50
    assert deviation_of(Decimal(50), None) is None


def test_a_finding_points_to_a_reason_and_has_a_word() -> None:
    assert suggest_reason("CLM-CARD-01") == "A1"
    assert suggest_reason("CLM-LINE-33") == "C1"
    assert suggest_reason("REV-AGAIN-01") == "H1"
    assert suggest_reason("XYZ-01") == ""
    assert chip_word("REV-AGAIN-01") == "Lặp sớm"
    assert chip_word("CLM-LINE-39") == "Dòng lặp"
