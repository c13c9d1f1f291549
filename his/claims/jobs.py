"""What the worker does for claims: the check-in after the first cost, and the answers of the gateway."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from his.claims import proof, service
from his.exchange.service import REACTIONS
from his.kit.changes import Changes
from his.kit.db import Db


async def check_in(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Tell the gateway about visits whose first cost appeared."""
    for key in keys:
        changes = Changes()
        if await service.check_in_changes(db, changes, UUID(key), now):
            await db.apply(changes, now)


async def prove(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Prove the months (`2026-11`) of the unit in scope again."""
    for period in keys:
        await proof.prove(db, period, now)


HANDLERS = {"check-in": check_in, "proof": prove}
REACTIONS["Claim"] = service.on_delivery
