"""Diagnoses against ICD-10: in force, allowed as main, sex, age, number, repeats."""

from collections.abc import Iterator
from datetime import date

from his.encounters.terms import MAX_SECONDARY, DiagnosesFacts, DiagnosisEntry
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule

ICD = "TT 06/2026/TT-BYT (danh mục mã ICD-10)"
XML1 = "QĐ 4750/QĐ-BYT, QĐ 3176/QĐ-BYT (bảng XML1: MA_BENH_CHINH, MA_BENH_KT)"
FROM = date(2024, 7, 1)
NEWBORN_DAYS = 366
MENARCHE_DAYS, MENOPAUSE_DAYS = 9 * 365, 60 * 365


def _where(entry: DiagnosisEntry) -> str:
    return f"Condition.where(code.coding.code='{entry.code}')"


def _unknown(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        if not e.known:
            message = f"Mã {e.code} không có trong danh mục của ngày khám. Chọn mã khác."
            yield Finding("ENC-DX-01", Severity.ERROR, message, _where(e), action="Sửa chẩn đoán")


def _not_main(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        if e.role == "main" and e.not_primary:
            message = f"{e.code} {e.name} không dùng làm bệnh chính. Chọn bệnh chính khác, giữ mã này làm bệnh kèm."
            yield Finding("ENC-DX-02", Severity.ERROR, message, _where(e), action="Đổi bệnh chính")


def _discouraged(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        if e.role == "main" and e.discouraged_primary and not e.not_primary:
            message = f"{e.code} ít khi là bệnh chính. Dùng mã nói rõ nguyên nhân nếu biết."
            yield Finding("ENC-DX-03", Severity.INFORMATION, message, _where(e), action="Đổi bệnh chính")


def _sex(facts: DiagnosesFacts) -> Iterator[Finding]:
    words = {"F": "nữ", "M": "nam"}
    for e in facts.entries:
        wanted = "F" if e.code.startswith("O") else e.sex
        if wanted and facts.sex and wanted != facts.sex:
            message = f"{e.code} {e.name} dùng cho {words[wanted]}, người bệnh là {words[facts.sex]}. Kiểm lại mã bệnh."
            # The list says "mainly"; only pregnancy and childbirth are impossible for a man.
            weight = Severity.ERROR if e.code.startswith("O") else Severity.WARNING
            yield Finding("ENC-DX-04", weight, message, _where(e), action="Sửa chẩn đoán")


def _age(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        chapter = e.code[:1]
        if chapter == "P" and facts.age_days >= NEWBORN_DAYS:
            message = f"{e.code} là bệnh của thời kỳ chu sinh, người bệnh đã qua 1 tuổi. Kiểm lại mã bệnh."
            yield Finding("ENC-DX-05", Severity.WARNING, message, _where(e), action="Sửa chẩn đoán")
        if chapter == "O" and not MENARCHE_DAYS <= facts.age_days < MENOPAUSE_DAYS:
            message = f"{e.code} là mã thai sản, tuổi người bệnh không phù hợp. Kiểm lại mã bệnh."
            yield Finding("ENC-DX-05", Severity.WARNING, message, _where(e), action="Sửa chẩn đoán")


def _too_many(facts: DiagnosesFacts) -> Iterator[Finding]:
    count = sum(e.role == "secondary" for e in facts.entries)
    if count > MAX_SECONDARY:
        message = f"Có {count} bệnh kèm, hồ sơ nhận nhiều nhất {MAX_SECONDARY}. Bỏ bớt bệnh ít liên quan."
        yield Finding("ENC-DX-06", Severity.ERROR, message, "Encounter.diagnosis", action="Sửa chẩn đoán")


def _one_main(facts: DiagnosesFacts) -> Iterator[Finding]:
    mains = [e for e in facts.entries if e.role == "main"]
    if len(mains) > 1:
        message = f"Có {len(mains)} bệnh chính. Giữ một, chuyển các bệnh khác thành bệnh kèm."
        yield Finding("ENC-DX-07", Severity.ERROR, message, "Encounter.diagnosis", action="Đổi bệnh chính")
    if facts.closing and not mains:
        message = "Chưa có bệnh chính. Nhập mã hoặc tên bệnh vào ô chẩn đoán."
        yield Finding("ENC-DX-07", Severity.ERROR, message, "Encounter.diagnosis", action="Thêm chẩn đoán")


def _repeats(facts: DiagnosesFacts) -> Iterator[Finding]:
    seen: set[str] = set()
    for e in facts.entries:
        if e.code in seen:
            message = f"Mã {e.code} ghi hai lần. Bỏ một."
            yield Finding("ENC-DX-08", Severity.ERROR, message, _where(e), action="Sửa chẩn đoán")
        seen.add(e.code)


def _specific(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        if e.has_more_specific:
            message = f"{e.code} có mã chi tiết hơn. Chọn mã 4 ký tự nếu biết rõ."
            yield Finding("ENC-DX-09", Severity.INFORMATION, message, _where(e), action="Sửa chẩn đoán")


def _death_only(facts: DiagnosesFacts) -> Iterator[Finding]:
    for e in facts.entries:
        if e.death_cause_only and not facts.died:
            message = f"{e.code} chỉ dùng ghi nguyên nhân tử vong. Chọn mã khác."
            yield Finding("ENC-DX-10", Severity.ERROR, message, _where(e), action="Sửa chẩn đoán")


DIAGNOSIS_RULES: tuple[Rule[DiagnosesFacts], ...] = (
    Rule("ENC-DX-01", "Mã bệnh có trong danh mục", ICD, Severity.ERROR, _unknown, FROM),
    Rule("ENC-DX-02", "Mã dùng được làm bệnh chính", ICD, Severity.ERROR, _not_main, FROM),
    Rule("ENC-DX-03", "Mã ít dùng làm bệnh chính", ICD, Severity.INFORMATION, _discouraged, FROM),
    Rule("ENC-DX-04", "Mã bệnh hợp giới tính", ICD, Severity.WARNING, _sex, FROM),
    Rule("ENC-DX-05", "Mã bệnh hợp tuổi", ICD, Severity.WARNING, _age, FROM),
    Rule("ENC-DX-06", "Nhiều nhất 12 bệnh kèm", XML1, Severity.ERROR, _too_many, FROM),
    Rule("ENC-DX-07", "Đúng một bệnh chính", XML1, Severity.ERROR, _one_main, FROM),
    Rule("ENC-DX-08", "Mã bệnh không lặp", XML1, Severity.ERROR, _repeats, FROM),
    Rule("ENC-DX-09", "Mã chi tiết hơn", ICD, Severity.INFORMATION, _specific, FROM),
    Rule("ENC-DX-10", "Mã chỉ dùng cho tử vong", ICD, Severity.ERROR, _death_only, FROM),
)
