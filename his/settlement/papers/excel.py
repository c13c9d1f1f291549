"""A paper as an Excel file: real numbers, and no cell that a spreadsheet would take for a formula."""

import io
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from his.kit.sheets import FORMULA_SIGNS
from his.kit.text import clean
from his.settlement.terms import Paper, Sheet

MONEY: Final = "#,##0.##"
_BOLD: Final = Font(bold=True)


def workbook(paper: Paper) -> bytes:
    """The file; holds the processor (about 0.2 ms a dossier), so call it in a thread."""
    book = Workbook(write_only=True)
    book.properties.title = f"{paper.form} {paper.period_words}, {paper.unit}"
    book.properties.description = " ".join([paper.state_words, *(f"{k}={v}" for k, v in paper.notes.items())])
    for number, sheet in enumerate(paper.sheets):
        _write(book, sheet, paper if number == 0 else None)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(book: Workbook, sheet: Sheet, paper: Paper | None) -> None:
    page: Any = book.create_sheet(sheet.title[:31])
    for n, width in enumerate(sheet.widths, 1):
        page.column_dimensions[get_column_letter(n)].width = max(8, width * 0.62)
    if paper is not None:
        for text in (
            paper.form,
            paper.title,
            f"{paper.unit} ({paper.unit_code})",
            paper.period_words,
            paper.state_words,
        ):
            page.append([_cell(page, text, bold=True)])
        page.append([])
    page.append([_cell(page, text, bold=True) for text in sheet.head])
    for row in sheet.rows:
        page.append([_plain(page, value) for value in row])
    if sheet.foot:
        page.append([_cell(page, value, bold=True) for value in sheet.foot])
    if paper is not None:
        for text in paper.sentences:
            page.append([_cell(page, text)])


def _plain(page: Any, value: Any) -> Any:
    """A value that needs no cell of its own, where possible: 100,000 rows are many cells."""
    if isinstance(value, str):
        value = clean(value)  # first: what stands behind a blank or a control character comes to the front
    if isinstance(value, Decimal) or (isinstance(value, str) and value.startswith(FORMULA_SIGNS)):
        return _cell(page, value)
    return value


def _cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(page, value=clean(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"  # text, whatever it starts with
    elif isinstance(value, Decimal):
        cell.number_format = MONEY
    if bold:
        cell.font = _BOLD
    return cell
