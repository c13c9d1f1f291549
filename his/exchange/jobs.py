"""What the worker does for the exchange: deliver what is due, a few at a time."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from his.exchange import insurance, service, store
from his.identity import service as identity_service
from his.kit.db import Database, Scope

log = logging.getLogger("his.exchange")
AT_ONCE = 8


async def deliver_due(database: Database, now: datetime) -> int:
    """Deliver due parcels of all units; returns how many were due."""
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        due = await store.find_due(db, now, AT_ONCE * 4)
        codes = await identity_service.unit_codes(db) if due else {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(unit_id: int, parcel_id: UUID) -> None:
        async with gate:
            try:
                await service.deliver(database, insurance.client(), unit_id, parcel_id, codes[unit_id], now)
            except Exception:  # one parcel never holds up the others; its lease or its next attempt brings it back
                log.exception("parcel %s of unit %s was not delivered", parcel_id, unit_id)

    await asyncio.gather(*(one(unit_id, parcel_id) for unit_id, parcel_id in due))
    return len(due)


TICKS = [deliver_due]
