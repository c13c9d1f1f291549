"""Medication safety: dated, pure, the same whichever way a line was entered."""

from collections.abc import Callable, Iterable
from datetime import date

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.prescriptions.rules import diseases, dosing, safety
from his.prescriptions.rules.quantity import code_letter, compute_quantity, dose_text, national_code, read_amount
from his.prescriptions.terms import SafetyFacts

__all__ = ["OVERRIDABLE", "RULES", "code_letter", "compute_quantity", "dose_text", "national_code", "read_amount"]

TT26 = "Thông tư 26/2025/TT-BYT"
TT12 = "Thông tư 12/2026/TT-BTC, điều 10"
LEAFLET = "Tờ hướng dẫn sử dụng thuốc; Dược thư Quốc gia Việt Nam"
FROM_TT26 = date(2025, 7, 1)
ERROR, WARNING = Severity.ERROR, Severity.WARNING
# Findings that a doctor may answer with a written reason; the reason is stored, counted and shown to the reviewer.
OVERRIDABLE = frozenset(
    {
        "PRE-PAIR-01", "PRE-TWICE-01", "PRE-HAND-01", "PRE-DAYS-02", "PRE-DOSE-02", "PRE-AGE-01", "PRE-ICD-01", "PRE-ICD-02",
    }
)  # fmt: skip


def _rule(
    code: str,
    title: str,
    basis: str,
    severity: Severity,
    check: Callable[[SafetyFacts], Iterable[Finding]],
    since: date | None = None,
) -> Rule[SafetyFacts]:
    return Rule(code, title, basis, severity, check, since)


RULES: tuple[Rule[SafetyFacts], ...] = (
    _rule("PRE-ALLERGY-01", "Thuốc gây dị ứng", f"{TT26}, điều 4", ERROR, safety.allergy),
    _rule("PRE-ALLERGY-02", "Chưa hỏi dị ứng", f"{TT26}, điều 4", ERROR, safety.allergy_not_asked),
    _rule(
        "PRE-PAIR-01",
        "Cặp thuốc chống chỉ định",
        "Quyết định 5948/QĐ-BYT",
        ERROR,
        safety.contraindicated,
        date(2021, 12, 30),
    ),
    _rule("PRE-TWICE-01", "Trùng hoạt chất", f"{TT26}, điều 4", WARNING, safety.repeated),
    _rule("PRE-HAND-01", "Còn thuốc đơn trước", TT12, WARNING, safety.still_in_hand),
    _rule("PRE-DOSE-01", "Thiếu liều", f"{TT26}, điều 6", ERROR, dosing.no_dose),
    _rule("PRE-DOSE-02", "Quá liều tối đa một ngày", LEAFLET, WARNING, dosing.over_daily_limit),
    _rule("PRE-AGE-01", "Chưa đủ tuổi dùng thuốc", LEAFLET, ERROR, dosing.too_young),
    _rule("PRE-DAYS-01", "Quá 90 ngày", f"{TT26}, điều 6", ERROR, dosing.over_ninety_days, FROM_TT26),
    _rule("PRE-DAYS-02", "Trên 30 ngày", f"{TT26}, điều 6 và phụ lục VII", WARNING, dosing.over_thirty_days, FROM_TT26),
    _rule("PRE-DAYS-03", "Số ngày thuốc gây nghiện, hướng thần", TT26, ERROR, dosing.controlled_days, FROM_TT26),
    _rule(
        "PRE-CHILD-01",
        "Trẻ dưới 72 tháng thiếu cân nặng",
        f"{TT26}, điều 6",
        ERROR,
        dosing.child_without_weight,
        FROM_TT26,
    ),
    _rule(
        "PRE-CHILD-02",
        "Trẻ dưới 72 tháng thiếu người đưa",
        f"{TT26}, điều 6",
        WARNING,
        dosing.child_without_carer,
        FROM_TT26,
    ),
    _rule("PRE-ICD-01", "Thuốc thiếu mã bệnh", TT12, WARNING, diseases.without_disease),
    _rule("PRE-ICD-02", "Bệnh chống chỉ định thuốc", LEAFLET, ERROR, diseases.forbidden_by_disease),
)
