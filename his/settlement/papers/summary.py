"""Papers that add up: the month's summary, the minutes 03/BH, the note 06/BH, the quarter 02/BH."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from his.kit.clock import local
from his.kit.money import ZERO, vnd
from his.kit.words import money_words
from his.settlement.service import Month, Quarter
from his.settlement.terms import Figures, Move, Paper, Row, Sheet, State, Sums

SUM_HEAD: Final = (
    "Mục", "Nội dung", "Số lượt", "Tổng chi phí", "Trong phạm vi BHYT", "Quỹ BHYT (đề nghị)", "Cùng chi trả", "Nguồn khác",
    "Tự trả", "Được chấp nhận", "Giảm trừ",
)  # fmt: skip
QUARTER_HEAD: Final = (
    "STT", "CHI_TIEU", "SO_LUOT", "T_TONGCHI_BV", "T_TONGCHI_BH", "T_BHTT", "T_BNCCT", "T_NGUONKHAC", "T_BNTT",
    "Quyết toán", "Giảm trừ",
)  # fmt: skip
WIDTHS: Final = (16, 56, 16, 27, 27, 27, 25, 23, 23, 27, 25)
SIGNERS: Final = ("NGƯỜI LẬP", "KẾ TOÁN TRƯỞNG", "THỦ TRƯỞNG CƠ SỞ KCB", "GIÁM ĐỊNH BHYT")
STATES: Final = {
    State.DRAFT: "BẢN NHÁP, CHƯA GỬI",
    State.SENT: "ĐÃ GỬI, CHỜ THỐNG NHẤT",
    State.RETURNED: "CƠ QUAN BHXH TRẢ LẠI",
    State.DISPUTED: "CƠ SỞ CHƯA ĐỒNG Ý",
    State.AGREED: "ĐÃ THỐNG NHẤT, CHỜ XÁC NHẬN",
    State.LOCKED: "ĐÃ KHÓA",
    State.PAID: "ĐÃ KHÓA, ĐÃ CHI TRẢ",
}
STEPS: Final = {
    Move.SEND: "Cơ sở gửi",
    Move.DISPUTE: "Cơ sở chưa đồng ý",
    Move.AGREE: "Giám định viên thống nhất",
    Move.RETURN: "Trả lại cơ sở",
    Move.RESOLVE: "Trả lời cơ sở",
    Move.CONFIRM: "Người thứ hai xác nhận, khóa tháng",
    Move.PAY: "Chi trả",
}


def month_words(period: str) -> str:
    """`2026-10` -> `Tháng 10 năm 2026`."""
    return f"Tháng {period[5:]} năm {period[:4]}"


def _row(key: str, title: str, s: Sums) -> tuple[Any, ...]:
    return (
        key, title, s.cases, s.total_hospital, s.total_covered, s.asked, s.copayment, s.other_sources, s.self_paid, s.approved,
        s.reduced,
    )  # fmt: skip


def _summed(title: str, head: Sequence[str], rows: Sequence[Row], total: Sums, *, keys: bool = True) -> Sheet:
    shown = [_row(r.key if keys else str(n), r.title, r.sums) for n, r in enumerate(rows, 1)]
    return Sheet(title, head, shown, _row("", "Cộng", total), WIDTHS)


def _groups(figures: Figures) -> Sheet:
    rows = [(g.number, g.title, g.lines, g.asked, g.approved, g.reduced) for g in figures.groups]
    foot = ("", "Cộng", sum(r[2] for r in rows), *(sum((r[n] for r in rows), ZERO) for n in (3, 4, 5)))
    head = ("Số", "Nhóm chi phí", "Số dòng", "Quỹ BHYT (đề nghị)", "Được chấp nhận", "Chênh lệch")
    return Sheet("Theo nhóm chi phí", head, rows, foot, (16, 70, 24, 40, 40, 40))


def _head(month: Month, name: str, form: str, title: str, now: datetime) -> dict[str, Any]:
    row = month.row
    kept = {"sha256": row.sha256, "definition": row.definition} if row else {}
    return {
        "name": name, "form": form, "title": title, "unit": month.unit.name, "unit_code": month.unit.code,
        "period_words": month_words(month.period), "basis": month.form.basis, "state_words": STATES[month.state],
        "notes": kept, "drawn_at": now, "signers": SIGNERS,
    }  # fmt: skip


def _left(figures: Figures) -> list[str]:
    if not figures.left_cases:
        return []
    return [
        f"Hồ sơ của tháng chưa giám định xong: {figures.left_cases}, đề nghị {vnd(figures.left_asked)}; "
        "chưa xong khi khóa tháng thì chuyển sang tháng sau."
    ]


def month_paper(month: Month, name: str, lists: Sequence[Sheet], now: datetime) -> Paper:
    """01/BH, C79a-HD or C80a-HD of a month: summary, kinds, cost groups, then the lists."""
    figures, total = month.figures, month.figures.total
    form = {"01-bh": "Mẫu số 01/BH", "c79a": "Mẫu số C79a-HD", "c80a": "Mẫu số C80a-HD"}[name]
    kinds = [row for row in figures.kinds if row.sums != Sums()]
    sheets = [
        _summed("Tổng hợp", SUM_HEAD, figures.sections, total),
        _summed("Theo loại hồ sơ", SUM_HEAD, kinds, total, keys=False),
        _groups(figures),
        *lists,
    ]
    sentences = [
        f"Đề nghị quỹ BHYT thanh toán: {vnd(total.asked)} ({money_words(total.asked)}).",
        f"Được chấp nhận: {vnd(total.approved)}. Giảm trừ: {vnd(total.reduced)}.",
        *_left(figures),
    ]
    return Paper(**_head(month, name, form, month.form.title, now), sheets=sheets, sentences=sentences)


def minutes_paper(month: Month, reasons: Sequence[tuple[str, str, int, Decimal]], now: datetime) -> Paper:
    """The minutes of review, 03/BH: what was taken off and why, and every statement of both sides with its legal basis."""
    figures, total = month.figures, month.figures.total
    rows = [(code, words, lines, amount) for code, words, lines, amount in reasons]
    foot = ("", "Cộng", sum(r[2] for r in rows), sum((r[3] for r in rows), ZERO))
    said = [
        (f"{local(e.at):%d/%m/%Y %H:%M}", STEPS[Move(e.action)], e.actor_name, e.note, e.basis)
        for e in month.events
        if e.note or e.basis
    ]
    sheets = [
        _summed("Kết quả giám định", SUM_HEAD, figures.sections, total),
        Sheet("Lý do giảm trừ", ("Mã", "Lý do", "Số dòng", "Giảm trừ"), rows, foot, (20, 160, 24, 40)),
        Sheet("Ý kiến của hai bên", ("Lúc", "Việc", "Người ghi", "Nội dung", "Căn cứ"), said, (), (28, 42, 40, 90, 50)),
    ]
    sentences = [
        f"Đề nghị {vnd(total.asked)}, chấp nhận {vnd(total.approved)}, giảm trừ {vnd(total.reduced)}.", *_left(figures)
    ]  # fmt: skip
    head = _head(month, "03-bh", "Mẫu số 03/BH", "Biên bản giám định chi phí khám bệnh, chữa bệnh BHYT", now)
    head["signers"] = ("ĐẠI DIỆN CƠ SỞ KCB", "KẾ TOÁN TRƯỞNG", "GIÁM ĐỊNH VIÊN", "ĐẠI DIỆN CƠ QUAN BHXH")
    return Paper(**head, sheets=sheets, sentences=sentences)


def note_paper(month: Month, now: datetime) -> Paper:
    """The settlement note 06/BH of a locked month: what is settled, paid and left."""
    figures, total = month.figures, month.figures.total
    kinds = [row for row in figures.kinds if row.sums != Sums()]
    paid = [(p.position, f"{p.paid_on:%d/%m/%Y}", p.reference, p.amount) for p in month.payments]
    foot = ("", "", "Cộng", sum((p.amount for p in month.payments), ZERO))
    sheets = [
        _summed("Số quyết toán", SUM_HEAD, kinds, total, keys=False),
        _groups(figures),
        Sheet("Chi trả", ("Lần", "Ngày", "Chứng từ", "Số tiền"), paid, foot, (20, 40, 110, 50)),
    ]
    sentences = [
        f"Số quyết toán: {vnd(total.approved)} ({money_words(total.approved)}).",
        f"Đã chi trả {vnd(foot[3])}, còn lại {vnd(month.remaining)}.",
        *_left(figures),
    ]
    head = _head(month, "06-bh", "Mẫu số 06/BH", "Biên bản quyết toán chi phí khám bệnh, chữa bệnh BHYT", now)
    head["signers"] = ("ĐẠI DIỆN CƠ SỞ KCB", "KẾ TOÁN TRƯỞNG", "GIÁM ĐỊNH BHYT", "ĐẠI DIỆN CƠ QUAN BHXH")
    return Paper(**head, sheets=sheets, sentences=sentences)


def quarter_paper(quarter: Quarter, now: datetime) -> Paper:
    """The quarter's report 02/BH: its locked months, sections and kinds; the sums are those of the months' papers."""
    months = [_row(row.period, month_words(row.period), figures.total) for row, figures in quarter.months]
    total = quarter.total
    kinds = [row for row in quarter.kinds if row.sums != Sums()]
    sheets = [
        Sheet("Theo tháng", QUARTER_HEAD, months, _row("", "Cộng", total), WIDTHS),
        _summed("Theo hình thức", QUARTER_HEAD, quarter.sections, total),
        _summed("Theo loại hồ sơ", QUARTER_HEAD, kinds, total, keys=False),
    ]
    missing = ", ".join(quarter.missing)
    state = "ĐỦ CÁC THÁNG ĐÃ KHÓA" if quarter.final else f"TẠM TÍNH, THIẾU THÁNG {missing}"
    return Paper(
        name="02-bh", form=f"Mẫu số {quarter.form}", title="Báo cáo quyết toán chi phí khám bệnh, chữa bệnh BHYT",
        unit=quarter.unit.name, unit_code=quarter.unit.code, period_words=f"Quý {quarter.name[-1]} năm {quarter.name[:4]}",
        basis="TT 12/2026/TT-BTC điều 5, điều 14" if quarter.form == "02/BH" else "TT 178/2012/TT-BTC",
        state_words=state, sheets=sheets, signers=SIGNERS, drawn_at=now,
        sentences=[f"Số quyết toán của quý: {vnd(total.approved)} ({money_words(total.approved)})."],
    )  # fmt: skip
