"""Who may be put where: pure decisions of the wards."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from his.kit.errors import HisError, Kind, invalid
from his.wards.terms import BED_CODE, INPATIENT, LATE_DAYS, MOST_IN_BED, SHORT_HOURS, SHORT_STAY, Neighbour


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


Span = tuple[datetime, datetime]


def require_late(since: datetime, until: datetime | None, admitted: datetime, last: datetime, oldest: datetime) -> Span:
    """The time of a stay that is written later than it was; `until` None: up to `last`, now or the end of the visit.

    Instants are on the wall clock of Viet Nam. Raises INVALID (`since`, `until`) outside the visit's stay, in the future,
    or before `oldest`.
    """
    stop = until or last
    if since < admitted:
        raise invalid("since", f"Người bệnh vào viện lúc {admitted:%H:%M %d/%m/%Y}. Nhập giờ từ lúc đó trở đi.")
    if since < oldest:
        raise invalid("since", f"Chỉ ghi muộn được trong {LATE_DAYS} ngày. Nhập từ {oldest:%H:%M %d/%m/%Y} trở đi.")
    if stop > last:
        raise invalid("until", f"Giờ rời giường không được sau {last:%H:%M %d/%m/%Y}. Sửa giờ.")
    if since >= stop:
        raise invalid("since" if until is None else "until", "Giờ vào giường phải trước giờ rời giường. Sửa giờ.")
    return since, stop


def require_apart(own: Iterable[Span], new: Span) -> None:
    """Nobody lies in two beds at once: refuse (INVALID) a time that meets another stay of the same visit."""
    for start, stop in own:
        if start < new[1] and new[0] < stop:
            told = f"{start:%H:%M %d/%m} đến {stop:%H:%M %d/%m/%Y}"
            raise invalid("since", f"Người bệnh nằm giường khác từ {told}. Sửa giờ để không trùng.")


def most_at_once(neighbours: Sequence[Neighbour], span: Span) -> int:
    """The largest number of others who lay in a bed at one moment of a time."""
    inside = [(max(n.started_at, span[0]), min(n.ended_at or span[1], span[1])) for n in neighbours]
    return max((sum(a <= start < b for a, b in inside) for start, _ in inside), default=0)


def require_unsettled(bed: str, neighbours: Iterable[Neighbour], spans: Iterable[Span]) -> None:
    """Refuse (CONFLICT) a change of who lay beside a patient whose visit is signed: that bill would change."""
    for start, stop in spans:
        for other in neighbours:
            if other.signed and other.started_at < stop and start < (other.ended_at or stop):
                told = (
                    f"Người nằm cùng giường {bed} trong giờ đó đã ký kết thúc lượt. Sửa giờ, hoặc mở lại lượt ấy trước."
                )
                raise HisError(Kind.CONFLICT, told, field="since")


def changed_spans(old: Span, new: Span | None) -> list[Span]:
    """What a correction adds to a stay or takes from it."""
    if new is None or old[1] <= new[0] or new[1] <= old[0]:
        return [old] if new is None else [old, new]
    edges = [(min(old[0], new[0]), max(old[0], new[0])), (min(old[1], new[1]), max(old[1], new[1]))]
    return [edge for edge in edges if edge[0] < edge[1]]


def oldest_start(now: datetime) -> datetime:
    """The earliest moment from which a stay may still be written."""
    return now - timedelta(days=LATE_DAYS)
