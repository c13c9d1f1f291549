"""Words of the statistics: indicators, groups of people, published figures, days of a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

ALL: Final = "all"  # the split and part of a plain total
THRESHOLD: Final = 5  # counts of people from 1 to 4 are hidden outside the statutory report

SEXES: Final[dict[str, str]] = {"male": "Nam", "female": "Nữ", "other": "Khác, chưa rõ"}
AGES: Final[dict[str, str]] = {"0-5": "0–5 tuổi", "6-14": "6–14 tuổi", "15-59": "15–59 tuổi", "60+": "Từ 60 tuổi"}
PAYERS: Final[dict[str, str]] = {"insurance": "BHYT", "direct": "Thu trực tiếp"}
REFERRALS: Final[dict[str, str]] = {"2": "Theo yêu cầu chuyên môn", "5": "Theo yêu cầu người bệnh"}  # MA_LOAI_RV
NO_CODE: Final = "none"

CHAPTERS: Final[dict[str, str]] = {  # ICD-10, TT 06/2026/TT-BYT
    "I": "Bệnh truyền nhiễm và ký sinh trùng",
    "II": "U tân sinh",
    "III": "Bệnh máu, cơ quan tạo máu và một số rối loạn miễn dịch",
    "IV": "Bệnh nội tiết, dinh dưỡng và chuyển hóa",
    "V": "Rối loạn tâm thần và hành vi",
    "VI": "Bệnh hệ thần kinh",
    "VII": "Bệnh của mắt và cấu trúc phụ cận",
    "VIII": "Bệnh của tai và xương chũm",
    "IX": "Bệnh hệ tuần hoàn",
    "X": "Bệnh hệ hô hấp",
    "XI": "Bệnh hệ tiêu hóa",
    "XII": "Bệnh của da và mô dưới da",
    "XIII": "Bệnh hệ cơ xương khớp và mô liên kết",
    "XIV": "Bệnh hệ sinh dục, tiết niệu",
    "XV": "Thai kỳ, sinh đẻ và thời kỳ sau đẻ",
    "XVI": "Một số bệnh lý xuất phát trong thời kỳ chu sinh",
    "XVII": "Dị tật, biến dạng và bất thường về nhiễm sắc thể bẩm sinh",
    "XVIII": "Triệu chứng, dấu hiệu và bất thường không phân loại mục khác",
    "XIX": "Tổn thương, ngộ độc và hậu quả khác do nguyên nhân bên ngoài",
    "XX": "Các nguyên nhân từ bên ngoài của bệnh tật và tử vong",
    "XXI": "Yếu tố liên quan đến tình trạng sức khỏe và tiếp cận dịch vụ y tế",
    "XXII": "Mã phục vụ những mục đích đặc biệt",
    NO_CODE: "Chưa có mã bệnh chính",
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a figure means, with its legal source and the days on which the definition holds (None = open).

    `splits` names the ways in which it is divided; `parts` of a ratio are other indicators. `people` says that it counts
    people or their visits, so that small parts of it are hidden on boards; sums of days are not.
    """

    code: str
    title: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    splits: tuple[str, ...]
    basis: str
    valid_from: date
    valid_to: date | None = None
    people: bool = True


SPLITS: Final[dict[str, str]] = {
    "payer": "Theo nguồn chi trả",
    "sex": "Theo giới",
    "age": "Theo nhóm tuổi",
    "reason": "Theo lý do chuyển",
    "outcome": "Theo kết quả điều trị",
    "chapter": "Theo chương ICD-10, giới, nhóm tuổi",
}


@dataclass(frozen=True, slots=True)
class VisitGroup:
    """Finished visits that are alike in everything statistics looks at; `nights` is the stay of each of them in days."""

    care_setting: str
    insured: bool
    sex: str
    age_years: int
    outcome: str
    discharge: str
    icd: str  # first three characters of the main diagnosis, empty without one
    nights: int
    count: int


Cell = tuple[str, str, str]  # indicator, split, part
Cells = Mapping[Cell, Decimal]
Shown = Decimal | None  # None: hidden


class Square(StrEnum):
    """What a day of a unit is on the month board; the words of the shell's month squares."""

    ON_TIME = "on-time"
    LATE = "late"
    MISSING = "missing"
    OFF = "off"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a divided figure; `value` is None where it is hidden."""

    code: str
    label: str
    value: Shown


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of a month: its total and its parts by split; None where hidden or (ratios) where there is nothing."""

    code: str
    title: str
    unit: str
    value: Shown
    hidden: bool = False
    splits: Mapping[str, Sequence[Part]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One ICD-10 chapter: total, by sex, and by (sex, age group); the code `all` is the sum row."""

    code: str
    name: str
    total: Shown
    sexes: Mapping[str, Shown]
    cells: Mapping[tuple[str, str], Shown]


@dataclass(frozen=True, slots=True)
class UnitRef:
    """A unit as the board knows it."""

    id: int
    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """The figures of one unit in the month by indicator."""

    unit: UnitRef
    values: Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Everything that is published of a month. Page, JSON, CSV, Excel and MeasureReport are written from this one value.

    `place` is the province code or the facility code; `until` is the last day that can have figures; `days` holds the
    plain totals of each day; `chapters` the morbidity tables by indicator (A07, C06).
    """

    place: str
    place_name: str
    first: date
    last: date
    until: date
    definitions: str
    threshold: int
    figures: Mapping[str, Figure]
    chapters: Mapping[str, Sequence[ChapterRow]]
    units: Sequence[UnitFigures] = ()
    days: Sequence[tuple[date, Mapping[str, Decimal]]] = ()

    @property
    def month(self) -> str:
        """`yyyy-mm`."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class ReportView:
    """A month report that was sent, as it is rendered to FHIR MeasureReport; `id` stays the same for all revisions."""

    id: str
    figures: MonthFigures
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit of a day that is not in the figures yet: no name, only what the unit needs to find it."""

    id: Any
    dossier_code: str
    room: str
    arrived_at: datetime
    waiting_for: str
