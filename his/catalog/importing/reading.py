"""One CSV file: its header, its lines, and what is wrong with them, in words for the person who has to mend the file."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from his.kit.text import clean

MAX_BYTES = 64 * 1024 * 1024
_NUMBER = re.compile(r"-?\d{1,12}(?:[.,]\d{1,6})?")
_THOUSANDS = re.compile(r"\d+[.,]\d{3}")
_YES = frozenset({"1", "x", "có", "co", "true", "yes"})
_NO = frozenset({"", "0", "không", "khong", "false", "no"})


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that was left out: file, line of the file (1 = header), column, and the reason in Vietnamese."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, dòng {self.line}, cột {self.column}: {self.reason}"


class BadCell(Exception):
    """A value that cannot be used; the line is left out and reported."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


class FatalFile(Exception):
    """The whole list cannot be used; nothing of it is loaded. The text is Vietnamese and names the file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file by column name; every reading method raises BadCell when the value is not what it must be."""

    number: int
    cells: dict[str, str]

    def text(self, column: str, default: str = "") -> str:
        """The cleaned value, or the default where the column is missing or empty."""
        return clean(self.cells.get(column) or "") or default

    def need(self, column: str, longest: int = 1000) -> str:
        """A value that must be there."""
        value = self.text(column)
        if not value:
            raise BadCell(column, "để trống, phải có giá trị")
        if len(value) > longest:
            raise BadCell(column, f"dài {len(value)} ký tự, nhiều nhất {longest}")
        return value

    def number_or_none(self, column: str) -> Decimal | None:
        """A number with a point or a comma before its decimals, or None when empty."""
        value = self.text(column)
        if not value:
            return None
        written = value.replace(" ", "")
        if not _NUMBER.fullmatch(written):
            raise BadCell(column, f"“{value}” không phải là số")
        return Decimal(written.replace(",", "."))

    def amount(self, column: str) -> Decimal:
        """An amount in đồng, not negative; it must be there."""
        value = self.need(column)
        number = self.number_or_none(column)
        assert number is not None
        if number < 0:
            raise BadCell(column, f"“{value}” là số âm")
        if number != round(number, 2) or _THOUSANDS.fullmatch(value):
            raise BadCell(column, f"“{value}” không rõ là bao nhiêu đồng; viết không có dấu chấm hàng nghìn")
        return number

    def whole(self, column: str, default: int | None = None) -> int:
        """A whole number; without a default it must be there."""
        value = self.text(column) if default is not None else self.need(column)
        if not value and default is not None:
            return default
        try:
            return int(value)
        except ValueError:
            raise BadCell(column, f"“{value}” không phải là số nguyên") from None

    def flag(self, column: str) -> bool:
        """0/1, có/không, x; empty is no."""
        value = self.text(column).lower()
        if value in _YES:
            return True
        if value in _NO:
            return False
        raise BadCell(column, f"“{value}” không phải là 0 hoặc 1")

    def day(self, column: str) -> date | None:
        """A day written 2026-07-01 or 01/07/2026, or None when empty."""
        value = self.text(column)
        if not value:
            return None
        try:
            if "/" in value:
                day, month, year = value.split("/")
                return date(int(year), int(month), int(day))
            return date.fromisoformat(value)
        except ValueError:
            raise BadCell(column, f"“{value}” không phải là ngày (viết 2026-07-01 hoặc 01/07/2026)") from None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: its lines, the lines with a wrong number of cells, and the fingerprint of its bytes."""

    file: str
    sha256: str
    lines: tuple[Line, ...]
    bad: tuple[BadRow, ...]


def read_sheet(path: Path, required: Sequence[str]) -> Sheet:
    """Read a CSV in UTF-8 with a header; raises FatalFile when it is unreadable, empty or lacks a required column."""
    name = path.name
    if path.stat().st_size > MAX_BYTES:
        raise FatalFile(f"{name}: tệp lớn hơn {MAX_BYTES // 1024 // 1024} MB.")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FatalFile(f"{name}, dòng {line}: không phải UTF-8. Lưu lại tệp dạng CSV UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(_numbered(reader))
    except csv.Error as error:
        raise FatalFile(f"{name}, dòng {reader.line_num}: CSV hỏng ({error}). Kiểm lại dấu ngoặc kép.") from None
    if not rows:
        raise FatalFile(f"{name}: tệp trống.")
    header = [clean(cell) for cell in rows[0][1]]
    missing = [column for column in required if column not in header]
    if missing:
        raise FatalFile(f"{name}: thiếu cột {', '.join(missing)}. Các cột đang có: {', '.join(header)}.")
    lines: list[Line] = []
    bad: list[BadRow] = []
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            bad.append(BadRow(name, number, "(cả dòng)", f"có {len(cells)} ô, tiêu đề có {len(header)} cột"))
        else:
            lines.append(Line(number, dict(zip(header, cells, strict=True))))
    if not lines and not bad:
        raise FatalFile(f"{name}: chỉ có tiêu đề, không có dòng nào.")
    return Sheet(name, hashlib.sha256(content).hexdigest(), tuple(lines), tuple(bad))


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line of the file on which they begin; wholly empty lines are passed over."""
    start = 1
    for row in reader:
        end: int = getattr(reader, "line_num", start)
        if any(cell.strip() for cell in row):
            yield start, row
        start = end + 1
