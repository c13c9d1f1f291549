"""Drug against diagnosis: an insured drug without its disease, and a drug that the disease forbids."""

from collections.abc import Iterator

from his.kit.errors import Finding, Severity
from his.prescriptions.rules.reference import CONTRAINDICATIONS, INDICATIONS
from his.prescriptions.rules.safety import answered
from his.prescriptions.terms import SafetyFacts


def without_disease(facts: SafetyFacts) -> Iterator[Finding]:
    """The fund refuses a drug when no diagnosis of the visit is among its indications."""
    for line in facts.lines:
        known = next((row for row in INDICATIONS if line.atc.startswith(row.atc)), None)
        if not line.insured or known is None or any(code.startswith(known.codes) for code in facts.diagnoses):
            continue
        said = f"{line.name} chưa có mã bệnh đi kèm (ví dụ {known.hint}). Quỹ có thể từ chối dòng này."
        severity, message = answered(facts, "PRE-ICD-01", line.key, said, Severity.WARNING)
        yield Finding("PRE-ICD-01", severity, message, "Condition", line.key, "Thêm mã bệnh, hoặc ghi lý do.")


def forbidden_by_disease(facts: SafetyFacts) -> Iterator[Finding]:
    """A disease of the visit forbids the drug; the sentence names both and says why."""
    for line in facts.lines:
        for row in CONTRAINDICATIONS:
            disease = next((code for code in facts.diagnoses if code.startswith(row.codes)), "")
            if disease and line.atc.startswith(row.atc):
                said = f"{line.name} chống chỉ định với {disease}: {row.reason}."
                severity, message = answered(facts, "PRE-ICD-02", line.key, said, Severity.ERROR)
                yield Finding("PRE-ICD-02", severity, message, "Condition", line.key, "Đổi thuốc, hoặc ghi lý do.")
                break
