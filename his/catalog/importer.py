"""Loads a directory of lists: every list whole in one transaction or not at all, every bad line named."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import psycopg

from his.catalog.importing import starter
from his.catalog.importing.official import OFFICIAL
from his.catalog.importing.reading import BadCell, BadRow, FatalFile, Sheet, read_sheet
from his.catalog.importing.source import Context, Row, Source, rows_of
from his.kit.bulk import Loaded, Origin, bulk_load

__all__ = ["Report", "import_directory", "import_list", "is_ready", "parse_list"]

Progress = Callable[[Source, int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one list. `fatal` is a Vietnamese sentence when nothing of it was loaded; `seconds` is wall time."""

    name: str
    title: str
    file: str
    rows_read: int
    bad: tuple[BadRow, ...]
    loaded: Loaded | None
    seconds: float
    fatal: str = ""


def parse_list(source: Source, path: Path, context: Context) -> tuple[Sheet, list[Row], list[BadRow]]:
    """Read one file: the sheet, its good rows, and its bad lines. Raises FatalFile when nothing of it can be used."""
    sheet = read_sheet(path, source.required)
    bad = list(sheet.bad)
    rows: list[Row] = []
    for line in sheet.lines:
        try:
            rows.append(source.parse(line, context))
        except BadCell as error:
            bad.append(BadRow(sheet.file, line.number, error.column, error.reason))
    kept, repeated = rows_of(source, sheet, rows)
    bad = sorted(bad + repeated, key=lambda row: row.line)
    if not kept:
        raise FatalFile(f"{sheet.file}: không có dòng nào dùng được. Lỗi đầu tiên: {bad[0]}.")
    return sheet, kept, bad


def import_list(
    conninfo: str, source: Source, path: Path, context: Context, at: datetime, *, complete: bool = False
) -> Report:
    """Load one list in one transaction. Never raises for a bad file or a refusing database: the report says it."""
    started = time.perf_counter()
    try:
        sheet, rows, bad = parse_list(source, path, context)
    except FatalFile as error:
        return Report(source.name, source.title, path.name, 0, (), None, time.perf_counter() - started, str(error))
    read = len(sheet.lines) + len(sheet.bad)
    columns = source.target.columns
    origin = Origin(source.name, path.name, sheet.sha256, context.valid_from, read, len(bad), at)
    try:
        values = ([row[column] for column in columns] for row in rows)
        loaded = bulk_load(conninfo, source.target, values, origin, complete=complete)
    except psycopg.Error as error:
        said = (error.diag.message_primary or str(error)).strip()
        fatal = f"{path.name}: máy chủ dữ liệu từ chối ({said}). Không dòng nào được nạp."
        return Report(
            source.name, source.title, path.name, read, tuple(bad), None, time.perf_counter() - started, fatal
        )
    return Report(source.name, source.title, path.name, read, tuple(bad), loaded, time.perf_counter() - started)


def is_ready(conninfo: str) -> bool:
    """Has the database of this address the tables of the code lists?"""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT to_regclass('catalog_version') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def import_directory(
    conninfo: str,
    directory: Path,
    at: datetime,
    *,
    sources: Sequence[Source] = OFFICIAL,
    valid_from: date | None = None,
    complete: bool = False,
    progress: Progress | None = None,
) -> list[Report]:
    """Load every known file of the directory; unknown files are passed over, absent lists are left as they are.

    `valid_from` replaces the first day of the lists that state none; `complete` closes entries a list no longer has.
    """
    present = [source for source in sources if (directory / source.file).is_file()]
    aliases, groups, common = starter.aliases(), starter.allergy_groups(), starter.common()
    reports = []
    for done, source in enumerate(present):
        if progress is not None:
            progress(source, done, len(present))
        context = Context(valid_from or source.valid_from, aliases, groups, common)
        reports.append(import_list(conninfo, source, directory / source.file, context, at, complete=complete))
    return reports
