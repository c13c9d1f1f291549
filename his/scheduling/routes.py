"""JSON of the queue: rooms, the queue of a room, and every step of a ticket."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.db import Db
from his.scheduling import service, store
from his.scheduling.rules import in_order
from his.scheduling.tables import Ticket

router = APIRouter(prefix="/api/scheduling", tags=["scheduling"])
Staff = Annotated[Caller, needs(Capability.QUEUE)]
Step = Literal["again", "absent", "start", "await-results", "results", "finish", "undo"]
STEPS: dict[str, Callable[[Db, UUID, datetime], Awaitable[Ticket]]] = {
    "again": service.call_again,
    "absent": service.mark_absent,
    "start": service.start,
    "await-results": service.await_results,
    "results": service.back_with_results,
    "finish": service.finish,
    "undo": service.undo,
}


class RoomOut(BaseModel):
    """A room with its load."""

    id: UUID
    code: str
    name: str
    doctor: str
    open: bool
    waiting: int
    longest_minutes: int
    expected_minutes: int


class TicketOut(BaseModel):
    """A ticket."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    room_id: UUID
    encounter_id: UUID
    number: int
    priority: str
    rank: int
    state: str
    called_count: int
    fact: str


class RowOut(TicketOut):
    """A ticket with the person, as the queue shows it."""

    name: str
    reason: str
    payer: str


@router.get("/rooms")
async def rooms(caller: Staff) -> list[RoomOut]:
    """The examination rooms with how many wait."""
    loads = await service.load_rooms(caller.db, caller.now)
    out = []
    for room in await store.list_exam_rooms(caller.db):
        load = loads.get(room.id)
        out.append(
            RoomOut(
                id=room.id,
                code=room.code,
                name=room.name,
                doctor=room.doctor,
                open=room.open,
                waiting=load.waiting if load else 0,
                longest_minutes=load.longest_minutes if load else 0,
                expected_minutes=load.expected_minutes if load else 0,
            )
        )
    return out


@router.get("/queue")
async def queue(caller: Staff, room_id: UUID) -> list[RowOut]:
    """The open tickets of a room in the order of service."""
    rows = in_order(await service.list_queue(caller.db, room_id, caller.now))
    return [RowOut.model_validate(row) for row in rows]


@router.post("/rooms/{room_id}/next")
async def call_next(room_id: UUID, caller: Staff) -> TicketOut:
    """Call whose turn it is; 409 when nobody waits."""
    return TicketOut.model_validate(await service.call_next(caller.db, room_id, caller.now))


@router.post("/tickets/{ticket_id}/{step}")
async def step(ticket_id: UUID, step: Step, caller: Staff) -> TicketOut:
    """One step of a ticket; 409 when it is elsewhere."""
    return TicketOut.model_validate(await STEPS[step](caller.db, ticket_id, caller.now))
