"""`his claims`: read any claim file, list tables and rules, export what was sent. Words for people, JSON for machines."""

import asyncio
import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from his.claims.export import MANIFEST, Summary, export_sealed, sealed_parcels, window
from his.claims.prove import prove
from his.claims.rules import CHECK_IN_RULES, RULES
from his.claims.rules.file import FILE_RULES
from his.claims.xml.known import SHAPES
from his.claims.xml.reader import ReadReport, read_file
from his.claims.xml.table import R, Table
from his.claims.xml.tables import TABLES
from his.claims.xml.xsd import write_schemas
from his.identity import service as identity
from his.kit import clock
from his.kit.addresses import service_address
from his.kit.archive import is_archive, unpack
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.pools import jobs
from his.kit.rulebook import Rule

NOT_DONE = 2
app = typer.Typer(help="Hồ sơ giám định BHYT: đọc tệp, bảng dữ liệu, quy tắc.", no_args_is_help=True)
app.command()(prove)
KIND_WORDS = {"string": "chuỗi", "number": "số"}
NEED_WORDS = {"yes": "có", "no": "không", "conditional": "tùy trường hợp"}
SEVERITY_WORDS = {"error": "Chặn", "warning": "Cần sửa", "information": "Nhắc"}
JsonFlag = Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc.")]


def _console() -> Console:
    """Made at the call, so that output goes where the caller points it."""
    return Console(highlight=False, soft_wrap=True)


def _dump(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def report_dict(report: ReadReport) -> dict[str, object]:
    """The report as plain JSON values."""
    return {
        "standard": report.standard,
        "facility_code": report.facility_code,
        "made_on": report.made_on,
        "declared_count": report.declared_count,
        "signed": report.signed,
        "dossiers": [
            {"code": d.code, "tables": {t: list(rows) for t, rows in d.tables.items()}} for d in report.dossiers
        ],
        "understood": report.understood,
        "not_understood": report.not_understood,
        "problems": list(report.problems),
    }


def _show(report: ReadReport) -> None:
    console = _console()
    standard = "không rõ" if report.standard == "unknown" else f"QĐ {report.standard}"
    signed = "đã ký" if report.signed else "chưa ký"
    console.print(
        f"Chuẩn: {standard} · Cơ sở: {report.facility_code or 'không ghi'} · Ngày lập: {report.made_on or 'không ghi'}"
        f" · {len(report.dossiers)} hồ sơ · {signed}",
        markup=False,
    )
    titles = {shape.name: shape.title for shape in SHAPES}
    understood = Grid("Bảng", "Nội dung", "Số dòng", "Trường hiểu được", "Số giá trị", title="Hiểu được")
    for name, fields in report.understood.items():
        rows = sum(len(d.tables.get(name, ())) for d in report.dossiers)
        understood.add_row(name, titles.get(name, ""), str(rows), str(len(fields)), str(sum(fields.values())))
    console.print(understood)
    if report.not_understood:
        strange = Grid("Bảng", "Trường", "Số lần", title="Không hiểu")
        for name, fields in report.not_understood.items():
            for field, count in fields.items():
                strange.add_row(escape(name), escape(field), str(count))
        console.print(strange)
    else:
        console.print("Không có trường nào không hiểu.")
    for sentence in report.problems:
        console.print(f"• {sentence}", markup=False)


@app.command()
def read(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Tệp XML 130, 4750, 3176 hoặc 4210, hay ZIP chứa chúng.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Đọc một tệp hồ sơ và cho biết hiểu được gì, không hiểu gì. Mã thoát 1 khi không đọc được hồ sơ nào."""
    data = file.read_bytes()
    if is_archive(data):
        _read_archive(data, as_json=as_json)
        return
    report = read_file(data)
    if as_json:
        _dump(report_dict(report))
    else:
        _show(report)
    if not report.dossiers:
        raise typer.Exit(1)


def _read_archive(data: bytes, *, as_json: bool) -> None:
    """Every file of a ZIP, one report each; JSON by file name."""
    try:
        reports = {name: read_file(content) for name, content in unpack(data)}
    except HisError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from error
    if as_json:
        _dump({name: report_dict(report) for name, report in reports.items()})
    else:
        for name, report in reports.items():
            _console().print(f"\n{name}", markup=False)
            _show(report)
    if not any(report.dossiers for report in reports.values()):
        raise typer.Exit(1)


def _fields(table: Table[R]) -> list[dict[str, object]]:
    return [
        {
            "table": table.name,
            "position": place,
            "field": field.name,
            "label": field.label,
            "type": field.kind.value,
            "max_length": field.max_length,
            "required": field.need.value,
            "source": field.source,
        }
        for place, field in enumerate(table.fields, 1)
    ]


def table_fields() -> list[dict[str, object]]:
    """Every field this system writes, in order: table, position, field, label, type, max_length, required, source."""
    return [row for table in TABLES for row in _fields(table)]


@app.command()
def tables(as_json: JsonFlag = False) -> None:
    """Liệt kê các trường của từng bảng đang ghi ra; --json thêm dữ kiện nguồn của từng trường."""
    rows = table_fields()
    if as_json:
        _dump(rows)
        return
    grid = Grid("Bảng", "#", "Trường", "Tên", "Kiểu", "Dài", "Bắt buộc")
    for row in rows:
        size = row["max_length"] if row["max_length"] is not None else "không hạn"
        kind, need = KIND_WORDS[str(row["type"])], NEED_WORDS[str(row["required"])]
        words = (row["table"], row["position"], row["field"], row["label"], kind, size, need)
        grid.add_row(*map(str, words))
    _console().print(grid)


def rule_rows(rules: Iterable[Rule[Any]]) -> list[dict[str, object]]:
    """Rules as plain values: code, table, severity, title, basis, first and last day."""
    return [
        {
            "code": rule.code,
            "table": rule.table,
            "severity": rule.severity.value,
            "title": rule.title,
            "basis": rule.basis,
            "valid_from": rule.valid_from.isoformat() if rule.valid_from else None,
            "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        }
        for rule in rules
    ]


@app.command()
def xsd(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Thư mục ghi lược đồ; tạo nếu chưa có.")],
) -> None:
    """Ghi lược đồ XSD của mọi bảng, mỗi chuẩn một thư mục: 130, 4750, 3176, 3176-1931."""
    typer.echo(f"{len(write_schemas(folder))} lược đồ ở {folder}")


@app.command()
def rules(as_json: JsonFlag = False) -> None:
    """Liệt kê các quy tắc kiểm tra hồ sơ, căn cứ và thời gian hiệu lực."""
    known: list[Rule[Any]] = [*{rule.code: rule for rule in (*RULES, *CHECK_IN_RULES)}.values(), *FILE_RULES]
    if as_json:
        _dump(rule_rows(known))
        return
    grid = Grid("Mã", "Bảng", "Mức", "Quy tắc", "Căn cứ")
    for rule in known:
        grid.add_row(rule.code, rule.table, SEVERITY_WORDS[rule.severity.value], rule.title, rule.basis)
    _console().print(grid)


DAY = ["%Y-%m-%d", "%d/%m/%Y"]


@app.command()
def export(
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="Ngày ký đầu tiên.")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="Ngày ký cuối cùng.")],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Thư mục nhận tệp; được tạo nếu chưa có.")],
    unit: Annotated[str, typer.Option("--unit", help="Mã cơ sở KCB; bỏ trống: mọi cơ sở, mỗi cơ sở một thư mục.")] = "",
) -> None:
    """Ghi các tệp đã ký đúng như đã gửi, kèm manifest.csv. Mã thoát 1 khi có tệp sai, 2 khi không xuất được."""
    try:
        done = asyncio.run(_export(unit, out, first.date(), last.date()))
    except HisError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(NOT_DONE) from None
    except OSError as error:
        typer.echo(f"Không ghi được vào {out}: {error.strerror}. Chọn thư mục khác.", err=True)
        raise typer.Exit(NOT_DONE) from None
    typer.echo(f"Đã ghi {done.written} tệp vào {out}, danh sách ở {MANIFEST} cạnh các tệp.")
    if done.refused or done.flawed:
        typer.echo(
            f"{done.refused} tệp không khớp SHA-256 lúc ký nên không ghi; {done.flawed} tệp có lỗi, xem cột problems.",
            err=True,
        )
        raise typer.Exit(1)


async def _export(code: str, folder: Path, first: date, last: date) -> Summary:
    """One unit's files into the folder; without a code those of every unit that sealed something, a folder each."""
    dsn = service_address(get_settings())
    if dsn is None:
        raise HisError(Kind.CONFLICT, "Hệ thống chưa chạy. Mở `make run` ở cửa sổ khác rồi làm lại.")
    database = Database(dsn, size=2, patience=jobs)
    await database.open()
    try:
        async with database.scoped(Scope(None, "export")) as db:
            units = [unit for unit in await identity.list_units(db) if code in ("", unit.code)]
        if not units:
            raise HisError(Kind.NOT_FOUND, f"Không có cơ sở {code}. Xem mã ở trang Toàn tỉnh.")
        window(first, last)
        done = Summary(0, 0, 0)
        for unit in units:
            async with database.scoped(Scope(unit.id, "export", "machine")) as db:
                if not code and await anext(sealed_parcels(db, first, last), None) is None:
                    continue
                now = clock.now()
                part = await export_sealed(db, folder if code else folder / unit.code, first, last, now)
                await db.apply(Changes().audit("claim:export", "Unit", unit.code, files=part.written), now)
                done += part
        return done
    finally:
        await database.close()
