"""Parcels: every SELECT and lock of the slice."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from his.exchange.tables import Parcel, ParcelEvent
from his.kit.columns import table
from his.kit.db import Db

_parcel, _event = table(Parcel), table(ParcelEvent)


async def find_due(db: Db, now: datetime, limit: int) -> list[tuple[int, UUID]]:
    """Unit and id of parcels to send or to ask about, oldest first (the worker sees all units)."""
    open_states = _parcel.c.state.in_(("queued", "unknown", "sending"))
    query = (
        select(_parcel.c.unit_id, _parcel.c.id)
        .where(open_states, or_(_parcel.c.next_attempt_at.is_(None), _parcel.c.next_attempt_at <= now))
        .where(or_(_parcel.c.lease_until.is_(None), _parcel.c.lease_until <= now))
        .order_by(_parcel.c.next_attempt_at, _parcel.c.id)
        .limit(limit)
    )
    return [(row.unit_id, row.id) for row in await db.all(query)]


async def get_parcel(db: Db, parcel_id: UUID) -> Parcel | None:
    """A parcel of the unit in scope."""
    return await db.model(Parcel, select(_parcel).where(_parcel.c.id == parcel_id))


async def list_parcels(db: Db, subject_type: str, subject_ids: Sequence[UUID]) -> list[Parcel]:
    """Parcels of some subjects, newest first."""
    query = select(_parcel).where(_parcel.c.subject_type == subject_type, _parcel.c.subject_id.in_(subject_ids))
    return await db.models(Parcel, query.order_by(_parcel.c.created_at.desc()).limit(500))


async def list_events(db: Db, parcel_id: UUID) -> list[ParcelEvent]:
    """The steps of a parcel, oldest first."""
    query = select(_event).where(_event.c.parcel_id == parcel_id).order_by(_event.c.at, _event.c.id).limit(200)
    return await db.models(ParcelEvent, query)
