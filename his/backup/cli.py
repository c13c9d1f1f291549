"""The commands `his backup` and `his restore`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from his.backup.place import default_folder
from his.backup.restore import restore as back_to
from his.backup.take import take
from his.kit.clock import VIETNAM
from his.kit.config import SetupError, get_settings

GIB = 1 << 30


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    to: Annotated[
        Path | None, typer.Option(help="Folder of the backups; default: backup/ in the data directory.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many backups stay.")] = 7,
) -> None:
    """Sao lưu hệ thống đang chạy và kiểm từng byte; từ lần đầu, mọi thay đổi sau đó cũng được giữ."""
    try:
        settings = get_settings()
        taken = take(settings, (to or default_folder(settings)).absolute(), keep)
    except SetupError as error:
        raise _told(error) from None
    typer.echo(f"{taken.folder}: {taken.size / GIB:.2f} GB, {taken.seconds:.1f} s, pg_verifybackup OK")


def restore(
    at: Annotated[str, typer.Option(help="The instant to go back to, e.g. 2026-11-28T15:04:05 (Viet Nam's time).")],
    to: Annotated[Path, typer.Option(help="A new folder; start it with HIS_DATA_DIR=FOLDER his run.")],
    source: Annotated[Path | None, typer.Option("--from", help="Folder of the backups.")] = None,
) -> None:
    """Khôi phục về đúng một giây trong quá khứ, vào thư mục mới; hệ thống đang chạy không bị đụng tới."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise _told(
            SetupError("Không hiểu --at; hãy viết như 2026-11-28T15:04:05.", "Write --at like 2026-11-28T15:04:05.")
        ) from None
    try:
        settings = get_settings()
        moment = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
        done = back_to(settings, (source or default_folder(settings)).absolute(), moment, to.absolute())
    except SetupError as error:
        raise _told(error) from None
    typer.echo(f"{done.folder}: {moment:%d/%m/%Y %H:%M:%S %z}, {done.base.name}, {done.seconds:.1f} s")
    if not done.whole:
        typer.echo("Nhật ký kết thúc trước thời điểm này: đã khôi phục tới giao dịch cuối cùng có trong nhật ký.")
    typer.echo(f"HIS_DATA_DIR={done.folder} his run   # rồi: his audit verify")


def _told(error: SetupError) -> typer.Exit:
    typer.echo(f"{error.vi}\n{error.en}", err=True)
    return typer.Exit(1)
