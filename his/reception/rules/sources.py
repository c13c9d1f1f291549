"""Where each value of the form comes from: scanned document, gateway's card, record; and where they differ."""

from typing import Final

from his.kit.text import fold
from his.reception.terms import FieldView

RECORD: Final = "hồ sơ cũ"


def _same(first: str, second: str) -> bool:
    return fold(first).replace(",", "") == fold(second).replace(",", "")


def compare(
    scanned: str, card: str, record: str, *, document: str = "CCCD", chosen: str = "", stamp: str = ""
) -> FieldView:
    """One field from up to three sources.

    The document's value is taken unless the desk chose the record's (`chosen` = `record`); the other one is shown with
    its source. `document` names what was scanned; `stamp` is the day of the record.
    """
    known = [(name, value) for name, value in ((document, scanned), ("thẻ", card), (RECORD, record)) if value]
    if not known:
        return FieldView("", "", "")
    first_name, first = known[0]
    different = [(name, value) for name, value in known[1:] if not _same(value, first)]
    if not different:
        names = [name for name, _ in known]
        if names == [RECORD]:
            return FieldView(first, f"Hồ sơ cũ{', ' + stamp if stamp else ''}", "mut")
        text = " = ".join(names)
        return FieldView(first, text[0].upper() + text[1:], "ok")
    name, value = different[0]
    if chosen == "record" and name == RECORD:
        return FieldView(value, f"Giữ hồ sơ cũ, khác {first_name}", "warn", first, first_name, "record")
    return FieldView(first, f"Khác {name}", "warn", value, name, "document")
