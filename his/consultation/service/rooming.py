"""The doctor's room: begin with the person called, leave for results, call the next."""

from datetime import datetime
from uuid import UUID

from his.encounters import service as encounters
from his.kit.changes import Changes
from his.kit.db import Db
from his.orders import service as orders
from his.orders.terms import AWAITED_KINDS
from his.scheduling import service as scheduling
from his.scheduling.tables import Ticket
from his.scheduling.terms import TicketState


async def start_visit(db: Db, encounter_id: UUID, practitioner_id: UUID | None, now: datetime) -> None:
    """The person sits down: the ticket is in the room and the visit in progress; repeating changes nothing."""
    await encounters.start_visit(db, encounter_id, practitioner_id, now)
    ticket = await scheduling.ticket_of_visit(db, encounter_id)
    if ticket is not None and TicketState(ticket.state) in (TicketState.CALLING, TicketState.WAITING):
        await scheduling.start(db, ticket.id, now)


async def leave_visit(db: Db, encounter_id: UUID, now: datetime) -> None:
    """The doctor turns to somebody else: a visit with open orders waits for results; a draft stays as it is."""
    ticket = await scheduling.ticket_of_visit(db, encounter_id)
    if ticket is None or TicketState(ticket.state) is not TicketState.IN_ROOM:
        return
    requests = await orders.list_requests(db, encounter_id)
    if any(r.kind in AWAITED_KINDS and r.status in ("active", "in-progress") for r in requests):
        changes = Changes()
        scheduling.move(changes, ticket, TicketState.AWAITING_RESULTS, now)
        await db.apply(changes, now)


async def call_next(db: Db, room_id: UUID, current: UUID | None, now: datetime) -> Ticket:
    """Leave the current visit and call whose turn it is; raises CONFLICT when nobody waits."""
    if current is not None:
        await leave_visit(db, current, now)
    return await scheduling.call_next(db, room_id, now)
