"""The order slip drawn as PDF: A5, black only, one page more when the list is long."""

import io
from dataclasses import dataclass

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from his.kit.pdf import draw_qr, register_fonts, wrap

MARGIN = 30.0
WIDTH = A5[0] - 2 * MARGIN
BOTTOM = 90.0


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One service: its name, the room where it is done, who pays, why."""

    name: str
    place: str
    payer: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything on the slip, as words."""

    unit: str
    name: str
    facts: str
    visit: str
    room: str
    reason: str
    lines: tuple[SlipLine, ...]
    doctor: str
    printed: str


class _Page:
    """A canvas with a pen that moves down and turns the page."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.regular, self.bold = register_fonts()
        self.y = A5[1] - MARGIN

    def text(self, words: str, size: float, *, bold: bool = False, indent: float = 0.0, gap: float = 3.0) -> None:
        font = self.bold if bold else self.regular
        for line in wrap(words, font, size, WIDTH - indent):
            if self.y < BOTTOM:
                self.canvas.showPage()
                self.y = A5[1] - MARGIN
            self.canvas.setFont(font, size)
            self.y -= size + gap
            self.canvas.drawString(MARGIN + indent, self.y, line)

    def rule(self) -> None:
        self.y -= 8
        self.canvas.setLineWidth(0.5)
        self.canvas.line(MARGIN, self.y, MARGIN + WIDTH, self.y)


def draw_order_slip(slip: Slip) -> bytes:
    """The PDF of the slip; no step of it reads the clock or the network."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, invariant=True)
    canvas.setTitle(f"Phiếu chỉ định {slip.visit}")
    page = _Page(canvas)
    page.text(slip.unit, 10, bold=True)
    page.text("PHIẾU CHỈ ĐỊNH DỊCH VỤ", 15, bold=True, gap=8)
    page.text(slip.name.upper(), 14, bold=True, gap=6)
    page.text(slip.facts, 10.5)
    if slip.room:
        page.text(f"Phòng chỉ định: {slip.room}", 10.5)
    if slip.reason:
        page.text(f"Lý do khám: {slip.reason}", 10.5)
    page.rule()
    for index, line in enumerate(slip.lines, 1):
        page.text(f"{index}. {line.name}", 11.5, bold=True, gap=5)
        told = " · ".join(part for part in (line.place, line.payer, line.reason) if part)
        page.text(told, 10.5, indent=14)
    if not slip.lines:
        page.text("Không có dịch vụ nào cần thực hiện.", 11)
    page.rule()
    page.text(f"Bác sĩ chỉ định: {slip.doctor}", 10.5)
    canvas.setFont(page.regular, 9)
    canvas.drawString(MARGIN, MARGIN + 12, f"Lượt {slip.visit}")
    canvas.drawString(MARGIN, MARGIN, f"In {slip.printed}")
    draw_qr(canvas, slip.visit, A5[0] - MARGIN - 58, MARGIN - 6, 58)
    canvas.save()
    return target.getvalue()
