"""Labels of 70 × 50 mm for the boxes, one page each, in black; exactly what the counter previews. Run it in a thread."""

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from his.kit.pdf import BOLD, REGULAR, register_fonts, wrap

WIDTH, HEIGHT, EDGE = 70 * mm, 50 * mm, 3 * mm
PARTS = ("Sáng", "Trưa", "Chiều", "Tối")


def labels_pdf(labels: Sequence[dict[str, Any]], unit: str) -> bytes:
    """The labels (`view.labels`) as PDF bytes; long names shrink, then wrap to a second line."""
    register_fonts()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(WIDTH, HEIGHT), pageCompression=1)
    canvas.setTitle("Nhãn thuốc")
    for label in labels:
        _draw(canvas, label, unit)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw(canvas: Canvas, label: dict[str, Any], unit: str) -> None:
    y = HEIGHT - EDGE - 8
    canvas.setFont(BOLD, 8.5)
    canvas.drawString(EDGE, y, wrap(label["name"], BOLD, 8.5, WIDTH - 2 * EDGE - 22)[0])
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(WIDTH - EDGE, y, label["born"])
    size = 11.0 if len(wrap(label["drug"], BOLD, 11, WIDTH - 2 * EDGE)) == 1 else 9.0
    for words in wrap(label["drug"], BOLD, size, WIDTH - 2 * EDGE)[:2]:
        y -= size * 1.2
        canvas.setFont(BOLD, size)
        canvas.drawString(EDGE, y, words)
    y -= 10
    canvas.setFont(REGULAR, 8)
    canvas.drawString(EDGE, y, label["amount"])
    y = _doses(canvas, label["doses"], y - 3)
    for words in wrap(label["how"], REGULAR, 8, WIDTH - 2 * EDGE)[:2]:
        y -= 9.6
        canvas.setFont(REGULAR, 8)
        canvas.drawString(EDGE, y, words)
    canvas.setLineWidth(0.4)
    canvas.line(EDGE, EDGE + 17, WIDTH - EDGE, EDGE + 17)
    canvas.setFont(REGULAR, 7)
    canvas.drawString(EDGE, EDGE + 9, wrap(f"{unit} · {label['day']}", REGULAR, 7, WIDTH - 2 * EDGE)[0])
    canvas.drawString(EDGE, EDGE + 1, wrap(label["lots"], REGULAR, 7, WIDTH - 2 * EDGE)[0])


def _doses(canvas: Canvas, doses: Sequence[str], top: float) -> float:
    width, height = (WIDTH - 2 * EDGE) / 4, 24.0
    canvas.setLineWidth(0.4)
    for column, (word, dose) in enumerate(zip(PARTS, doses, strict=True)):
        x = EDGE + column * width
        canvas.rect(x, top - height, width, height, stroke=1, fill=0)
        canvas.setFont(REGULAR, 7)
        canvas.drawCentredString(x + width / 2, top - 8.5, word)
        canvas.setFont(BOLD, 8.5)
        canvas.drawCentredString(x + width / 2, top - 19.5, dose)
    return top - height
