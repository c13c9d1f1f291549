"""Dated constants of the claim rules; the readings of contradictory texts stand in `reading.py`.

Each constant carries its days and source; a change of law appends a value, it never edits one.
"""

from datetime import date, time
from decimal import Decimal

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

# residence: districts ended with the two-level administration
DISTRICTS_ENDED = date(2025, 7, 1)
LAST_DISTRICT_DAY = date(2025, 6, 30)

# TT 26/2025/TT-BYT: a prescription lasts at most 30 days, 90 for the diseases of its annex VII (blocks of ICD-10 here)
SUPPLY_DAYS = 30
LONG_TERM_DAYS = 90
_LONG_TERM = (
    "B18 B20 B21 B22 B23 B24 C D45 D46 D47 D55 D56 D57 D58 D59 D60 D61 D66 D67 D68 D69 D80 D81 D82 D83 D84 "
    "E03 E05 E06 E07 E10 E11 E12 E13 E14 E20 E22 E23 E24 E25 E26 E27 E78 E83 E84 E85 F00 F01 F02 F03 F10 F20 F25 F31 "
    "F32 F33 F41 F84 G10 G12 G20 G21 G24 G30 G35 G40 G43 G50 G60 G61 G70 G71 G80 H40 I05 I06 I07 I08 I09 I10 I11 I12 "
    "I13 I15 I20 I21 I24 I25 I27 I42 I48 I49 I50 I63 I64 I67 I69 I70 I71 I73 I80 J44 J45 J47 J84 K21 K50 K51 K70 K73 "
    "K74 K75 K76 L10 L12 L13 L20 L40 L93 L94 M05 M06 M08 M10 M15 M16 M17 M30 M31 M32 M33 M34 M35 M45 M80 M81 N03 N04 "
    "N18 N40 N80 Q21 Q22 Q24 T86 Z94 Z95"
)
LONG_TERM_DISEASES = tuple(_LONG_TERM.split())
# hours in which an outpatient order that is no emergency surprises nobody (CORE-142 names none)
WORKING_HOURS = (time(5, 30), time(21, 0))
# QĐ 4469/QĐ-BYT and the age edits of WHO's mortality coding: years between which a block of ICD-10 is met at all; only
# blocks whose meaning itself states the age, so that no rare true case is flagged
AGES_OF_CODES: tuple[tuple[str, int, int, str], ...] = (
    ("A33", 0, 0, "uốn ván sơ sinh"),
    ("R95", 0, 0, "đột tử trẻ sơ sinh"),
    ("O", 10, 60, "thai nghén, sinh đẻ"),
    ("F00", 18, 130, "sa sút trí tuệ"),
    ("F01", 18, 130, "sa sút trí tuệ"),
    ("G30.1", 60, 130, "bệnh Alzheimer khởi phát muộn"),
    ("N40", 18, 130, "phì đại tuyến tiền liệt"),
    ("N95", 18, 130, "mãn kinh"),
    ("R54", 50, 130, "tuổi già"),
)
