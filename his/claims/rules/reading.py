"""Which reading of contradictory texts is in use on a day: named, dated, the default first, the other kept beside it.

The other reading is chosen by appending a `Dated` value; rules ask with the day on which the visit ended.
"""

from dataclasses import dataclass
from datetime import date

from his.billing.rules.readings import READINGS as billing
from his.claims.terms import ClaimFacts
from his.kit.rulebook import Dated, on_day


@dataclass(frozen=True, slots=True)
class Point:
    """One open point: number in the list of contradictions, what is asked, the two readings, the default first."""

    number: int
    question: str
    default: str
    other: str
    basis: str


POINTS: dict[str, Point] = {
    "header_fund": Point(
        1, "T_BHTT tổng hợp khi có nguồn khác hoặc trần gói", "sum_of_lines", "covered_minus_copayment",
        "CORE-070, CORE-073 (tổng các dòng) hay CORE-069 (trong phạm vi trừ cùng chi trả)",
    ),
    "supply_ceiling": Point(
        2, "trần gói vật tư chặn phần nào", "base", "fund", "Luật BHYT (trần trước mức hưởng) hay CORE-129 (T_BHTT)"
    ),
    "overlap": Point(
        3, "phẫu thuật, thủ thuật chồng giờ", "same_session", "always_refused", "CORE-128 hay CORE-141 đọc từng chữ"
    ),
    "end_of_long_term": Point(
        7, "NGAY_RA của loại hình 02, 05, 07, 08", "last_day", "end_of_visit", "QĐ 4750 (ngày thuốc, dịch vụ cuối)"
    ),
    "four_hours": Point(11, "nằm đúng 4 giờ", "none", "one", "TT 39/2018 (đến 4 giờ không tính) hay CORE-093"),
    "extra_bed_day": Point(12, "thêm một ngày giường khi ra viện", "law", "any_referral", "TT 39/2018 hay CORE-093"),
    "three_in_bed": Point(13, "ba người một giường", "percent_33", "third", "CORE-131 hay TT 39/2018 (1/3)"),
    "line_checks": Point(
        15, "CORE-101, 102, 105, 106, 114 cho XML3", "both_tables", "xml2_only", "QĐ 4750 bảng 2 và 3"
    ),
    "device": Point(17, "MA_MAY", "by_group", "not_required", "CORE-135 hay QĐ 4750 bảng 3 (không bắt buộc)"),
    "registered_here": Point(
        18, "đăng ký tại đơn vị mà đối tượng 7.x, 8, 10", "also_7_8_10", "literal", "QĐ 3276/QĐ-BYT hay CORE-046"
    ),
    "accident_list": Point(19, "danh mục MA_TAI_NAN", "catalogue", "unchecked", "QĐ 5937/QĐ-BYT phụ lục 4"),
    "expired_card": Point(22, "thẻ hết hạn khi nội trú", "days_15", "discharge", "Luật BHYT; TT 01/2025/TT-BYT"),
}  # fmt: skip
_OF_BILLING = {"supply_ceiling": "device_ceiling"}
READINGS: dict[str, tuple[Dated[str], ...]] = {
    # a point that the benefit engine asks too has one answer for both
    name: billing.get(_OF_BILLING.get(name, name), (Dated(point.default, date.min, basis=point.basis),))
    for name, point in POINTS.items()
}


def reading(name: str, facts: ClaimFacts) -> str:
    """The reading in use on the day the visit ended (its arrival while it goes on)."""
    return on_day(READINGS[name], (facts.ended_at or facts.arrived_at).date())


def is_other(name: str, facts: ClaimFacts) -> bool:
    """Is the reading that is not the default in use?"""
    return reading(name, facts) == POINTS[name].other
