"""The commands `his demo day` and `his demo month`."""

import asyncio
import os
from datetime import datetime
from typing import Annotated

import typer

from his.demo.day import Progress, load_stage, play_day, play_month
from his.discovery import import_tables
from his.fhir import registry
from his.identity import service as identity
from his.kit import clock
from his.kit.addresses import service_address
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.pools import jobs

demo = typer.Typer(no_args_is_help=True, help="Người bệnh giả định đi qua các dịch vụ thật.")


def register(app: typer.Typer) -> None:
    """Add the group `his demo`."""
    app.add_typer(demo, name="demo")


def _database() -> Database:
    settings = get_settings()
    dsn = service_address(settings)
    if dsn is None:
        typer.echo("Hệ thống chưa chạy. Mở `make run` ở cửa sổ khác rồi làm lại.", err=True)
        raise typer.Exit(2)
    import_tables()
    return Database(dsn, size=4, render=registry.render, patience=jobs)


@demo.command()
def day(
    unit: Annotated[str, typer.Option(help="Mã cơ sở KCB.")] = "97002",
    visits: Annotated[int, typer.Option(min=1, max=500, help="Số lượt khám.")] = 30,
    seed: Annotated[str, typer.Option(help="Cùng một số thì cùng những người ấy.")] = "1",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày; để trống là hôm nay.")] = None,
) -> None:
    """Cho N người bệnh giả định đi qua tiếp đón, khám, thuốc, viện phí trong một ngày."""
    asyncio.run(_day(unit, visits, seed, on))


async def _day(code: str, visits: int, seed: str, on: datetime | None) -> None:
    database = _database()
    await database.open()
    try:
        async with database.scoped(Scope(None, "demo")) as db:
            unit = await identity.find_unit(db, code)
        if unit is None:
            typer.echo(f"Không có cơ sở {code}. Xem mã ở trang Toàn tỉnh.", err=True)
            raise typer.Exit(2)
        now = clock.now()
        stage = await load_stage(database, unit)
        today = clock.day_of(now) if on is None else on.date()
        tally = await play_day(database, stage, today, visits, seed, now=now if on is None else None)
        typer.echo(f"{unit.name}, {today:%d/%m/%Y}: {tally.played} lượt khám, {tally.refused} bị từ chối.")
    finally:
        await database.close()


@demo.command()
def month() -> None:
    """Dựng một tháng hoạt động của cả tỉnh, ngày mới nhất trước; dừng rồi chạy lại thì làm tiếp."""
    asyncio.run(_month())


async def _month() -> None:
    os.nice(10)  # people at the pages come first
    database = _database()
    await database.open()
    try:
        await play_month(database, clock.now(), Progress(get_settings().data_dir), typer.echo)
    finally:
        await database.close()
