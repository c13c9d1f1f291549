"""`his catalog import DIR`: load the ministry's lists from a directory of CSV files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from his.catalog.importer import Report, import_directory, is_ready
from his.catalog.importing.official import OFFICIAL
from his.catalog.importing.source import Source
from his.kit import clock
from his.kit.config import SetupError, get_settings
from his.kit.embedded import Embedded, running_conninfo

app = typer.Typer(help="Danh mục dùng chung: nạp, xem phiên bản.", no_args_is_help=True, add_completion=False)
BAD_ROWS_SHOWN = 20
FAILED = 1
NOT_READY = "Hệ thống chưa có bảng dữ liệu. Chạy `his run` một lần rồi nạp lại."


@app.callback()
def _group() -> None:
    """Danh mục dùng chung: nạp từ tệp CSV của Bộ Y tế, có ngày hiệu lực và phiên bản."""


@contextmanager
def owner_conninfo() -> Iterator[str]:
    """The owner's address: the configured server, the running system's, or the embedded one started for this command."""
    settings = get_settings()
    address = settings.database_url or running_conninfo(settings.data_dir)
    if address is not None:
        yield address
        return
    with Embedded(settings.data_dir, durable=settings.profile != "test") as embedded:
        yield embedded.conninfo()


@app.command("import")
def import_lists(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Thư mục chứa các tệp CSV.")],
    valid_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help="Ngày bắt đầu hiệu lực của đợt nạp.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Tệp là toàn bộ danh mục: mã không còn trong tệp hết hiệu lực.")
    ] = False,
) -> None:
    """Nạp mọi danh mục có trong thư mục; mỗi danh mục nạp trọn vẹn hoặc không nạp."""
    console = Console()
    day = valid_from.date() if valid_from else None
    try:
        with owner_conninfo() as conninfo, _bar(console) as bar:
            if not is_ready(conninfo):
                raise SetupError(NOT_READY, "The system has no tables yet; start it once with `his run`.")
            task = bar.add_task("Chuẩn bị", total=None)

            def step(source: Source, done: int, total: int) -> None:
                bar.update(task, description=source.title, completed=done, total=total)

            reports = import_directory(
                conninfo, directory, clock.now(), valid_from=day, complete=complete, progress=step
            )
            bar.update(task, description="Xong", completed=len(reports), total=len(reports))
    except SetupError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(FAILED) from None
    show(console, reports)
    if not reports:
        names = ", ".join(source.file for source in OFFICIAL)
        console.print(f"Không có tệp danh mục nào trong {directory}. Tên tệp cần có: {names}.", markup=False)
    if not reports or any(report.fatal for report in reports):
        raise typer.Exit(FAILED)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def show(console: Console, reports: list[Report]) -> None:
    """A table of what was loaded, then every list that failed and the first bad lines of the others."""
    sheet = Table("Danh mục", "Tệp")
    for heading in ("Đọc", "Mới", "Đổi", "Như cũ", "Hết hiệu lực", "Lỗi", "Giây"):
        sheet.add_column(heading, justify="right")
    for report in reports:
        done = report.loaded
        counts = (done.new, done.changed, done.unchanged, done.closed) if done else ("–",) * 4
        sheet.add_row(
            report.title,
            report.file,
            *(str(value) for value in (report.rows_read, *counts, len(report.bad))),
            f"{report.seconds:.1f}",
        )
    console.print(sheet)
    for report in reports:
        if report.fatal:
            console.print(f"KHÔNG NẠP: {report.fatal}", style="red", markup=False)
        for bad in report.bad[:BAD_ROWS_SHOWN]:
            console.print(f"Bỏ qua: {bad}", style="yellow", markup=False)
        if len(report.bad) > BAD_ROWS_SHOWN:
            console.print(f"{report.file}: và {len(report.bad) - BAD_ROWS_SHOWN} dòng lỗi nữa.", markup=False)
