"""Exemption from co-payment: five years in a row and more than six reference levels in the year (NĐ 188/2025 Điều 18)."""

from datetime import date
from decimal import Decimal
from typing import Final

from his.billing.rules.reference_level import EXEMPTION_MONTHS, level_on
from his.billing.terms import CopayHistory

_MID_YEAR_MONTH: Final = 7
# Before 2026 a level that changed at mid-year applied to the whole year; the conversion is a rule of NĐ 188/2025.
_CONVERSION_SINCE: Final = 2026


def copay_room(copay: CopayHistory, day: date) -> Decimal:
    """Đồng of co-payment left on the day before exemption, exact and below zero once exceeded.

    When the level changes on 1 July, the levels not used by 30 June go on at the new amount:
    (6 - first_half / old level) x new level - second_half. The part caused by self-referral must not be in the facts.
    """
    level = level_on(day)
    if day.month < _MID_YEAR_MONTH or day.year < _CONVERSION_SINCE:
        return EXEMPTION_MONTHS * level - copay.first_half - copay.second_half
    old = level_on(date(day.year, _MID_YEAR_MONTH - 1, 30))
    if old == level:
        return EXEMPTION_MONTHS * level - copay.first_half - copay.second_half
    return (EXEMPTION_MONTHS * old - copay.first_half) * level / old - copay.second_half


def is_exempt(copay: CopayHistory | None, exempt_from: date | None, arrived: date, day: date) -> bool:
    """Is co-payment waived on the day? A certificate counts from its day to 31/12; so do both conditions together."""
    if exempt_from is not None and exempt_from <= day and day.year == exempt_from.year:
        return True
    if copay is None or not has_five_years(copay, day) or day.year != (copay.year or arrived.year):
        return False
    return copay_room(copay, day) < 0


def has_five_years(copay: CopayHistory, day: date) -> bool:
    """Were five years in a row reached by the day (that day included)?"""
    return copay.five_years_on is not None and copay.five_years_on <= day
