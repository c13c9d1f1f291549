"""Does a value read from a file have the form its field promises: times, days, numbers."""

import re
from datetime import datetime

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MOMENTS = frozenset(
    {"NGAY_VAO", "NGAY_RA", "NGAY_VAO_NOI_TRU", "NGAY_TTOAN", "NGAY_YL", "NGAY_TH_YL", "THOI_DIEM_DBLS"}
)
DAYS = frozenset({"GT_THE_TU", "GT_THE_DEN", "NAM_NAM_LIEN_TUC", "NGAY_TAI_KHAM"})
AMOUNTS = frozenset({"SO_LUONG", "DON_GIA", "DON_GIA_BV", "DON_GIA_BH", "MUC_HUONG", "TYLE_TT_BH", "TYLE_TT_DV"})


def is_moment(value: str) -> bool:
    """`yyyymmddHHMM` that exists on the calendar."""
    return len(value) == 12 and _exists(value)


def is_day(value: str) -> bool:
    """`yyyymmdd` that exists on the calendar."""
    return len(value) == 8 and _exists(value + "0000")


def _exists(digits: str) -> bool:
    if not (digits.isascii() and digits.isdigit()):
        return False
    try:
        datetime.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}+07:00")
    except ValueError:
        return False
    return True


def complaint(field: str, value: str) -> str | None:
    """What is wrong with the value of this field, in Vietnamese; None when its form is right or it is empty."""
    if not value:
        return None
    if field in MOMENTS and not is_moment(value):
        return "không phải thời điểm 12 chữ số năm-tháng-ngày-giờ-phút"
    if field in DAYS and not all(is_day(item) for item in value.split(";") if item):
        return "không phải ngày 8 chữ số năm-tháng-ngày"
    if field == "NGAY_SINH" and not (value.isascii() and value.isdigit() and len(value) in {4, 8, 12}):
        return "không phải ngày sinh 12 chữ số"
    numeric = field in AMOUNTS or field.startswith(("T_", "THANH_TIEN"))
    if numeric and not _NUMBER.fullmatch(value):
        return "không phải số viết bằng dấu chấm thập phân"
    return None
