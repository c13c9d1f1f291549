"""Reads of registrations that came from a desk without a server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from his.encounters.tables import Encounter
from his.identity.tables import Room
from his.kit.columns import table
from his.kit.db import Db
from his.reception.tables import DowntimeVisit
from his.registration.tables import Patient
from his.scheduling.tables import Ticket

_kept, _encounter, _room, _ticket = table(DowntimeVisit), table(Encounter), table(Room), table(Ticket)
_patient = table(Patient)
PAGE = 20


@dataclass(frozen=True, slots=True)
class Received:
    """A kept registration that is a visit now: the temporary number, and where the visit stands."""

    slip: str
    name: str
    arrived_at: datetime
    received_at: datetime
    encounter_id: UUID
    dossier_code: str
    room_code: str
    ticket_number: int


async def find_kept(db: Db, kept_id: UUID) -> DowntimeVisit | None:
    """A registration of the unit by the id that the browser made."""
    return await db.model(DowntimeVisit, select(_kept).where(_kept.c.id == kept_id))


async def count_waiting(db: Db) -> int:
    """How many registrations of the unit wait for a clerk's decision."""
    query = select(func.count()).select_from(_kept).where(_kept.c.state == "waiting")
    return int(await db.scalar(query) or 0)


async def list_waiting(db: Db, page: int) -> Sequence[DowntimeVisit]:
    """Registrations that wait for a decision, who came first stands first; `page` counts from 1."""
    query = select(_kept).where(_kept.c.state == "waiting").order_by(_kept.c.arrived_at, _kept.c.id)
    return await db.models(DowntimeVisit, query.offset((page - 1) * PAGE).limit(PAGE))


async def list_received(db: Db, since: datetime) -> list[Received]:
    """Kept registrations that became visits since an instant, the newest first; at most a page."""
    joined = (
        _kept.join(_encounter, and_(_encounter.c.unit_id == _kept.c.unit_id, _encounter.c.id == _kept.c.encounter_id))
        .join(_patient, and_(_patient.c.unit_id == _kept.c.unit_id, _patient.c.id == _kept.c.patient_id))
        .outerjoin(_ticket, and_(_ticket.c.unit_id == _kept.c.unit_id, _ticket.c.encounter_id == _kept.c.encounter_id))
        .outerjoin(_room, and_(_room.c.unit_id == _kept.c.unit_id, _room.c.id == _encounter.c.room_id))
    )
    query = (
        select(
            _kept.c.slip, _patient.c.name, _kept.c.arrived_at, _kept.c.received_at, _encounter.c.id.label("encounter_id"),
            _encounter.c.dossier_code, func.coalesce(_room.c.code, "").label("room_code"),
            func.coalesce(_ticket.c.number, 0).label("ticket_number"),
        )
        .select_from(joined)
        .where(_kept.c.state == "merged", _kept.c.received_at >= since)
        .order_by(_kept.c.received_at.desc(), _kept.c.id)
        .limit(PAGE)
    )  # fmt: skip
    return [Received(**row._mapping) for row in await db.all(query)]


async def load_place(db: Db, encounter_id: UUID) -> tuple[str, int, str]:
    """Dossier code, queue number and room code of a visit."""
    joined = _encounter.outerjoin(
        _ticket, and_(_ticket.c.unit_id == _encounter.c.unit_id, _ticket.c.encounter_id == _encounter.c.id)
    ).outerjoin(_room, and_(_room.c.unit_id == _encounter.c.unit_id, _room.c.id == _encounter.c.room_id))
    query = select(_encounter.c.dossier_code, func.coalesce(_ticket.c.number, 0), func.coalesce(_room.c.code, ""))
    row = await db.first(query.select_from(joined).where(_encounter.c.id == encounter_id).limit(1))
    values: Any = row or ("", 0, "")
    return values[0], values[1], values[2]
