"""Payment rates of services (TYLE_TT_DV): examinations, operations of one session, beds (TT 35/2016 Điều 4a-4d)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from his.billing.rules.days import day_of, wall
from his.billing.rules.labels import number
from his.billing.rules.steps import step
from his.billing.terms import BenefitSettings, ChargeFacts, LineKind, Step
from his.kit.errors import invalid
from his.kit.money import r3

EXAM_RATES: Final = (100, 30, 30, 30, 10)  # the sixth and later examinations of a visit: 0
SAME_TEAM: Final = 50
OTHER_TEAM: Final = 80
EXTRA_PROCEDURE: Final = 80
BED_RATES: Final = {1: 100, 2: 50}
THREE_IN_BED: Final = 33
STRETCHER: Final = 50
WARD_HOURS: Final = Decimal(4)
HALF_DAY: Final = Decimal("0.5")
THIRD_DAY: Final = r3(Decimal(1) / 3)
DESK_LIMIT: Final = 65
DESK_OVERLOADED: Final = 50


@dataclass(slots=True)
class Rated:
    """Quantity and rate of one line; `divisor` is 3 where a third is meant and 33 is only how it is written."""

    line: ChargeFacts
    quantity: Decimal
    percent: int = 100
    divisor: int = 0
    steps: list[Step] = field(default_factory=list)

    def amount(self, unit_price: Decimal) -> Decimal:
        """Quantity x price x rate, not rounded yet."""
        if self.divisor:
            return self.quantity * unit_price / self.divisor
        return self.quantity * unit_price * self.percent / 100

    def set(self, percent: int, code: str, text: str) -> None:
        """Lower the rate and say why."""
        self.percent = percent
        self.steps.append(step(code, text))


def rate_services(lines: Sequence[ChargeFacts], exams_before: int, settings: BenefitSettings) -> list[Rated]:
    """Quantity and service rate of every line, in the order given; the result of a line never depends on that order.

    `exams_before` counts examinations of the same day that belong before this visit (sent home with drugs, returned).
    """
    rated = [Rated(line, _quantity(line)) for line in lines]
    exams: list[Rated] = []
    beds: list[Rated] = []
    sessions: defaultdict[str, list[Rated]] = defaultdict(list)
    for row in rated:
        line = row.line
        if line.contained:
            row.set(0, "BIL-OPER-03", "Bước này đã nằm trong dịch vụ khác nên không tính tiền.")
        elif line.kind is LineKind.BED:
            beds.append(row)
        elif line.cover_scope == 2:
            continue
        elif line.kind is LineKind.EXAM:
            exams.append(row)
        elif line.session and line.kind in (LineKind.SURGERY, LineKind.PROCEDURE):
            sessions[line.session].append(row)
    _rate_exams(exams, exams_before)
    for operations in sessions.values():
        _rate_session(operations)
    _rate_beds(beds, settings)
    return rated


def desk_rate(number_today: int, still_overloaded_after_quarter: bool) -> int:
    """Percentage of an examination by its number at one desk on one day: 100 up to 65, then 50, or 0 after a quarter."""
    if number_today <= DESK_LIMIT:
        return 100
    return 0 if still_overloaded_after_quarter else DESK_OVERLOADED


def _quantity(line: ChargeFacts) -> Decimal:
    if line.quantity < 0:
        raise invalid(f"lines[{line.key}].quantity", "Số lượng không được âm.")
    if line.unit_price < 0 or (line.insured_unit_price is not None and line.insured_unit_price < 0):
        raise invalid(f"lines[{line.key}].unit_price", "Đơn giá không được âm.")
    return r3(line.quantity)


def _tie(row: Rated) -> tuple[Decimal, Decimal, int, Decimal, str]:
    """Dearest first, then whatever else bears on money, then the key: an order that the input cannot change."""
    line = row.line
    return (-line.unit_price, -_fund_price(line), line.cover_scope, -line.cover_rate, line.key)


def _rate_exams(exams: list[Rated], before: int) -> None:
    exams.sort(key=lambda row: (wall(row.line.ordered_at), *_tie(row)))
    for index, row in enumerate(exams, start=before):
        percent = EXAM_RATES[index] if index < len(EXAM_RATES) else 0
        if percent != 100:
            row.set(percent, "BIL-EXAM-01", f"Lần khám thứ {index + 1} trong đợt tính {percent} % giá khám.")
        if row.line.desk_rate != 100:
            percent = row.percent * row.line.desk_rate // 100
            row.set(percent, "BIL-EXAM-02", f"Bàn khám quá tải nên lần khám này tính {percent} %.")


def _rate_session(operations: list[Rated]) -> None:
    """The dearest operation in full, further operations 50 or 80, procedures 80; procedures alone stay in full."""
    surgeries = [row for row in operations if row.line.kind is LineKind.SURGERY]
    if not surgeries:
        return
    main = min(surgeries, key=lambda row: (-_fund_price(row.line), row.line.team or "", *_tie(row)))
    for row in operations:
        if row is main:
            continue
        if row.line.kind is LineKind.PROCEDURE:
            row.set(EXTRA_PROCEDURE, "BIL-OPER-02", f"Thủ thuật thêm trong lần mổ tính {EXTRA_PROCEDURE} %.")
        elif row.line.team and main.line.team and row.line.team != main.line.team:
            row.set(OTHER_TEAM, "BIL-OPER-01", f"Phẫu thuật thêm do kíp khác làm tính {OTHER_TEAM} %.")
        else:
            row.set(SAME_TEAM, "BIL-OPER-01", f"Phẫu thuật thêm cùng kíp tính {SAME_TEAM} %.")


def _fund_price(line: ChargeFacts) -> Decimal:
    return line.unit_price if line.insured_unit_price is None else line.insured_unit_price


def _rate_beds(beds: list[Rated], settings: BenefitSettings) -> None:
    by_day: defaultdict[date, list[Rated]] = defaultdict(list)
    for row in beds:
        by_day[day_of(row.line.ordered_at)].append(row)
    for rows in by_day.values():
        wards = [row for row in rows if row.quantity == 1]
        if len(wards) > 1:
            _split_day(wards)
    for row in beds:
        _share_bed(row, settings)


def _split_day(wards: list[Rated]) -> None:
    """Two wards on a day: half each. Three or more: half each for the dearest and the cheapest above four hours."""
    paid = wards
    if len(wards) > 2:
        long = [row for row in wards if row.line.hours is None or row.line.hours > WARD_HOURS]
        ranked = sorted(long or wards, key=lambda row: (-_fund_price(row.line), row.line.share, *_tie(row)))
        paid = [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked
    share = HALF_DAY if len(paid) > 1 else Decimal(1)
    for row in wards:
        row.quantity = share if any(row is other for other in paid) else Decimal(0)
        text = f"Nằm {len(wards)} khoa trong ngày: khoa này tính {number(row.quantity)} ngày giường."
        row.steps.append(step("BIL-BED-03", text))


def _share_bed(row: Rated, settings: BenefitSettings) -> None:
    """Two in a bed 50, three or more 33 (a third where the ward change already reduced the quantity)."""
    line = row.line
    if line.share < 1:
        raise invalid(f"lines[{line.key}].share", "Số người nằm chung giường phải từ 1 trở lên.")
    halved = row.quantity == HALF_DAY and line.quantity == 1
    if line.share >= 3 and halved:
        # The claim table writes this day as a third of a bed at 50 %: the half stands in the rate.
        row.quantity = THIRD_DAY
        row.set(50, "BIL-BED-01", f"{line.share} người một giường và chuyển khoa: 0,333 giường tính 50 %.")
    elif line.share > 1:
        percent = BED_RATES.get(line.share, THREE_IN_BED)
        row.set(percent, "BIL-BED-01", f"{line.share} người một giường nên tính {percent} % giá giường.")
        if line.share >= 3 and settings.three_in_bed == "third":
            row.divisor = 3
    elif line.stretcher:
        row.set(STRETCHER, "BIL-BED-02", f"Nằm cáng hoặc giường gấp tính {STRETCHER} % giá giường.")
