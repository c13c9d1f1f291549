"""Who opened the record, as a paper for the patient (A4)."""

from datetime import datetime
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from his.kit.clock import local
from his.kit.pdf import register_fonts, wrap

MARGIN: Final = 42.0
COLUMNS: Final = ((0.0, 92.0), (96.0, 150.0), (250.0, 110.0), (364.0, 146.0))
Line = tuple[str, str, str, str]


def draw_opened(unit: str, patient: str, lines: list[Line], more: bool, now: datetime) -> bytes:
    """The PDF: when, who, in which role, what. Holds the processor, so call it in a thread."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle("Ai đã mở hồ sơ")
    regular, bold = register_fonts()
    y = _head(canvas, (regular, bold), unit, patient, now)
    for line in lines:
        cells = [wrap(text, regular, 9, width) for text, (_, width) in zip(line, COLUMNS, strict=True)]
        height = 11.5 * max(map(len, cells)) + 4
        if y - height < MARGIN:
            canvas.showPage()
            y = _columns(canvas, bold, A4[1] - MARGIN)
        canvas.setFont(regular, 9)
        for (left, _), words in zip(COLUMNS, cells, strict=True):
            for number, text in enumerate(words):
                canvas.drawString(MARGIN + left, y - 10 - 11.5 * number, text)
        y -= height
    canvas.setFont(regular, 9)
    last = "Còn các dòng cũ hơn; hỏi người bảo vệ dữ liệu để nhận đủ." if more else "Hết danh sách."
    canvas.drawString(MARGIN, max(y - 14, 24), last)
    canvas.save()
    return buffer.getvalue()


def _head(canvas: Canvas, fonts: tuple[str, str], unit: str, patient: str, now: datetime) -> float:
    y = A4[1] - MARGIN
    for text, size, font in (
        (unit, 10, fonts[0]),
        ("Ai đã mở hồ sơ của tôi", 16, fonts[1]),
        (patient, 11, fonts[0]),
        (
            f"In lúc {local(now):%H:%M %d/%m/%Y}, theo Luật 91/2025/QH15 (quyền được biết của chủ thể dữ liệu).",
            9,
            fonts[0],
        ),
    ):
        canvas.setFont(font, size)
        y -= size + 6
        canvas.drawString(MARGIN, y, text)
    return _columns(canvas, fonts[1], y - 8)


def _columns(canvas: Canvas, bold: str, y: float) -> float:
    canvas.setFont(bold, 9)
    for (left, _), word in zip(COLUMNS, ("Lúc", "Ai", "Vai trò", "Việc"), strict=True):
        canvas.drawString(MARGIN + left, y - 10, word)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, y - 15, A4[0] - MARGIN, y - 15)
    return y - 17
