"""Age and sex as the ranges and code lists want them."""

from collections.abc import Iterable, Mapping
from datetime import date


def age_days(birth: date, on: date) -> int:
    """Age in days; never negative, because a birth later than the day is a slip of the pen found elsewhere."""
    return max((on - birth).days, 0)


def age_months(birth: date, on: date) -> int:
    """Whole months of age."""
    return max((on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day), 0)


def sex_letter(gender: str) -> str:
    """`male` -> `M`, `female` -> `F`, anything else -> empty (ranges and codes of both sexes)."""
    return {"male": "M", "female": "F"}.get(gender, "")


def lies_in_bed(bed_trail: Iterable[Mapping[str, str]] | None) -> bool:
    """Does the last bed of a visit's trail have no end yet?"""
    return any(not step["to"] for step in bed_trail or ())
