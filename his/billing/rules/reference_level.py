"""The reference level ("mức tham chiếu", equal to the base salary) by day, and the limits that follow from it."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from his.kit.errors import invalid
from his.kit.rulebook import Dated, on_day

LOW_COST_SHARE: Final = Decimal("0.15")
EXEMPTION_MONTHS: Final = 6
DEVICE_MONTHS: Final = 45

REFERENCE_LEVEL: Final = (
    Dated(Decimal(2_530_000), date(2026, 7, 1), None, "NĐ 161/2026/NĐ-CP"),
    Dated(Decimal(2_340_000), date(2024, 7, 1), date(2026, 6, 30), "NĐ 73/2024/NĐ-CP"),
    Dated(Decimal(1_800_000), date(2023, 7, 1), date(2024, 6, 30), "NĐ 24/2023/NĐ-CP"),
    Dated(Decimal(1_490_000), date(2019, 7, 1), date(2023, 6, 30), "NĐ 38/2019/NĐ-CP"),
    Dated(Decimal(1_390_000), date(2018, 7, 1), date(2019, 6, 30), "NĐ 72/2018/NĐ-CP"),
    Dated(Decimal(1_300_000), date(2017, 7, 1), date(2018, 6, 30), "NĐ 47/2017/NĐ-CP"),
    Dated(Decimal(1_210_000), date(2016, 5, 1), date(2017, 6, 30), "NĐ 47/2016/NĐ-CP"),
    Dated(Decimal(1_150_000), date(2013, 7, 1), date(2016, 4, 30), "NĐ 66/2013/NĐ-CP"),
)


@cache
def level_on(day: date) -> Decimal:
    """Đồng a month on the day; HisError INVALID before 01/07/2013."""
    try:
        return on_day(REFERENCE_LEVEL, day)
    except LookupError as missing:
        raise invalid("reference_level", f"Chưa có mức tham chiếu cho ngày {day:%d/%m/%Y}.") from missing


def low_cost_limit(day: date) -> Decimal:
    """15 % of the level: a visit strictly below it is paid in full (Luật BHYT Điều 22)."""
    return level_on(day) * LOW_COST_SHARE


def device_ceiling(day: date) -> Decimal:
    """45 months: the fund's highest base for the supplies of one service use (TT 04/2017 Điều 3)."""
    return level_on(day) * DEVICE_MONTHS


def copay_limit(day: date) -> Decimal:
    """Six months: co-payment of a year strictly above it is exempt (Luật BHYT Điều 22)."""
    return level_on(day) * EXEMPTION_MONTHS
