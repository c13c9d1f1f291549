"""A sheet of A5 with a pen that moves down and turns the page."""

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from his.kit.pdf import draw_qr, register_fonts, wrap

MARGIN = 30.0
WIDTH = A5[0] - 2 * MARGIN
BOTTOM = 96.0


class Sheet:
    """Words go under one another; a full page is turned."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.regular, self.bold = register_fonts()
        self.y = A5[1] - MARGIN

    def _room(self, height: float) -> None:
        if self.y - height < BOTTOM:
            self.canvas.showPage()
            self.y = A5[1] - MARGIN

    def text(self, words: str, size: float, *, bold: bool = False, indent: float = 0.0, gap: float = 3.0) -> None:
        """A paragraph; long words are broken, nothing is cut off."""
        font = self.bold if bold else self.regular
        for line in wrap(words, font, size, WIDTH - indent):
            self._room(size + gap)
            self.canvas.setFont(font, size)
            self.y -= size + gap
            self.canvas.drawString(MARGIN + indent, self.y, line)

    def columns(self, cells: tuple[tuple[str, float, bool], ...], size: float, *, gap: float = 5.0) -> None:
        """One row: (words, left edge, bold); the first cell may take several lines, up to the second one's edge."""
        first, *others = cells
        edge = others[0][1] if others else WIDTH
        font = self.bold if first[2] else self.regular
        lines = wrap(first[0], font, size, edge - first[1] - 6)
        self._room((size + gap) * len(lines))
        self.y -= size + gap
        for words, left, bold in others:
            self.canvas.setFont(self.bold if bold else self.regular, size)
            self.canvas.drawString(MARGIN + left, self.y, words)
        for index, line in enumerate(lines):
            self.canvas.setFont(font, size)
            if index:
                self.y -= size + 2
            self.canvas.drawString(MARGIN + first[1], self.y, line)

    def rule(self) -> None:
        """A hairline."""
        self.y -= 8
        self.canvas.setLineWidth(0.5)
        self.canvas.line(MARGIN, self.y, MARGIN + WIDTH, self.y)

    def foot(self, visit: str, printed: str) -> None:
        """Visit number as words and QR, time of printing."""
        self.canvas.setFont(self.regular, 9)
        self.canvas.drawString(MARGIN, MARGIN + 12, f"Lượt {visit}")
        self.canvas.drawString(MARGIN, MARGIN, f"In {printed}")
        draw_qr(self.canvas, visit, A5[0] - MARGIN - 58, MARGIN - 6, 58)
