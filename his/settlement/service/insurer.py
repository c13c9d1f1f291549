"""The insurer's side: an officer agrees, another one confirms and locks; or the month goes back with a reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db, Scope
from his.kit.errors import HisError, Kind, not_found
from his.settlement import store
from his.settlement.rules import settled_state
from his.settlement.service.month import Actor, Month, compute, load_month, require, step, sum_columns, words
from his.settlement.store import UnitMonth
from his.settlement.tables import Settlement
from his.settlement.terms import Move, State

PAGE = 50
CHANGED = "Hồ sơ của tháng đã đổi sau khi thống nhất. Thống nhất lại rồi người thứ hai xác nhận."


def insurer_of(db: Db) -> int:
    """The insurer in scope; raises FORBIDDEN when there is none."""
    if db.scope.payer_id is None:
        raise HisError(Kind.FORBIDDEN, "Chỉ giám định viên của cơ quan BHXH mở được quyết toán của các cơ sở.")
    return db.scope.payer_id


@asynccontextmanager
async def unit_scope(db: Db, row: Settlement) -> AsyncIterator[Db]:
    """A handle in the scope of the unit whose month was submitted to the insurer in scope."""
    scope = db.scope
    await db.release()  # one request holds one connection
    out = Db(db.database, Scope(row.unit_id, scope.actor, scope.role, scope.payer_id, scope.province))
    try:
        yield out
    finally:
        db.queries += out.queries
        await out.release()


async def find_row(db: Db, settlement_id: UUID) -> Settlement:
    """A month that was sent to the insurer in scope; raises NOT_FOUND for any other."""
    payer = insurer_of(db)
    row = await store.get_settlement(db, settlement_id)
    if row is None or row.payer_id != payer:
        raise not_found()
    return row


async def find_month(db: Db, settlement_id: UUID, now: datetime) -> Month:
    """A sent month with its figures, steps and payments."""
    row = await find_row(db, settlement_id)
    async with unit_scope(db, row) as out:
        return await load_month(out, row.period, now)


async def load_unit_months(db: Db, period: str, page: int = 1) -> tuple[list[UnitMonth], int]:
    """The insurer's units in a month, 50 a page, and how many there are."""
    return await store.list_unit_months(db, insurer_of(db), period, page, PAGE)


async def agree(db: Db, settlement_id: UUID, officer: Actor, now: datetime, version: int | None = None) -> Settlement:
    """The first officer agrees to the month as its decided dossiers stand now; undecided ones are left over.

    Raises CONFLICT in another state, STALE when the month changed after `version`.
    """
    row = await find_row(db, settlement_id)
    require(Move.AGREE, row)
    unchanged(row, version)
    async with unit_scope(db, row) as out:
        figures, _ = await compute(out, row.period, undecided=False)
        changes = Changes()
        new = changes.update(
            row, **sum_columns(figures), state=State.AGREED.value, agreed_at=now, agreed_by=officer.account_id
        )
        step(changes, new, Move.AGREE, officer, now)
        await out.apply(changes, now)
    return new


async def confirm(db: Db, settlement_id: UUID, officer: Actor, now: datetime, version: int | None = None) -> Settlement:
    """A second officer confirms: the entries are frozen and the month is locked.

    Raises FORBIDDEN for the officer who agreed, CONFLICT when the source changed since or an earlier month is open.
    """
    row = await find_row(db, settlement_id)
    require(Move.CONFIRM, row)
    unchanged(row, version)
    if officer.account_id == row.agreed_by:
        raise HisError(Kind.FORBIDDEN, "Người thống nhất không tự xác nhận. Nhờ giám định viên thứ hai xác nhận.")
    async with unit_scope(db, row) as out:
        earlier = await store.earlier_open(out, row.period)
        if earlier:
            raise HisError(Kind.CONFLICT, f"Tháng {', '.join(earlier)} chưa khóa. Khóa các tháng theo thứ tự.")
        async with out.locking():
            count = await store.freeze_entries(out, row.id, row.payer_id, row.period)
            if await store.frozen_hash(out, row.id) != row.source_sha256:
                raise HisError(Kind.CONFLICT, CHANGED)
            await store.mark_claims(out, row.id, row.period, now)
            changes = Changes()
            state = settled_state(row.approved, row.paid)  # nothing to pay: paid at once
            new = changes.update(row, state=state.value, locked_at=now, locked_by=officer.account_id)
            step(changes, new, Move.CONFIRM, officer, now)
            changes.audit("settlement:freeze", "Settlement", row.id, entries=count)
            await out.apply(changes, now)
    return new


async def send_back(db: Db, settlement_id: UUID, officer: Actor, note: str, now: datetime) -> Settlement:
    """Return the month to the unit with the reason (TT 12/2026/TT-BTC điều 12). Raises INVALID without one."""
    said = words("note", note, "Ghi lý do trả lại để cơ sở sửa.")
    return await _answer(db, settlement_id, officer, Move.RETURN, State.RETURNED, said, "", now)


async def resolve(db: Db, settlement_id: UUID, officer: Actor, note: str, basis: str, now: datetime) -> Settlement:
    """Answer a disagreement with the legal basis; the month is open for agreement again. Raises INVALID without words."""
    said = words("note", note, "Ghi câu trả lời cho cơ sở.")
    law = words("basis", basis, "Ghi căn cứ pháp lý của câu trả lời.")
    return await _answer(db, settlement_id, officer, Move.RESOLVE, State.SENT, said, law, now)


async def _answer(
    db: Db, settlement_id: UUID, officer: Actor, move: Move, state: State, note: str, basis: str, now: datetime
) -> Settlement:
    row = await find_row(db, settlement_id)
    require(move, row)
    async with unit_scope(db, row) as out:
        changes = Changes()
        new = changes.update(row, state=state.value, agreed_at=None, agreed_by=None)
        step(changes, new, move, officer, now, note=note, basis=basis)
        await out.apply(changes, now)
    return new


def unchanged(row: Settlement, version: int | None) -> None:
    """Raise STALE when the officer decided on an older state of the month."""
    if version is not None and version != row.version:
        raise HisError(Kind.STALE, "Tháng này vừa được người khác sửa. Tải lại rồi xem số mới.")
