"""What the worker does for registration: asks the gateway again about cards that count provisionally."""

import asyncio
from datetime import datetime

from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.registration import service, store
from his.registration.tables import CardCheck

AT_ONCE = 5


async def recheck_due(database: Database, now: datetime) -> int:
    """Ask once more about every card whose next attempt is due, a few at a time; returns how many were asked."""
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        due = await store.list_due_checks(db, now, AT_ONCE)
    await asyncio.gather(*(_recheck(database, check, now) for check in due))
    return len(due)


async def _recheck(database: Database, check: CardCheck, now: datetime) -> None:
    async with database.scoped(Scope(check.unit_id, "worker", "worker")) as db:
        unit_code, name, citizen_number = await service.officer_of(db, check.account_id)
        try:
            await service.recheck_card(db, check.id, unit_code, (name, citizen_number), now)
        except HisError as error:
            if error.kind is not Kind.STALE:  # somebody at the desk asked at the same moment
                raise


TICKS = [recheck_due]
