"""Styles and small pieces that every print shares."""

from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from his.kit.pdf import BOLD, REGULAR

INK, QUIET, LINE, HEAD = black, HexColor("#454d4b"), HexColor("#8a9391"), HexColor("#eef2f1")


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
