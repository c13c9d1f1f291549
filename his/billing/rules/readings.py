"""Which reading of contradictory texts the benefit engine uses on a day: named, dated, the default first.

The other reading is chosen by ending the `Dated` value of the first and appending one of the second; a visit is computed by
the readings of the day on which it ended. The claim rules judge by the same values (`his/claims/rules/reading.py`).
"""

from dataclasses import fields
from datetime import date
from typing import Any

from his.billing.terms import BenefitSettings
from his.kit.rulebook import Dated, on_day

_SOURCES = {
    "digit1_no_limits": "NĐ 188/2025/NĐ-CP (mức hưởng 1, 5: không áp giới hạn tỷ lệ) hay thông tư danh mục",
    "emergency_first": "QĐ 3276/QĐ-BYT: cấp cứu trước 1.12-1.18 hay đúng thứ tự liệt kê",
    "poor_areas_first": "QĐ 3276/QĐ-BYT: 3.6 trước 3.1, 3.2 hay đúng thứ tự liệt kê",
    "former_district_first": "QĐ 3276/QĐ-BYT: 3.3 trước 1.13 hay đúng thứ tự liệt kê",
    "selfref_split": "Phụ lục QĐ 4750/QĐ-BYT: T_BNCCT = THANH_TIEN_BH - T_BHTT, hay phần ngoài tỷ lệ là T_BNTT",
    "low_cost_selfref": "Luật BHYT Điều 22: 100 % nhân tỷ lệ trái tuyến, hay mức của thẻ nhân tỷ lệ",
    "exempt_selfref": "Luật BHYT Điều 22: miễn cùng chi trả khi trái tuyến, 100 % hay mức của thẻ nhân tỷ lệ",
    "header_fund": "CORE-070, CORE-073 (tổng các dòng) hay CORE-069 (trong phạm vi trừ cùng chi trả)",
    "device_ceiling": "Luật BHYT (trần trước mức hưởng) hay CORE-129 (T_BHTT)",
    "four_hours": "TT 39/2018/TT-BYT (đến 4 giờ không tính) hay CORE-093",
    "extra_bed_day": "TT 39/2018/TT-BYT hay CORE-093",
    "three_in_bed": "CORE-131 (33 %) hay TT 39/2018/TT-BYT (1/3)",
    "operation_day": "TT 39/2018/TT-BYT: 10 ngày sau phẫu thuật tính từ ngày hôm sau hay từ ngày mổ",
    "shared_moment": "TT 39/2018/TT-BYT không nói thời điểm: số người nằm lâu nhất trong ngày hay lúc đông nhất",
    "reference_moment": "Luật BHYT Điều 22: mức tham chiếu vào ngày kết thúc lượt hay ngày đến",
    "digit_change_moment": "QĐ 3618/QĐ-BHXH: CN, LH thành mức 2 theo ngày của dòng hay ngày kết thúc lượt",
    "expired_card": "Luật BHYT; TT 01/2025/TT-BYT (15 ngày) hay đến khi ra viện",
}
READINGS: dict[str, tuple[Dated[Any], ...]] = {
    field.name: (Dated(field.default, date.min, basis=_SOURCES[field.name]),) for field in fields(BenefitSettings)
}


def settings_on(day: date) -> BenefitSettings:
    """The readings in use for a visit that ended on `day`."""
    return BenefitSettings(**{name: on_day(values, day) for name, values in READINGS.items()})
