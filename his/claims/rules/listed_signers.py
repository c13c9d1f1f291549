"""Are those who sign papers and dossier on the staff list of the unit (QĐ 4750: MA_BS, MA_BAC_SI, MA_TTDV)."""

from collections.abc import Iterator

from his.claims.rules.common import Say, rule
from his.claims.rules.listed_staff import STAFF
from his.claims.terms import ClaimFacts
from his.kit.rulebook import Rule

NUMBERS = "staff-number"  # the list of social-insurance numbers: loaded when anybody on the staff list has one
_FIELDS = (
    ("discharge", "XML7.MA_BS", "giấy ra viện"),
    ("antenatal_leave", "XML10.MA_BS", "giấy nghỉ dưỡng thai"),
    ("sick_leave", "XML11.MA_BS", "giấy nghỉ việc"),
    ("referral", "XML13.MA_BAC_SI", "giấy chuyển"),
    ("follow_up", "XML14.MA_BAC_SI", "giấy hẹn"),
)


@rule(
    "CLM-SIGN-01",
    "Người ký giấy có trong danh sách nhân viên",
    "CORE-157; CHK-XML7_INFO_ERROR_MA_BS_NOT_FOUND; CHK-XML11_INVALID_MEDICAL_STAFF_MA_BS; "
    "CHK-XML13_INVALID_MEDICAL_STAFF_MA_BAC_SI; CHK-XML14_INVALID_MEDICAL_STAFF_MA_BAC_SI",
)
def signer_listed(facts: ClaimFacts) -> Iterator[Say]:
    """The doctor of each paper by practice certificate; seconded staff carry `.C.`; none is found by the rules of form."""
    if facts.known is None or STAFF not in facts.known.lists:
        return
    staff = {person.license for person in facts.known.staff}
    for name, field, word in _FIELDS:
        code = getattr(getattr(facts.papers, name), "doctor_license", "")
        if code and code not in staff and ".C." not in code:
            yield Say(f"Người ký {word} ({code}) không có trong danh sách nhân viên. Cấp lại giấy.", field)


@rule(
    "CLM-SIGN-02",
    "Thủ trưởng đơn vị có trong danh sách nhân viên",
    "CORE-084, CORE-157; CHK-XML1_INVALID_MEDICAL_STAFF_MA_TTDV",
)
def head_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_TTDV belongs to somebody on the staff list; silent while nobody there has a social-insurance number."""
    if facts.known is None or NUMBERS not in facts.known.lists or not facts.head_number:
        return
    if facts.head_number not in facts.known.staff_numbers:
        yield Say(
            f"Mã thủ trưởng đơn vị {facts.head_number} không thuộc ai trong danh sách nhân viên. "
            "Sửa thông tin đơn vị hoặc thêm người này vào danh sách.",
            "XML1.MA_TTDV",
        )


LISTED_SIGNER_RULES: tuple[Rule[ClaimFacts], ...] = (signer_listed, head_listed)
