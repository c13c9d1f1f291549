"""Do orders, performance, results and notes follow each other inside the stay (QĐ 4750 tables 2 to 5)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from his.claims.rules.common import PERFORMED_GROUPS, TEST_GROUPS, WARNING, Say, about, at, rule
from his.claims.rules.reading import is_other
from his.claims.terms import ClaimFacts, ServiceLine

QUICKEST = timedelta(minutes=3)
SLOWEST = timedelta(days=7)


def _outside(facts: ClaimFacts, moment: datetime) -> bool:
    """Before arrival or after the end."""
    return moment < facts.arrived_at or (facts.ended_at is not None and moment > facts.ended_at)


def _stay(facts: ClaimFacts) -> str:
    end = at(facts.ended_at) if facts.ended_at else "nay"
    return f"{at(facts.arrived_at)} – {end}"


@rule("CLM-TIME-21", "Y lệnh nằm trong đợt điều trị", "CORE-107, CORE-139")
def ordered_within_stay(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_VAO <= NGAY_YL <= NGAY_RA."""
    for line in facts.lines:
        if _outside(facts, line.ordered_at):
            yield about(
                line,
                f"y lệnh lúc {at(line.ordered_at)} ngoài đợt điều trị {_stay(facts)}. Sửa giờ y lệnh.",
                "NGAY_YL",
            )


@rule("CLM-TIME-22", "Thực hiện không trước y lệnh", "CORE-108, CORE-139")
def performed_after_order(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_YL <= NGAY_TH_YL."""
    for line in facts.lines:
        if line.performed_at and line.performed_at < line.ordered_at:
            yield about(
                line,
                f"thực hiện lúc {at(line.performed_at)} trước y lệnh {at(line.ordered_at)}. Sửa giờ thực hiện.",
                "NGAY_TH_YL",
            )


@rule("CLM-TIME-23", "Thực hiện nằm trong đợt điều trị", "CORE-108, CORE-139")
def performed_within_stay(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TH_YL <= NGAY_RA."""
    for line in facts.lines:
        if line.performed_at and _outside(facts, line.performed_at):
            yield about(
                line,
                f"thực hiện lúc {at(line.performed_at)} ngoài đợt điều trị {_stay(facts)}. Sửa giờ thực hiện.",
                "NGAY_TH_YL",
            )


@rule("CLM-TIME-24", "Kết quả không trước thực hiện", "CORE-139")
def result_after_performance(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TH_YL (else NGAY_YL) <= NGAY_KQ."""
    for line in facts.services:
        before = line.performed_at or line.ordered_at
        if line.result_at and line.result_at < before:
            yield about(
                line,
                f"kết quả lúc {at(line.result_at)} trước khi làm {at(before)}. Sửa giờ trả kết quả.",
                "NGAY_KQ",
            )


@rule("CLM-TIME-25", "Kết quả có trước khi kết thúc", "CORE-139, CORE-149", severity=WARNING)
def result_before_end(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_KQ <= NGAY_RA; late results may be completed on the portal within 60 days, hence a warning."""
    for line in facts.services:
        if line.result_at and facts.ended_at and line.result_at > facts.ended_at:
            yield about(
                line,
                f"kết quả lúc {at(line.result_at)} sau khi kết thúc {at(facts.ended_at)}. Kiểm lại giờ trả kết quả.",
                "NGAY_KQ",
            )


@rule("CLM-TIME-26", "Thời gian trả kết quả hợp lý", "CORE-140", severity=WARNING)
def result_pace(facts: ClaimFacts) -> Iterator[Say]:
    """Less than three minutes after performance or more than seven days after the order (MA_NHOM 1, 2, 3)."""
    for line in facts.services:
        if line.group_code not in TEST_GROUPS or line.result_at is None:
            continue
        if line.performed_at and timedelta(0) <= line.result_at - line.performed_at < QUICKEST:
            yield about(line, f"có kết quả chưa đến 3 phút sau {at(line.performed_at)}. Kiểm lại giờ.", "NGAY_KQ")
        elif line.result_at - line.ordered_at > SLOWEST:
            yield about(line, f"kết quả quá 7 ngày sau y lệnh {at(line.ordered_at)}. Kiểm lại giờ.", "NGAY_KQ")


@rule("CLM-TIME-27", "Dịch vụ phải làm có thời điểm thực hiện", "CORE-134; QĐ 4750 (MA_NHOM 1, 2, 3, 8, 18)")
def performed_at_present(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TH_YL is required for tests, operations and procedures."""
    for line in facts.services:
        if line.group_code in PERFORMED_GROUPS and line.performed_at is None:
            yield about(line, "chưa ghi thời điểm thực hiện. Nhập thời điểm làm dịch vụ.", "NGAY_TH_YL")


@rule("CLM-TIME-28", "Kết quả XML4 không trước khi đến khám", "CORE-149")
def reading_after_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_KQ of a result >= NGAY_VAO."""
    for result in facts.results:
        if result.result_at and result.result_at < facts.arrived_at:
            yield Say(
                f"Chỉ số “{result.index_name}” có kết quả lúc {at(result.result_at)}, trước khi đến khám. Sửa giờ.",
                "XML4.NGAY_KQ",
                result.key,
            )


@rule("CLM-TIME-29", "Giờ kết quả XML4 khớp dịch vụ ở XML3", "CORE-149")
def reading_matches_service(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_KQ equals that of one XML3 line of the same service."""
    known: dict[str, set[datetime]] = {}
    for line in facts.services:
        if line.result_at:
            known.setdefault(line.service_code, set()).add(line.result_at)
    for result in facts.results:
        moments = known.get(result.service_code)
        if moments and result.result_at and result.result_at not in moments:
            yield Say(
                f"Chỉ số “{result.index_name}” có kết quả lúc {at(result.result_at)}, "
                f"khác giờ ở dịch vụ ({', '.join(map(at, sorted(moments)))}). Sửa cho khớp.",
                "XML4.NGAY_KQ",
                result.key,
            )


@rule("CLM-TIME-30", "Có kết quả thì có giờ trả kết quả", "QĐ 4750 bảng 4 (NGAY_KQ bắt buộc khi có GIA_TRI)")
def value_has_time(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_KQ is required when GIA_TRI holds a value."""
    for result in facts.results:
        if result.value and result.result_at is None:
            yield Say(
                f"Chỉ số “{result.index_name}” có giá trị {result.value} mà thiếu giờ kết quả. Nhập giờ kết quả.",
                "XML4.NGAY_KQ",
                result.key,
            )


@rule("CLM-TIME-31", "Diễn biến nằm trong đợt điều trị", "CORE-151")
def noted_within_stay(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_VAO <= THOI_DIEM_DBLS <= NGAY_RA."""
    for note in facts.notes:
        if _outside(facts, note.noted_at):
            yield Say(
                f"Diễn biến ghi lúc {at(note.noted_at)} ngoài đợt điều trị {_stay(facts)}. Sửa thời điểm.",
                "XML5.THOI_DIEM_DBLS",
                note.key,
            )


OPERATIONS = frozenset({"8", "18"})
SECOND_OF_SESSION = frozenset({50, 80})


def _overlap(one: ServiceLine, other: ServiceLine) -> bool:
    """Do the times from performance to result of two operations share a moment?"""
    a, b = one.performed_at, other.performed_at
    return bool(a and b and one.result_at and other.result_at and a < other.result_at and b < one.result_at)


@rule("CLM-TIME-32", "Phẫu thuật, thủ thuật không chồng giờ", "CORE-141, CORE-128; TT 39/2018 Điều 6")
def operations_apart(facts: ClaimFacts) -> Iterator[Say]:
    """Overlap is allowed inside one session (a second operation paid at 50 or 80 %), refused between sessions."""
    done = [x for x in facts.services if x.group_code in OPERATIONS and x.performed_at]
    for place, line in enumerate(done):
        for other in done[:place]:
            session = {line.service_rate, other.service_rate} & SECOND_OF_SESSION
            if _overlap(line, other) and (not session or is_other("overlap", facts)):
                yield about(line, f"chồng giờ với “{other.name}”. Sửa giờ, hoặc tính là cùng một cuộc.", "NGAY_TH_YL")


LINE_TIME_RULES = (
    ordered_within_stay,
    performed_after_order,
    performed_within_stay,
    result_after_performance,
    result_before_end,
    result_pace,
    performed_at_present,
    reading_after_arrival,
    reading_matches_service,
    value_has_time,
    noted_within_stay,
    operations_apart,
)
