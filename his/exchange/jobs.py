"""What the worker does for the exchange: deliver what is due, a few at a time, and note the gateway's outages."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from his.exchange import insurance, service, store
from his.exchange.bulk.work import work_on_jobs
from his.exchange.subscriptions.work import tell_subscribers
from his.exchange.tables import GatewayOutage
from his.identity import service as identity_service
from his.kit.changes import Changes
from his.kit.db import Database, Scope

log = logging.getLogger("his.exchange")
AT_ONCE = 8


async def deliver_due(database: Database, now: datetime) -> int:
    """Deliver due parcels of all units; returns how many were due.

    While the gateway is out nothing is tried; then one parcel is the trial, and the others follow when it was answered.
    """
    gateway = insurance.client()
    if not gateway.circuit.would_allow(now):
        return 0
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        due = await store.find_due(db, now, 1 if gateway.circuit.is_open else AT_ONCE * 4)
        codes = await identity_service.unit_codes(db) if due else {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(unit_id: int, parcel_id: UUID) -> None:
        async with gate:
            if not gateway.circuit.would_allow(now):
                return
            try:
                await service.deliver(database, gateway, unit_id, parcel_id, codes[unit_id], now)
            except Exception:  # one parcel never holds up the others; its lease or its next attempt brings it back
                log.exception("parcel %s of unit %s was not delivered", parcel_id, unit_id)

    await asyncio.gather(*(one(unit_id, parcel_id) for unit_id, parcel_id in due))
    return len(due)


async def note_outage(database: Database, now: datetime) -> int:
    """Begin or end the row of an outage when outage mode began or ended; nothing is read while all is well."""
    circuit = insurance.client().circuit
    if circuit.is_open == _Noted.out:
        return 0
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        newest = next(iter(await store.list_outages(db, 1)), None)
        running = newest if newest is not None and newest.ended_at is None else None
        changes = Changes()
        if circuit.is_open and running is None:
            began = circuit.failing_since or now
            changes.insert(GatewayOutage(began_at=began, failures=circuit.failures, why=circuit.why))
        elif not circuit.is_open and running is not None:
            changes.update(running, ended_at=circuit.answered_at or now)
        await db.apply(changes, now)
    _Noted.out = circuit.is_open
    return 0


class _Noted:
    """What this process has written down last; None at its start, so that an outage left open is looked for once."""

    out: bool | None = None


TICKS = [deliver_due, note_outage, work_on_jobs, tell_subscribers]
