"""The lists of dossiers: CHITIET_HS01BH (20 columns of TT 12/2026/TT-BTC), C79a-HD, C80a-HD, and what was approved of each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from his.billing.rules.form import form_group
from his.kit.clock import local
from his.kit.money import ZERO
from his.settlement.rules import section_of
from his.settlement.rules.figures import KINDS
from his.settlement.service import Month
from his.settlement.terms import EntryKind, Sheet

LIST_HEAD: Final = (
    "STT", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "MA_THE_BHYT", "MA_BENH_CHINH", "NGAY_VAO", "NGAY_VAO_NOI_TRU", "NGAY_RA",
    "SO_NGAY_DTRI", "MA_LOAI_KCB", "T_TONGCHI_BV", "T_TONGCHI_BH", "T_BHTT", "T_BNCCT", "T_BNTT", "T_NGUONKHAC", "MA_CSKCB",
    "NAM_QT", "THANG_QT",
)  # fmt: skip
REVIEW_HEAD: Final = (
    "STT", "Số hồ sơ", "Mã lượt", "Tháng hồ sơ", "Loại", "Đề nghị", "Được chấp nhận", "Giảm trừ", "Chưa quyết",
)  # fmt: skip
OLD_HEAD: Final = (
    "STT", "Họ và tên", "Năm sinh nam", "Năm sinh nữ", "Mã thẻ BHYT", "Mã ĐKBĐ", "Mã bệnh", "Ngày vào", "Ngày ra", "Số ngày",
    "Tổng cộng", "Xét nghiệm", "CĐHA, TDCN", "Thuốc", "Máu", "TTPT", "VTYT", "DVKT theo tỷ lệ", "Thuốc theo tỷ lệ",
    "VTYT theo tỷ lệ", "Tiền khám", "Tiền giường", "Vận chuyển", "Khác", "Người bệnh chi trả", "Đề nghị BHXH thanh toán",
)  # fmt: skip
SEX: Final = {"male": 1, "female": 2}
INPATIENT: Final = frozenset({"03", "04", "09"})
_GROUP: Final = {
    1: "exam",
    2: "bed",
    3: "test",
    4: "image",
    5: "image",
    6: "operation",
    7: "blood",
    8: "drug",
    9: "supply",
    10: "transport",
}
_RATED: Final = {
    "test": "rated",
    "image": "rated",
    "operation": "rated",
    "drug": "rated_drug",
    "supply": "rated_supply",
}
_COLUMNS: Final = (
    "test", "image", "drug", "blood", "operation", "supply", "rated", "rated_drug", "rated_supply", "exam", "bed",
    "transport", "other",
)  # fmt: skip


def _minute(at: datetime) -> str:
    return f"{local(at):%Y%m%d%H%M}"


def _born(day: date) -> str:
    return f"{day:%Y%m%d}0000"


def _days(entry: Any) -> int:
    """SO_NGAY_DTRI as the dossier states it; where it states nothing, first to last day (0 for a stay under 4 hours)."""
    if entry.treatment_days not in (None, ""):
        return int(entry.treatment_days)
    if entry.care_setting == "09":
        return 0
    return (local(entry.ended_at).date() - local(entry.arrived_at).date()).days + 1


def _detail(number: int, entry: Any, month: Month) -> tuple[Any, ...]:
    inpatient = _minute(entry.arrived_at) if entry.care_setting in INPATIENT else ""
    return (
        number, entry.patient_name, _born(entry.birth_date), SEX.get(entry.gender, 3), entry.card_number, entry.main_diagnosis,
        _minute(entry.arrived_at), inpatient, _minute(entry.ended_at), _days(entry), entry.care_setting, entry.total_hospital,
        entry.total_covered, entry.asked, entry.copayment, entry.self_paid, entry.other_sources, month.unit.code,
        int(month.period[:4]), int(month.period[5:]),
    )  # fmt: skip


def _review(number: int, entry: Any) -> tuple[Any, ...]:
    left = entry.asked - entry.approved - entry.reduced
    kind = KINDS[EntryKind(entry.kind)]
    return (
        number, entry.number, entry.dossier_code, entry.period, kind, entry.asked, entry.approved, entry.reduced, left,
    )  # fmt: skip


def _foot(rows: Sequence[Sequence[Any]], width: int, first: int) -> tuple[Any, ...]:
    """The sums of the money columns, from `first` on."""
    sums = [sum((row[n] for row in rows if isinstance(row[n], Decimal)), ZERO) for n in range(first, width)]
    return ("", "Cộng", *[""] * (first - 2), *sums)


def _reviewed(entries: Sequence[Any]) -> Sheet:
    rows = [_review(n, e) for n, e in enumerate(entries, 1)]
    return Sheet(
        "Kết quả giám định", REVIEW_HEAD, rows, _foot(rows, len(REVIEW_HEAD), 5), (10, 26, 38, 16, 44, 24, 24, 24, 24)
    )


def dossier_sheets(
    month: Month, name: str, entries: Sequence[Any], groups: Mapping[Any, Mapping[str, Decimal]]
) -> list[Sheet]:
    """The list of a paper (`01-bh`, `c79a`, `c80a`) and the list of what was approved; both hold the same dossiers."""
    if name == "01-bh":
        order = {s.key: n for n, s in enumerate(month.form.sections)}
        placed = sorted(entries, key=lambda e: order.get(section_of(month.form, e.care_setting).key, len(order)))
        rows = [_detail(n, e, month) for n, e in enumerate(placed, 1)]
        widths = (8, 34, 20, 7, 24, 12, 20, 20, 20, 8, 7, 18, 18, 18, 16, 16, 16, 10, 8, 6)
        return [Sheet("01_BH", LIST_HEAD, rows, (), widths), _reviewed(placed)]
    inside = name == "c80a"
    chosen = [e for e in entries if (e.care_setting in INPATIENT) == inside]
    rows = [_old(n, e, groups.get(e.case_id, {})) for n, e in enumerate(chosen, 1)]
    title = "C80a-HD" if inside else "C79a-HD"
    old_widths = (8, 34, 8, 8, 24, 10, 10, 16, 16, 8, *[15] * 16)
    return [Sheet(title, OLD_HEAD, rows, _foot(rows, len(OLD_HEAD), 10), old_widths), _reviewed(chosen)]


def old_groups(lines: Sequence[Any]) -> dict[Any, dict[str, Decimal]]:
    """Covered cost of each case by the columns of C79a-HD and C80a-HD; lines paid by rate have columns of their own."""
    found: dict[Any, dict[str, Decimal]] = {}
    for line in lines:
        column = _GROUP.get(form_group(line.cost_group).number, "other")
        if line.rated:
            column = _RATED.get(column, column)
        sums = found.setdefault(line.case_id, {})
        sums[column] = sums.get(column, ZERO) + line.covered
    return found


def _old(number: int, entry: Any, groups: Mapping[str, Decimal]) -> tuple[Any, ...]:
    born = entry.birth_date.year
    amounts = [entry.sign * groups.get(column, ZERO) for column in _COLUMNS]
    amounts[-1] += entry.total_covered - sum(amounts, ZERO)  # rounding of a header that the lines do not hold
    return (
        number, entry.patient_name, born if entry.gender != "female" else "", born if entry.gender == "female" else "",
        entry.card_number, entry.first_facility or "", entry.main_diagnosis, f"{local(entry.arrived_at):%d/%m/%Y}",
        f"{local(entry.ended_at):%d/%m/%Y}", _days(entry), entry.total_covered, *amounts, entry.copayment, entry.asked,
    )  # fmt: skip
