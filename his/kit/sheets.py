"""Text that goes into a table for a spreadsheet: never a formula (OWASP, CSV injection)."""

from typing import Any, Final

from his.kit.text import clean

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell must not begin with; the last four are the full-width forms, which spreadsheets read as the plain ones."""


def inert(value: Any) -> Any:
    """Text cleaned and, where a spreadsheet would take it for a formula, led by an apostrophe; other values as they are."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
