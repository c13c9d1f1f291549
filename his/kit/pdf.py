"""Printed pages: the house font as embedded TrueType, cut to Vietnamese, and a QR code drawn as squares."""

import importlib
import io
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

import fontpkg_source_sans_3
import segno
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont as PdfFont
from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "HisSans", "HisSans-Bold"
_WEIGHTS: Final = {REGULAR: 400, BOLD: 700}
# Everything a Vietnamese print may hold: Latin with its extensions, combining marks, punctuation, đồng sign, arrows and signs.
_RANGES: Final = (
    (0x20, 0x24F), (0x300, 0x323), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2082, 0x2082), (0x20AB, 0x20AB), (0x2190, 0x2265),
)  # fmt: skip
_lock: Final = Lock()


def _cut(name: str, weight: int) -> io.BytesIO:
    # Read at the first print: a start waits for nothing that only a print needs.
    subset = importlib.import_module("fontTools.subset")
    instancer = importlib.import_module("fontTools.varLib.instancer")
    font = importlib.import_module("fontTools.ttLib").TTFont(
        Path(fontpkg_source_sans_3.__file__).parent / "files" / "SourceSans3[wght].ttf"
    )
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in _RANGES for code in range(first, last + 1)])
    cutter.subset(font)
    target = io.BytesIO()
    fixed = instancer.instantiateVariableFont(font, {"wght": weight})
    for record in fixed["name"].names:
        if record.nameID == 6:  # two weights with one PostScript name would be taken for one font
            record.string = name
    fixed.save(target)
    target.seek(0)
    return target


def register_fonts() -> tuple[str, str]:
    """Names of the regular and the bold font, ready for every canvas of this process; the first call takes a second.

    Safe from several threads.
    """
    with _lock:
        _register()
    return REGULAR, BOLD


@lru_cache(maxsize=1)
def _register() -> None:
    for name, weight in _WEIGHTS.items():
        pdfmetrics.registerFont(PdfFont(name, _cut(name, weight)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def wrap(text: str, font: str, size: float, width: float) -> list[str]:
    """Lines of at most `width` points; a word longer than the line is broken, so that nothing is cut off."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        part = word
        while pdfmetrics.stringWidth(part, font, size) > width and len(part) > 1:
            fit = len(part)
            while fit > 1 and pdfmetrics.stringWidth(part[:fit], font, size) > width:
                fit -= 1
            if line:
                lines.append(line)
                line = ""
            lines.append(part[:fit])
            part = part[fit:]
        trial = f"{line} {part}".strip()
        if line and pdfmetrics.stringWidth(trial, font, size) > width:
            lines.append(line)
            line = part
        else:
            line = trial
    return [*lines, line] if line or not lines else lines


def draw_qr(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    """A QR code in black squares with its lower left corner at (x, y), `side` points wide; error level M."""
    matrix = tuple(tuple(row) for row in segno.make(text, error="m", micro=False).matrix)
    unit = side / len(matrix)
    canvas.setFillGray(0)
    for row_index, row in enumerate(matrix):
        for column, dark in enumerate(row):
            if dark:
                canvas.rect(x + column * unit, y + side - (row_index + 1) * unit, unit, unit, stroke=0, fill=1)
