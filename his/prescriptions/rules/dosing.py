"""Doses, days, age and weight: what a single line must have and must not exceed."""

from collections.abc import Iterator
from decimal import Decimal

from his.kit.errors import Finding, Severity
from his.kit.money import plain
from his.prescriptions.rules.quantity import code_letter
from his.prescriptions.rules.reference import DAILY_LIMITS, LEAST_AGES, LONG_TERM, key_of, strength_mg
from his.prescriptions.rules.safety import answered
from his.prescriptions.terms import MONTHS_TO_WEIGH, PACKED_UNITS, DrugLine, SafetyFacts

ERROR, WARNING = Severity.ERROR, Severity.WARNING
DOSAGE = "MedicationRequest.dosageInstruction"


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
                DOSAGE,
                line.key,
                "Nhập liều sáng, trưa, chiều, tối.",
            )


def over_ninety_days(facts: SafetyFacts) -> Iterator[Finding]:
    """No prescription lasts longer than ninety days."""
    for line in facts.lines:
        if line.dose.days > 90:
            message = f"{line.name} kê {line.dose.days} ngày, quá 90 ngày."
            yield Finding("PRE-DAYS-01", ERROR, message, DOSAGE, line.key, "Giảm số ngày.")


def over_thirty_days(facts: SafetyFacts) -> Iterator[Finding]:
    """More than thirty days only for the diseases on the list of long-term prescribing."""
    if any(code.startswith(LONG_TERM) for code in facts.diagnoses):
        return
    for line in facts.lines:
        if 30 < line.dose.days <= 90:
            said = f"{line.name} kê {line.dose.days} ngày. Trên 30 ngày chỉ cho bệnh thuộc danh mục dài ngày."
            severity, message = answered(facts, "PRE-DAYS-02", line.key, said, WARNING)
            yield Finding("PRE-DAYS-02", severity, message, DOSAGE, line.key, "Kiểm mã bệnh hoặc giảm số ngày.")


def controlled_days(facts: SafetyFacts) -> Iterator[Finding]:
    """Narcotics at most seven days in acute illness (ten in cancer), psychotropic drugs ten, thirty in long-term illness."""
    cancer = any(code.startswith(("C", "D0")) for code in facts.diagnoses)
    long_term = any(code.startswith(("F", "G40")) for code in facts.diagnoses)
    for line in facts.lines:
        letter = code_letter(line.ingredient.split(" + "))
        most = {"N": 10 if cancer else 7, "H": 30 if long_term else 10}.get(letter, 0)
        if most and line.dose.days > most:
            kind = "gây nghiện" if letter == "N" else "hướng thần"
            message = f"{line.name} là thuốc {kind}, kê {line.dose.days} ngày. Bệnh này được tối đa {most} ngày."
            yield Finding("PRE-DAYS-03", ERROR, message, DOSAGE, line.key, f"Giảm còn {most} ngày.")


def over_daily_limit(facts: SafetyFacts) -> Iterator[Finding]:
    """More of a substance a day than its leaflet allows, all lines together; lines that cannot be read in mg are left out."""
    total: dict[str, Decimal] = {}
    last: dict[str, DrugLine] = {}
    for line in facts.lines:
        key, strength = key_of(line.ingredient), strength_mg(line.strength)
        if key in DAILY_LIMITS and strength is not None and line.unit.lower() not in PACKED_UNITS:
            total[key] = total.get(key, Decimal(0)) + strength * line.dose.per_day
            last[key] = line
    for key, amount in total.items():
        most = DAILY_LIMITS[key]
        if amount > most:
            line = last[key]
            said = f"{line.ingredient}: {_mg(amount)} mg một ngày, quá liều tối đa {_mg(most)} mg."
            severity, message = answered(facts, "PRE-DOSE-02", line.key, said, WARNING)
            yield Finding("PRE-DOSE-02", severity, message, DOSAGE, line.key, "Giảm liều hoặc ghi lý do.")


def _mg(value: Decimal) -> str:
    return plain(value.normalize()).replace(".", ",")


def too_young(facts: SafetyFacts) -> Iterator[Finding]:
    """A substance that is not given at this age."""
    for line in facts.lines:
        limit = next((rule for rule in LEAST_AGES if line.atc.startswith(rule.atc)), None)
        if limit is not None and facts.age_months < limit.years * 12:
            said = f"{line.name} không dùng dưới {limit.years} tuổi: {limit.reason}."
            severity, message = answered(facts, "PRE-AGE-01", line.key, said, ERROR)
            yield Finding(
                "PRE-AGE-01", severity, message, "Patient.birthDate", line.key, "Chọn thuốc khác hoặc ghi lý do."
            )


def child_without_weight(facts: SafetyFacts) -> Iterator[Finding]:
    """Children under 72 months: the weight stands on the prescription."""
    if facts.lines and facts.age_months < MONTHS_TO_WEIGH and not facts.weight_kg:
        message = "Trẻ dưới 72 tháng: đơn phải có cân nặng. Nhập cân nặng ở sinh hiệu."
        yield Finding("PRE-CHILD-01", ERROR, message, "Observation", None, "Nhập cân nặng.")


def child_without_carer(facts: SafetyFacts) -> Iterator[Finding]:
    """Children under 72 months: the carer's name stands on the prescription."""
    if facts.lines and facts.age_months < MONTHS_TO_WEIGH and not facts.guardian:
        message = "Trẻ dưới 72 tháng: đơn phải có tên người đưa trẻ đến khám. Bổ sung ở thông tin người bệnh."
        yield Finding("PRE-CHILD-02", WARNING, message, "Patient.contact", None, "Nhập tên người đưa trẻ đến.")
