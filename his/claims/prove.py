"""`his claims prove --month 2026-11`: every amount of a month on every paper, compared with the charge lines."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from his import discovery
from his.claims.desk import month_of
from his.claims.proof import Proof, prove_month
from his.identity import service as identity
from his.kit import clock
from his.kit.addresses import service_address
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.money import vnd
from his.kit.pools import jobs

DIFFERENT, NOT_READY = 1, 2


def prove(
    month: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m"], help="Tháng quyết toán, như 2026-11; bỏ trống: tháng này.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Mã cơ sở; bỏ trống: mọi cơ sở.")] = "",
) -> None:
    """Chứng minh bảng kê = phiếu thu = XML = hồ sơ giám định = tổng hợp tháng; mã thoát 1 khi có chỗ lệch."""
    address = service_address(get_settings())
    if address is None:
        typer.echo("Hệ thống chưa chạy. Chạy `his run` rồi thử lại.", err=True)
        raise typer.Exit(NOT_READY)
    discovery.room("jobs")  # the slices above tell what they hold
    period = month_of(month.date() if month else clock.day_of(clock.now()))
    proofs = asyncio.run(_prove_units(address, period, unit))
    if not proofs:
        typer.echo(f"Không có cơ sở mã {unit}.", err=True)
        raise typer.Exit(NOT_READY)
    wrong = 0
    for code, proof in proofs:
        wrong += len(proof.differences)
        typer.echo(told(code, proof))
    if wrong:
        raise typer.Exit(DIFFERENT)


def told(code: str, proof: Proof) -> str:
    """The result of one unit: one line when all agrees, else one line for each difference."""
    head = f"{code} tháng {proof.period}: {proof.claims} hồ sơ, đề nghị quỹ trả {vnd(proof.insurer_share)}, "
    if not proof.differences:
        return head + "lệch 0 đ."
    return "\n".join([f"{head}{len(proof.differences)} chỗ lệch:", *(f"  {d.sentence()}" for d in proof.differences)])


async def _prove_units(address: str, period: str, code: str) -> list[tuple[str, Proof]]:
    database = Database(address, size=2, patience=jobs)
    await database.open()
    try:
        async with database.scoped(Scope(None, "proof")) as db:
            units = [u for u in await identity.list_units(db) if code in ("", u.code)]
        found = []
        for one in units:
            async with database.scoped(Scope(one.id, "proof")) as db:
                proof = await prove_month(db, period)
            if proof.claims or code:
                found.append((one.code, proof))
        return found
    finally:
        await database.close()
