"""Medication safety: allergies, contraindicated pairs, repeats, limits of days; dated, pure, the same wherever a line is entered."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.prescriptions.terms import PACKED_UNITS, Dose, SafetyFacts

TT26 = "Thông tư 26/2025/TT-BYT"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION


def compute_quantity(dose: Dose, unit: str, given: Decimal | None = None) -> Decimal:
    """Units to hand out: doses times days, whole units rounded up; bottles and tubes are counted, not computed.

    >>> compute_quantity(Dose(Decimal(1), Decimal(0), Decimal("0.5"), Decimal(0), 7), "Viên")
    Decimal('11')
    """
    if unit.lower() in PACKED_UNITS:
        return given if given and given > 0 else Decimal(1)
    return (dose.per_day * dose.days).to_integral_value(ROUND_CEILING)


def dose_text(dose: Dose, unit: str) -> str:
    """`Ngày uống 2 viên: sáng 1, chiều 1` as the label and LIEU_DUNG say it, without the verb of the route."""
    parts = (("sáng", dose.morning), ("trưa", dose.noon), ("chiều", dose.afternoon), ("tối", dose.evening))
    said = ", ".join(f"{word} {_number(amount)}" for word, amount in parts if amount)
    return f"Ngày {_number(dose.per_day)} {unit.lower()}: {said}; {dose.days} ngày"


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f").replace(".", ",")


def national_code(unit_code: str, prescription_id: UUID, letter: str = "C") -> str:
    """The national code: facility (5), seven characters 0-9a-z, a hyphen and the kind of prescription: 14 characters.

    Basis: TT 26/2025/TT-BYT. The seven characters come from the random part of the id, so signing again gives the same code.
    """
    value, body = prescription_id.int & ((1 << 62) - 1), ""
    for _ in range(7):
        value, digit = divmod(value, 36)
        body += DIGITS[digit]
    return f"{unit_code}{body}-{letter}"


def _overridden(facts: SafetyFacts, code: str, line: str) -> str | None:
    return facts.overrides.get((code, line))


def allergy(facts: SafetyFacts) -> Iterator[Finding]:
    """A drug of a substance or group to which the patient is allergic."""
    for line in facts.lines:
        for known in facts.allergies:
            same = known.ingredient_keys & line.ingredient_keys
            if not same and known.group_code not in line.allergy_groups:
                continue
            why = "là hoạt chất này" if same else "cùng nhóm"
            what = known.reaction or "đã từng dị ứng"
            year = f" năm {known.onset_year}" if known.onset_year else ""
            message = f"Người bệnh dị ứng {known.substance}. {line.name} {why}, {what}{year}."
            yield Finding(
                "PRE-ALLERGY-01",
                ERROR,
                message,
                "MedicationRequest.medication",
                line.key,
                "Bỏ thuốc này, chọn thuốc khác nhóm.",
            )


def allergy_not_asked(facts: SafetyFacts) -> Iterator[Finding]:
    """Nobody has asked about allergies yet."""
    if facts.lines and facts.allergy_state == "not-asked":
        message = "Chưa hỏi dị ứng. Hỏi người bệnh rồi ghi kết quả trước khi ký đơn."
        yield Finding("PRE-ALLERGY-02", ERROR, message, "Patient", None, "Ghi dị ứng, hoặc ghi: không dị ứng, đã hỏi.")


def contraindicated(facts: SafetyFacts) -> Iterator[Finding]:
    """A pair on the ministry's list of contraindicated interactions; a written reason turns it into a reminder."""
    for pair in facts.pairs:
        reason = _overridden(facts, "PRE-PAIR-01", pair.first_key) or _overridden(facts, "PRE-PAIR-01", pair.second_key)
        message = f"{pair.first} và {pair.second} chống chỉ định dùng cùng nhau: {pair.mechanism}. Hậu quả: {pair.consequence}."
        if reason:
            message += f" Bác sĩ đã ghi lý do: {reason}"
        severity = INFORMATION if reason else ERROR
        yield Finding(
            "PRE-PAIR-01",
            severity,
            message,
            "MedicationRequest",
            pair.second_key,
            pair.action or "Bỏ một trong hai thuốc.",
        )


def repeated(facts: SafetyFacts) -> Iterator[Finding]:
    """The same active ingredient on two lines."""
    for index, line in enumerate(facts.lines):
        for earlier in facts.lines[:index]:
            if line.ingredient_keys & earlier.ingredient_keys:
                reason = _overridden(facts, "PRE-TWICE-01", line.key)
                message = f"{line.name} trùng hoạt chất {line.ingredient} với {earlier.name}."
                if reason:
                    message += f" Bác sĩ đã ghi lý do: {reason}"
                severity = INFORMATION if reason else WARNING
                yield Finding(
                    "PRE-TWICE-01", severity, message, "MedicationRequest", line.key, "Bỏ một dòng hoặc ghi lý do."
                )
                break


def still_in_hand(facts: SafetyFacts) -> Iterator[Finding]:
    """An earlier prescription still covers the same ingredient."""
    for line in facts.lines:
        for known in facts.in_hand:
            if known.until > facts.on and known.ingredient_keys & line.ingredient_keys:
                left = (known.until - facts.on).days
                message = f"{line.name}: đơn trước còn {known.name} đến {known.until:%d/%m} ({left} ngày)."
                yield Finding(
                    "PRE-HAND-01", WARNING, message, "MedicationRequest", line.key, "Trừ số còn lại hoặc ghi lý do."
                )
                break


def no_dose(facts: SafetyFacts) -> Iterator[Finding]:
    """A line without a dose, days or quantity."""
    for line in facts.lines:
        packed = line.unit.lower() in PACKED_UNITS
        if line.quantity <= 0 or line.dose.days <= 0 or (line.dose.per_day <= 0 and not packed):
            message = f"{line.name} chưa có liều hoặc số ngày."
            yield Finding(
                "PRE-DOSE-01",
                ERROR,
                message,
                "MedicationRequest.dosageInstruction",
                line.key,
                "Nhập liều sáng, trưa, chiều, tối.",
            )


def too_long(facts: SafetyFacts) -> Iterator[Finding]:
    """Longer than a prescription may be."""
    for line in facts.lines:
        if line.dose.days > 90:
            message = f"{line.name} kê {line.dose.days} ngày, quá 90 ngày."
            yield Finding(
                "PRE-DAYS-01", ERROR, message, "MedicationRequest.dosageInstruction", line.key, "Giảm số ngày."
            )
        elif line.dose.days > 30:
            message = f"{line.name} kê {line.dose.days} ngày. Trên 30 ngày chỉ cho bệnh thuộc danh mục dài ngày."
            yield Finding(
                "PRE-DAYS-02",
                WARNING,
                message,
                "MedicationRequest.dosageInstruction",
                line.key,
                "Kiểm mã bệnh hoặc giảm số ngày.",
            )


def child(facts: SafetyFacts) -> Iterator[Finding]:
    """Children under 72 months: weight and carer stand on the prescription."""
    if not facts.lines or facts.age_months >= 72:
        return
    if not facts.weight_kg:
        message = "Trẻ dưới 72 tháng: đơn phải có cân nặng. Nhập cân nặng ở sinh hiệu."
        yield Finding("PRE-CHILD-01", ERROR, message, "Observation", None, "Nhập cân nặng.")
    if not facts.guardian:
        message = "Trẻ dưới 72 tháng: đơn phải có tên người đưa trẻ đến khám. Bổ sung ở thông tin người bệnh."
        yield Finding("PRE-CHILD-02", WARNING, message, "Patient.contact", None, "Nhập tên người đưa trẻ đến.")


def _rule(
    code: str, title: str, basis: str, severity: Severity, check: object, since: date | None = None
) -> Rule[SafetyFacts]:
    return Rule(code, title, basis, severity, check, since)  # type: ignore[arg-type]


FROM_TT26 = date(2025, 7, 1)
RULES: tuple[Rule[SafetyFacts], ...] = (
    _rule("PRE-ALLERGY-01", "Thuốc gây dị ứng", f"{TT26}, điều 4", ERROR, allergy),
    _rule("PRE-ALLERGY-02", "Chưa hỏi dị ứng", f"{TT26}, điều 4", ERROR, allergy_not_asked),
    _rule(
        "PRE-PAIR-01", "Cặp thuốc chống chỉ định", "Quyết định 5948/QĐ-BYT", ERROR, contraindicated, date(2021, 12, 30)
    ),
    _rule("PRE-TWICE-01", "Trùng hoạt chất", f"{TT26}, điều 4", WARNING, repeated),
    _rule("PRE-HAND-01", "Còn thuốc đơn trước", "Thông tư 12/2026/TT-BTC, điều 10", WARNING, still_in_hand),
    _rule("PRE-DOSE-01", "Thiếu liều", f"{TT26}, điều 6", ERROR, no_dose),
    _rule("PRE-DAYS-01", "Số ngày dùng thuốc", f"{TT26}, điều 6", ERROR, too_long, FROM_TT26),
    _rule("PRE-CHILD-01", "Trẻ dưới 72 tháng", f"{TT26}, điều 6", ERROR, child, FROM_TT26),
)
