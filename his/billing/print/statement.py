"""The cost statement: form 01/KBCB of QĐ 697/QĐ-BYT 2026, one block for each card and rate, A4 landscape."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
)

from his.billing.print.parts import HEAD, INK, LINE, QUIET, para, rich, safe
from his.billing.rules.labels import percent
from his.billing.service import VisitBill
from his.billing.tables import Charge
from his.billing.terms import Shares
from his.billing.view import SEXES, Block, Package, blocks_of, told_visit
from his.encounters.tables import Diagnosis
from his.kit.clock import local
from his.kit.money import vnd
from his.kit.pdf import BOLD, REGULAR, register_fonts
from his.kit.words import money_words
from his.web.filters import number as grouped

WIDTHS = [76, 12, 13, 17, 17, 12, 20, 12, 20, 20, 18, 15, 20]  # mm, 272 in all
HEADS = (
    "Nội dung", "Đơn vị", "Số lượng", "Đơn giá BV", "Đơn giá BH", "Tỷ lệ theo dịch vụ", "Thành tiền BV",
    "Tỷ lệ BHYT", "Thành tiền BH", "Quỹ BHYT", "Cùng chi trả", "Khác", "Tự trả",
)  # fmt: skip
CARE = {"01": "Khám bệnh", "02": "Điều trị ngoại trú", "03": "Điều trị nội trú", "04": "Nội trú ban ngày"}
TOLD_ELSEWHERE = ("BIL-LINE-01", "BIL-LINE-03")  # price and parts have their own places in the sentence
SMALL = 7.6


def draw_statement(bill: VisitBill, diagnoses: Sequence[Diagnosis], now: datetime) -> bytes:
    """The PDF of a statement. Figures are those of the charge rows and of nothing else."""
    register_fonts()
    out = BytesIO()
    page = landscape(A4)
    document = BaseDocTemplate(
        out, pagesize=page, leftMargin=12 * mm, rightMargin=13 * mm, topMargin=10 * mm, bottomMargin=13 * mm,
        title=f"Bảng kê chi phí {bill.encounter.dossier_code}", author=bill.unit.name, lang="vi",
    )  # fmt: skip
    frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=lambda c, d: _foot(c, d.page, bill, now)))
    story: list[Flowable] = [*_head(bill, now), *_person(bill, diagnoses)]
    for block in blocks_of(bill.lines):
        story += _block(block, bill)
    story += [*_totals(bill), _signatures(bill, now), *_why(bill)]
    document.build(story)
    return out.getvalue()


def _foot(canvas: Canvas, page: int, bill: VisitBill, now: datetime) -> None:
    canvas.setFont(REGULAR, SMALL)
    canvas.setFillColor(QUIET)
    left = f"Bảng kê 01/KBCB · Mã lượt {bill.encounter.dossier_code} · Mã người bệnh {bill.patient.code}"
    canvas.drawString(12 * mm, 7 * mm, f"{left} · In {local(now):%H:%M %d/%m/%Y}")
    canvas.drawRightString(284 * mm, 7 * mm, f"Trang {page}")
    if bill.statement is None:
        canvas.setFont(BOLD, 9)
        canvas.drawCentredString(148 * mm, 7 * mm, "TẠM TÍNH" if bill.provisional else "CHƯA ĐÓNG LƯỢT KHÁM")


def _head(bill: VisitBill, now: datetime) -> list[Flowable]:
    unit = bill.unit
    left = rich(f"<b>{safe(unit.name)}</b><br/>Mã cơ sở: {safe(unit.code)}<br/>{safe(unit.address)}", 9)
    middle = [
        para("BẢNG KÊ CHI PHÍ KHÁM BỆNH, CHỮA BỆNH", 14, bold=True, center=True),
        para(CARE.get(bill.encounter.care_setting, "Khám bệnh, chữa bệnh"), 9, center=True),
    ]
    right = rich(
        f"Mẫu số: 01/KBCB<br/>Mã người bệnh: <b>{safe(bill.patient.code)}</b><br/>"
        f"Mã lượt (MA_LK): <b>{safe(bill.encounter.dossier_code)}</b>",
        9,
        right=True,
    )
    row = Table([[left, middle, right]], colWidths=[80 * mm, 112 * mm, 80 * mm])
    row.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return [row, Spacer(1, 2 * mm)]


def _person(bill: VisitBill, diagnoses: Sequence[Diagnosis]) -> list[Flowable]:
    patient, encounter = bill.patient, bill.encounter
    birth = f"{patient.birth_date:%d/%m/%Y}" if patient.birth_precision == "day" else f"{patient.birth_date:%Y}"
    main = next((d for d in diagnoses if d.role == "main"), None)
    others = [d for d in diagnoses if d is not main]
    ended = f"{local(encounter.ended_at):%H:%M %d/%m/%Y}" if encounter.ended_at else "chưa kết thúc"
    told = [
        f"(1) Họ tên: <b>{safe(patient.name.upper())}</b>",
        f"(2) Ngày sinh: {birth} · Giới tính: {SEXES.get(patient.gender, 'chưa rõ')}",
        f"(3) Địa chỉ: {safe(patient.address) or '–'}",
        f"(4) Đối tượng: {safe(bill.category)} {safe(bill.category_name)}",
        f"(5) Đến khám: {local(encounter.arrived_at):%H:%M %d/%m/%Y} · Kết thúc: {ended}",
        f"(6) Tổng số ngày điều trị: {bill.head['treatment_days']}",
        f"(7) Chẩn đoán: {safe(main.name) if main else '–'} · Mã bệnh: <b>{safe(main.code) if main else '–'}</b>",
        f"(8) Bệnh kèm theo: {safe('; '.join(f'{d.name} ({d.code})' for d in others)) or 'không'}",
    ]
    cells = [[rich(told[i]), rich(told[i + 1])] for i in range(0, len(told), 2)]
    box = Table(cells, colWidths=[136 * mm, 136 * mm])
    box.setStyle(
        [
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return [
        para("I. Phần hành chính", 10, bold=True),
        box,
        Spacer(1, 1.5 * mm),
        para("II. Phần chi phí khám bệnh, chữa bệnh", 10, bold=True),
    ]


def _block(block: Block, bill: VisitBill) -> list[Flowable]:
    card = next((c for c in bill.head["cards"] if c["number"] == block.card_number), None)
    if block.card_number and card:
        days = f"{date.fromisoformat(card['from']):%d/%m/%Y} đến {date.fromisoformat(card['to']):%d/%m/%Y}"
        title = f"Mã thẻ BHYT: <b>{safe(block.card_number)}</b> · Giá trị từ {days} · Nơi đăng ký ban đầu: {safe(card['facility']) or '–'}"
        title += f" · Mức hưởng: <b>{percent(block.benefit_rate)}</b>"
    elif block.card_number:
        title = f"Mã thẻ BHYT: <b>{safe(block.card_number)}</b> · Mức hưởng: <b>{percent(block.benefit_rate)}</b>"
    else:
        title = "Không do thẻ BHYT chi trả"
    title += f" · Chi phí từ {local(block.first):%d/%m/%Y} đến {local(block.last):%d/%m/%Y}"
    rows: list[list[Any]] = [[para(head, SMALL, bold=True, center=True) for head in HEADS]]
    rows.append([para(f"({n})", 6.8, center=True, color=QUIET) for n in range(1, len(HEADS) + 1)])
    marks: list[int] = []
    for group in block.groups:
        marks.append(len(rows))
        rows.append(_sum_row(f"{group.form.number}. {group.form.title}", group.sums))
        rows += [_line_row(line) for line in group.loose]
        for index, package in enumerate(group.packages, start=1):
            marks.append(len(rows))
            rows.append(_sum_row(_package_title(f"{group.form.number}.{index}", package), package.sums))
            rows += [_line_row(line) for line in package.lines]
    rows.append(_sum_row("Cộng", block.sums))
    table = Table(rows, colWidths=[width * mm for width in WIDTHS], repeatRows=2)
    look: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.4, LINE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("BACKGROUND", (0, 0), (-1, 0), HEAD), ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8), ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2), ("LINEABOVE", (0, -1), (-1, -1), 0.9, INK),
    ]  # fmt: skip
    look += [("BACKGROUND", (0, row), (-1, row), HEAD) for row in marks]
    table.setStyle(look)
    return [CondPageBreak(35 * mm), Spacer(1, 1.5 * mm), rich(title, 9), Spacer(1, 1 * mm), table]


def _package_title(number: str, package: Package) -> str:
    """The heading of a package; lines that no ceiling bounds (a percentage of their own, self-paid) may stand in it too."""
    bounded = f", mức trần {vnd(package.ceiling)}" if package.ceiling is not None else ""
    return f"{number}. Gói vật tư y tế {package.code}{bounded}"


def _money(amount: Decimal) -> str:
    return vnd(amount, "") if amount else "–"


def _figures(sums: Shares | Charge) -> tuple[Decimal, ...]:
    return sums.insurer_share, sums.copayment, sums.other_sources, sums.self_paid


def _sum_row(title: str, sums: Shares) -> list[Any]:
    cells: list[Any] = [para(title, 8.4, bold=True), "", "", "", "", ""]
    cells += [para(_money(sums.amount_hospital), 8.4, bold=True, right=True), ""]
    cells += [para(_money(value), 8.4, bold=True, right=True) for value in (sums.amount_covered, *_figures(sums))]
    return cells


def _line_row(line: Charge) -> list[Any]:
    own = "" if line.payer != "self" else " (người bệnh tự trả)"
    figures = [
        grouped(line.quantity), grouped(line.unit_price), grouped(line.insured_unit_price),
        percent(line.service_rate.normalize()), _money(line.amount_hospital), percent(Decimal(line.cover_rate)),
        _money(line.amount_covered), *(_money(value) for value in _figures(line)),
    ]  # fmt: skip
    cells: list[Any] = [para(line.name + own, 8.2), para(line.unit, 8.2, center=True)]
    return cells + [para(text, 8.2, right=True) for text in figures]


def _totals(bill: VisitBill) -> list[Flowable]:
    totals = bill.totals
    rows = [
        ("Tổng chi phí lần khám bệnh, chữa bệnh", totals.amount_hospital),
        ("Quỹ BHYT thanh toán", totals.insurer_share),
        ("Người bệnh cùng chi trả trong phạm vi BHYT", totals.copayment),
        ("Người bệnh tự trả", totals.self_paid),
        ("Nguồn khác", totals.other_sources),
        ("Người bệnh trả, làm tròn đến đồng", bill.due),
    ]
    cells = [
        [para(word, 9, bold=i in (0, 5)), para(vnd(value), 9, bold=True, right=True)]
        for i, (word, value) in enumerate(rows)
    ]
    cells[0].append(rich(f"Bằng chữ: <i>{money_words(totals.amount_hospital)}</i>"))
    cells[5].append(rich(f"Bằng chữ: <i>{money_words(bill.due)}</i>"))
    table = Table([row + [""] * (3 - len(row)) for row in cells], colWidths=[82 * mm, 32 * mm, 158 * mm])
    table.setStyle([
        ("TOPPADDING", (0, 0), (-1, -1), 0.6), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2), ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("LINEBELOW", (0, 0), (1, 0), 0.5, LINE), ("LINEABOVE", (0, -1), (1, -1), 0.5, LINE),
    ])  # fmt: skip
    return [KeepTogether([Spacer(1, 3 * mm), table])]


def _why(bill: VisitBill) -> list[Flowable]:
    """Why the visit is computed so, and every line with the rules that bore on it."""
    story: list[Flowable] = [CondPageBreak(25 * mm), Spacer(1, 2 * mm), para("III. Vì sao tính như vậy", 10, bold=True)]
    story += [para(f"{step['text']} ({step['basis']})", 8.4) for step in told_visit(bill)]
    visit_wide = {step["text"] for step in bill.explanation}
    for index, line in enumerate(bill.lines, start=1):
        price, parts = line.explanation[0]["text"], line.explanation[-1]["text"]
        told = [
            step["text"].rstrip(".") + "."
            for step in line.explanation
            if step["code"] not in TOLD_ELSEWHERE and step["text"] not in visit_wide
        ]
        sentences = " ".join([price + ".", *told, parts + "."])
        story.append(rich(f"<b>{index}. {safe(line.name)}</b>: {safe(sentences)}", 8.4))
    return story


def _signatures(bill: VisitBill, now: datetime) -> Flowable:
    day = local(bill.statement.issued_at if bill.statement else now)
    dated = f"Ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"
    names = (
        ("NGƯỜI LẬP BẢNG KÊ", "(ký, ghi rõ họ tên)", ""),
        ("KẾ TOÁN VIỆN PHÍ", "(ký, ghi rõ họ tên)", ""),
        ("XÁC NHẬN CỦA NGƯỜI BỆNH", "(ký, ghi rõ họ tên)", bill.patient.name),
        ("GIÁM ĐỊNH BHYT", "(ký, ghi rõ họ tên)", ""),
    )
    rows: list[list[Any]] = [
        [para("" if i < 3 else dated, 8.4, center=True) for i in range(4)],
        [para(title, 8.8, bold=True, center=True) for title, _, _ in names],
        [para(hint, 8, center=True, color=QUIET) for _, hint, _ in names],
        [Spacer(1, 13 * mm)] * 4,
        [para(name, 9, center=True) for _, _, name in names],
    ]
    table = Table(rows, colWidths=[68 * mm] * 4)
    table.setStyle([("TOPPADDING", (0, 0), (-1, -1), 0.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5)])
    return KeepTogether([Spacer(1, 3 * mm), table])
