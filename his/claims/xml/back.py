"""Reading back: the facts that a dossier states, from its tables; the inverse of writing, taken from the same descriptions.

What no table carries stays empty: keys of rows, the moment of judging, names of papers typed at the gateway.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, get_type_hints

from his.claims.terms import (
    WALL_CLOCK,
    Card,
    ClaimFacts,
    DrugLine,
    FirstOrder,
    Papers,
    ProgressNote,
    ResultLine,
    ServiceLine,
    Totals,
)
from his.claims.xml.reader import ReadDossier
from his.claims.xml.tables import STANDARD_TABLES
from his.claims.xml.xml13 import REFERRAL_4750
from his.kit.errors import invalid
from his.kit.money import ZERO
from his.papers.terms import (
    AntenatalLeave,
    Birth,
    Discharge,
    FollowUp,
    HivCare,
    Referral,
    SickLeave,
    Summary,
    Tuberculosis,
)

Row = Mapping[str, str]
LINES: dict[str, type[Any]] = {
    "XML2": DrugLine, "XML3": ServiceLine, "XML4": ResultLine, "XML5": ProgressNote, "XML6": HivCare, "XML7": Discharge,
    "XML8": Summary, "XML9": Birth, "XML10": AntenatalLeave, "XML11": SickLeave, "XML13": Referral, "XML14": FollowUp,
    "XML15": Tuberculosis,
}  # fmt: skip
GENDERS = {"1": "male", "2": "female", "3": "other"}


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _minute(text: str) -> datetime:
    if len(text) != 12:
        raise ValueError(text)
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=WALL_CLOCK)


def _items(text: str) -> list[str]:
    return text.split(";") if text else []


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    bool: lambda text: text == "1",
    int: int,
    Decimal: Decimal,
    date: _day,
    datetime: _minute,
    date | datetime: lambda text: _minute(text) if len(text) == 12 else _day(text),
    tuple[str, ...]: lambda text: tuple(_items(text)),
    tuple[int, ...]: lambda text: tuple(map(int, _items(text))),
    tuple[date, ...]: lambda text: tuple(map(_day, _items(text))),
}
_EMPTY: dict[Any, Any] = {str: "", bool: False, Decimal: ZERO, tuple[str, ...]: ()}


@cache
def _types(model: Any) -> dict[str, tuple[Any, bool]]:
    """Type of each attribute without its None, and whether a value must be given."""
    hints = get_type_hints(model)
    out = {}
    for item in fields(model):
        kind = hints[item.name]
        options = [part for part in getattr(kind, "__args__", ()) if part is not type(None)]
        if type(None) in getattr(kind, "__args__", ()):
            kind = options[0] if len(options) == 1 else options[0] | options[1]
        out[item.name] = (kind, item.default is MISSING and item.default_factory is MISSING)
    return out


@cache
def _paths(table: str) -> dict[str, str]:
    """Field name to its path, for the fields that are one value of the facts."""
    both = [t for t in (*STANDARD_TABLES, REFERRAL_4750) if t.name == table]
    return {f.name: f.source for t in both for f in t.fields if f.source.count(",") == 0}


def _value(where: str, name: str, kind: Any, text: str) -> Any:
    parse = _PARSERS.get(kind)
    if parse is None:
        return None
    try:
        return parse(text)
    except (ValueError, InvalidOperation) as error:
        sentence = f"{where}: {name} “{text[:40]}” không đúng dạng, không đọc ngược được. Sửa tệp rồi đọc lại."
        raise invalid(name, sentence) from error


def _take(table: str, row: Row, scope: str, model: Any, into: dict[str, Any]) -> None:
    """Values of the row that belong to the scope (`facts`, `line`, `facts.totals`), under their attribute names."""
    types = _types(model)
    for name, path in _paths(table).items():
        owner, _, attribute = path.rpartition(".")
        text = row.get(name, "")
        if owner == scope and text and attribute in types and attribute not in into:
            into[attribute] = _value(f"Bảng {table}", name, types[attribute][0], text)


def _fill(table: str, model: Any, values: dict[str, Any]) -> Any:
    """The object; a value that must be there and is not is an error, texts and amounts count as empty."""
    for attribute, (kind, needed) in _types(model).items():
        if needed and attribute not in values:
            if kind not in _EMPTY:
                name = next((n for n, p in _paths(table).items() if p.endswith("." + attribute)), attribute)
                raise invalid(name, f"Bảng {table}: thiếu {name}, không đọc ngược được. Bổ sung vào tệp.")
            values[attribute] = _EMPTY[kind]
    return model(**values)


def _lines(dossier: ReadDossier, table: str) -> tuple[Any, ...]:
    model, out = LINES[table], []
    for number, row in enumerate(dossier.tables.get(table, ()), 1):
        values: dict[str, Any] = {"key": f"{table}-{number}"}
        _take(table, row, "line", model, values)
        out.append(_fill(table, model, values))
    return tuple(out)


def _one(dossier: ReadDossier, table: str) -> Any:
    return next(iter(_lines(dossier, table)), None)


def _papers(dossier: ReadDossier) -> Papers:
    return Papers(
        hiv=_one(dossier, "XML6"),
        discharge=_one(dossier, "XML7"),
        summary=_one(dossier, "XML8"),
        births=_lines(dossier, "XML9"),
        antenatal_leave=_one(dossier, "XML10"),
        sick_leave=_one(dossier, "XML11"),
        referral=_one(dossier, "XML13"),
        follow_up=_one(dossier, "XML14"),
        tuberculosis=_lines(dossier, "XML15"),
    )


def _birth(text: str) -> tuple[str, str]:
    """FHIR date and HH:MM of twelve digits."""
    known = f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text[4:8] != "0000" else text[:4]
    return known, f"{text[8:10]}:{text[10:12]}" if text[8:12] not in ("", "0000") else ""


def _cards(row: Row) -> tuple[Card, ...]:
    columns = [_items(row.get(name, "")) for name in ("MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN")]

    def item(column: int, place: int) -> str:
        return columns[column][place] if place < len(columns[column]) else ""

    def day(column: int, name: str, place: int) -> date | None:
        text = item(column, place)
        return _value("Bảng XML1", name, date, text) if text else None

    return tuple(
        Card(
            number=number,
            primary_facility_code=item(1, place),
            valid_from=day(2, "GT_THE_TU", place),
            valid_to=day(3, "GT_THE_DEN", place),
        )
        for place, number in enumerate(columns[0])
    )


def _first_order(row: Row) -> FirstOrder | None:
    for kind, code, name in (
        ("service", "MA_DICH_VU", "TEN_DICH_VU"),
        ("drug", "MA_THUOC", "TEN_THUOC"),
        ("supply", "MA_VAT_TU", "TEN_VAT_TU"),
    ):
        if row.get(code):
            at = _value("Bảng CHECKIN", "NGAY_YL", datetime, row.get("NGAY_YL", ""))
            return FirstOrder(kind=kind, code=row[code], name=row.get(name, ""), ordered_at=at)
    return None


def facts_of(dossier: ReadDossier) -> ClaimFacts:
    """The facts of one dossier or check-in as read; raises HisError(INVALID) that names the field which cannot be read."""
    values: dict[str, Any] = {}
    head: Row = {}
    for table in ("XML1", "CHECKIN", *LINES):
        for row in dossier.tables.get(table, ())[:1]:
            head = head or row
            _take(table, row, "facts", ClaimFacts, values)
    values["birth_date"], values["birth_time"] = _birth(head.get("NGAY_SINH", ""))
    values["gender"] = GENDERS.get(head.get("GIOI_TINH", ""), "unknown")
    values["cards"] = _cards(head)
    totals: dict[str, Any] = {}
    _take("XML1", head, "facts.totals", Totals, totals)
    values["totals"] = Totals(**totals)
    values["drugs"], values["services"] = _lines(dossier, "XML2"), _lines(dossier, "XML3")
    values["results"], values["notes"] = _lines(dossier, "XML4"), _lines(dossier, "XML5")
    values["papers"] = _papers(dossier)
    values["first_order"] = next((_first_order(row) for row in dossier.tables.get("CHECKIN", ())), None)
    found: ClaimFacts = _fill("XML1", ClaimFacts, values)
    return found
