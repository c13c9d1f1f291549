"""A dossier that its unit took back (MA_DOITUONG_KCB 8) is no case to decide any more."""

from datetime import datetime
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.review import store
from his.review.terms import OPEN_STATES, CaseState


async def withdraw(db: Db, claim_id: UUID, now: datetime) -> int:
    """Close the undecided cases of a recalled claim's dossier; returns how many. A decided case stays as it is."""
    claim = await store.get_claim(db, claim_id)
    if claim is None or claim.state != "recalled":
        return 0
    found = [case for case in await store.earlier_cases(db, claim.dossier_code) if case.state in OPEN_STATES]
    if not found:
        return 0
    changes = Changes()
    for case in await store.full_cases(db, [case.id for case in found]):
        changes.update(case, state=CaseState.REPLACED.value)
        changes.audit("review:withdraw", "ReviewCase", case.id, revision=claim.revision)
    await db.apply(changes, now)
    return len(found)
