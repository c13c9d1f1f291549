"""Bed days of a stay and treatment days of a visit (TT 35/2016 Điều 4b, TT 39/2018 Điều 6, QĐ 4750)."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from his.billing.rules.days import INPATIENT, wall
from his.billing.terms import BenefitSettings, VisitFacts

FOUR_HOURS: Final = timedelta(hours=4)
ONE_DAY: Final = timedelta(hours=24)
SURGICAL_BED_DAYS: Final = 10

# KET_QUA_DTRI and MA_LOAI_RV
_UNCHANGED, _WORSE, _DIED, _CRITICAL_HOME, _DIED_OUTSIDE = 3, 4, 5, 6, 8
_REFERRED, _ABSCONDED, _ON_REQUEST, _REFERRED_ON_REQUEST = 2, 3, 4, 5
_CALENDAR_DAYS: Final = frozenset({"02", "03", "04", "06"})


def count_bed_days(facts: VisitFacts, settings: BenefitSettings) -> int | None:
    """Days in bed from admission to discharge; None where the care setting has no bed."""
    if facts.care_setting not in INPATIENT:
        return None
    start = wall(facts.admitted_at or facts.arrived_at)
    end = wall(facts.ended_at)
    stay = end - start
    if stay < FOUR_HOURS or (stay == FOUR_HOURS and settings.four_hours == "none"):
        return 0
    if stay < ONE_DAY:
        return 1
    return (end.date() - start.date()).days + (1 if is_day_added(facts, settings) else 0)


def is_day_added(facts: VisitFacts, settings: BenefitSettings) -> bool:
    """Does the day of discharge count: died, not improved or worse and taken home or sent up, sent down to continue?"""
    if facts.sent_down or facts.outcome in (_DIED, _CRITICAL_HOME, _DIED_OUTSIDE):
        return True
    if settings.extra_bed_day == "any_referral" and facts.discharge in (_REFERRED, _REFERRED_ON_REQUEST, _ABSCONDED):
        return True
    left = facts.discharge in (_REFERRED, _ON_REQUEST, _REFERRED_ON_REQUEST)
    return left and facts.outcome in (_UNCHANGED, _WORSE)


def count_treatment_days(facts: VisitFacts) -> int:
    """SO_NGAY_DTRI: 0 for 01, 07, 09; both end days for 02, 03, 04, 06; days of medicine 05; days with services 08."""
    setting = facts.care_setting
    if setting in _CALENDAR_DAYS:
        return (wall(facts.ended_at).date() - wall(facts.arrived_at).date()).days + 1
    if setting == "05":
        return facts.medicine_days or 0
    if setting == "08":
        return facts.service_days or 0
    return 0


def surgical_bed_price(day_number: int, surgical_price: Decimal, medical_price: Decimal) -> Decimal:
    """Price of the n-th bed day after one operation: the surgical or burn price for ten days, then the medical one."""
    return surgical_price if day_number <= SURGICAL_BED_DAYS else medical_price
