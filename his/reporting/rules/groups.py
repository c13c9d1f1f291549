"""From finished visits to the cells of one unit and day."""

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from his.reporting.terms import ALL, NO_CODE, REFERRALS, Cell, VisitGroup

EXAMINATION: Final = frozenset({"01", "05", "08", "10", "11", "12", "13", "14", "15", "16"})  # MA_LOAI_KCB
TREATMENT: Final = frozenset({"02", "04"})
INPATIENT: Final = frozenset({"03", "06", "09"})
UNDER_FOUR_HOURS: Final = "09"

# The first category of each run of categories and its chapter (ICD-10, TT 06/2026/TT-BYT); "" where nothing is defined.
_STARTS: Final[tuple[tuple[str, str], ...]] = (
    ("A00", "I"), ("C00", "II"), ("D49", ""), ("D50", "III"), ("D90", ""), ("E00", "IV"), ("E91", ""), ("F00", "V"),
    ("G00", "VI"), ("H00", "VII"), ("H60", "VIII"), ("H96", ""), ("I00", "IX"), ("J00", "X"), ("K00", "XI"), ("K94", ""),
    ("L00", "XII"), ("M00", "XIII"), ("N00", "XIV"), ("O00", "XV"), ("P00", "XVI"), ("P97", ""), ("Q00", "XVII"),
    ("R00", "XVIII"), ("S00", "XIX"), ("T99", ""), ("U00", "XXII"), ("U86", ""), ("V01", "XX"), ("Y99", ""),
    ("Z00", "XXI"),
)  # fmt: skip
_KEYS: Final = tuple(start for start, _ in _STARTS)


def chapter_of(code: str) -> str:
    """The ICD-10 chapter of a code as a Roman number; `none` for an empty or unknown code."""
    category = code[:3].upper()
    if len(category) < 3 or not (category[0].isalpha() and category[1:].isdigit()):
        return NO_CODE
    at = bisect_right(_KEYS, category) - 1
    return (_STARTS[at][1] if at >= 0 else "") or NO_CODE


def age_group(years: int) -> str:
    """The age group of completed years; a birth date after the visit counts as a new-born."""
    return "0-5" if years < 6 else "6-14" if years < 15 else "15-59" if years < 60 else "60+"


def stay_days(group: VisitGroup) -> int:
    """Days of one stay: discharge minus admission, at least one; none under four hours."""
    return 0 if group.care_setting == UNDER_FOUR_HOURS else max(1, group.nights)


def _sex(word: str) -> str:
    return word if word in ("male", "female") else "other"


def _parts(group: VisitGroup) -> Iterable[tuple[Cell, int]]:
    payer = "insurance" if group.insured else "direct"
    sex, age = _sex(group.sex), age_group(group.age_years)
    morbidity = f"{chapter_of(group.icd)}|{sex}|{age}"
    n = group.count
    if group.care_setting in EXAMINATION:
        yield ("A01", ALL, ALL), n
        yield ("A01", "payer", payer), n
        yield ("A01", "sex", sex), n
        yield ("A01", "age", age), n
        if age in ("0-5", "60+"):
            yield ("A02" if age == "0-5" else "A03", ALL, ALL), n
        if group.discharge in REFERRALS:
            yield ("A04", ALL, ALL), n
            yield ("A04", "reason", group.discharge), n
        yield ("A07", "chapter", morbidity), n
    elif group.care_setting in TREATMENT:
        yield ("A05", ALL, ALL), n
        yield ("A05", "payer", payer), n
    elif group.care_setting in INPATIENT:
        yield ("C01", ALL, ALL), n
        yield ("C01", "payer", payer), n
        yield ("C01", "sex", sex), n
        yield ("C01", "age", age), n
        yield ("C02", ALL, ALL), n * stay_days(group)
        yield ("C04", "outcome", group.outcome or NO_CODE), n
        yield ("C06", "chapter", morbidity), n


def cells_of(groups: Iterable[VisitGroup]) -> dict[Cell, Decimal]:
    """The cells of one unit and day; cells that would be zero are absent."""
    cells: dict[Cell, Decimal] = {}
    for group in groups:
        for cell, count in _parts(group):
            if count:
                cells[cell] = cells.get(cell, Decimal(0)) + count
    return cells
