"""A paper as PDF: A4 landscape, every table with its sums, at most 1,000 rows of a list."""

from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from his.kit.clock import local
from his.kit.money import vnd
from his.kit.pdf import BOLD, REGULAR, register_fonts
from his.settlement.terms import Paper, Sheet

MOST_ROWS: Final = 1000
WIDTH: Final = 273.0  # mm between the margins
LINE, HEAD, QUIET = HexColor("#8a9391"), HexColor("#eef2f1"), HexColor("#454d4b")
WIDE: Final = 12  # columns from which the letters get smaller


def draw(paper: Paper) -> bytes:
    """The PDF; holds the processor, so call it in a thread."""
    register_fonts()
    out = BytesIO()
    document = BaseDocTemplate(
        out, pagesize=landscape(A4), leftMargin=12 * mm, rightMargin=12 * mm, topMargin=10 * mm, bottomMargin=13 * mm,
        title=f"{paper.form} {paper.period_words}", author=paper.unit, lang="vi",
    )  # fmt: skip
    frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=lambda c, d: _page(c, d.page, paper)))
    story = _heading(paper)
    for sheet in paper.sheets:
        story += _sheet(sheet)
    story += [Spacer(1, 2 * mm), *(_text(sentence, 9) for sentence in paper.sentences), _signatures(paper)]
    document.build(story)
    return out.getvalue()


def _text(
    text: str, size: float = 8, *, bold: bool = False, align: Literal[0, 1, 2] = 0, quiet: bool = False
) -> Paragraph:
    style = ParagraphStyle(
        "p", fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.25, alignment=align,
        textColor=QUIET if quiet else black,
    )  # fmt: skip
    return Paragraph(escape(text), style)


def _page(canvas: Canvas, number: int, paper: Paper) -> None:
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(QUIET)
    at = f" · In {local(paper.drawn_at):%H:%M %d/%m/%Y}" if paper.drawn_at else ""
    canvas.drawString(12 * mm, 7 * mm, f"{paper.form} · {paper.unit_code} · {paper.period_words}{at}")
    canvas.drawRightString(285 * mm, 7 * mm, f"Trang {number}")
    canvas.setFont(BOLD, 8.5)
    canvas.drawCentredString(148 * mm, 7 * mm, paper.state_words)


def _heading(paper: Paper) -> list[Flowable]:
    left = [_text(paper.unit, 9.5, bold=True), _text(f"Mã cơ sở: {paper.unit_code}", 9)]
    middle = [
        _text(paper.title.upper(), 13, bold=True, align=TA_CENTER),
        _text(paper.period_words, 10, align=TA_CENTER),
    ]
    right = [_text(paper.form, 9.5, bold=True, align=TA_RIGHT), _text(paper.basis, 7.5, align=TA_RIGHT, quiet=True)]
    if paper.notes.get("sha256"):
        right.append(_text(f"Mã số liệu {paper.notes['sha256'][:16]}", 7.5, align=TA_RIGHT, quiet=True))
    table = Table([[left, middle, right]], colWidths=[70 * mm, 133 * mm, 70 * mm])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return [table, Spacer(1, 2 * mm)]


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return vnd(value, "")
    return "" if value is None else str(value)


def _sheet(sheet: Sheet) -> list[Flowable]:
    wide = len(sheet.head) >= WIDE
    size = 5.2 if len(sheet.head) > 20 else 5.8 if wide else 8
    shown = sheet.rows[:MOST_ROWS]

    def row(values: Any, *, bold: bool = False) -> list[Paragraph]:
        return [
            _text(_number(v), size, bold=bold, align=TA_RIGHT if isinstance(v, (Decimal, int)) else 0) for v in values
        ]

    cells = [[_text(head, size, bold=True, align=TA_CENTER) for head in sheet.head], *(row(values) for values in shown)]
    if sheet.foot:
        cells.append(row(sheet.foot, bold=True))
    scale = WIDTH / sum(sheet.widths) * mm
    table = LongTable(cells, colWidths=[w * scale for w in sheet.widths], repeatRows=1)
    look: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.4, LINE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("BACKGROUND", (0, 0), (-1, 0), HEAD),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8), ("LEFTPADDING", (0, 0), (-1, -1), 1.5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 1.5),
    ]  # fmt: skip
    if sheet.foot:
        look.append(("BACKGROUND", (0, -1), (-1, -1), HEAD))
    table.setStyle(look)
    story: list[Flowable] = [
        CondPageBreak(30 * mm),
        Spacer(1, 2 * mm),
        _text(sheet.title, 10, bold=True),
        Spacer(1, 1 * mm),
        table,
    ]
    if len(shown) < len(sheet.rows):
        rest = f"Danh sách đủ {len(sheet.rows)} dòng ở tệp Excel và CSV; dòng cộng tính trên đủ danh sách."
        story.append(_text(rest, 8, quiet=True))
    return story


def _signatures(paper: Paper) -> Flowable:
    if not paper.signers:
        return Spacer(1, 1)
    day: datetime | None = local(paper.drawn_at) if paper.drawn_at else None
    dated = f"Ngày {day.day:02d} tháng {day.month:02d} năm {day.year}" if day else ""
    last = len(paper.signers) - 1
    rows: list[list[Any]] = [
        [_text(dated if n == last else "", 8.5, align=TA_CENTER) for n in range(last + 1)],
        [_text(name, 8.8, bold=True, align=TA_CENTER) for name in paper.signers],
        [_text("(ký, ghi rõ họ tên)", 8, align=TA_CENTER, quiet=True) for _ in paper.signers],
        [Spacer(1, 13 * mm) for _ in paper.signers],
    ]
    return KeepTogether([Spacer(1, 3 * mm), Table(rows, colWidths=[WIDTH / (last + 1) * mm] * (last + 1))])
