"""How the visit ends: outcome, discharge, destination, treatment, follow-up, card."""

from collections.abc import Iterator
from datetime import date

from his.consultation.terms import SignFacts
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule

XML1 = "QĐ 4750/QĐ-BYT, QĐ 3176/QĐ-BYT (bảng XML1: KET_QUA_DTRI, MA_LOAI_RV, PP_DIEU_TRI, NGAY_TAI_KHAM)"
FROM = date(2024, 7, 1)
LONG_DAYS = 28  # a prescription of a chronic disease lasts at least so long
MOST_DAYS = 92
TRANSFERS = {"2", "5"}


def _outcome(facts: SignFacts) -> Iterator[Finding]:
    if not facts.outcome_code:
        message = "Chưa ghi kết quả điều trị. Chọn trong phần kết luận."
        yield Finding("CON-END-01", Severity.ERROR, message, "Encounter.outcome", action="Ghi kết luận")


def _discharge(facts: SignFacts) -> Iterator[Finding]:
    if not facts.discharge_code:
        message = "Chưa ghi loại ra viện. Chọn trong phần kết luận."
        yield Finding(
            "CON-END-02",
            Severity.ERROR,
            message,
            "Encounter.hospitalization.dischargeDisposition",
            action="Ghi kết luận",
        )


def _destination(facts: SignFacts) -> Iterator[Finding]:
    if facts.discharge_code in TRANSFERS and not facts.destination_code:
        message = "Chuyển cơ sở khác mà chưa ghi nơi đến. Nhập mã cơ sở 5 ký tự."
        yield Finding(
            "CON-END-03", Severity.ERROR, message, "Encounter.hospitalization.destination", action="Ghi kết luận"
        )


def _treatment(facts: SignFacts) -> Iterator[Finding]:
    if facts.insured and not facts.treatment and not facts.drugs:
        message = "Chưa ghi hướng điều trị và không có đơn thuốc. Ghi một câu trong phần kết luận."
        yield Finding("CON-END-04", Severity.WARNING, message, "Encounter.note", action="Ghi kết luận")


def _follow_up(facts: SignFacts) -> Iterator[Finding]:
    longest = max((drug.days for drug in facts.drugs), default=0)
    if facts.follow_up_on is None:
        if longest >= LONG_DAYS:
            message = f"Đơn {longest} ngày mà chưa hẹn tái khám. Chọn ngày hẹn nếu cần."
            yield Finding("CON-END-05", Severity.INFORMATION, message, "Appointment", action="Ghi kết luận")
        return
    days = (facts.follow_up_on - facts.today).days
    if days <= 0:
        message = f"Ngày hẹn {facts.follow_up_on:%d/%m/%Y} không sau hôm nay. Chọn ngày khác."
        yield Finding("CON-END-05", Severity.ERROR, message, "Appointment.start", action="Ghi kết luận")
    elif days > MOST_DAYS:
        message = f"Hẹn tái khám sau {days} ngày. Kiểm lại ngày hẹn."
        yield Finding("CON-END-05", Severity.WARNING, message, "Appointment.start", action="Ghi kết luận")


def _card(facts: SignFacts) -> Iterator[Finding]:
    if facts.insured and facts.card_state == "provisional":
        message = "Thẻ BHYT còn tạm tính, cổng chưa trả lời. Ký được, máy hỏi lại trước khi kết thúc lượt."
        yield Finding("CON-CARD-01", Severity.INFORMATION, message, "Coverage.status")
    elif facts.insured and facts.card_state == "refused":
        message = "Cổng báo thẻ không dùng được. Người bệnh trả như tự trả; báo tiếp đón nếu có thẻ khác."
        yield Finding("CON-CARD-01", Severity.WARNING, message, "Coverage.status")


ENDING_RULES: tuple[Rule[SignFacts], ...] = (
    Rule("CON-END-01", "Kết quả điều trị", XML1, Severity.ERROR, _outcome, FROM),
    Rule("CON-END-02", "Loại ra viện", XML1, Severity.ERROR, _discharge, FROM),
    Rule("CON-END-03", "Nơi chuyển đến", XML1, Severity.ERROR, _destination, FROM),
    Rule("CON-END-04", "Hướng điều trị", XML1, Severity.WARNING, _treatment, FROM),
    Rule("CON-END-05", "Hẹn tái khám", XML1, Severity.INFORMATION, _follow_up, FROM),
    Rule("CON-CARD-01", "Trạng thái thẻ", "Luật BHYT Điều 28", Severity.INFORMATION, _card, FROM),
)
