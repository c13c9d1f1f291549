"""Are the people of a dossier on the staff list of the unit, and has the gateway confirmed its cards (QĐ 4750)."""

from collections.abc import Iterator

from his.claims.known import ListedStaff
from his.claims.rules.common import WARNING, Say, about, rule
from his.claims.terms import ClaimFacts, ServiceLine
from his.practice.rules import chapter_of
from his.practice.terms import CHAPTERS

STAFF = "staff"
HANDS_GROUPS = frozenset({"2", "3", "8", "18"})  # MA_NHOM of imaging, function tests, operations, procedures


def _staff(facts: ClaimFacts) -> dict[str, ListedStaff] | None:
    known = facts.known
    return {s.license: s for s in known.staff} if known and STAFF in known.lists else None


@rule("CLM-LIST-41", "Người chỉ định có trong danh sách nhân viên", "CORE-109; CHK-XML2_INVALID_MEDICAL_STAFF_CODE")
def orderer_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BAC_SI of XML2 and XML3; seconded staff carry `.C.`."""
    staff = _staff(facts)
    for line in facts.lines if staff is not None else ():
        for code in line.practitioner_codes:
            if staff is not None and code not in staff and ".C." not in code:
                yield about(line, f"người chỉ định {code} không có trong danh sách nhân viên. Sửa mã.", "MA_BAC_SI")


@rule(
    "CLM-LIST-42",
    "Người thực hiện có trong danh sách nhân viên",
    "CORE-134; CHK-XML3_INFO_ERROR_NGUOI_THUC_HIEN_NOT_FOUND",
)
def performer_listed(facts: ClaimFacts) -> Iterator[Say]:
    """NGUOI_THUC_HIEN of XML3."""
    staff = _staff(facts)
    for line in facts.services if staff is not None else ():
        for code in line.performer_codes:
            if staff is not None and code not in staff and ".C." not in code:
                yield about(line, f"người thực hiện {code} không có trong danh sách. Sửa mã.", "NGUOI_THUC_HIEN")


@rule("CLM-LIST-43", "Người chỉ định là bác sĩ, y sĩ", "CORE-109, CORE-146", severity=WARNING)
def orderer_is_doctor(facts: ClaimFacts) -> Iterator[Say]:
    """Orders of drugs come from doctors and assistant doctors."""
    staff = _staff(facts) or {}
    for line in facts.drugs:
        for code in line.practitioner_codes:
            person = staff.get(code)
            if person and person.title and not person.title.upper().startswith(("BS", "YS", "TS", "THS", "PGS", "GS")):
                yield about(line, f"người kê {code} ghi chức danh “{person.title}”. Kiểm lại người kê.", "MA_BAC_SI")


@rule("CLM-LIST-44", "Người làm còn hành nghề tại đơn vị", "CORE-146", severity=WARNING)
def staff_active(facts: ClaimFacts) -> Iterator[Say]:
    """A certificate that the unit has closed."""
    closed = {s.license for s in facts.known.staff if not s.active} if facts.known else set()
    for line in facts.lines if closed else ():
        performers = line.performer_codes if isinstance(line, ServiceLine) else ()
        for code in dict.fromkeys((*line.practitioner_codes, *performers)):
            if code in closed:
                yield about(line, f"{code} đã ngừng hành nghề tại đơn vị. Kiểm lại người làm.", "MA_BAC_SI")


@rule(
    "CLM-LIST-45",
    "Người đọc kết quả có trong danh sách nhân viên",
    "CORE-150; CHK-XML4_INFO_ERROR_MA_BS_DOC_KQ_NOT_FOUND",
)
def reader_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BS_DOC_KQ of XML4."""
    staff = _staff(facts)
    for result in facts.results if staff is not None else ():
        code = result.reader_code
        if staff is not None and code and code not in staff:
            yield Say(f"Người đọc kết quả {code} không có trong danh sách. Sửa mã.", "XML4.MA_BS_DOC_KQ", result.key)


@rule(
    "CLM-LIST-46",
    "Người ghi diễn biến có trong danh sách nhân viên",
    "CORE-153; CHK-XML5_INFO_ERROR_NGUOI_THUC_HIEN_NOT_FOUND",
)
def author_listed(facts: ClaimFacts) -> Iterator[Say]:
    """NGUOI_THUC_HIEN of XML5."""
    staff = _staff(facts)
    for note in facts.notes if staff is not None else ():
        for code in note.author_codes:
            if staff is not None and code not in staff:
                yield Say(
                    f"Người ghi diễn biến {code} không có trong danh sách. Sửa mã.", "XML5.NGUOI_THUC_HIEN", note.key
                )


@rule("CLM-LIST-47", "Phạm vi hành nghề bao trùm dịch vụ", "CORE-146; Luật 15/2023/QH15 Điều 19, 36", severity=WARNING)
def scope_covers(facts: ClaimFacts) -> Iterator[Say]:
    """Who orders has a registration in force that day; whose hands do it, one that covers the chapter of the service."""
    staff = _staff(facts) or {}
    for line in facts.services:
        done = (line.performed_at or line.ordered_at).date()
        chapter = chapter_of(line.service_code) if line.group_code in HANDS_GROUPS else ""
        asked = ((code, line.ordered_at.date(), "") for code in line.practitioner_codes)
        did = ((code, done, chapter) for code in line.performer_codes)
        for code, day, needed in dict.fromkeys((*asked, *did)):
            person = staff.get(code)
            if person is None or not person.practices:
                continue
            holding = [one for one in person.practices if one.holds(day)]
            if not holding:
                said = f"{code} không có đăng ký hành nghề còn hiệu lực ngày {day:%d/%m/%Y}. Kiểm lại người làm."
                yield about(line, said, "NGUOI_THUC_HIEN" if needed else "MA_BAC_SI")
            elif needed and not any(not one.chapters or needed in one.chapters for one in holding):
                said = f"{code} không đăng ký chuyên môn {CHAPTERS[needed]} của dịch vụ này. Kiểm lại người làm."
                yield about(line, said, "NGUOI_THUC_HIEN")


@rule("CLM-LIST-51", "Thẻ đã được cổng xác nhận", "CORE-031; Luật BHYT Điều 28", severity=WARNING)
def card_confirmed(facts: ClaimFacts) -> Iterator[Say]:
    """A card that the gateway has not answered for: name, birth date, sex and validity are not compared yet."""
    mine = {card.number for card in facts.cards}
    for number, state in facts.known.card_states if facts.known else ():
        if number in mine and state == "provisional":
            yield Say("Thẻ BHYT còn tạm tính, cổng chưa trả lời. Tra lại thẻ trên cổng BHXH.", "XML1.MA_THE_BHYT")


@rule("CLM-LIST-52", "Thẻ không bị cổng từ chối", "CORE-031; Luật BHYT Điều 28")
def card_not_refused(facts: ClaimFacts) -> Iterator[Say]:
    """The gateway said that name, birth date, sex or validity do not match."""
    mine = {card.number for card in facts.cards}
    for number, state in facts.known.card_states if facts.known else ():
        if number in mine and state == "refused":
            yield Say(
                "Cổng báo thẻ BHYT không khớp người hoặc hết hạn. Đổi thẻ hoặc chuyển tự trả.", "XML1.MA_THE_BHYT"
            )


LISTED_STAFF_RULES = (
    orderer_listed,
    performer_listed,
    orderer_is_doctor,
    staff_active,
    reader_listed,
    author_listed,
    scope_covers,
    card_confirmed,
    card_not_refused,
)
