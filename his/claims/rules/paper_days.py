"""Do the issued papers still fit the visit as it ended: days, numbers, destination, children (QĐ 4750 tables 7 to 14).

The papers were judged when they were issued; the visit may have changed since. What the tables take from the visit
itself (name, card, days, diagnoses) cannot differ and is not asked again.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from his.claims.rules.common import Say, on, rule
from his.claims.rules.paper import REFERRALS
from his.claims.terms import ClaimFacts
from his.kit.rulebook import Rule

MOST_WEEKS = 42
LONGEST_ANTENATAL = 30  # days of one certificate (TT 25/2025/TT-BYT)
SICK_LEAVE_FORM = "CT07"
ONE_DAY = timedelta(days=1)


def _end(facts: ClaimFacts) -> date:
    return (facts.ended_at or facts.arrived_at).date()


def _is_number(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdecimal()


@rule("CLM-PAPER-01", "Đình chỉ thai trên giấy ra viện, giấy nghỉ đủ nguyên nhân, tuổi thai", "CORE-155")
def pregnancy_complete(facts: ClaimFacts) -> Iterator[Say]:
    """MA_DINH_CHI_THAI 1 needs the reason, TUOI_THAI 1 to 42, and on the discharge paper the time."""
    for table, word, paper in (
        ("XML7", "giấy ra viện", facts.papers.discharge),
        ("XML11", "giấy nghỉ việc", facts.papers.sick_leave),
    ):
        if paper is None or not paper.pregnancy_ended:
            continue
        if not paper.pregnancy_reason.strip():
            yield Say(
                f"Đình chỉ thai trên {word} thiếu nguyên nhân. Bổ sung rồi cấp lại.", f"{table}.NGUYENNHAN_DINHCHI"
            )
        weeks = paper.pregnancy_weeks
        if weeks is None or not 1 <= weeks <= MOST_WEEKS:
            shown = "trống" if weeks is None else f"{weeks} tuần"
            yield Say(f"Tuổi thai trên {word} {shown}, phải từ 1 đến {MOST_WEEKS} tuần. Cấp lại.", f"{table}.TUOI_THAI")
    discharge = facts.papers.discharge
    if discharge and discharge.pregnancy_ended and discharge.pregnancy_ended_at is None:
        yield Say("Đình chỉ thai trên giấy ra viện thiếu thời điểm. Bổ sung rồi cấp lại.", "XML7.THOIGIAN_DINHCHI")


@rule("CLM-PAPER-02", "Nghỉ ngoại trú trên giấy ra viện bắt đầu khi ra viện", "CORE-156")
def discharge_leave(facts: ClaimFacts) -> Iterator[Say]:
    """NGOAITRU_TUNGAY on the day of NGAY_RA or the next; both days, in order: SO_NGAY_NGHI is counted from them."""
    paper = facts.papers.discharge
    if paper is None or facts.ended_at is None or (paper.leave_from is None and paper.leave_to is None):
        return
    first, last, end = paper.leave_from, paper.leave_to, _end(facts)
    if first is None or last is None or first > last:
        yield Say("Giấy ra viện ghi nghỉ thiếu ngày hoặc ngược ngày. Sửa rồi cấp lại.", "XML7.NGOAITRU_DENNGAY")
    elif not end <= first <= end + ONE_DAY:
        yield Say(
            f"Giấy ra viện cho nghỉ từ {on(first)}, phải là ngày ra viện {on(end)} hoặc hôm sau. Cấp lại giấy.",
            "XML7.NGOAITRU_TUNGAY",
        )


@rule("CLM-PAPER-03", "Giấy nghỉ dưỡng thai đủ ngày, không quá 30 ngày", "CORE-161; TT 25/2025/TT-BYT")
def antenatal_leave(facts: ClaimFacts) -> Iterator[Say]:
    """TU_NGAY and DEN_NGAY in order; SO_NGAY, counted from them, within the maximum of one certificate."""
    paper = facts.papers.antenatal_leave
    if paper is None:
        return
    days = paper.days
    if days is None or days < 1:
        yield Say("Giấy nghỉ dưỡng thai thiếu ngày hoặc ngược ngày. Sửa rồi cấp lại.", "XML10.DEN_NGAY")
    elif days > LONGEST_ANTENATAL:
        yield Say(
            f"Giấy nghỉ dưỡng thai {days} ngày, nhiều nhất {LONGEST_ANTENATAL}. Tách giấy hoặc giảm số ngày.",
            "XML10.SO_NGAY",
        )


@rule("CLM-PAPER-04", "Giấy nghỉ việc nằm trong đợt khám", "CORE-163")
def sick_leave_days(facts: ClaimFacts) -> Iterator[Say]:
    """TU_NGAY <= NGAY_RA, DEN_NGAY >= NGAY_VAO, in order: SO_NGAY_NGHI is counted from them."""
    paper = facts.papers.sick_leave
    if paper is None:
        return
    first, last = paper.first_day, paper.last_day
    if first is None or last is None or first > last:
        yield Say("Giấy nghỉ việc thiếu ngày hoặc ngược ngày. Sửa rồi cấp lại.", "XML11.DEN_NGAY")
        return
    if facts.ended_at is not None and first > _end(facts):
        yield Say(f"Nghỉ từ {on(first)}, sau ngày kết thúc khám {on(_end(facts))}. Cấp lại giấy nghỉ.", "XML11.TU_NGAY")
    if last < facts.arrived_at.date():
        yield Say(
            f"Nghỉ đến {on(last)}, trước ngày khám {on(facts.arrived_at.date())}. Cấp lại giấy nghỉ.", "XML11.DEN_NGAY"
        )


@rule("CLM-PAPER-05", "Giấy nghỉ việc theo mẫu CT07, mã BHXH 10 chữ số", "CORE-162")
def sick_leave_form(facts: ClaimFacts) -> Iterator[Say]:
    """MAU_SO and MA_BHXH; the card is that of the visit."""
    paper = facts.papers.sick_leave
    if paper is None:
        return
    if paper.form_code != SICK_LEAVE_FORM:
        yield Say(f"Giấy nghỉ việc ghi mẫu “{paper.form_code}”, phải là CT07. Cấp lại giấy.", "XML11.MAU_SO")
    if paper.insurance_number and not _is_number(paper.insurance_number):
        yield Say(
            f"Mã số BHXH trên giấy nghỉ có {len(paper.insurance_number)} ký tự, phải là 10 chữ số. Sửa rồi cấp lại.",
            "XML11.MA_BHXH",
        )


@rule("CLM-PAPER-06", "Giấy hẹn trùng ngày tái khám của hồ sơ", "CORE-082, CORE-168")
def follow_up_same_days(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_HEN_KL of XML14 and NGAY_TAI_KHAM of XML1: the same days, as many, later than NGAY_RA."""
    paper = facts.papers.follow_up
    if paper is None or paper.appointment_at is None or facts.ended_at is None:
        return
    day, stated = paper.appointment_at.date(), facts.follow_up_on
    if day <= _end(facts):
        yield Say(
            f"Giấy hẹn ngày {on(day)} không sau ngày kết thúc {on(_end(facts))}. Cấp lại giấy hẹn.", "XML14.NGAY_HEN_KL"
        )
    if stated != (day,):
        shown = ", ".join(map(on, stated)) or "không có"
        yield Say(
            f"Giấy hẹn ngày {on(day)}, hồ sơ ghi ngày tái khám {shown}. Sửa kết luận hoặc cấp lại giấy hẹn.",
            "XML14.NGAY_HEN_KL",
        )


@rule("CLM-PAPER-07", "Giấy chuyển cùng nơi đến với hồ sơ", "CORE-033, CORE-167")
def referral_same_place(facts: ClaimFacts) -> Iterator[Say]:
    """XML13 goes with MA_LOAI_RV 2 or 5 and names MA_NOI_DEN."""
    paper = facts.papers.referral
    if paper is None or not facts.discharge_type:
        return
    if facts.discharge_type not in REFERRALS:
        yield Say(
            f"Có giấy chuyển nhưng loại ra viện là {facts.discharge_type}. Chọn chuyển cơ sở KCB hoặc thu hồi giấy.",
            "XML1.MA_LOAI_RV",
        )
    elif facts.referred_to and paper.destination_code != facts.referred_to:
        yield Say(
            f"Giấy chuyển ghi nơi đến {paper.destination_code}, hồ sơ ghi {facts.referred_to}. Sửa cho khớp.",
            "XML13.MA_CSKCB_DEN",
        )


@rule("CLM-PAPER-08", "Mã số trên giấy chứng sinh đúng dạng", "CORE-159; CHK-XML9_INFO_ERROR_MA_BHXH_NND_LENGTH")
def birth_numbers(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BHXH_NND 10 digits, MA_THE_NND and MA_THE_TAM 15 characters, NGAYCAP_CCCD_NND not after the birth paper."""
    for birth in facts.papers.births:
        if birth.mother_number and not _is_number(birth.mother_number):
            yield Say("Mã số BHXH của mẹ không phải 10 chữ số. Sửa rồi cấp lại giấy chứng sinh.", "XML9.MA_BHXH_NND")
        for value, field in ((birth.mother_card, "MA_THE_NND"), (birth.temporary_card, "MA_THE_TAM")):
            if value and len(value) != 15:
                yield Say(f"Thẻ trên giấy chứng sinh có {len(value)} ký tự, phải là 15. Cấp lại.", f"XML9.{field}")
        issued = birth.mother_citizen_issued_on
        if issued and birth.issued_on and issued > birth.issued_on:
            yield Say(f"CCCD của mẹ cấp ngày {on(issued)}, sau giấy chứng sinh. Sửa ngày.", "XML9.NGAYCAP_CCCD_NND")


@rule("CLM-PAPER-09", "Mỗi con một giấy chứng sinh", "CORE-160")
def one_paper_for_each_child(facts: ClaimFacts) -> Iterator[Say]:
    """As many rows of XML9 as children of this delivery (SO_CON), no child twice."""
    births = facts.papers.births
    most = max((b.children or 1 for b in births), default=0)
    if len(births) < most:
        yield Say(f"Sinh {most} con nhưng mới có {len(births)} giấy chứng sinh. Lập giấy cho từng con.", "XML9.SO_CON")
    elif len(births) > most:
        yield Say(f"Sinh {most} con nhưng có {len(births)} giấy chứng sinh. Thu hồi giấy thừa.", "XML9.SO_CON")


PAPER_DAY_RULES: tuple[Rule[ClaimFacts], ...] = (
    pregnancy_complete,
    discharge_leave,
    antenatal_leave,
    sick_leave_days,
    sick_leave_form,
    follow_up_same_days,
    referral_same_place,
    birth_numbers,
    one_paper_for_each_child,
)
