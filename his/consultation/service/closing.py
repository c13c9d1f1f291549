"""Closing a visit: signed, drugs handed out or taken back, money paid; then the statement and the claim are sealed."""

from datetime import datetime
from uuid import UUID

from his.billing import service as billing
from his.claims import service as claims
from his.consultation import store
from his.encounters import service as encounters
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db


async def close_visit_if_complete(db: Db, encounter_id: UUID, now: datetime) -> bool:
    """Close the visit when nothing is open any more; True when this call closed it. Safe to repeat, safe in parallel.

    Open means: not signed, a reserved lot not handed out, money owed (or paid too much), a card the gateway has not
    answered for. The charges are brought in line first, so that statement, rows and claim are one set of numbers.
    """
    visit = await encounters.find_visit(db, encounter_id)
    if visit is None or visit.encounter.signed_at is None or visit.encounter.closed_at is not None:
        return False
    if visit.coverage is not None and visit.coverage.state == "provisional":
        return False
    if await store.count_open_dispenses(db, encounter_id):
        return False
    bill = await billing.recompute(db, encounter_id, now)
    if bill.outstanding != 0:
        return False
    async with db.locking():
        locked = await store.lock_visit(db, encounter_id)
        if locked is None or locked.closed_at is not None:
            return False
        changes = Changes().audit("visit:close", "Encounter", encounter_id)
        diagnoses = await encounters.list_diagnoses(db, encounter_id)
        encounters.update_changes(
            changes, locked, diagnoses, status="finished", closed_at=now, closed_by=locked.signed_by
        )
        changes.merge(await billing.statement_changes(db, encounter_id, now))
        if locked.coverage_id is not None:
            await claims.check_in_changes(db, changes, encounter_id, now)
            await claims.seal_changes(db, changes, encounter_id, None, now)
        changes.dirty("stat", day_of(locked.arrived_at))
        await db.apply(changes, now)
    return True
