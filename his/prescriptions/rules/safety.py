"""Allergies, contraindicated pairs, repeats, drugs still in hand: what must not go together."""

from collections.abc import Iterator

from his.kit.errors import Finding, Severity
from his.prescriptions.terms import SafetyFacts

LINE = "MedicationRequest"
ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION


def answered(facts: SafetyFacts, code: str, line: str, message: str, severity: Severity) -> tuple[Severity, str]:
    """Weight and sentence of a finding that a doctor may answer: with a reason it only reminds."""
    reason = facts.overrides.get((code, line))
    return (INFORMATION, f"{message} Bác sĩ đã ghi lý do: {reason}") if reason else (severity, message)


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
        reason = next(
            (
                facts.overrides[("PRE-PAIR-01", key)]
                for key in (pair.first_key, pair.second_key)
                if ("PRE-PAIR-01", key) in facts.overrides
            ),
            "",
        )
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
        earlier = next((e for e in facts.lines[:index] if line.ingredient_keys & e.ingredient_keys), None)
        if earlier is not None:
            said = f"{line.name} trùng hoạt chất {line.ingredient} với {earlier.name}."
            severity, message = answered(facts, "PRE-TWICE-01", line.key, said, WARNING)
            yield Finding("PRE-TWICE-01", severity, message, LINE, line.key, "Bỏ một dòng hoặc ghi lý do.")


def still_in_hand(facts: SafetyFacts) -> Iterator[Finding]:
    """An earlier prescription still covers the same ingredient."""
    for line in facts.lines:
        known = next(
            (k for k in facts.in_hand if k.until > facts.on and k.ingredient_keys & line.ingredient_keys), None
        )
        if known is not None:
            left = (known.until - facts.on).days
            said = f"{line.name}: đơn trước còn {known.name} đến {known.until:%d/%m} ({left} ngày)."
            severity, message = answered(facts, "PRE-HAND-01", line.key, said, WARNING)
            yield Finding("PRE-HAND-01", severity, message, LINE, line.key, "Trừ số còn lại hoặc ghi lý do.")
