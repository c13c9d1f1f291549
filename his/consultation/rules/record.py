"""The record before signing: orders, critical values, notes, drafts, weight, allergy, insured drugs."""

from collections.abc import Iterator
from datetime import date

from his.consultation.terms import SignFacts
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule

CARE = "Luật Khám bệnh, chữa bệnh 15/2023/QH15 Điều 69; TT 32/2023/TT-BYT (hồ sơ bệnh án)"
XML = "QĐ 4750/QĐ-BYT, QĐ 3176/QĐ-BYT"
FROM = date(2024, 7, 1)
INFANT_MONTHS = 12  # CAN_NANG of XML1


def _status(facts: SignFacts) -> Iterator[Finding]:
    if facts.status not in ("arrived", "in-progress"):
        message = "Lượt khám đã ký hoặc đã hủy. Mở lượt khám mới nếu người bệnh quay lại."
        yield Finding("CON-VIS-01", Severity.ERROR, message, "Encounter.status")


def _results(facts: SignFacts) -> Iterator[Finding]:
    for order in facts.orders:
        if order.awaited and order.status in ("active", "in-progress"):
            doing = "đang làm" if order.status == "in-progress" else "chưa làm"
            message = f"{order.name} {doing}, chưa có kết quả. Chờ kết quả hoặc hủy chỉ định."
            action = "Hủy chỉ định" if order.status == "active" else "Mở kết quả"
            yield Finding("CON-ORD-01", Severity.ERROR, message, "ServiceRequest.status", order.id, action)


def _critical(facts: SignFacts) -> Iterator[Finding]:
    for value in facts.critical:
        message = f"Kết quả báo động {value.name} {value.value} chưa có người nhận. Ghi xử trí trước khi ký."
        yield Finding("CON-ORD-02", Severity.ERROR, message, "Observation.interpretation", value.id, "Mở kết quả")


def _weight(facts: SignFacts) -> Iterator[Finding]:
    if facts.weight_kg is None and facts.age_months < INFANT_MONTHS:
        message = "Thiếu cân nặng của trẻ dưới 1 tuổi. Cân rồi ghi vào sinh hiệu."
        yield Finding("CON-PAT-01", Severity.ERROR, message, "Observation.weight", action="Ghi sinh hiệu")


def _insured_drugs(facts: SignFacts) -> Iterator[Finding]:
    insured = [drug for drug in facts.drugs if drug.payer == "insurance"]
    if insured and not facts.diagnoses:
        message = f"{insured[0].name} do BHYT trả nhưng lượt khám chưa có mã bệnh nào. Nhập chẩn đoán."
        yield Finding(
            "CON-RX-01", Severity.ERROR, message, "MedicationRequest.reasonCode", insured[0].id, "Thêm chẩn đoán"
        )


def _exam_note(facts: SignFacts) -> Iterator[Finding]:
    if not facts.has_exam_note:
        message = "Chưa ghi phần khám. Ghi diễn biến lâm sàng để hồ sơ đủ căn cứ."
        yield Finding("CON-NOTE-01", Severity.WARNING, message, "Composition.section", action="Ghi khám")


def _foreign_notes(facts: SignFacts) -> Iterator[Finding]:
    if facts.foreign_notes:
        message = f"Còn {facts.foreign_notes} ghi chép của người khác chưa ký. Nhờ người viết ký."
        yield Finding("CON-NOTE-02", Severity.ERROR, message, "Composition.attester", action="Ghi khám")


def _unsaved(facts: SignFacts) -> Iterator[Finding]:
    for draft in facts.unsaved:
        message = f"Nháp lúc {draft.time} chưa lưu vào bệnh án. Lưu hoặc bỏ nháp."
        yield Finding("CON-NOTE-03", Severity.ERROR, message, "Composition.status", action="Lưu vào bệnh án")


RECORD_RULES: tuple[Rule[SignFacts], ...] = (
    Rule("CON-VIS-01", "Lượt khám còn mở", CARE, Severity.ERROR, _status, FROM),
    Rule("CON-ORD-01", "Chỉ định có kết quả", CARE, Severity.ERROR, _results, FROM),
    Rule("CON-ORD-02", "Kết quả báo động có người nhận", CARE, Severity.ERROR, _critical, FROM),
    Rule("CON-PAT-01", "Cân nặng của trẻ dưới 1 tuổi", f"{XML} (CAN_NANG)", Severity.ERROR, _weight, FROM),
    Rule("CON-RX-01", "Thuốc BHYT có mã bệnh", XML, Severity.ERROR, _insured_drugs, FROM),
    Rule("CON-NOTE-01", "Có ghi chép khám", CARE, Severity.WARNING, _exam_note, FROM),
    Rule("CON-NOTE-02", "Ghi chép của người khác đã ký", CARE, Severity.ERROR, _foreign_notes, FROM),
    Rule("CON-NOTE-03", "Không còn nháp", CARE, Severity.ERROR, _unsaved, FROM),
)
