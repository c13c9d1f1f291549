"""One month as rows: CSV, Excel, JSON and MeasureReport are written from the same list."""

import csv
import importlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import orjson

from his.kit.sheets import inert
from his.reporting.rules.figures import EXACT
from his.reporting.terms import AGES, ALL, SEXES, SPLITS, MonthFigures, Shown

HIDDEN_WORD: Final = "ẩn"
HEAD: Final = ("Tháng", "Nơi", "Mã", "Chỉ số", "Đơn vị tính", "Chia theo", "Mã phần", "Phần", "Giá trị")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `split` is `all`, payer, sex, age, reason, outcome, chapter, unit or day; None is hidden."""

    code: str
    title: str
    unit: str
    split: str
    part: str
    label: str
    value: Shown


def rows(figures: MonthFigures) -> Iterator[Row]:
    """Every figure of the month in a fixed order; parts of the morbidity tables that are zero are left out."""
    for code, figure in figures.figures.items():
        if figure.value is not None or figure.hidden:
            yield Row(code, figure.title, figure.unit, ALL, ALL, "Tổng", figure.value)
        for split, parts in figure.splits.items():
            for part in parts:
                yield Row(code, figure.title, figure.unit, split, part.code, part.label, part.value)
        yield from _morbidity(figures, code)
    for entry in figures.units:
        for code, value in entry.values.items():
            if code != "C03" or value is not None:
                figure = figures.figures[code]
                yield Row(code, figure.title, figure.unit, "unit", entry.unit.code, entry.unit.name, value)
    for day, values in figures.days:
        for code in EXACT:
            figure = figures.figures[code]
            yield Row(code, figure.title, figure.unit, "day", day.isoformat(), f"{day:%d/%m/%Y}", values[code])


def _morbidity(figures: MonthFigures, code: str) -> Iterator[Row]:
    figure = figures.figures[code]
    for chapter in figures.chapters.get(code, ()):
        found: list[tuple[str, str, Shown]] = [(chapter.code, chapter.name, chapter.total)]
        for sex, word in SEXES.items():
            found.append((f"{chapter.code}|{sex}", f"{chapter.name}, {word}", chapter.sexes[sex]))
            found += [
                (f"{chapter.code}|{sex}|{age}", f"{chapter.name}, {word}, {years}", chapter.cells[sex, age])
                for age, years in AGES.items()
            ]
        for part, label, value in found:
            if value is None or value:
                yield Row(code, figure.title, figure.unit, "chapter", part, label, value)


def split_word(split: str) -> str:
    """The Vietnamese word of a split."""
    return {**SPLITS, ALL: "Tổng", "unit": "Theo đơn vị", "day": "Theo ngày"}[split]


def _line(figures: MonthFigures, row: Row) -> tuple[str | Decimal, ...]:
    return (
        figures.month,
        inert(figures.place_name),
        row.code,
        row.title,
        row.unit,
        split_word(row.split),
        row.part,
        inert(row.label),
        HIDDEN_WORD if row.value is None else row.value,
    )


def csv_text(figures: MonthFigures) -> str:
    """The month as CSV with a byte-order mark, so that Excel reads the Vietnamese letters."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for row in rows(figures):
        writer.writerow(_line(figures, row))
    return "\ufeff" + out.getvalue()


def workbook(figures: MonthFigures) -> bytes:
    """The month as an Excel file; holds the processor for a moment, so call it in a thread."""
    openpyxl = importlib.import_module("openpyxl")  # 0.3 s that only a download needs, not the start
    bold = importlib.import_module("openpyxl.styles").Font(bold=True)
    book = openpyxl.Workbook(write_only=False)
    sheet = book.active
    sheet.title = f"Tháng {figures.first:%m-%Y}"
    sheet.append(HEAD)
    for cell in sheet[1]:
        cell.font = bold
    for row in rows(figures):
        sheet.append(_line(figures, row))
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for letter, width in zip("ABCDEFGHI", (10, 26, 7, 34, 12, 30, 16, 50, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    book.properties.title = f"{figures.place_name}, {figures.month}, định nghĩa {figures.definitions}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def canonical(figures: MonthFigures) -> str:
    """The month as one canonical JSON text: what a sent report is hashed over."""
    body = {
        "place": figures.place,
        "month": figures.month,
        "definitions": figures.definitions,
        "rows": [
            [r.code, r.split, r.part, None if r.value is None else format(r.value.normalize(), "f")]
            for r in rows(figures)
        ],
    }
    return orjson.dumps(body).decode()
