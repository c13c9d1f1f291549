"""The indicators as data: periods of TT 23/2025/TT-BYT (month, day 1 to last), lines of the hospital activity form before 2025.

A change of law adds an entry with its first day; it never edits one. `VERSION` goes into every report that is sent.
"""

from datetime import date
from typing import Final

from his.reporting.terms import Indicator

VERSION: Final = "2026.1"
_SINCE: Final = date(2025, 7, 1)
_FORM: Final = "TT 23/2025/TT-BYT, Biểu 9; số mục theo biểu hoạt động bệnh viện dùng trước 2025"
_MORBIDITY: Final = "TT 23/2025/TT-BYT, Biểu 14 (bệnh tật theo ICD-10, TT 06/2026/TT-BYT)"

INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        "A01",
        "Lượt khám",
        "Mọi lượt khám bệnh đã kết thúc trong kỳ, tính vào ngày kết thúc, không phân biệt nguồn chi trả. Loại hình 01, 05, "
        "08, 10 đến 16. Lĩnh thuốc theo hẹn (07) không phải là khám.",
        "Số lượt khám kết thúc trong kỳ",
        "",
        "lượt",
        ("payer", "sex", "age"),
        f"{_FORM}, mục 4 đến 7",
        _SINCE,
    ),
    Indicator(
        "A02",
        "Lượt khám trẻ dưới 6 tuổi",
        "Tuổi tròn năm dưới 6 vào ngày đến khám.",
        "Phần của A01",
        "",
        "lượt",
        (),
        f"{_FORM}, mục 5",
        _SINCE,
    ),
    Indicator(
        "A03",
        "Lượt khám người từ 60 tuổi",
        "Tuổi tròn năm từ 60 trở lên vào ngày đến khám.",
        "Phần của A01",
        "",
        "lượt",
        (),
        f"{_FORM}, mục 6",
        _SINCE,
    ),
    Indicator(
        "A04",
        "Lượt khám chuyển tuyến",
        "Lượt khám kết thúc bằng chuyển tuyến: loại ra viện 2 (theo yêu cầu chuyên môn) hoặc 5 (theo yêu cầu người bệnh).",
        "Số lượt khám chuyển tuyến",
        "A01 (khi tính tỷ lệ)",
        "lượt",
        ("reason",),
        f"{_FORM}, mục 8",
        _SINCE,
    ),
    Indicator(
        "A05",
        "Đợt điều trị ngoại trú, ban ngày",
        "Bệnh án ngoại trú (loại hình 02) và điều trị ban ngày (04) kết thúc trong kỳ.",
        "Số đợt kết thúc trong kỳ",
        "",
        "đợt",
        ("payer",),
        f"{_FORM}, mục 9",
        _SINCE,
    ),
    Indicator(
        "A07",
        "Lượt khám theo chương ICD-10",
        "Lượt khám (A01) theo chương của bệnh chính, giới và nhóm tuổi vào ngày đến khám.",
        "Số lượt khám của chương",
        "",
        "lượt",
        ("chapter",),
        _MORBIDITY,
        _SINCE,
    ),
    Indicator(
        "C01",
        "Đợt điều trị nội trú",
        "Đợt nội trú kết thúc trong kỳ: loại hình 03, 06 (lưu tại phòng khám, trạm y tế) và 09 (dưới 4 giờ).",
        "Số đợt kết thúc trong kỳ",
        "",
        "đợt",
        ("payer", "sex", "age"),
        f"{_FORM}, mục 11 đến 15",
        _SINCE,
    ),
    Indicator(
        "C02",
        "Ngày điều trị nội trú",
        "Ngày ra trừ ngày vào của mỗi đợt kết thúc trong kỳ, ít nhất 1 ngày; nội trú dưới 4 giờ (09) tính 0 ngày.",
        "Tổng số ngày của các đợt trong C01",
        "",
        "ngày",
        (),
        f"{_FORM}, mục 18",
        _SINCE,
        people=False,
    ),
    Indicator(
        "C03",
        "Ngày điều trị trung bình",
        "Số ngày trung bình của một đợt nội trú, làm tròn một chữ số.",
        "C02",
        "C01",
        "ngày một đợt",
        (),
        f"{_FORM}, mục 19",
        _SINCE,
        people=False,
    ),
    Indicator(
        "C04",
        "Kết quả điều trị nội trú",
        "Đợt nội trú (C01) theo kết quả lúc ra viện.",
        "Số đợt của mỗi kết quả",
        "",
        "đợt",
        ("outcome",),
        f"{_FORM}, mục 16",
        _SINCE,
    ),
    Indicator(
        "C06",
        "Đợt nội trú theo chương ICD-10",
        "Đợt nội trú (C01) theo chương của bệnh chính, giới và nhóm tuổi vào ngày vào viện.",
        "Số đợt của chương",
        "",
        "đợt",
        ("chapter",),
        _MORBIDITY,
        _SINCE,
    ),
)


def in_month(on: date) -> dict[str, Indicator]:
    """The definitions in force on the first day of a month, by code; before the first circular, the earliest ones."""
    held = [i for i in INDICATORS if i.valid_from <= on and (i.valid_to is None or on <= i.valid_to)]
    return {i.code: i for i in held or INDICATORS}
