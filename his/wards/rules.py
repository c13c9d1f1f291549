"""Who may be put where: pure decisions of the wards."""

from datetime import date, datetime, timedelta

from his.kit.errors import HisError, Kind, invalid
from his.wards.terms import BED_CODE, INPATIENT, MOST_IN_BED, SHORT_HOURS, SHORT_STAY


def bed_codes(first: str, count: int) -> list[str]:
    """`count` codes from `first` on: H008, H009, H010. Raises INVALID for another form or past 999."""
    first = first.strip().upper()
    if not BED_CODE.fullmatch(first):
        raise invalid("code", "Mã giường là H, T, C hoặc K và 3 chữ số, ví dụ H001. Sửa mã.")
    start = int(first[1:])
    if not 1 <= count <= 100 or start < 1 or start + count - 1 > 999:
        raise invalid("count", "Mỗi lần thêm 1 đến 100 giường, số từ 001 đến 999. Sửa số lượng.")
    return [f"{first[0]}{n:03d}" for n in range(start, start + count)]


def require_place(bed: str, lying: int, shared: bool) -> None:
    """Refuse (CONFLICT) a bed in which others lie unless the person who places says that it is shared, and a full one."""
    if lying >= MOST_IN_BED:
        raise HisError(Kind.CONFLICT, f"Giường {bed} đã có {lying} người. Chọn giường khác.", field="bed_id")
    if lying and not shared:
        told = f"Giường {bed} đang có {lying} người. Chọn giường trống, hoặc đánh dấu nằm ghép."
        raise HisError(Kind.CONFLICT, told, field="shared")


def require_order(started: datetime, now: datetime) -> None:
    """A stay never ends before it began, whatever a clock says."""
    if now < started:
        raise HisError(Kind.CONFLICT, "Giờ máy chủ sớm hơn giờ vào giường. Báo người quản trị kiểm giờ.")


def is_in_force(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Does a bed stand on the day?"""
    return valid_from <= on and (valid_to is None or on <= valid_to)


def setting_at_end(care_setting: str, admitted_at: datetime | None, ended_at: datetime) -> str:
    """MA_LOAI_KCB of a finished stay: an inpatient who left within four hours is 09 (QĐ 1804/QĐ-BYT)."""
    short = admitted_at is not None and ended_at - admitted_at < timedelta(hours=SHORT_HOURS)
    return SHORT_STAY if care_setting == INPATIENT and short else care_setting
