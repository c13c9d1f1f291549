"""Dated constants of the claim rules, and the reading chosen where the legal texts contradict each other.

Each constant carries its days and source; a change of law appends a value, it never edits one.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from his.kit.rulebook import Dated


class InsurerTotal(StrEnum):
    """Which T_BHTT the header must show when a donor covers co-payment or a package ceiling bites."""

    SUM_OF_LINES = "sum-of-lines"
    COVERED_MINUS_COPAYMENT = "covered-minus-copayment"


INSURER_TOTAL = (
    Dated(
        InsurerTotal.SUM_OF_LINES,
        date(2024, 7, 1),
        basis="QĐ 4750: CORE-070 và CORE-073 (tổng các dòng, cân với tổng chi), không theo CORE-069",
    ),
)

BOUNDARY_RATES = date(2026, 7, 1)
RATES_UNTIL_2026 = frozenset(map(Decimal, ("0", "32", "38", "40", "80", "95", "100")))
RATES_FROM_2026 = RATES_UNTIL_2026 | frozenset(map(Decimal, ("47.5", "50")))

_824 = "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 2 3.1 3.2 3.3 3.4 3.5 3.6 3.7 7.1 7.2 7.3 7.4 8 9"
_3276 = "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.11 1.12 1.13 1.14 1.15 1.16 1.17 1.18 2 3.1 3.2 3.3 3.6 7 7.2 7.3 7.4 8 9 10"
ENTITLEMENTS_UNTIL_2025 = frozenset(_824.split())
ENTITLEMENTS_FROM_2025 = frozenset(_3276.split())
BOUNDARY_ENTITLEMENTS = date(2025, 7, 1)

CARE_SETTINGS_824 = frozenset(f"{n:02d}" for n in range(1, 11))
CARE_SETTINGS_1804 = frozenset(f"{n:02d}" for n in range(1, 17))
BOUNDARY_CARE_SETTINGS = date(2026, 8, 1)

# part of the card's rate by category, in percent; categories not named pay the whole card rate
HALF_CATEGORIES = frozenset({"1.13", "1.14", "1.18"})
SPECIALISED_SELF_REFERRED = "3.1"
CARD_RATES = {"1": Decimal(100), "2": Decimal(100), "3": Decimal(95), "4": Decimal(80), "5": Decimal(100)}
RAISED_GROUPS = frozenset({"CN", "LH"})
RAISED_FROM = date(2026, 1, 1)

_GROUPS = (
    "CC TE CK CB KC HN DT DK XD BT TS AK CT CN LH HT TC PV TG DS HK DN HX CH NN TK HC XK TB NO XB TN CS XN MS HD TQ "
    "TA TY HG LS HS SV GB GD ND TH TV TD TU BA QN CA CY"
)
KNOWN_GROUPS = frozenset(_GROUPS.split())
OPEN_END_GROUPS = frozenset({"QN", "HC", "LS", "XK", "CY", "CA"})
ARMED_GROUPS = frozenset({"QN", "CA", "CY"})
GRACE_DAYS_INPATIENT = 15
