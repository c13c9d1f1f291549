"""What the dose grid shows: rows with their worst finding in two words; and reading doses as people write them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from his.kit.errors import Finding, Severity, invalid
from his.prescriptions.rules import OVERRIDABLE, read_amount
from his.prescriptions.service import LineInput
from his.prescriptions.tables import MedicationRequest
from his.prescriptions.terms import PACKED_UNITS, Dose

WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFORMATION: 2}
WORDS: Mapping[str, str] = {
    "PRE-ALLERGY-01": "dị ứng",
    "PRE-PAIR-01": "chống chỉ định",
    "PRE-TWICE-01": "trùng hoạt chất",
    "PRE-HAND-01": "còn thuốc cũ",
    "PRE-DOSE-01": "thiếu liều",
    "PRE-DOSE-02": "quá liều",
    "PRE-AGE-01": "chưa đủ tuổi",
    "PRE-DAYS-01": "quá 90 ngày",
    "PRE-DAYS-02": "trên 30 ngày",
    "PRE-DAYS-03": "quá số ngày",
    "PRE-ICD-01": "thiếu mã bệnh",
    "PRE-ICD-02": "bệnh chống chỉ định",
    "PHA-STOCK-01": "kho thiếu",
    "PHA-STOCK-02": "kho thiếu",
    "PHA-STOCK-03": "lô gần hết hạn",
}


def read_days(text: str, field: str) -> int:
    """Days as typed; raises INVALID."""
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 3:
        raise invalid(field, "Số ngày là số nguyên từ 1 đến 365. Nhập lại.")
    return int(text.strip())


def read_grid(form: Mapping[str, Any], lines: Iterable[MedicationRequest]) -> dict[UUID, LineInput]:
    """The lines whose fields `dose-<id>-0…3` or `days-<id>` differ from what is stored."""
    changed: dict[UUID, LineInput] = {}
    for line in lines:
        names = [f"dose-{line.id}-{part}" for part in range(4)]
        days = f"days-{line.id}"
        if not all(isinstance(form.get(name), str) for name in (*names, days)):
            continue
        morning, noon, afternoon, evening = (read_amount(str(form[name]), name) for name in names)
        dose = Dose(morning, noon, afternoon, evening, read_days(str(form[days]), days))
        if dose != dose_of(line):
            given = line.quantity if line.unit.lower() in PACKED_UNITS else None
            changed[line.id] = LineInput(dose, line.instruction, line.payer, given)
    return changed


def dose_of(line: MedicationRequest) -> Dose:
    """The dose of a line."""
    return Dose(line.morning, line.noon, line.afternoon, line.evening, line.days)


def _worst(findings: Iterable[Finding]) -> Finding | None:
    return min(findings, key=lambda finding: WEIGHT[finding.severity], default=None)


def grid_rows(lines: Sequence[MedicationRequest], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Rows of the grid: dose cells, quantity, payer, and the flag `{severity, word, code}` of the worst finding."""
    rows = []
    for line in lines:
        worst = _worst(f for f in findings if f.line == str(line.id) and f.severity is not Severity.INFORMATION)
        rows.append(
            {
                "id": line.id,
                "name": line.drug_name,
                "how": line.instruction or line.route,
                "doses": [line.morning, line.noon, line.afternoon, line.evening],
                "days": line.days,
                "quantity": line.quantity,
                "unit": line.unit.lower(),
                "payer": line.payer,
                "packed": line.unit.lower() in PACKED_UNITS,
                "flag": {
                    "severity": worst.severity.value,
                    "word": WORDS.get(worst.code, "chặn" if worst.severity is Severity.ERROR else "cần sửa"),
                    "code": worst.code,
                }
                if worst
                else None,
            }
        )
    return rows


def line_findings(findings: Iterable[Finding], line_id: UUID) -> list[dict[str, Any]]:
    """Findings of one line for its dialog, the worst first; `answerable` when a reason may be given."""
    own = sorted((f for f in findings if f.line == str(line_id)), key=lambda f: WEIGHT[f.severity])
    return [
        {
            "severity": f.severity.value,
            "message": f.message,
            "code": f.code,
            "why": f.action,
            "answerable": f.code in OVERRIDABLE and f.severity is not Severity.INFORMATION,
        }
        for f in own
    ]
