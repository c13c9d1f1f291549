"""The unit's side: it sends its month, says where it does not agree, recalls a dossier (MA_DOITUONG_KCB 8)."""

from datetime import datetime

from his.claims.tables import ClaimEvent
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found, refuse_errors
from his.settlement import store
from his.settlement.rules import form_of
from his.settlement.service.month import Actor, check, compute, require, step, sum_columns, words
from his.settlement.tables import Settlement
from his.settlement.terms import Move, State

RECALLABLE = ("decided", "settled", "paid")


async def send(db: Db, period: str, actor: Actor, now: datetime) -> Settlement:
    """Send the month's figures to the insurer; a returned month is sent again as its next revision.

    Raises RULES with all findings when a check stops it, CONFLICT in any other state than draft or returned or when the unit
    has no insurer.
    """
    unit = await store.get_unit(db, db.unit_id)
    if unit is None:
        raise not_found()
    if unit.payer_id is None:
        raise HisError(Kind.CONFLICT, "Đơn vị chưa có cơ quan BHXH quản lý. Nhờ quản trị hệ thống khai báo.")
    row = await store.of_month(db, period)
    require(Move.SEND, row)
    figures, uneven = await compute(db, period, undecided=True)
    refuse_errors(await check(db, figures, uneven, now))
    changes = Changes()
    fields = {**sum_columns(figures), "state": State.SENT.value, "sent_at": now, "sent_by": actor.account_id}
    if row is None:
        new = Settlement(
            unit_id=unit.id, payer_id=unit.payer_id, period=period, unit_code=unit.code, unit_name=unit.name, **fields
        )
        changes.insert(new)
    else:
        new = changes.update(row, revision=row.revision + 1, agreed_at=None, agreed_by=None, **fields)
    assert form_of(period).name == new.form
    step(changes, new, Move.SEND, actor, now)
    await db.apply(changes, now)
    return new


async def dispute(db: Db, period: str, actor: Actor, note: str, basis: str, now: datetime) -> Settlement:
    """State that the unit does not agree, with its legal basis (NĐ 188/2025 điều 51 khoản 3).

    Raises INVALID without words or basis, CONFLICT when the month is not sent or already locked.
    """
    said = words("note", note, "Ghi điều cơ sở chưa đồng ý.")
    law = words("basis", basis, "Ghi căn cứ pháp lý, ví dụ: NĐ 188/2025/NĐ-CP điều 51 khoản 3.")
    row = await store.of_month(db, period)
    require(Move.DISPUTE, row)
    assert row is not None
    changes = Changes()
    new = changes.update(row, state=State.DISPUTED.value, agreed_at=None, agreed_by=None)
    step(changes, new, Move.DISPUTE, actor, now, note=said, basis=law)
    await db.apply(changes, now)
    return new


async def recall(db: Db, number: str, actor: Actor, note: str, now: datetime) -> str:
    """Take a decided dossier back (object code 8); in a locked month it becomes a negative entry of the next open one.

    `number` is the dossier's number or its MA_LK; returns the number. Raises INVALID without a reason, NOT_FOUND, CONFLICT
    when it was recalled already.
    """
    said = words("note", note, "Ghi lý do thu hồi hồ sơ.")
    case = await store.find_case(db, number.strip())
    claim = await store.get_claim(db, case.claim_id) if case else None
    if case is None or claim is None:
        raise not_found()
    if claim.state not in RECALLABLE:
        raise HisError(Kind.CONFLICT, "Hồ sơ này đã thu hồi hoặc đã có bản mới. Xem lịch sử của hồ sơ.")
    changes = Changes()
    new = changes.update(claim, state="recalled")
    changes.version(await store.load_claim_view(db, new))
    changes.insert(
        ClaimEvent(unit_id=claim.unit_id, claim_id=claim.id, at=now, state="recalled", actor=actor.name, detail=said)
    )
    changes.audit("settlement:recall", "Claim", claim.id, number=case.number)
    await db.apply(changes, now)
    return case.number
