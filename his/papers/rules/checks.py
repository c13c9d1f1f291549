"""Rules of the papers: what the claim standard and the forms of the ministry ask of each, before it is issued."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.papers.terms import (
    AntenatalLeave,
    Birth,
    Discharge,
    FollowUp,
    HivCare,
    PaperFacts,
    Referral,
    SickLeave,
    Tuberculosis,
)

INPATIENT = frozenset({"03", "04", "06", "09"})
DIED = frozenset({"5", "8"})
ABSCONDED = "3"
REFERRED = frozenset({"2", "5"})
LONGEST_LEAVE = 30  # days of one certificate
Said = tuple[str, str]
Check = Callable[[PaperFacts], Iterator[Said]]
RULES: list[Rule[PaperFacts]] = []


def _rule(code: str, title: str, basis: str, severity: Severity = Severity.ERROR) -> Callable[[Check], Check]:
    """Register a check that yields (field, sentence)."""

    def register(check: Check) -> Check:
        def run(facts: PaperFacts) -> Iterator[Finding]:
            for name, sentence in check(facts):
                yield Finding(code, severity, sentence, name)

        RULES.append(Rule(code, title, basis, severity, run))
        return check

    return register


def _vi(day: date) -> str:
    return f"{day:%d/%m/%Y}"


@_rule("PAP-LEAVE-01", "Ngày nghỉ đầu không sau ngày nghỉ cuối", "CORE-156, CORE-161, CORE-163")
def leave_in_order(facts: PaperFacts) -> Iterator[Said]:
    """Both days of a leave, or none; the first not after the last."""
    paper: Any = facts.paper
    names = ("leave_from", "leave_to") if isinstance(paper, Discharge) else ("first_day", "last_day")
    first, last = getattr(paper, names[0], None), getattr(paper, names[1], None)
    if (first is None) != (last is None):
        yield names[1], "Nghỉ phải có cả ngày đầu và ngày cuối. Điền ngày còn thiếu."
    elif first and last and first > last:
        yield names[1], f"Nghỉ đến {_vi(last)} trước ngày bắt đầu {_vi(first)}. Sửa ngày."


@_rule("PAP-LEAVE-02", "Nghỉ việc gắn với đợt khám", "CORE-163")
def sick_leave_in_visit(facts: PaperFacts) -> Iterator[Said]:
    """TU_NGAY not after the end of the visit, DEN_NGAY not before its beginning."""
    paper = facts.paper
    if isinstance(paper, SickLeave) and paper.first_day and paper.last_day:
        end = facts.ended_on or facts.today
        if paper.first_day > end:
            yield "first_day", f"Nghỉ từ {_vi(paper.first_day)} sau ngày kết thúc khám {_vi(end)}. Sửa ngày đầu."
        if paper.last_day < facts.arrived_on:
            yield "last_day", f"Nghỉ đến {_vi(paper.last_day)} trước ngày khám {_vi(facts.arrived_on)}. Sửa ngày cuối."


@_rule("PAP-LEAVE-03", "Một giấy nghỉ không quá 30 ngày", "CORE-161; TT 25/2025/TT-BYT", Severity.WARNING)
def leave_not_too_long(facts: PaperFacts) -> Iterator[Said]:
    """Longer leaves need a reason; tuberculosis has its own limit."""
    paper = facts.paper
    if isinstance(paper, SickLeave | AntenatalLeave) and (paper.days or 0) > LONGEST_LEAVE:
        yield "last_day", f"Nghỉ {paper.days} ngày, quá {LONGEST_LEAVE} ngày của một giấy. Kiểm lại số ngày."


@_rule("PAP-LEAVE-04", "Nghỉ ngoại trú bắt đầu khi ra viện", "CORE-156")
def discharge_leave_follows(facts: PaperFacts) -> Iterator[Said]:
    """From the day of discharge, or the day after."""
    paper = facts.paper
    if isinstance(paper, Discharge) and paper.leave_from:
        end = facts.ended_on or facts.today
        if not end <= paper.leave_from <= end + timedelta(days=1):
            yield (
                "leave_from",
                f"Nghỉ ngoại trú từ {_vi(paper.leave_from)} phải là ngày ra viện {_vi(end)} hoặc hôm sau. Sửa ngày.",
            )


@_rule("PAP-PREG-01", "Đình chỉ thai có nguyên nhân, thời điểm và tuổi thai", "CORE-155")
def pregnancy_complete(facts: PaperFacts) -> Iterator[Said]:
    """Reason, time (discharge paper) and weeks 1 to 42, exactly when a pregnancy ended."""
    paper = facts.paper
    if not isinstance(paper, Discharge | SickLeave):
        return
    if paper.pregnancy_weeks is not None and not 1 <= paper.pregnancy_weeks <= 42:
        yield "pregnancy_weeks", f"Tuổi thai {paper.pregnancy_weeks} tuần ngoài khoảng 1 đến 42. Sửa tuổi thai."
    if paper.pregnancy_ended:
        if not paper.pregnancy_reason:
            yield "pregnancy_reason", "Có đình chỉ thai thì phải ghi nguyên nhân. Điền nguyên nhân."
        if paper.pregnancy_weeks is None:
            yield "pregnancy_weeks", "Có đình chỉ thai thì phải ghi tuổi thai. Điền số tuần."
        if isinstance(paper, Discharge) and paper.pregnancy_ended_at is None:
            yield "pregnancy_ended_at", "Có đình chỉ thai thì phải ghi thời điểm. Điền ngày giờ."


@_rule("PAP-DIS-01", "Giấy ra viện cho người nằm điều trị", "CORE-089")
def discharge_of_a_stay(facts: PaperFacts) -> Iterator[Said]:
    """Inpatient, day or station stays; nobody who died or absconded gets one."""
    if isinstance(facts.paper, Discharge):
        if facts.care_setting not in INPATIENT:
            yield "", f"Loại hình khám {facts.care_setting} không cấp giấy ra viện. Dùng giấy hẹn hoặc tóm tắt hồ sơ."
        if facts.outcome in DIED or facts.discharge_type == ABSCONDED:
            yield "", "Người bệnh tử vong hoặc trốn viện không cấp giấy ra viện. Kiểm lại kết quả điều trị."


@_rule("PAP-REF-01", "Giấy chuyển khớp với kết thúc khám", "CORE-033, CORE-167")
def referral_fits(facts: PaperFacts) -> Iterator[Said]:
    """A referral ends the visit with MA_LOAI_RV 2 or 5, and goes to the same place, which is not this one."""
    paper = facts.paper
    if not isinstance(paper, Referral):
        return
    if facts.discharge_type not in REFERRED:
        yield "", "Lượt khám chưa ghi là chuyển đi. Chọn cách ra viện “Chuyển tuyến” ở phần kết luận rồi cấp giấy."
    if len(paper.destination_code) != 5:
        yield "destination_code", f"Mã nơi đến “{paper.destination_code}” phải có 5 ký tự. Sửa mã."
    elif paper.destination_code == facts.facility_code:
        yield "destination_code", f"Nơi đến {paper.destination_code} là chính cơ sở này. Chọn cơ sở khác."
    elif facts.destination and paper.destination_code != facts.destination:
        yield "destination_code", f"Nơi đến {paper.destination_code} khác kết luận {facts.destination}. Sửa cho khớp."


@_rule("PAP-FOL-01", "Giấy hẹn trùng ngày hẹn của lượt khám và sau khi kết thúc", "CORE-082, CORE-168")
def follow_up_fits(facts: PaperFacts) -> Iterator[Said]:
    """Later than the end of the visit; on the day the conclusion names."""
    paper = facts.paper
    if not isinstance(paper, FollowUp) or paper.appointment_at is None:
        return
    day = paper.appointment_at.date()
    if day <= (facts.ended_on or facts.today):
        yield "appointment_at", f"Hẹn {_vi(day)} phải sau ngày kết thúc khám. Chọn ngày sau."
    if facts.follow_up_on is None:
        yield "appointment_at", "Lượt khám chưa có ngày hẹn. Điền ngày hẹn ở phần kết luận rồi cấp giấy."
    elif day != facts.follow_up_on:
        yield "appointment_at", f"Hẹn {_vi(day)} khác ngày hẹn {_vi(facts.follow_up_on)} của lượt khám. Sửa cho khớp."


@_rule("PAP-NUM-01", "Mã số đúng độ dài", "CORE-157, CORE-159, CORE-162")
def numbers_have_length(facts: PaperFacts) -> Iterator[Said]:
    """Social-insurance numbers have ten digits, cards fifteen characters, facilities five."""
    paper = facts.paper
    for name in ("insurance_number", "father_number", "mother_number"):
        value = str(getattr(paper, name, "") or "")
        if value and not (len(value) == 10 and value.isascii() and value.isdecimal()):
            yield name, f"Mã số BHXH “{value}” phải có 10 chữ số. Sửa mã."
    for name in ("temporary_card", "mother_card"):
        value = str(getattr(paper, name, "") or "")
        if value and len(value) != 15:
            yield name, f"Mã thẻ “{value}” phải có 15 ký tự. Sửa mã."
    for name in ("sampled_by", "confirmed_by", "arv_started_at_facility"):
        value = str(getattr(paper, name, "") or "")
        if value and len(value) != 5:
            yield name, f"Mã cơ sở “{value}” phải có 5 ký tự. Sửa mã."


@_rule("PAP-BIRTH-01", "Giấy chứng sinh hợp lý", "CORE-159, CORE-160")
def birth_is_possible(facts: PaperFacts) -> Iterator[Said]:
    """Born by now, weight and numbers of children that can be."""
    paper = facts.paper
    if not isinstance(paper, Birth):
        return
    if paper.born_at and paper.born_at.date() > facts.today:
        yield "born_at", f"Sinh ngày {_vi(paper.born_at.date())} ở tương lai. Sửa ngày."
    if paper.weight_g is not None and not 200 <= paper.weight_g <= 9000:
        yield "weight_g", f"Cân nặng {paper.weight_g} g ngoài khoảng 200 đến 9000. Kiểm lại, ghi bằng gam."
    if paper.children is not None and not 1 <= paper.children <= 8:
        yield "children", f"Số con {paper.children} ngoài khoảng 1 đến 8. Sửa số con."
    if paper.mother_citizen_issued_on and paper.mother_citizen_issued_on > facts.today:
        yield "mother_citizen_issued_on", f"Ngày cấp {_vi(paper.mother_citizen_issued_on)} ở tương lai. Sửa ngày."


@_rule("PAP-TB-01", "Điều trị lao: kết thúc không trước bắt đầu", "QĐ 4750 bảng 6, bảng 15")
def tuberculosis_in_order(facts: PaperFacts) -> Iterator[Said]:
    """Both tables that speak of tuberculosis."""
    paper = facts.paper
    if isinstance(paper, Tuberculosis) and paper.started_on and paper.ended_on and paper.ended_on < paper.started_on:
        yield "ended_on", f"Kết thúc {_vi(paper.ended_on)} trước bắt đầu {_vi(paper.started_on)}. Sửa ngày."
    if (
        isinstance(paper, HivCare)
        and paper.tb_started_on
        and paper.tb_ended_on
        and paper.tb_ended_on < paper.tb_started_on
    ):
        yield "tb_ended_on", f"Kết thúc {_vi(paper.tb_ended_on)} trước bắt đầu {_vi(paper.tb_started_on)}. Sửa ngày."


@_rule("PAP-HIV-01", "Chuyển phác đồ có cả ngày và lý do", "QĐ 4750 bảng 6; mâu thuẫn 16")
def regimen_change_complete(facts: PaperFacts) -> Iterator[Said]:
    """Both or none; the same for a PCR test and its date."""
    paper = facts.paper
    if not isinstance(paper, HivCare):
        return
    if bool(paper.regimen_changed_on) != bool(paper.regimen_change_reason):
        yield "regimen_change_reason", "Chuyển phác đồ phải có cả ngày và lý do. Điền phần còn thiếu."
    if bool(paper.pcr_ordinal) != bool(paper.pcr_sampled_on):
        yield "pcr_sampled_on", "Xét nghiệm PCR phải có cả lần thứ mấy và ngày. Điền phần còn thiếu."


@_rule("PAP-STAFF-01", "Người ký có chứng chỉ hành nghề, đơn vị có mã thủ trưởng", "CORE-157", Severity.WARNING)
def signer_known(facts: PaperFacts) -> Iterator[Said]:
    """MA_BS and MA_TTDV come from the staff list."""
    if not facts.doctor_license:
        yield "", "Người ký chưa có số chứng chỉ hành nghề. Quản trị đơn vị bổ sung ở danh sách nhân viên."
    if not facts.head_number:
        yield "", "Đơn vị chưa có mã số của thủ trưởng. Quản trị đơn vị bổ sung."
