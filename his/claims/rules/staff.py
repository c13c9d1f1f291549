"""Who ordered, performed, read and signed (QĐ 4750: practice-certificate numbers; MA_TTDV is a 10-digit number)."""

import re
from collections.abc import Iterator
from datetime import datetime

from his.claims.rules.common import OUTSOURCED, PERFORMED_GROUPS, TEST_GROUPS, WARNING, Say, about, at, rule
from his.claims.terms import ClaimFacts, ServiceLine

OPERATED_GROUPS = frozenset({"8", "18"})
SECOND_OF_SESSION = frozenset({50, 80})
_CERTIFICATE = re.compile(r"[0-9A-Za-zĐđ][0-9A-Za-zĐđ/.\-]{3,}")
_HEAD = re.compile(r"[0-9]{10}")


@rule("CLM-STAFF-01", "Thuốc có người chỉ định", "CORE-109; QĐ 4750 (MA_BAC_SI)")
def drug_prescriber(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BAC_SI of XML2; services without it are found by the rules of form."""
    for line in facts.drugs:
        if not any(line.practitioner_codes):
            yield about(
                line, "thiếu số chứng chỉ hành nghề của người chỉ định. Bổ sung ở tài khoản bác sĩ.", "MA_BAC_SI"
            )


@rule("CLM-STAFF-02", "Xét nghiệm, phẫu thuật, thủ thuật có người thực hiện", "CORE-134")
def performer_present(facts: ClaimFacts) -> Iterator[Say]:
    """NGUOI_THUC_HIEN for groups 1, 2, 3, 8, 18, unless sent to another facility."""
    for line in facts.services:
        needed = line.group_code in PERFORMED_GROUPS and OUTSOURCED not in line.service_code
        if needed and not any(line.performer_codes):
            yield about(line, "thiếu người thực hiện. Ghi người làm dịch vụ.", "NGUOI_THUC_HIEN")


@rule("CLM-STAFF-03", "Kết quả có người đọc", "CORE-150")
def reader_present(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BS_DOC_KQ once a result is there, unless sent to another facility."""
    for result in facts.results:
        given = result.value or result.conclusion
        if given and not result.reader_code and OUTSOURCED not in result.service_code:
            yield Say(
                f"Chỉ số “{result.index_name}” thiếu người đọc kết quả. Ghi người duyệt kết quả.",
                "XML4.MA_BS_DOC_KQ",
                result.key,
            )


@rule("CLM-STAFF-04", "Mã thủ trưởng đơn vị gồm 10 chữ số", "CORE-084")
def head_number_form(facts: ClaimFacts) -> Iterator[Say]:
    """MA_TTDV is the social-insurance number of the head or delegate."""
    if not _HEAD.fullmatch(facts.head_number):
        yield Say(
            f"Mã thủ trưởng đơn vị “{facts.head_number}” không phải 10 chữ số. Sửa trong thông tin đơn vị.",
            "XML1.MA_TTDV",
        )


@rule("CLM-STAFF-05", "Người chỉ định không tự thực hiện cận lâm sàng", "CORE-143", severity=WARNING)
def orderer_not_performer(facts: ClaimFacts) -> Iterator[Say]:
    """Groups 1, 2, 3 ordered and performed by the same person."""
    for line in facts.services:
        if line.group_code in TEST_GROUPS:
            for code in sorted(set(line.practitioner_codes) & set(line.performer_codes)):
                yield about(line, f"{code} vừa chỉ định vừa thực hiện. Kiểm lại người thực hiện.", "NGUOI_THUC_HIEN")


def _one_session(line: ServiceLine, other: ServiceLine) -> bool:
    """Is one of the two paid as the second operation of a session (CORE-128: 50 or 80 percent)?"""
    return bool({line.service_rate, other.service_rate} & SECOND_OF_SESSION)


@rule("CLM-STAFF-06", "Một người không làm hai dịch vụ cùng phút", "CORE-141")
def one_thing_at_a_time(facts: ClaimFacts) -> Iterator[Say]:
    """The main performer of two operations or procedures at the same minute, outside one session."""
    seen: dict[tuple[str, datetime], ServiceLine] = {}
    for line in facts.services:
        if line.group_code not in OPERATED_GROUPS or line.performed_at is None or not line.performer_codes:
            continue
        minute = line.performed_at.replace(second=0, microsecond=0)
        other = seen.setdefault((line.performer_codes[0], minute), line)
        if other is not line and not _one_session(line, other):
            yield about(
                line,
                f"{line.performer_codes[0]} cùng lúc {at(line.performed_at)} còn làm “{other.name}”. Kiểm lại giờ.",
                "NGUOI_THUC_HIEN",
            )


@rule("CLM-STAFF-07", "Số chứng chỉ hành nghề đúng dạng", "CORE-109, CORE-146; QĐ 4750")
def certificate_form(facts: ClaimFacts) -> Iterator[Say]:
    """Letters, digits, slash, dot, hyphen; no spaces, no list inside one code."""
    for line in facts.lines:
        performers = line.performer_codes if isinstance(line, ServiceLine) else ()
        for code in (*line.practitioner_codes, *performers):
            if not _CERTIFICATE.fullmatch(code):
                yield about(line, f"số chứng chỉ “{code}” không đúng dạng. Sửa ở tài khoản nhân viên.", "MA_BAC_SI")


@rule("CLM-STAFF-08", "Khoa của dòng có trong các khoa của đợt", "CORE-076, CORE-110", severity=WARNING)
def department_of_stay(facts: ClaimFacts) -> Iterator[Say]:
    """MA_KHOA of lines is among MA_KHOA of XML1."""
    for line in facts.lines:
        if line.department_code and facts.department_codes and line.department_code not in facts.department_codes:
            yield about(line, f"khoa {line.department_code} không có trong các khoa của đợt. Kiểm lại khoa.", "MA_KHOA")


STAFF_RULES = (
    drug_prescriber,
    performer_present,
    reader_present,
    head_number_form,
    orderer_not_performer,
    one_thing_at_a_time,
    certificate_form,
    department_of_stay,
)
