"""Do the moments and days of the visit follow each other (QĐ 4750 table 1; QĐ 1804/QĐ-BYT for treatment days)."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from his.claims.rules.common import (
    INPATIENT,
    JUDGED_ON_ARRIVAL,
    OUTPATIENT,
    WARNING,
    Say,
    at,
    judged_until,
    on,
    rule,
    stay_length,
    stay_start,
)
from his.claims.terms import ClaimFacts

FOUR_HOURS = timedelta(hours=4)
NO_DAYS = frozenset({"01", "07", "09"})
SPAN_DAYS = frozenset({"02", "03", "04", "06"})
NEWBORN_DAYS = 28
_BIRTH = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def born_on(facts: ClaimFacts) -> date | None:
    """The full birth date, or None when day or month is unknown or the text is no date."""
    try:
        return date.fromisoformat(facts.birth_date) if len(facts.birth_date) == 10 else None
    except ValueError:
        return None


def is_birth_date(text: str) -> bool:
    """YYYY, YYYY-MM or YYYY-MM-DD that exists on the calendar."""
    if not _BIRTH.fullmatch(text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


@rule("CLM-TIME-01", "Kết thúc không trước khi đến khám", "CORE-052")
def ends_after_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_VAO <= NGAY_RA."""
    if facts.ended_at and facts.ended_at < facts.arrived_at:
        yield Say(
            f"Kết thúc lúc {at(facts.ended_at)}, trước khi đến khám lúc {at(facts.arrived_at)}. Sửa lại thời điểm.",
            "XML1.NGAY_RA",
        )


@rule("CLM-TIME-02", "Vào nội trú nằm trong đợt điều trị", "CORE-053")
def admitted_within_stay(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_VAO <= NGAY_VAO_NOI_TRU <= NGAY_RA."""
    if facts.admitted_at is None:
        return
    late = facts.ended_at is not None and facts.admitted_at > facts.ended_at
    if facts.admitted_at < facts.arrived_at or late:
        yield Say(
            f"Vào nội trú lúc {at(facts.admitted_at)}, ngoài đợt điều trị. Sửa lại thời điểm vào nội trú.",
            "XML1.NGAY_VAO_NOI_TRU",
        )


@rule("CLM-TIME-03", "Nội trú, ban ngày phải có thời điểm vào nội trú", "CORE-053")
def inpatient_has_admission(facts: ClaimFacts) -> Iterator[Say]:
    """03, 04 and 09 need NGAY_VAO_NOI_TRU."""
    if facts.care_setting in INPATIENT and facts.admitted_at is None:
        yield Say(
            f"Loại hình KCB {facts.care_setting} phải có thời điểm vào nội trú. Nhập thời điểm nhập viện.",
            "XML1.NGAY_VAO_NOI_TRU",
        )


@rule("CLM-TIME-04", "Thanh toán không trước khi kết thúc", "CORE-055", severity=WARNING)
def paid_after_end(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TTOAN >= NGAY_RA; for medicine by appointment not before arrival."""
    until = judged_until(facts)
    if facts.paid_at and facts.paid_at < until:
        yield Say(
            f"Thanh toán lúc {at(facts.paid_at)}, trước {at(until)}. Kiểm lại thời điểm thanh toán.",
            "XML1.NGAY_TTOAN",
        )


@rule("CLM-TIME-05", "Không có thời điểm trong tương lai", "CORE-052, CORE-055")
def nothing_in_future(facts: ClaimFacts) -> Iterator[Say]:
    """Arrival, end and payment are not after the moment of judging."""
    if facts.assessed_at is None:
        return
    end = None if facts.care_setting in JUDGED_ON_ARRIVAL else facts.ended_at
    for moment, name, field in (
        (facts.arrived_at, "Đến khám", "NGAY_VAO"),
        (end, "Kết thúc", "NGAY_RA"),
        (facts.paid_at, "Thanh toán", "NGAY_TTOAN"),
    ):
        if moment and moment > facts.assessed_at:
            yield Say(f"{name} lúc {at(moment)} là ở tương lai. Sửa lại thời điểm.", f"XML1.{field}")


@rule("CLM-TIME-06", "Khám bệnh, nhận thuốc hẹn, nội trú dưới 4 giờ không tính ngày điều trị", "CORE-056")
def no_treatment_days(facts: ClaimFacts) -> Iterator[Say]:
    """01, 07, 09: SO_NGAY_DTRI is 0."""
    if facts.care_setting in NO_DAYS and facts.treatment_days:
        yield Say(
            f"Loại hình KCB {facts.care_setting} có số ngày điều trị {facts.treatment_days}, phải là 0. Sửa về 0.",
            "XML1.SO_NGAY_DTRI",
        )


@rule("CLM-TIME-07", "Số ngày điều trị bằng ngày ra trừ ngày vào cộng 1", "CORE-057")
def span_treatment_days(facts: ClaimFacts) -> Iterator[Say]:
    """02, 03, 04, 06: both calendar days count."""
    if facts.care_setting not in SPAN_DAYS or facts.ended_at is None or facts.treatment_days is None:
        return
    right = (facts.ended_at.date() - facts.arrived_at.date()).days + 1
    if facts.treatment_days != right:
        yield Say(
            f"Số ngày điều trị ghi {facts.treatment_days}, tính theo ngày vào và ra là {right}. Sửa lại số ngày.",
            "XML1.SO_NGAY_DTRI",
        )


@rule("CLM-TIME-08", "Ngoại trú dài ngày: số ngày thuốc hoặc số ngày có dịch vụ", "CORE-058")
def long_term_days(facts: ClaimFacts) -> Iterator[Say]:
    """05 counts days of medicine (at least one), 08 the days that had a service."""
    days = facts.treatment_days
    if days is None:
        return
    if facts.care_setting == "05" and days < 1:
        yield Say("Loại hình 05 phải có số ngày dùng thuốc từ 1 trở lên. Nhập số ngày thuốc.", "XML1.SO_NGAY_DTRI")
    if facts.care_setting == "08" and facts.services:
        served = len({(line.performed_at or line.ordered_at).date() for line in facts.services})
        if days != served:
            yield Say(
                f"Số ngày điều trị ghi {days} nhưng có {served} ngày làm dịch vụ. Sửa lại số ngày.",
                "XML1.SO_NGAY_DTRI",
            )


@rule("CLM-TIME-09", "Nội trú dưới 4 giờ dùng loại hình 09", "CORE-049; QĐ 1804/QĐ-BYT")
def short_stay_is_09(facts: ClaimFacts) -> Iterator[Say]:
    """03 shorter than four hours."""
    length = stay_length(facts)
    if facts.care_setting == "03" and length is not None and timedelta(0) <= length < FOUR_HOURS:
        yield Say(
            f"Nội trú từ {at(stay_start(facts))} chỉ {length.seconds // 60} phút, dưới 4 giờ. Chọn loại hình 09.",
            "XML1.MA_LOAI_KCB",
        )


@rule("CLM-TIME-10", "Loại hình 09 chỉ cho nội trú dưới 4 giờ", "CORE-049; QĐ 1804/QĐ-BYT")
def long_stay_is_not_09(facts: ClaimFacts) -> Iterator[Say]:
    """09 of four hours or more."""
    length = stay_length(facts)
    if facts.care_setting == "09" and length is not None and length >= FOUR_HOURS:
        hours = int(length.total_seconds() // 3600)
        yield Say(f"Loại hình 09 nhưng nằm {hours} giờ. Chọn loại hình 03 hoặc sửa thời điểm.", "XML1.MA_LOAI_KCB")


def _outpatient_minutes(facts: ClaimFacts) -> int | None:
    if facts.care_setting not in OUTPATIENT or facts.ended_at is None or facts.ended_at < facts.arrived_at:
        return None
    return int((facts.ended_at - facts.arrived_at).total_seconds() // 60)


@rule("CLM-TIME-11", "Lượt khám không ngắn dưới 5 phút", "CORE-085")
def visit_of_minutes(facts: ClaimFacts) -> Iterator[Say]:
    """Shorter than five minutes."""
    minutes = _outpatient_minutes(facts)
    if minutes is not None and minutes < 5:
        yield Say(f"Lượt khám chỉ dài {minutes} phút, dưới 5 phút. Kiểm lại thời điểm đến và kết thúc.", "XML1.NGAY_RA")


@rule("CLM-TIME-12", "Lượt khám dưới 15 phút cần xem lại", "CORE-085", severity=WARNING)
def visit_too_short(facts: ClaimFacts) -> Iterator[Say]:
    """Five to fourteen minutes."""
    minutes = _outpatient_minutes(facts)
    if minutes is not None and 5 <= minutes < 15:
        yield Say(f"Lượt khám chỉ dài {minutes} phút. Kiểm lại thời điểm đến và kết thúc.", "XML1.NGAY_RA")


@rule("CLM-TIME-13", "Ngày hẹn tái khám sau ngày kết thúc", "CORE-082")
def follow_up_after_end(facts: ClaimFacts) -> Iterator[Say]:
    """Judged on arrival for types whose end is the last day of medicine."""
    until = judged_until(facts).date()
    for day in facts.follow_up_on:
        if day <= until:
            yield Say(f"Hẹn tái khám {on(day)} không sau ngày {on(until)}. Sửa ngày hẹn.", "XML1.NGAY_TAI_KHAM")


@rule("CLM-TIME-14", "Sinh không sau khi đến khám", "CORE-020")
def born_before_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_SINH <= NGAY_VAO."""
    born = born_on(facts)
    if born and born > facts.arrived_at.date():
        yield Say(f"Ngày sinh {on(born)} sau ngày đến khám. Sửa lại ngày sinh.", "XML1.NGAY_SINH")


@rule("CLM-TIME-15", "Trẻ đến 28 ngày tuổi ghi đủ giờ phút sinh", "CORE-021; QĐ 4750 (NGAY_SINH)")
def newborn_full_time(facts: ClaimFacts) -> Iterator[Say]:
    """At most 28 days old on arrival: full date and time."""
    born = born_on(facts)
    if born and 0 <= (facts.arrived_at.date() - born).days <= NEWBORN_DAYS and not facts.birth_time:
        yield Say("Trẻ từ 28 ngày tuổi trở xuống phải ghi giờ phút sinh. Nhập giờ sinh.", "XML1.NGAY_SINH")


@rule("CLM-TIME-16", "Ngày sinh đúng dạng", "CORE-019")
def birth_date_form(facts: ClaimFacts) -> Iterator[Say]:
    """A date on the calendar; unknown day and month may be left out."""
    if facts.birth_date and not is_birth_date(facts.birth_date):
        yield Say(f"Ngày sinh “{facts.birth_date}” không có trong lịch. Nhập lại ngày sinh.", "XML1.NGAY_SINH")
    if facts.birth_time and not _CLOCK.fullmatch(facts.birth_time):
        yield Say(f"Giờ sinh “{facts.birth_time}” không đúng. Nhập giờ:phút.", "XML1.NGAY_SINH")


@rule("CLM-TIME-17", "Kỳ quyết toán không trước tháng kết thúc", "CORE-075", severity=WARNING)
def settlement_after_end(facts: ClaimFacts) -> Iterator[Say]:
    """NAM_QT and THANG_QT are a real month, not before the month of the end."""
    year, month = facts.settlement_year, facts.settlement_month
    if year is None or month is None:
        return
    until = judged_until(facts)
    if not 1 <= month <= 12 or (year, month) < (until.year, until.month):
        yield Say(
            f"Kỳ quyết toán {month:02d}/{year} không hợp với đợt kết thúc {on(until.date())}. Chọn lại kỳ.",
            "XML1.THANG_QT",
        )


STAY_TIME_RULES = (
    ends_after_arrival,
    admitted_within_stay,
    inpatient_has_admission,
    paid_after_end,
    nothing_in_future,
    no_treatment_days,
    span_treatment_days,
    long_term_days,
    short_stay_is_09,
    long_stay_is_not_09,
    visit_of_minutes,
    visit_too_short,
    follow_up_after_end,
    born_before_arrival,
    newborn_full_time,
    birth_date_form,
    settlement_after_end,
)
