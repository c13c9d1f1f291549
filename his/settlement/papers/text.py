"""The lists of a paper as CSV."""

import csv
import io
from decimal import Decimal
from typing import Any

from his.kit.money import plain
from his.kit.sheets import inert
from his.settlement.terms import Sheet


def csv_text(sheet: Sheet) -> str:
    """One table with a byte-order mark, so that Excel reads the Vietnamese letters; the sums stand in the last row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(sheet.head)
    writer.writerows([[_cell(value) for value in row] for row in sheet.rows])
    if sheet.foot:
        writer.writerow([_cell(value) for value in sheet.foot])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else inert(value)
