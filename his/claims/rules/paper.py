"""What must go with the dossier: results, notes, other tables (QĐ 4750; which tables to send)."""

from collections.abc import Iterator

from his.claims.rules.common import OUTSOURCED, STAYING, TEST_GROUPS, WARNING, Say, about, on, rule
from his.claims.terms import ClaimFacts, ProgressNote

REFERRALS = frozenset({"2", "5"})
DIED = frozenset({"5", "8"})
ABSCONDED = "3"
IMAGING = "2"
SUMMARY_RESULTS = 4000
REFERRAL_REASONS = frozenset({"1", "2", "3"})


@rule("CLM-DOC-01", "Xét nghiệm, hình ảnh, thăm dò có kết quả", "CORE-091")
def results_present(facts: ClaimFacts) -> Iterator[Say]:
    """Groups 1, 2, 3 need an XML4 row of the same service, unless sent to another facility."""
    known = {result.service_code for result in facts.results}
    for line in facts.services:
        if line.group_code in TEST_GROUPS and OUTSOURCED not in line.service_code and line.service_code not in known:
            yield about(
                line, f"chưa có kết quả cho mã {line.service_code}. Trả kết quả hoặc hủy dịch vụ.", "MA_DICH_VU"
            )


@rule("CLM-DOC-02", "Chẩn đoán hình ảnh có mô tả và kết luận", "CORE-148")
def imaging_described(facts: ClaimFacts) -> Iterator[Say]:
    """MO_TA and KET_LUAN for services of group 2."""
    imaging = {line.service_code for line in facts.services if line.group_code == IMAGING}
    for result in facts.results:
        if result.service_code in imaging and not (result.description.strip() and result.conclusion.strip()):
            yield Say(
                f"Kết quả “{result.index_name}” thiếu mô tả hoặc kết luận. Bổ sung trước khi gửi.",
                "XML4.KET_LUAN",
                result.key,
            )


@rule("CLM-DOC-03", "Kết quả thuộc một dịch vụ của đợt", "CORE-091, CORE-147", severity=WARNING)
def result_has_service(facts: ClaimFacts) -> Iterator[Say]:
    """An XML4 row of a service that is not in XML3."""
    known = {line.service_code for line in facts.services}
    for result in facts.results:
        if result.service_code and result.service_code not in known:
            yield Say(
                f"Kết quả “{result.index_name}” thuộc mã {result.service_code} không có trong chi phí. Kiểm lại mã.",
                "XML4.MA_DICH_VU",
                result.key,
            )


@rule("CLM-DOC-04", "Điều trị nội trú có diễn biến lâm sàng", "CORE-090")
def notes_present(facts: ClaimFacts) -> Iterator[Say]:
    """03, 04, 06 need XML5."""
    if facts.care_setting in STAYING and not facts.notes:
        yield Say(
            f"Loại hình {facts.care_setting} chưa có diễn biến lâm sàng nào. Ghi tờ điều trị.", "XML5.DIEN_BIEN_LS"
        )


@rule("CLM-DOC-05", "Diễn biến không chép lặp", "CORE-152", severity=WARNING)
def notes_differ(facts: ClaimFacts) -> Iterator[Say]:
    """Two notes with the same words."""
    seen: dict[str, ProgressNote] = {}
    for note in facts.notes:
        words = " ".join(note.course.split()).casefold()
        if words and seen.setdefault(words, note) is not note:
            yield Say(
                f"Diễn biến “{note.course.strip()[:40]}” chép lại nguyên văn lần trước. Ghi diễn biến của lần này.",
                "XML5.DIEN_BIEN_LS",
                note.key,
            )


def _needs(facts: ClaimFacts, table: str, why: str, field: str) -> Iterator[Say]:
    if table not in facts.tables_with:
        yield Say(f"{why} cần kèm bảng {table}. Lập giấy này hoặc nhập trên cổng giám định.", field)


@rule("CLM-DOC-06", "Chuyển đi có giấy chuyển (XML13)", "CORE-033")
def referral_attached(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LOAI_RV 2 or 5 needs XML13."""
    if facts.discharge_type in REFERRALS:
        yield from _needs(facts, "XML13", "Chuyển cơ sở KCB", "XML1.MA_LOAI_RV")


@rule("CLM-DOC-07", "Hẹn tái khám có giấy hẹn (XML14)", "CORE-082, CORE-094")
def follow_up_attached(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TAI_KHAM needs XML14."""
    if facts.follow_up_on:
        yield from _needs(facts, "XML14", "Hẹn tái khám", "XML1.NGAY_TAI_KHAM")


@rule("CLM-DOC-08", "Nội trú có giấy ra viện (XML7)", "CORE-089")
def discharge_attached(facts: ClaimFacts) -> Iterator[Say]:
    """03 and 04 need XML7, unless the patient died or absconded."""
    gone = facts.outcome in DIED or facts.discharge_type == ABSCONDED
    if facts.care_setting in {"03", "04"} and not gone:
        yield from _needs(facts, "XML7", "Ra viện", "XML1.MA_LOAI_RV")


@rule("CLM-DOC-09", "Nội trú có tóm tắt hồ sơ bệnh án (XML8)", "CORE-088")
def summary_attached(facts: ClaimFacts) -> Iterator[Say]:
    """03, 04, 06 need XML8."""
    if facts.care_setting in STAYING:
        yield from _needs(facts, "XML8", "Điều trị nội trú", "XML1.MA_LOAI_KCB")


@rule("CLM-DOC-10", "Khoa ra viện là một khoa của đợt", "CORE-154")
def discharging_department(facts: ClaimFacts) -> Iterator[Say]:
    """MA_KHOA_RV of XML7 stands in MA_KHOA of XML1."""
    paper = facts.papers.discharge
    if paper and paper.department_code and paper.department_code not in facts.department_codes:
        yield Say(
            f"Giấy ra viện ghi khoa {paper.department_code}, đợt điều trị không qua khoa này. Sửa giấy ra viện.",
            "XML7.MA_KHOA_RV",
        )


@rule("CLM-DOC-11", "Tóm tắt hồ sơ bệnh án đủ nội dung, kết quả không quá 4.000 ký tự", "CORE-158")
def summary_complete(facts: ClaimFacts) -> Iterator[Say]:
    """QT_BENHLY, TOMTAT_KQ, PP_DIEUTRI, KET_QUA_DTRI present; TOMTAT_KQ at most 4,000 characters."""
    paper = facts.papers.summary
    if paper is None:
        return
    parts = (
        ("QT_BENHLY", "quá trình bệnh lý", paper.course),
        ("TOMTAT_KQ", "tóm tắt kết quả cận lâm sàng", paper.results),
        ("PP_DIEUTRI", "phương pháp điều trị", paper.treatment),
        ("KET_QUA_DTRI", "kết quả điều trị", facts.outcome),
    )
    for field, name, text in parts:
        if not text.strip():
            yield Say(f"Tóm tắt hồ sơ bệnh án thiếu {name}. Bổ sung rồi cấp lại.", f"XML8.{field}")
    if len(paper.results) > SUMMARY_RESULTS:
        yield Say(
            f"Tóm tắt kết quả cận lâm sàng dài {len(paper.results)} ký tự, chỉ nhận {SUMMARY_RESULTS}. Rút gọn.",
            "XML8.TOMTAT_KQ",
        )


@rule("CLM-DOC-12", "Giấy chuyển đủ lý do, hướng điều trị, phương tiện, người ký", "CORE-166")
def referral_complete(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LYDO_CT is 1, 2 or 3; HUONG_DIEU_TRI, PHUONGTIEN_VC, MA_BAC_SI present."""
    paper = facts.papers.referral
    if paper is None:
        return
    if paper.reason_code not in REFERRAL_REASONS:
        yield Say(
            f"Giấy chuyển ghi lý do “{paper.reason_code}”, chỉ nhận 1, 2 hoặc 3. Chọn lại lý do.", "XML13.MA_LYDO_CT"
        )
    parts = (
        ("HUONG_DIEU_TRI", "hướng điều trị", paper.plan),
        ("PHUONGTIEN_VC", "phương tiện vận chuyển", paper.transport),
        ("MA_BAC_SI", "bác sĩ ký", paper.doctor_license),
    )
    for field, name, text in parts:
        if not text.strip():
            yield Say(f"Giấy chuyển thiếu {name}. Bổ sung rồi cấp lại.", f"XML13.{field}")


@rule("CLM-DOC-13", "Giấy hẹn không lập trước ngày vào", "CORE-169")
def slip_after_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_CT of XML14 is not before NGAY_VAO."""
    paper = facts.papers.follow_up
    if paper and paper.issued_on and paper.issued_on < facts.arrived_at.date():
        yield Say(
            f"Giấy hẹn lập ngày {on(paper.issued_on)}, trước ngày vào {on(facts.arrived_at.date())}. Cấp lại giấy hẹn.",
            "XML14.NGAY_CT",
        )


PAPER_RULES = (
    results_present,
    imaging_described,
    result_has_service,
    notes_present,
    notes_differ,
    referral_attached,
    follow_up_attached,
    discharge_attached,
    summary_attached,
    discharging_department,
    summary_complete,
    referral_complete,
    slip_after_arrival,
)
