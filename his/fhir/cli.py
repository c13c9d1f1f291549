"""Commands `his fhir ...`: load files of FHIR resources, write the conformance files."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from his.discovery import import_tables
from his.fhir.app import PREFIX
from his.fhir.engine import Engine
from his.fhir.guide import guide_text
from his.fhir.importer import Importing, Report, find, load
from his.fhir.profile_set import GUIDE_FILE
from his.fhir.profiles import write
from his.fhir.registry import discover, render
from his.kit import clock
from his.kit.addresses import service_address
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.pools import jobs

app = typer.Typer(no_args_is_help=True, help="Dữ liệu FHIR R4: nạp tệp, xuất bản mô tả.")
console = Console()


@app.command("import")
def import_files(
    paths: Annotated[
        list[Path], typer.Argument(exists=True, help="Tệp .json, .ndjson (kể cả .bz2, .gz) hoặc thư mục.")
    ],
    unit: Annotated[
        int, typer.Option(help="Mã số đơn vị nhận dữ liệu; mặc định là đơn vị chính của bản trình diễn.")
    ] = 2,
    database_url: Annotated[
        str, typer.Option(envvar="HIS_APP_DATABASE_URL", help="Địa chỉ cơ sở dữ liệu của vai trò his_app.")
    ] = "",
) -> None:
    """Nạp tài nguyên FHIR vào một đơn vị; mỗi Bundle là một giao dịch."""
    address = database_url or service_address(get_settings())
    if not address:
        console.print(
            "[red]Hệ thống chưa chạy.[/] Mở `make run` ở cửa sổ khác, hoặc đặt HIS_APP_DATABASE_URL, rồi làm lại."
        )
        raise typer.Exit(2)
    report = asyncio.run(_import(address, unit, find(paths)))
    console.print(
        f"{report.resources} tài nguyên từ {report.files} tệp trong {report.seconds:.1f} s: "
        f"{report.per_second:.0f} tài nguyên/s, CPU {report.cpu_seconds:.1f} s."
    )
    for name, reason in report.failures[:20]:
        console.print(f"[red]{name}[/]: {reason}")
    if report.failures:
        raise typer.Exit(1)


async def _import(address: str, unit: int, files: list[Path]) -> Report:
    import_tables()
    database = Database(address, size=2, render=render, patience=jobs)
    await database.open()
    engine = Engine(database, discover(), get_settings().public_url + PREFIX)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Nạp tệp", total=len(files))

            def done(path: Path, count: int) -> None:
                progress.update(task, advance=1, description=f"{path.name[:24]} ({count})")

            return await load(engine, Importing(Scope(unit, "import", "machine")), files, done)
    finally:
        await database.close()


@app.command("profiles")
def write_profiles(
    folder: Annotated[Path, typer.Argument(help="Thư mục ghi tệp mô tả.")] = Path("fhir_profiles"),
    guide: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Thư mục XML của hướng dẫn quốc gia, để nạp lại.")
    ] = None,
) -> None:
    """Ghi CapabilityStatement, NamingSystem, CodeSystem, ValueSet và StructureDefinition của hệ thống."""
    import_tables()
    if guide is not None:
        GUIDE_FILE.write_bytes(guide_text(guide))
        console.print(str(GUIDE_FILE))
    for path in write(folder, discover(), get_settings().public_url + PREFIX, clock.now()):
        console.print(str(path))
