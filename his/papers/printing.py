"""A paper as PDF, A4, black only: head of the facility, title and number, person, what the paper says, who signs."""

import io
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from his.kit.pdf import draw_qr, register_fonts, wrap

MARGIN = 50.0
WIDTH = A4[0] - 2 * MARGIN
BOTTOM = 80.0


@dataclass(frozen=True, slots=True)
class Print:
    """Everything on the sheet, as words; `state` is empty for a paper in force."""

    unit: str
    title: str
    number: str
    name: str
    facts: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    issued: str
    doctor: str
    license: str
    state: str
    printed: str


class _Sheet:
    """Words go under one another; a full page is turned."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.regular, self.bold = register_fonts()
        self.y = A4[1] - MARGIN

    def text(self, words: str, size: float, *, bold: bool = False, center: bool = False, gap: float = 4.0) -> None:
        font = self.bold if bold else self.regular
        for part in words.splitlines() or [""]:
            for line in wrap(part, font, size, WIDTH):
                if self.y - size - gap < BOTTOM:
                    self.canvas.showPage()
                    self.y = A4[1] - MARGIN
                self.canvas.setFont(font, size)
                self.y -= size + gap
                if center:
                    self.canvas.drawCentredString(A4[0] / 2, self.y, line)
                else:
                    self.canvas.drawString(MARGIN, self.y, line)

    def space(self, height: float) -> None:
        self.y -= height


def draw_paper(paper: Print) -> bytes:
    """The PDF; no step of it reads the clock or the network."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True)
    canvas.setTitle(f"{paper.title} {paper.number}")
    sheet = _Sheet(canvas)
    sheet.text(paper.unit, 11, bold=True)
    sheet.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 11, bold=True, center=True, gap=10)
    sheet.text("Độc lập - Tự do - Hạnh phúc", 11, center=True)
    sheet.space(14)
    sheet.text(paper.title.upper(), 17, bold=True, center=True, gap=8)
    sheet.text(f"Số {paper.number}", 11, center=True)
    if paper.state:
        sheet.text(paper.state.upper(), 13, bold=True, center=True, gap=8)
    sheet.space(8)
    sheet.text(paper.name.upper(), 13, bold=True, gap=6)
    for fact in paper.facts:
        sheet.text(fact, 11)
    sheet.space(6)
    for label, words in paper.lines:
        sheet.text(f"{label}: {words}", 11, gap=5)
    sheet.space(16)
    sheet.text(f"Ngày cấp {paper.issued}", 11)
    sheet.text(f"Người cấp giấy: {paper.doctor}", 11, bold=True)
    if paper.license:
        sheet.text(f"Chứng chỉ hành nghề {paper.license}", 10)
    sheet.text("Thủ trưởng đơn vị (ký, đóng dấu)", 11, gap=10)
    canvas.setFont(sheet.regular, 9)
    canvas.drawString(MARGIN, MARGIN, f"{paper.number} · in {paper.printed}")
    draw_qr(canvas, paper.number, A4[0] - MARGIN - 52, MARGIN - 10, 52)
    canvas.save()
    return target.getvalue()
