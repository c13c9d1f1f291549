"""Font, styles and small pieces that every print shares."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

import fontpkg_source_sans_3
from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont as FontFile  # type: ignore[import-untyped]
from fontTools.varLib.instancer import instantiateVariableFont  # type: ignore[import-untyped]
from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

REGULAR, BOLD = "HisSans", "HisSans-Bold"
INK, QUIET, LINE, HEAD = black, HexColor("#454d4b"), HexColor("#8a9391"), HexColor("#eef2f1")
# Everything a Vietnamese print may hold: Latin with its extensions, combining marks, punctuation, arrows and signs.
_RANGES = ((0x20, 0x24F), (0x300, 0x323), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x20AB, 0x20AB), (0x2190, 0x2265))
_lock = Lock()


@lru_cache(maxsize=1)
def load_fonts() -> None:
    """Cut the variable font to two weights and give them to reportlab; once in a process (about a second)."""
    for name, weight in ((REGULAR, 400), (BOLD, 650)):
        pdfmetrics.registerFont(TTFont(name, _cut(name, weight)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def use_fonts() -> None:
    """As `load_fonts`, safe from several threads."""
    with _lock:
        load_fonts()


def _cut(name: str, weight: int) -> BytesIO:
    font = FontFile(Path(fontpkg_source_sans_3.__file__).parent / "files" / "SourceSans3[wght].ttf")
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in _RANGES for code in range(first, last + 1)])
    cutter.subset(font)
    fixed = instantiateVariableFont(font, {"wght": weight})
    for record in fixed["name"].names:
        if record.nameID == 6:  # two weights with one PostScript name would be taken for one font
            record.string = name
    out = BytesIO()
    fixed.save(out)
    out.seek(0)
    return out


def style(size: float = 9, **options: Any) -> ParagraphStyle:
    """A paragraph style; `bold`, `center`, `right` are short forms."""
    font = BOLD if options.pop("bold", False) else REGULAR
    if options.pop("center", False):
        options["alignment"] = TA_CENTER
    if options.pop("right", False):
        options["alignment"] = TA_RIGHT
    options.setdefault("leading", size * 1.28)
    return ParagraphStyle("p", fontName=font, fontSize=size, textColor=options.pop("color", INK), **options)


def para(text: str, size: float = 9, **options: Any) -> Paragraph:
    """A paragraph of plain text: nothing of it is read as markup."""
    return Paragraph(escape(text), style(size, **options))


def rich(text: str, size: float = 9, **options: Any) -> Paragraph:
    """A paragraph of our own markup; everything that people typed must be escaped before (`safe`)."""
    return Paragraph(text, style(size, **options))


def safe(text: object) -> str:
    """Typed text inside our markup."""
    return escape(str(text))
