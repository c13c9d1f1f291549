"""`his audit`: anchor the trail outside the database, and prove that nobody changed it."""

import asyncio
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from his.audit import anchors, store
from his.audit.rules import Head
from his.audit.verify import Fault, verify
from his.kit import clock
from his.kit.addresses import service_address
from his.kit.config import get_settings
from his.kit.db import Database
from his.kit.embedded import running_conninfo

app = typer.Typer(no_args_is_help=True, help="Nhật ký truy cập: neo ra ngoài cơ sở dữ liệu, kiểm tính nguyên vẹn.")
NOT_RUN = 2
WORDS = {
    "changed": "bị sửa",
    "missing": "bị xóa",
    "inserted": "bị chèn",
    "unsealed": "chưa được niêm quá một phút (worker không chạy, hoặc bị chèn)",
    "block": "khối bị sửa hoặc đổi chỗ",
    "truncated": "bị cắt đuôi: khối đã neo không còn",
    "rewritten": "bị viết lại: khối khác với bản đã neo",
    "anchor": "tệp neo không tin được",
}


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _stopped(why: str) -> typer.Exit:
    _console().print(f"[red]{why}[/]")
    return typer.Exit(NOT_RUN)


@app.command("anchor")
def anchor_now(
    restored: Annotated[
        str, typer.Option("--restored", help="Lý do khôi phục từ bản sao lưu: chuỗi đi tiếp từ trạng thái hiện tại.")
    ] = "",
) -> None:
    """Ký đầu chuỗi của mọi đơn vị và ghi ra HIS_ANCHOR_DIR (worker tự làm mỗi giờ)."""
    settings = get_settings()
    address = service_address(settings, "his_worker")
    if not address:
        raise _stopped("Hệ thống chưa chạy. Mở `make run` ở cửa sổ khác, hoặc đặt HIS_DATABASE_URL, rồi làm lại.")

    async def heads() -> list[Head]:
        database = Database(address, size=1)
        await database.open()
        try:
            await store.seal(database, 1_000_000)
            return await store.heads(database)
        finally:
            await database.close()

    path = anchors.write_anchor(
        settings.anchor_dir, anchors.signing_key(settings.data_dir), asyncio.run(heads()), clock.now(), restored
    )
    _console().print(f"Đã neo: {path}")


@app.command("verify")
def verify_now(
    without_anchors: Annotated[
        bool, typer.Option("--without-anchors", help="Chỉ kiểm chuỗi; không thấy được cắt đuôi và viết lại toàn bộ.")
    ] = False,
) -> None:
    """Kiểm mọi dòng nhật ký với chuỗi và tệp neo; nêu dòng đầu tiên bị động tới. Thoát 0: nguyên vẹn, 1: không, 2: chưa kiểm."""
    settings = get_settings()
    owner = settings.database_url or running_conninfo(settings.data_dir)
    if owner is None:
        raise _stopped("Hệ thống chưa chạy. Mở `make run` ở cửa sổ khác, hoặc đặt HIS_DATABASE_URL, rồi làm lại.")
    good: list[anchors.Anchor] = []
    wrong: list[anchors.Wrong] = []
    if not without_anchors:
        key = anchors.signing_key(settings.data_dir).public_key()
        good, wrong = anchors.read_anchors(settings.anchor_dir, key)
    with psycopg.connect(owner) as connection:
        verdict = verify(connection, good, wrong, clock.now())
    console = _console()
    console.print(
        f"{verdict.units} đơn vị, {verdict.blocks} khối, {verdict.entries} dòng; {verdict.unsealed} dòng mới chưa niêm; "
        f"{verdict.forgotten} dòng đã hết hạn lưu; {len(good)} tệp neo."
    )
    for fault in verdict.faults or []:
        console.print(f"[red]{said(fault)}[/]")
    if not without_anchors and not good:
        console.print("[yellow]Chưa có tệp neo: không loại được cắt đuôi và viết lại. Chạy `his audit anchor`.[/]")
    if not verdict.sound:
        raise typer.Exit(1)
    console.print("[green]Nguyên vẹn.[/]")


def said(fault: Fault) -> str:
    """A fault in one line: what, and where."""
    place = [
        f"đơn vị {fault.unit_id}" if fault.unit_id is not None else "",
        f"dòng {fault.entry_id}" if fault.entry_id else "",
        f"số thứ tự {fault.seq}" if fault.seq is not None else "",
        f"khối {fault.block}" if fault.block is not None else "",
        f"tệp {fault.anchor}" if fault.anchor else "",
    ]
    return f"{', '.join(p for p in place if p)}: {WORDS[fault.kind]}"
