"""Parcels: every SELECT and lock of the slice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from his.exchange.tables import GatewayOutage, Parcel, ParcelEvent
from his.kit.columns import table
from his.kit.db import Db

_parcel, _event, _outage = table(Parcel), table(ParcelEvent), table(GatewayOutage)
_older = _parcel.alias("older")
OPEN = ("queued", "unknown", "sending")


def _older_open(unit_id: Any, kind: Any, reference: Any, parcel_id: Any) -> ColumnElement[bool]:
    """Is an older version of the same dossier not settled yet? It must be: its late arrival would undo the newer one."""
    return exists().where(
        _older.c.unit_id == unit_id,
        _older.c.kind == kind,
        _older.c.reference == reference,
        _older.c.id < parcel_id,
        _older.c.state.in_(OPEN),
    )


async def find_due(db: Db, now: datetime, limit: int) -> list[tuple[int, UUID]]:
    """Unit and id of parcels to send or to ask about, oldest first (the worker sees all units).

    A newer version of a dossier waits until the older one is settled.
    """
    open_states = _parcel.c.state.in_(OPEN)
    query = (
        select(_parcel.c.unit_id, _parcel.c.id)
        .where(open_states, or_(_parcel.c.next_attempt_at.is_(None), _parcel.c.next_attempt_at <= now))
        .where(or_(_parcel.c.lease_until.is_(None), _parcel.c.lease_until <= now))
        .where(~_older_open(_parcel.c.unit_id, _parcel.c.kind, _parcel.c.reference, _parcel.c.id))
        .order_by(_parcel.c.next_attempt_at, _parcel.c.id)
        .limit(limit)
    )
    return [(row.unit_id, row.id) for row in await db.all(query)]


async def get_parcel(db: Db, parcel_id: UUID) -> Parcel | None:
    """A parcel of the unit in scope."""
    return await db.model(Parcel, select(_parcel).where(_parcel.c.id == parcel_id))


async def has_older_open(db: Db, parcel: Parcel) -> bool:
    """Must an older version of the same dossier be settled before this one goes out?"""
    query = select(_older_open(parcel.unit_id, parcel.kind, parcel.reference, parcel.id))
    return bool(await db.scalar(query))


async def holder_of_receipt(db: Db, parcel: Parcel, receipt: str) -> Parcel | None:
    """The parcel of other bytes of the unit for which the gateway has given this receipt already."""
    query = select(_parcel).where(_parcel.c.receipt == receipt, _parcel.c.sha256 != parcel.sha256).limit(1)
    return await db.model(Parcel, query) if receipt else None


async def list_parcels(db: Db, subject_type: str, subject_ids: Sequence[UUID]) -> list[Parcel]:
    """Parcels of some subjects, newest first."""
    query = select(_parcel).where(_parcel.c.subject_type == subject_type, _parcel.c.subject_id.in_(subject_ids))
    return await db.models(Parcel, query.order_by(_parcel.c.created_at.desc()).limit(500))


async def list_events(db: Db, parcel_id: UUID) -> list[ParcelEvent]:
    """The steps of a parcel, oldest first."""
    query = select(_event).where(_event.c.parcel_id == parcel_id).order_by(_event.c.at, _event.c.id).limit(200)
    return await db.models(ParcelEvent, query)


async def list_outages(db: Db, limit: int = 50) -> list[GatewayOutage]:
    """Outages of the gateway, newest first; the first one is still going on when it has no end."""
    return await db.models(GatewayOutage, select(_outage).order_by(_outage.c.began_at.desc()).limit(limit))
