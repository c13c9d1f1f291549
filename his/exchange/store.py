"""Parcels: every SELECT and lock of the slice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from his.exchange.tables import BulkJob, GatewayOutage, Parcel, ParcelEvent
from his.fhir.tables import Subscription, SubscriptionEvent
from his.kit.columns import table
from his.kit.db import Db

_parcel, _event, _outage = table(Parcel), table(ParcelEvent), table(GatewayOutage)
_job, _subscription, _told = table(BulkJob), table(Subscription), table(SubscriptionEvent)
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


async def get_job(db: Db, job_id: UUID) -> BulkJob | None:
    """A bulk job of the unit in scope."""
    return await db.model(BulkJob, select(_job).where(_job.c.id == job_id))


async def count_open_jobs(db: Db, actor: str) -> int:
    """How many bulk jobs of this client are not finished."""
    open_states = _job.c.state.in_(("queued", "running"))
    return int(await db.scalar(select(func.count()).select_from(_job).where(_job.c.actor == actor, open_states)))


async def find_due_job(db: Db, now: datetime) -> tuple[int, UUID] | None:
    """Unit and id of the oldest bulk job that nobody works at (the worker sees all units)."""
    query = (
        select(_job.c.unit_id, _job.c.id)
        .where(_job.c.state.in_(("queued", "running")), or_(_job.c.lease_until.is_(None), _job.c.lease_until <= now))
        .order_by(_job.c.created_at)
        .limit(1)
    )
    row = await db.first(query)
    return None if row is None else (row.unit_id, row.id)


async def find_old_jobs(db: Db, now: datetime, limit: int = 20) -> list[tuple[int, UUID]]:
    """Bulk jobs whose files are no longer owed to anybody: cancelled, or past their end (of all units)."""
    over = or_(
        and_(_job.c.state == "cancelled", or_(_job.c.lease_until.is_(None), _job.c.lease_until <= now)),
        _job.c.expires_at <= now,
    )
    rows = await db.all(select(_job.c.unit_id, _job.c.id).where(over).order_by(_job.c.created_at).limit(limit))
    return [(row.unit_id, row.id) for row in rows]


async def get_subscription(db: Db, identity: str) -> Subscription | None:
    """A subscription of the unit in scope."""
    return await db.model(Subscription, select(_subscription).where(_subscription.c.id == identity))


async def find_due_subscriptions(db: Db, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Subscriptions of all units with something to do: new ones, those with events (of one that is off: to be
    forgotten), those that are over."""
    s = _subscription.c
    waits = exists().where(_told.c.unit_id == s.unit_id, _told.c.subscription_id == s.id)
    query = (
        select(s.unit_id, s.id)
        .where(or_(s.state == "requested", waits, and_(s.state != "off", s.end_at <= now)))
        .where(or_(s.next_attempt_at.is_(None), s.next_attempt_at <= now))
        .where(or_(s.lease_until.is_(None), s.lease_until <= now))
        .order_by(s.next_attempt_at.nulls_first(), s.unit_id, s.id)
        .limit(limit)
    )
    return [(row.unit_id, row.id) for row in await db.all(query)]


async def list_events_of(db: Db, subscription_id: str, limit: int) -> list[SubscriptionEvent]:
    """The oldest events that wait to be told to a subscriber."""
    query = select(_told).where(_told.c.subscription_id == subscription_id).order_by(_told.c.id).limit(limit)
    return await db.models(SubscriptionEvent, query)
