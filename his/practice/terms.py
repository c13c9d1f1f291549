"""Words of practice: chapters of techniques, a registration and a deed as the rules see them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

CHAPTERS: Final[dict[str, str]] = {  # TT 43/2013/TT-BYT as amended by TT 21/2017 and TT 23/2024/TT-BYT
    "01": "Hồi sức cấp cứu và chống độc",
    "02": "Nội khoa",
    "03": "Nhi khoa",
    "04": "Lao",
    "05": "Da liễu",
    "06": "Tâm thần",
    "07": "Nội tiết",
    "08": "Y học cổ truyền",
    "09": "Gây mê hồi sức",
    "10": "Ngoại khoa",
    "11": "Bỏng",
    "12": "Ung bướu",
    "13": "Phụ sản",
    "14": "Mắt",
    "15": "Tai mũi họng",
    "16": "Răng hàm mặt",
    "17": "Phục hồi chức năng",
    "18": "Điện quang",
    "19": "Y học hạt nhân",
    "20": "Nội soi chẩn đoán, can thiệp",
    "21": "Thăm dò chức năng",
    "22": "Huyết học, truyền máu",
    "23": "Hóa sinh",
    "24": "Vi sinh, ký sinh trùng",
    "25": "Giải phẫu bệnh, tế bào bệnh học",
    "26": "Vi phẫu",
    "27": "Phẫu thuật nội soi",
    "28": "Tạo hình, thẩm mỹ",
}
WEEKDAYS: Final[dict[str, str]] = {
    "1": "Thứ hai", "2": "Thứ ba", "3": "Thứ tư", "4": "Thứ năm", "5": "Thứ sáu", "6": "Thứ bảy", "7": "Chủ nhật",
}  # fmt: skip
STATES: Final[dict[str, str]] = {
    "valid": "Còn hiệu lực",
    "ending": "Sắp hết hiệu lực",
    "ended": "Hết hiệu lực",
    "none": "Chưa đăng ký",
}
ENDING_DAYS: Final = 60
"""So many days before its last day a registration is called ending."""
HANDS: Final = frozenset({"imaging", "functional", "procedure", "surgery"})
"""Kinds of service that need the hands of somebody whose scope covers them; any doctor may ask for them."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration: `chapters` empty covers every one, hours empty mean at any hour."""

    valid_from: date
    valid_to: date | None = None
    chapters: frozenset[str] = frozenset()
    weekdays: str = "1234567"
    opens_at: time | None = None
    closes_at: time | None = None

    def holds(self, on: date) -> bool:
        """Is the registration in force on this day (both ends included)?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def covers(self, chapter: str) -> bool:
        """Does the scope cover a chapter; a code without a chapter is nobody's."""
        return not self.chapters or not chapter or chapter in self.chapters

    def works_at(self, at: datetime) -> bool:
        """Is this instant of the wall clock within the registered days and hours?"""
        day, hour = str(at.isoweekday()), at.time().replace(tzinfo=None)
        if self.opens_at is None or self.closes_at is None:
            return day in self.weekdays
        if self.opens_at <= self.closes_at:
            return day in self.weekdays and self.opens_at <= hour <= self.closes_at
        before = str(at.isoweekday() - 1 or 7)  # the shift began the evening before
        return (day in self.weekdays and hour >= self.opens_at) or (before in self.weekdays and hour <= self.closes_at)


@dataclass(frozen=True, slots=True)
class DeedFacts:
    """An order or a result, and what its author is registered for. `at` is on the wall clock of Viet Nam."""

    who: str
    at: datetime
    registered: tuple[Registered, ...]
    chapter: str = ""
    service: str = ""
    kind: str = ""
    planned: bool = True  # neither an emergency nor a stay: the registered hours count
    line: str | None = None
