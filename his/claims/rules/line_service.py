"""Exams, beds, operations, machines: what each kind of service line must satisfy (QĐ 4750 table 3; TT 39/2018)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from his.claims.rules.common import (
    BED_GROUPS,
    EXAM_GROUP,
    INPATIENT,
    OUTPATIENT,
    OUTSOURCED,
    TEST_GROUPS,
    UNINSURED,
    Say,
    about,
    rule,
    stay_length,
    stay_start,
)
from his.claims.rules.reading import is_other
from his.claims.terms import ClaimFacts, ServiceLine
from his.kit.money import plain

SURGERY = "8"
OPERATIONS = frozenset({"8", "18"})
OPERATION_RATES = frozenset({Decimal(100), Decimal(80), Decimal(50), Decimal(0)})
NO_BED_SETTINGS = frozenset({"01", "02"})
LONG_TERM_MEDICINE = "05"
FOUR_HOURS = timedelta(hours=4)
ONE_DAY = timedelta(hours=24)
THIRD = Decimal("33.33")
SHARED_BEDS = {Decimal("0.5"): Decimal(50), Decimal("0.33"): Decimal(33)}
_BED = re.compile(r"[HTCK][0-9]{3}")
_DEVICE = re.compile(r"[A-Z]{2,4}\.[0-9]+\.[0-9A-Z]{5}\.[^;\s]+")


def exam_rates(count: int) -> list[Decimal]:
    """TYLE_TT_DV of so many exams in one visit: 100, three times 30, 10, then 0 (TT 39/2018)."""
    return [Decimal(100), Decimal(30), Decimal(30), Decimal(30), Decimal(10)][:count] + [Decimal(0)] * max(count - 5, 0)


def exams(facts: ClaimFacts) -> list[ServiceLine]:
    """Exam lines, first ordered first."""
    return sorted((x for x in facts.services if x.group_code == EXAM_GROUP), key=lambda x: (x.ordered_at, x.key))


def beds(facts: ClaimFacts) -> list[ServiceLine]:
    """Bed lines."""
    return [line for line in facts.services if line.group_code in BED_GROUPS]


@rule("CLM-LINE-41", "Giường có mã giường đúng dạng", "CORE-130")
def bed_code(facts: ClaimFacts) -> Iterator[Say]:
    """MA_GIUONG: H, T, C or K and three digits."""
    for line in beds(facts):
        if not line.bed_codes or not all(_BED.fullmatch(code) for code in line.bed_codes):
            shown = ";".join(line.bed_codes)
            yield about(line, f"mã giường “{shown}” không đúng dạng H, T, C, K và 3 chữ số. Chọn giường.", "MA_GIUONG")


@rule("CLM-LINE-42", "Mỗi y lệnh giường không quá 1 ngày", "CORE-131")
def bed_quantity(facts: ClaimFacts) -> Iterator[Say]:
    """Quantity of one bed order is at most 1."""
    for line in beds(facts):
        if line.quantity > 1:
            yield about(line, f"số lượng {plain(line.quantity)} vượt 1 ngày mỗi y lệnh. Tách theo ngày.", "SO_LUONG")


@rule("CLM-LINE-43", "Nằm ghép: số lượng và tỷ lệ hợp lệ", "CORE-131; TT 39/2018 Điều 5")
def bed_share(facts: ClaimFacts) -> Iterator[Say]:
    """Bed rates are 100, 50 or 33; a reduced quantity of a shared bed goes with its own rate."""
    for line in beds(facts):
        third = line.service_rate == THIRD and is_other("three_in_bed", facts)
        lawful = third or line.service_rate in {Decimal(100), Decimal(50), Decimal(33)}
        paired = SHARED_BEDS.get(line.quantity)
        if not lawful or (paired and not third and line.service_rate not in {paired, Decimal(100)}):
            yield about(
                line,
                f"số lượng {plain(line.quantity)} với tỷ lệ {plain(line.service_rate)}% không hợp lệ. "
                "Nằm ghép 2 người 50%, từ 3 người 33%.",
                "TYLE_TT_DV",
            )


@rule("CLM-LINE-44", "Khám và điều trị ngoại trú không có tiền giường", "CORE-133")
def no_bed_outpatient(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LOAI_KCB 01 and 02."""
    if facts.care_setting in NO_BED_SETTINGS:
        for line in beds(facts):
            yield about(line, f"loại hình {facts.care_setting} không có tiền giường. Xóa dòng giường.", "MA_NHOM")


def extra_day(facts: ClaimFacts) -> int:
    """One more day at discharge: died, critical and taken home, left ill, sent to another unit (TT 39/2018 Điều 5).

    Whether a unit that receives is above or below is not in the dossier, so a referral always allows the day.
    """
    left_ill = facts.discharge_type in {"4", "5"} and facts.outcome in {"3", "4"}
    by_law = left_ill or facts.outcome in {"5", "6", "8"} or facts.discharge_type == "2"
    more = facts.discharge_type in {"3", "5"} and is_other("extra_bed_day", facts)
    return int(by_law or more)


@rule("CLM-LINE-45", "Số ngày giường không vượt thời gian nằm", "CORE-093; TT 39/2018 (đến 4 giờ không tính)")
def bed_days(facts: ClaimFacts) -> Iterator[Say]:
    """None up to 4 h, at most 1 up to 24 h, else days of the stay, one more for those who leave ill or are sent on."""
    length, lines = stay_length(facts), beds(facts)
    if length is None or not lines or facts.ended_at is None:
        return
    none_at_four = not is_other("four_hours", facts)
    if length < FOUR_HOURS or (length == FOUR_HOURS and none_at_four):
        most = 0
    elif length <= ONE_DAY:
        most = 1
    else:
        most = (facts.ended_at.date() - stay_start(facts).date()).days + extra_day(facts)
    total = sum((line.quantity for line in lines), Decimal(0))
    if total > most:
        yield about(
            lines[-1],
            f"tổng {plain(total)} ngày giường, thời gian nằm chỉ cho {most}. Bớt ngày giường.",
            "SO_LUONG",
        )


@rule("CLM-LINE-46", "Phẫu thuật có phương pháp vô cảm", "CORE-136")
def anaesthesia_present(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM 8 needs PP_VO_CAM 1 to 4; elsewhere it may be empty."""
    for line in facts.services:
        if (line.group_code == SURGERY or line.anaesthesia) and line.anaesthesia not in {"1", "2", "3", "4"}:
            yield about(line, f"phương pháp vô cảm “{line.anaesthesia}” chưa đúng. Chọn 1, 2, 3 hoặc 4.", "PP_VO_CAM")


@rule("CLM-LINE-47", "Mã dịch vụ gây tê đi với vô cảm 2", "CORE-136 (hậu tố _GT)")
def local_anaesthesia(facts: ClaimFacts) -> Iterator[Say]:
    """A code ending in _GT implies PP_VO_CAM 2."""
    for line in facts.services:
        if line.service_code.endswith("_GT") and line.anaesthesia != "2":
            yield about(line, f"mã {line.service_code} là gây tê, vô cảm phải là 2. Sửa phương pháp.", "PP_VO_CAM")


@rule("CLM-LINE-48", "Xét nghiệm, hình ảnh, thăm dò có mã máy", "CORE-135; QĐ 4750 (bắt buộc với MA_NHOM 1, 2, 3)")
def device_present(facts: ClaimFacts) -> Iterator[Say]:
    """XX.n.YYYYY.Z for groups 1, 2, 3, unless sent to another facility."""
    for line in () if is_other("device", facts) else facts.services:
        if line.group_code not in TEST_GROUPS or OUTSOURCED in line.service_code:
            continue
        if not line.device_codes or not all(_DEVICE.fullmatch(code) for code in line.device_codes):
            shown = ";".join(line.device_codes)
            yield about(line, f"mã máy “{shown}” không đúng dạng XX.n.YYYYY.Z. Chọn máy đã thực hiện.", "MA_MAY")


@rule("CLM-LINE-49", "Tiền khám: lần đầu 100%, lần 2–4 30%, lần 5 10%, sau đó 0%", "CORE-127; TT 39/2018 Điều 5")
def exam_rate(facts: ClaimFacts) -> Iterator[Say]:
    """The rates of all exams together are 100, 30, 30, 30, 10, 0 …, whichever exam holds which."""
    lines = exams(facts)
    if sorted((x.service_rate for x in lines), reverse=True) == exam_rates(len(lines)):
        return
    for line, right in zip(lines, exam_rates(len(lines)), strict=True):
        if line.service_rate != right:
            yield about(
                line,
                f"tỷ lệ {plain(line.service_rate)}%, lần khám này là {plain(right)}%. Sửa tỷ lệ dịch vụ.",
                "TYLE_TT_DV",
            )


@rule("CLM-LINE-50", "Khám ngoại trú có tiền khám", "CORE-086")
def exam_present(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LOAI_KCB 01 of an insured person needs a line of MA_NHOM 13."""
    if facts.care_setting in OUTPATIENT and facts.entitlement != UNINSURED and not exams(facts):
        yield Say("Lượt khám chưa có dòng tiền khám. Thêm dịch vụ khám bệnh.", "XML3.MA_NHOM")


@rule("CLM-LINE-51", "Nội trú có nhiều nhất một lần tiền khám", "CORE-092")
def one_exam_inpatient(facts: ClaimFacts) -> Iterator[Say]:
    """At most one exam fee in 03, 04, 09."""
    if facts.care_setting in INPATIENT:
        for line in exams(facts)[1:]:
            yield about(line, "nội trú chỉ được một lần tiền khám. Xóa dòng khám thừa.", "MA_NHOM")


@rule("CLM-LINE-52", "Loại hình 05 không có dịch vụ kỹ thuật", "CORE-050")
def no_service_long_term(facts: ClaimFacts) -> Iterator[Say]:
    """05 is exam and medicine only; with services it is 08."""
    if facts.care_setting == LONG_TERM_MEDICINE:
        for line in facts.services:
            if line.service_code and line.group_code != EXAM_GROUP:
                yield about(line, "loại hình 05 không có dịch vụ kỹ thuật. Chọn loại hình 08.", "MA_NHOM")


@rule("CLM-LINE-53", "Phẫu thuật, thủ thuật thanh toán 100, 80, 50 hoặc 0%", "CORE-128; TT 39/2018 Điều 6")
def operation_rate(facts: ClaimFacts) -> Iterator[Say]:
    """Second operations of one session pay 50 (same team) or 80 percent; other rates do not exist."""
    for line in facts.services:
        if line.group_code in OPERATIONS and line.service_rate not in OPERATION_RATES:
            yield about(
                line,
                f"tỷ lệ {plain(line.service_rate)}% không có trong quy định (100, 80, 50). Sửa tỷ lệ dịch vụ.",
                "TYLE_TT_DV",
            )


LINE_SERVICE_RULES = (
    bed_code,
    bed_quantity,
    bed_share,
    no_bed_outpatient,
    bed_days,
    anaesthesia_present,
    local_anaesthesia,
    device_present,
    exam_rate,
    exam_present,
    one_exam_inpatient,
    no_service_long_term,
    operation_rate,
)
