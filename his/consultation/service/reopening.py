"""Opening a closed visit again: with a reason, the frozen statement falls away, the claim waits for its replacement."""

from datetime import datetime
from uuid import UUID

from his.billing import service as billing
from his.claims import deeds as claims
from his.consultation import store
from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean


async def reopen_visit(db: Db, encounter_id: UUID, reason: str, by: UUID | None, now: datetime) -> Encounter:
    """Let the doctor correct a closed visit; signing and closing it again computes the charges, freezes a new statement
    and seals the next revision of the claim with the same MA_LK. Money and drugs that were handed over stay as they are.

    Raises INVALID without a reason, CONFLICT when the visit is not closed, its claim is under way to the gateway, or
    money is agreed already.
    """
    why = clean(reason)
    if not why:
        raise invalid("reason", "Ghi lý do mở lại lượt khám.")
    async with db.locking():
        visit = await store.lock_visit(db, encounter_id)
        if visit is None:
            raise not_found()
        if visit.closed_at is None:
            raise HisError(Kind.CONFLICT, "Lượt khám chưa đóng, sửa thẳng trên trang khám.")
        changes = Changes().audit("visit:reopen", "Encounter", encounter_id, reason=why)
        await claims.reopen_changes(db, changes, encounter_id, why, by, now)
        await billing.thaw_changes(db, changes, visit)
        diagnoses = await encounters.list_diagnoses(db, encounter_id)
        opened = encounters.update_changes(
            changes,
            visit,
            diagnoses,
            status="in-progress",
            closed_at=None,
            closed_by=None,
            signed_at=None,
            signed_by=None,
        )
        changes.dirty("stat", day_of(visit.arrived_at))
        await db.apply(changes, now)
    return opened
