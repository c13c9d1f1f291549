"""Words of data protection: requests of data subjects, their states, and what access counts as unusual."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

REQUEST_KINDS: Final = {
    "access": "Xem, nhận bản sao dữ liệu",
    "rectify": "Sửa dữ liệu sai",
    "restrict": "Hạn chế xử lý",
    "object": "Phản đối xử lý",
    "delete": "Xóa dữ liệu",
    "withdraw": "Rút lại đồng ý",
    "disclose": "Cung cấp cho bên thứ ba",
}
"""What a person may ask for (Luật 91/2025/QH15 Điều 4; NĐ 356/2025/NĐ-CP)."""

STATES: Final = {"open": "Đang xử lý", "answered": "Đã đáp ứng", "refused": "Đã từ chối"}

UNUSUAL_KINDS: Final = {
    "many": "Mở nhiều hồ sơ trong một giờ",
    "refused": "Bị từ chối nhiều lần trong ngày",
    "night": "Mở nhiều hồ sơ ban đêm",
}


@dataclass(frozen=True, slots=True)
class Unusual:
    """Something to look into: what, who, since when, how many records or refusals, and the measure it passed."""

    kind: str
    actor: str
    at: datetime
    count: int
    measure: int


@dataclass(frozen=True, slots=True)
class Measure:
    """From how many on access counts as unusual, and the hours of the night (local, first and last)."""

    many: int
    refused: int
    night: int
    night_from: int = 22
    night_to: int = 5


@dataclass(frozen=True, slots=True)
class LawLine:
    """A line of the checklist: what is asked, by which text, whether it is met (yes, partly, no), and where."""

    text: str
    basis: str
    met: str
    where: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """To whom data go, what, on which legal basis, and from which day that basis holds."""

    recipient: str
    data: str
    basis: str
    consent: str
    valid_from: date


CLOCK_STATES: Final = {
    "running": "Đang chạy",
    "late": "Quá hạn báo",
    "in-time": "Đã báo đúng hạn",
    "too-late": "Đã báo muộn",
    "closed": "Đóng, không phải báo",
}
"""Where the notice to the authority stands (Luật 91/2025/QH15 Điều 23)."""
CLOCK_TONES: Final = {"running": "warn", "late": "stop", "in-time": "ok", "too-late": "warn", "closed": "ok"}


@dataclass(frozen=True, slots=True)
class IncidentInput:
    """A breach as the form gives it; moments are local time as `YYYY-MM-DDTHH:MM`."""

    title: str
    what: str
    happened_from: str
    happened_to: str
    found_at: str
    found_by: str
    actor: str
    containment: str
