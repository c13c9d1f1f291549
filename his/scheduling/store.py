"""Tickets of a day: the queue of a room, one ticket, the load of all rooms."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_

from his.identity.tables import Practitioner, Room
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import Patient
from his.scheduling.tables import Ticket
from his.scheduling.terms import ExamRoom, Load, QueueRow

_ticket, _patient = table(Ticket), table(Patient)
_FIELDS = (
    "id", "version", "room_id", "encounter_id", "patient_id", "number", "priority", "rank", "state", "reason", "payer",
    "fact", "fact_tone", "called_count", "created_at", "called_at", "started_at", "finished_at", "changed_at",
)  # fmt: skip
_ROW = (
    *(_ticket.c[name] for name in _FIELDS),
    _patient.c.name,
    _patient.c.birth_date,
    _patient.c.birth_precision,
    _patient.c.gender,
)
_JOIN = _ticket.join(_patient, and_(_patient.c.unit_id == _ticket.c.unit_id, _patient.c.id == _ticket.c.patient_id))
OPEN = ("waiting", "calling", "in-room", "absent", "awaiting-results")


async def get_ticket(db: Db, ticket_id: UUID) -> Ticket | None:
    """A ticket of the unit in scope."""
    return await db.model(Ticket, select(_ticket).where(_ticket.c.id == ticket_id))


async def ticket_of_visit(db: Db, encounter_id: UUID) -> Ticket | None:
    """The newest ticket of a visit that was not cancelled."""
    query = select(_ticket).where(_ticket.c.encounter_id == encounter_id, _ticket.c.state != "cancelled")
    return await db.model(Ticket, query.order_by(_ticket.c.created_at.desc()).limit(1))


async def open_ticket(db: Db, patient_id: UUID, room_id: UUID, day: date) -> Ticket | None:
    """A ticket of this person in this room today that is not finished."""
    query = select(_ticket).where(
        _ticket.c.day == day,
        _ticket.c.state.in_(OPEN),
        _ticket.c.room_id == room_id,
        _ticket.c.patient_id == patient_id,
    )
    return await db.model(Ticket, query.limit(1))


async def list_room(db: Db, room_id: UUID, day: date, *, states: Sequence[str] = OPEN) -> list[Ticket]:
    """The tickets of a room on a day in the given states, by number, at most 300."""
    query = select(_ticket).where(_ticket.c.day == day, _ticket.c.state.in_(states), _ticket.c.room_id == room_id)
    return await db.models(Ticket, query.order_by(_ticket.c.number).limit(300))


async def list_queue(
    db: Db, day: date, *, room_id: UUID | None = None, states: Sequence[str] = OPEN, limit: int = 300
) -> list[QueueRow]:
    """Tickets with their people, by room and number."""
    query = select(*_ROW).select_from(_JOIN).where(_ticket.c.day == day, _ticket.c.state.in_(states))
    if room_id is not None:
        query = query.where(_ticket.c.room_id == room_id)
    rows = await db.all(query.order_by(_ticket.c.room_id, _ticket.c.rank, _ticket.c.number).limit(limit))
    return [QueueRow(**row._mapping) for row in rows]


async def list_recent(db: Db, day: date, room_id: UUID, limit: int = 6) -> list[QueueRow]:
    """The tickets of a room that were changed last."""
    query = select(*_ROW).select_from(_JOIN)
    query = query.where(_ticket.c.day == day, _ticket.c.room_id == room_id, _ticket.c.changed_at.is_not(None))
    rows = await db.all(query.order_by(_ticket.c.changed_at.desc()).limit(limit))
    return [QueueRow(**row._mapping) for row in rows]


async def list_loads(db: Db, day: date) -> list[Load]:
    """Counts by room and state, and by state over all rooms (`room_id` None), in one query."""
    ready = and_(_ticket.c.state == "waiting", _ticket.c.rank == 2).label("ready")
    inner = (
        select(_ticket.c.room_id, _ticket.c.state, ready, _ticket.c.created_at, _ticket.c.started_at)
        .where(_ticket.c.day == day)
        .subquery()
    )
    query = select(
        inner.c.room_id,
        inner.c.state,
        inner.c.ready,
        func.count().label("count"),
        func.min(inner.c.created_at).label("oldest_at"),
        func.percentile_disc(0.5).within_group(inner.c.created_at).label("median_at"),
        func.min(inner.c.started_at).label("first_started_at"),
        func.max(inner.c.started_at).label("last_started_at"),
    ).group_by(
        func.grouping_sets(tuple_(inner.c.room_id, inner.c.state, inner.c.ready), tuple_(inner.c.state, inner.c.ready))
    )
    return [Load(**row._mapping) for row in await db.all(query.limit(2000))]


async def list_exam_rooms(db: Db) -> list[ExamRoom]:
    """The examination rooms of the unit with their doctors, by code."""
    room, staff = table(Room), table(Practitioner)
    joined = room.outerjoin(staff, and_(staff.c.unit_id == room.c.unit_id, staff.c.id == room.c.practitioner_id))
    doctor = func.coalesce(func.trim(staff.c.title + " " + staff.c.name), "").label("doctor")
    query = select(room.c.id, room.c.code, room.c.name, doctor, room.c.practitioner_id.is_not(None).label("open"))
    query = query.select_from(joined).where(room.c.active, room.c.kind == "exam").order_by(room.c.code).limit(100)
    return [ExamRoom(**row._mapping) for row in await db.all(query)]


async def get_row(db: Db, ticket_id: UUID) -> QueueRow | None:
    """One ticket with its person."""
    row = await db.first(select(*_ROW).select_from(_JOIN).where(_ticket.c.id == ticket_id))
    return None if row is None else QueueRow(**row._mapping)
