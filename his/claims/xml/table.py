"""How one table of the claim standard is described and written: field by field, never cutting, never crashing.

QĐ 4750/QĐ-BYT (structure, sizes), QĐ 3176/QĐ-BYT (in force since 01/01/2025). A value that the standard cannot hold
becomes a finding that names table and field; the text written is still the full value.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from his.claims.terms import ClaimFacts
from his.kit.errors import Finding, Severity
from his.kit.money import plain

Value = str | int | bool | Decimal | date | datetime | tuple[Any, ...] | None
R = TypeVar("R")
Of = str | Callable[["Row[Any]"], Value]

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
NEWLINE = "\r\n"
_SPECIAL = re.compile("[&<>]")
_PLAIN = frozenset({datetime, date, bool, int})
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Kind(StrEnum):
    """The two types of the standard."""

    STRING = "string"
    NUMBER = "number"


class Need(StrEnum):
    """Must the field hold a value: always, never, or when a rule of the rulebook says so."""

    YES = "yes"
    NO = "no"
    CONDITIONAL = "conditional"


class Flaw(StrEnum):
    """What can be wrong with one written value; the value is the last digit of the finding code."""

    MISSING = "1"
    TOO_LONG = "2"
    NOT_A_NUMBER = "3"
    BAD_CHARACTER = "4"


@dataclass(frozen=True, slots=True)
class Row(Generic[R]):
    """One row to write: the facts of the visit, the line it comes from, its number from 1."""

    facts: ClaimFacts
    line: R
    number: int
    key: str | None


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """One field: the standard's name, the Vietnamese label, type, longest text (None = no limit), need, value.

    `decimals` is the most digits after the dot that a number may carry. `source` says where the value comes from: a path
    into the facts of the visit or into the line (`facts.arrived_at`, `line.quantity`), or the paths a function looks at.
    """

    name: str
    label: str
    kind: Kind
    max_length: int | None
    need: Need
    of: Callable[[Row[R]], Value]
    decimals: int = 0
    source: str = ""

    def text(self, row: Row[R]) -> str:
        """The characters that stand in the file."""
        return written(self.of(row))

    def quick(self, value: object) -> str | None:
        """The text of a value that is plainly right and needs no escaping; None asks for the full examination."""
        if value.__class__ is str:
            assert isinstance(value, str)
            if not value:
                return None if self.need is Need.YES else ""
            if self.max_length is not None and len(value) > self.max_length:
                return None
            if self.kind is Kind.NUMBER:
                return value if value.isascii() and value.isdecimal() else None
            return value if value.isprintable() and not value.isspace() and not _SPECIAL.search(value) else None
        if value.__class__ is Decimal:
            assert isinstance(value, Decimal)
            return _number(value, self.max_length, self.decimals) if self.kind is Kind.NUMBER else None
        if value is None:
            return None if self.need is Need.YES else ""
        if value.__class__ in _PLAIN:
            text = written(value)  # type: ignore[arg-type]  # one of the classes just named
            if text == "":
                return None if self.need is Need.YES else ""
            if self.max_length is not None and len(text) > self.max_length:
                return None
            return text if self.kind is Kind.STRING or text.isdecimal() else None
        return None

    def flaw(self, text: str) -> tuple[Flaw, str] | None:
        """What is wrong with the text, and the sentence that says so; None when the standard can hold it."""
        name = f"{self.label} ({self.name})"
        if not text.strip():
            if self.need is Need.YES:
                return Flaw.MISSING, f"thiếu {name}. Bổ sung rồi kiểm lại."
            return None
        if _ILLEGAL.search(text):
            return Flaw.BAD_CHARACTER, f"{name} chứa ký tự điều khiển không ghi được vào XML. Gõ lại giá trị này."
        if self.max_length is not None and len(text) > self.max_length:
            return (
                Flaw.TOO_LONG,
                f"{name} dài {len(text)} ký tự, chuẩn chỉ nhận {self.max_length}. Rút gọn “{text[:40]}…”.",
            )
        if self.kind is Kind.NUMBER and not re.fullmatch(rf"-?[0-9]+(\.[0-9]{{1,{self.decimals or 1}}})?", text):
            return Flaw.NOT_A_NUMBER, f"{name} có giá trị “{text[:40]}”, không phải số đúng dạng. Nhập lại bằng số."
        if self.kind is Kind.NUMBER and "." in text and not self.decimals:
            return Flaw.NOT_A_NUMBER, f"{name} có giá trị “{text[:40]}”, chuẩn chỉ nhận số nguyên. Nhập lại."
        return None


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """One table: its tags, its fields in the order of the standard, and where its rows come from.

    `list_tag` and `row_tag` are empty for a table of one row whose fields stand under the root.
    """

    name: str
    title: str
    number: int
    root: str
    list_tag: str
    row_tag: str
    fields: tuple[Field[R], ...]
    rows: Callable[[ClaimFacts], Sequence[tuple[str | None, R]]]

    def each(self, facts: ClaimFacts) -> Iterator[Row[R]]:
        """The rows in order, numbered from 1."""
        for number, (key, line) in enumerate(self.rows(facts), 1):
            yield Row(facts, line, number, key)

    def code(self, field: Field[R], flaw: Flaw) -> str:
        """The stable code of this flaw of this field: CLM-FORM-XML1-HO_TEN-01; CLM-FORM-XML1-04 for characters in XML1."""
        if flaw is Flaw.BAD_CHARACTER:
            return f"CLM-FORM-{self.name}-0{flaw.value}"
        return f"CLM-FORM-{self.name}-{field.name}-0{flaw.value}"

    def finding(self, field: Field[R], row: Row[R], flaw: Flaw, sentence: str) -> Finding:
        """The flaw of one value, said to a person."""
        where = f"Bảng {self.name}, dòng {row.number}: " if self.row_tag else f"Bảng {self.name}: "
        return Finding(
            self.code(field, flaw),
            Severity.ERROR,
            where + sentence,
            f"{self.name}.{field.name}",
            row.key,
            "Sửa tại hồ sơ",
        )

    def check(self, facts: ClaimFacts) -> list[Finding]:
        """Every value that the standard cannot hold."""
        return self.compose(facts)[1]

    def write(self, facts: ClaimFacts, tail: str = "") -> str:
        """The table's own XML with CRLF, fields in order; `tail` stands before the end of the root."""
        return self.compose(facts, tail)[0]

    def compose(self, facts: ClaimFacts, tail: str = "") -> tuple[str, list[Finding]]:
        """In one pass the table's own XML (see `write`) and every value that the standard cannot hold."""
        plan = [(field.of, field.quick, field, f"<{field.name}>", f"</{field.name}>") for field in self.fields]
        found: list[Finding] = []
        out = [DECLARATION, f"<{self.root}>"]
        if self.list_tag:
            out.append(f"<{self.list_tag}>")
        for row in self.each(facts):
            if self.row_tag:
                out.append(f"<{self.row_tag}>")
            for of, quick, field, begin, end in plan:
                value = of(row)
                text = quick(value)
                if text is None:
                    full = written(value)
                    flaw = field.flaw(full)
                    if flaw:
                        found.append(self.finding(field, row, *flaw))
                    text = escape(full)
                out.append(begin + text + end)
            if self.row_tag:
                out.append(f"</{self.row_tag}>")
        if self.list_tag:
            out.append(f"</{self.list_tag}>")
        if tail:
            out.append(tail)
        out.append(f"</{self.root}>")
        return NEWLINE.join(out), found


@lru_cache(maxsize=1 << 15)
def _number(value: Decimal, size: int | None, decimals: int) -> str | None:
    """The text of an amount that a number field holds: finite, not too long, not too many digits after the dot."""
    if not value.is_finite():
        return None
    text = plain(value) if value else "0"
    return text if (size is None or len(text) <= size) and len(text.partition(".")[2]) <= decimals else None


def written(value: Value) -> str:
    """The standard's form of a value: 12 digits of an instant, 8 of a day, `1` or nothing, a list joined by `;`."""
    return _WRITERS.get(type(value), str)(value)


def escape(text: str) -> str:
    """Text safe inside an element; characters that XML cannot hold are left out (a finding has named them)."""
    return _ILLEGAL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def minute(at: datetime | None) -> str:
    """`yyyymmddHHMM`, empty for None."""
    return "" if at is None else at.strftime("%Y%m%d%H%M")


def day(on: date | None) -> str:
    """`yyyymmdd`, empty for None."""
    return "" if on is None else f"{on.year:04d}{on.month:02d}{on.day:02d}"


def joined(values: Iterable[str]) -> str:
    """A list of the standard: items joined by `;` in order, empty when every item is empty."""
    items = list(values)
    return ";".join(items) if any(items) else ""


def flag(value: bool) -> str:
    """`1` or empty."""
    return "1" if value else ""


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: lambda value: value if "\r" not in value else value.replace("\r\n", "\n").replace("\r", "\n"),
    type(None): lambda _: "",
    int: str,
    bool: lambda value: "1" if value else "",
    Decimal: lambda value: plain(value) if value.is_finite() else str(value),
    datetime: minute,
    date: day,
    tuple: lambda value: joined(map(written, value)),
}


def yes_no(path: str) -> Callable[[Row[Any]], Value]:
    """`1` or `0` of a truth, where the standard wants a digit in both cases."""
    get = attrgetter(path)
    return lambda row: int(get(row))


def _field(name: str, label: str, kind: Kind, size: int | None, need: Need, of: Of, source: str, decimals: int) -> Any:
    if isinstance(of, str):
        return Field(name, label, kind, size, need, attrgetter(of), decimals, of)
    return Field(name, label, kind, size, need, of, decimals, source)


def text(name: str, label: str, size: int | None, need: Need, of: Of, source: str = "") -> Field[R]:
    """A string field; `of` is the path of the value in the row, or a function with its `source` said beside it."""
    found: Field[R] = _field(name, label, Kind.STRING, size, need, of, source, 0)
    return found


def number(name: str, label: str, size: int, need: Need, of: Of, source: str = "", *, decimals: int = 0) -> Field[R]:
    """A number field with at most `decimals` digits after the dot."""
    found: Field[R] = _field(name, label, Kind.NUMBER, size, need, of, source, decimals)
    return found


def money(name: str, label: str, of: Of, need: Need = Need.YES) -> Field[R]:
    """An amount in đồng: number of 15 characters, two decimals."""
    found: Field[R] = _field(name, label, Kind.NUMBER, 15, need, of, "", 2)
    return found


def changed(table: Table[R], changes: dict[str, dict[str, Any]]) -> Table[R]:
    """The table of another day or reading: `{"MUC_HUONG": {"max_length": 3}}`; raises KeyError for an unknown name."""
    unknown = changes.keys() - {field.name for field in table.fields}
    if unknown:
        raise KeyError(f"{table.name} has no {', '.join(sorted(unknown))}")
    return replace(table, fields=tuple(replace(f, **changes[f.name]) if f.name in changes else f for f in table.fields))
