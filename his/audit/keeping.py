"""How long entries are kept, as dated values; the longest obligation of a class wins, nothing goes before twelve months."""

from datetime import date
from typing import Final

from his.kit.rulebook import Dated, on_day

SYSTEM_TYPES: Final = ("", "Account", "ApiClient", "Unit", "CodeSystem", "ValueSet", "ConceptMap", "Subscription")
"""What entries of the class `system` speak of: accounts, machines, lists. All others speak of people's records."""

MONTHS: Final[dict[str, tuple[Dated[int], ...]]] = {
    "system": (
        Dated(24, date(2022, 10, 1), None, "NĐ 53/2022/NĐ-CP Điều 27: nhật ký hệ thống, tối thiểu 12 tháng; giữ 24."),
    ),
    "record": (
        Dated(
            240,
            date(2011, 1, 1),
            None,
            "Theo hạn lưu hồ sơ bệnh án dài nhất (20 năm: tâm thần, tử vong; Luật 40/2009/QH12 Điều 59, TT 53/2017/TT-BYT).",
        ),
    ),
}
"""Months by class. Figures under the law of 2023 are not confirmed (security.md, section 4): a change adds a dated value."""


def kept_until(kept: str, on: date) -> tuple[date, str]:
    """The day before which entries of the class may go, and its legal basis, as the rules of the day `on` say."""
    months = on_day(MONTHS[kept], on)
    basis = next(v.basis for v in MONTHS[kept] if v.value == months)
    years, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(years, month + 1, 1), basis
