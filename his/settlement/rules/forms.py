"""Which paper a month or a quarter is settled on, and its sections: the law of the period's first day decides.

TT 12/2026/TT-BTC: 01/BH monthly and 02/BH quarterly for costs from 01/04/2026; the first quarter of 2026 is still settled on the forms
of TT 178/2012/TT-BTC (điều 17 khoản 2). The sections of 01/BH go by MA_LOAI_KCB (annex I).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from his.kit.rulebook import Dated, on_day

NEW_FORMS_FROM: Final = date(2026, 4, 1)
LAW_FROM: Final = date(2012, 12, 15)


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of a paper; `settings` are codes of MA_LOAI_KCB."""

    key: str
    title: str
    settings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Form:
    """The papers of a period. `definition` names the way its figures are computed and is kept with every snapshot."""

    name: str
    title: str
    basis: str
    definition: str
    sections: tuple[Section, ...]
    lists: tuple[str, ...]  # the lists of dossiers, one paper each


OTHER: Final = Section("khac", "Hình thức khác", frozenset())
_OUT = Section("ngoai-tru", "Ngoại trú", frozenset({"01", "02", "05", "06", "07", "08", "11", "12", "13", "14"}))
_IN = Section("noi-tru", "Nội trú và ban ngày", frozenset({"03", "04", "09"}))
_OLD: Final = Form(
    "C79a-HD, C80a-HD",
    "Danh sách người bệnh BHYT khám chữa bệnh đề nghị thanh toán",
    "TT 178/2012/TT-BTC; TT 12/2026/TT-BTC điều 17 khoản 2",
    "TT178/2012:1",
    (_OUT, _IN),
    ("c79a", "c80a"),
)
_NEW: Final = Form(
    "01/BH",
    "Bảng tổng hợp đề nghị thanh toán chi phí khám bệnh, chữa bệnh BHYT",
    "TT 12/2026/TT-BTC, phụ lục I, mẫu 01/BH",
    "TT12/2026:1",
    (
        Section("I", "Khám bệnh, lưu theo dõi, nhận thuốc theo hẹn", frozenset({"01", "06", "07"})),
        Section("II", "Điều trị ngoại trú", frozenset({"02", "05", "08"})),
        Section("III", "Điều trị ban ngày, nội trú dưới 4 giờ", frozenset({"04", "09"})),
        Section("IV", "Điều trị nội trú", frozenset({"03"})),
    ),
    ("01-bh",),
)
FORMS: Final = (
    Dated(_OLD, LAW_FROM, date(2026, 3, 31), _OLD.basis),
    Dated(_NEW, NEW_FORMS_FROM, None, _NEW.basis),
)
QUARTER_FORMS: Final = (
    Dated("C79a-HD, C80a-HD quý", LAW_FROM, date(2026, 3, 31), _OLD.basis),
    Dated("02/BH", NEW_FORMS_FROM, None, "TT 12/2026/TT-BTC, phụ lục I, mẫu 02/BH"),
)


def month_of(period: str) -> date:
    """The first day of a month written `2026-10`; raises ValueError for anything else."""
    year, dash, month = period.partition("-")
    if not (dash and len(year) == 4 and len(month) == 2 and year.isdigit() and month.isdigit()):
        raise ValueError("a month is written yyyy-mm")
    return date(int(year), int(month), 1)


def form_of(period: str) -> Form:
    """The papers of a month; raises LookupError before the first form known here (15/12/2012)."""
    return on_day(FORMS, month_of(period))


def section_of(form: Form, care_setting: str) -> Section:
    """The section of a care setting; an unknown one stands in the last, so that no dossier is left out."""
    return next((s for s in form.sections if care_setting in s.settings), OTHER)


def months_of_quarter(period: str) -> tuple[str, str, str]:
    """The months of the quarter in which a month lies, in order."""
    first = month_of(period)
    start = (first.month - 1) // 3 * 3 + 1
    a, b, c = (f"{first.year:04d}-{start + n:02d}" for n in range(3))
    return a, b, c


def quarter_form(period: str) -> str:
    """The paper on which the quarter of a month is settled."""
    return on_day(QUARTER_FORMS, month_of(months_of_quarter(period)[0]))
