"""What staff do with the queue: give a number, call, call again, absent, enter, wait for results, finish, undo."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from his.identity.service import next_number
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found
from his.scheduling import store
from his.scheduling.rules import choose_next, compute_priority, rank_of, restored, room_loads, step
from his.scheduling.tables import Ticket
from his.scheduling.terms import QueueRow, RoomLoad, TicketState

ATTEMPTS: Final = 4
NOBODY: Final = "Không còn ai chờ ở phòng này."


async def lock_ticket_number(db: Db, room_id: UUID, day: date) -> int:
    """The next number of a room on a day; call it inside `db.locking()`."""
    return await next_number(db, f"ticket:{room_id}", day.isoformat())


def new_ticket(
    unit_id: int,
    room_id: UUID,
    patient_id: UUID,
    encounter_id: UUID,
    number: int,
    now: datetime,
    *,
    birth_date: date,
    priority: str = "",
    reason: str = "",
    payer: str = "",
    fact: str = "",
    fact_tone: str = "",
) -> Ticket:
    """A place in the queue of a room; the priority is the one stated, else the one that the age gives."""
    day = day_of(now)
    priority = compute_priority(birth_date, day, priority)
    return Ticket(
        unit_id=unit_id, room_id=room_id, patient_id=patient_id, encounter_id=encounter_id, day=day, number=number,
        priority=priority, rank=rank_of(priority), created_at=now, reason=reason, payer=payer, fact=fact,
        fact_tone=fact_tone,
    )  # fmt: skip


async def enqueue(
    db: Db, room_id: UUID, patient_id: UUID, encounter_id: UUID, birth_date: date, now: datetime, **words: str
) -> Ticket:
    """Send a visit to a room; a person who waits there already keeps that place (asking twice changes nothing)."""
    waiting = await store.open_ticket(db, patient_id, room_id, day_of(now))
    if waiting is not None and waiting.encounter_id == encounter_id:
        return waiting
    assert db.scope.unit_id is not None
    async with db.locking():
        number = await lock_ticket_number(db, room_id, day_of(now))
        ticket = new_ticket(
            db.scope.unit_id, room_id, patient_id, encounter_id, number, now, birth_date=birth_date, **words
        )
        await db.apply(Changes().insert(ticket).audit("ticket:enqueue", "Ticket", ticket.id), now)
    return ticket


def move(changes: Changes, ticket: Ticket, to: TicketState, now: datetime, **more: Any) -> Ticket:
    """Add one step of a ticket to a change set (the doctor's page signs and finishes in one)."""
    new = changes.update(ticket, **{**step(ticket, to, now), **more})
    changes.audit(f"ticket:{to.value}", "Ticket", ticket.id, number=ticket.number)
    return new


def tell(changes: Changes, ticket: Ticket, fact: str, tone: str = "") -> Ticket:
    """Write what the doctor must know first into the queue row (late card answer, red vital sign, results)."""
    return changes.update(ticket, fact=fact, fact_tone=tone)


async def _take(db: Db, ticket_id: UUID, to: TicketState, now: datetime) -> Ticket:
    ticket = await store.get_ticket(db, ticket_id)
    if ticket is None:
        raise not_found()
    if ticket.state == to.value and to is not TicketState.CALLING:
        return ticket  # said twice: nothing more happens
    changes = Changes()
    new = move(changes, ticket, to, now)
    await db.apply(changes, now)
    return new


async def call_next(db: Db, room_id: UUID, now: datetime) -> Ticket:
    """Call whose turn it is in the room; whoever was called before and did not come counts as absent.

    Two callers at the same moment get two different people. Raises CONFLICT when nobody waits.
    """
    for attempt in range(ATTEMPTS):
        rows = await store.list_room(db, room_id, day_of(now))
        chosen = choose_next(rows, now)
        if chosen is None:
            raise HisError(Kind.CONFLICT, NOBODY)
        changes = Changes()
        for row in rows:
            if row.state == TicketState.CALLING:
                move(changes, row, TicketState.ABSENT, now)
        called = move(changes, chosen, TicketState.CALLING, now)
        try:
            await db.apply(changes, now)
        except HisError as error:
            if error.kind is not Kind.STALE or attempt == ATTEMPTS - 1:
                raise
            continue
        return called
    raise AssertionError("unreachable")


async def call_again(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """Call the same person once more."""
    return await _take(db, ticket_id, TicketState.CALLING, now)


async def mark_absent(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """Nobody came; after the third call the person goes to the end of the queue."""
    return await _take(db, ticket_id, TicketState.ABSENT, now)


async def start(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """The person is in the room."""
    return await _take(db, ticket_id, TicketState.IN_ROOM, now)


async def await_results(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """The person left for tests."""
    return await _take(db, ticket_id, TicketState.AWAITING_RESULTS, now)


async def back_with_results(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """All results are there: the person waits again, before those who were not seen yet."""
    return await _take(db, ticket_id, TicketState.WAITING, now)


async def finish(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """The examination is over."""
    return await _take(db, ticket_id, TicketState.DONE, now)


async def undo(db: Db, ticket_id: UUID, now: datetime) -> Ticket:
    """Take the last step back, within ten minutes."""
    ticket = await store.get_ticket(db, ticket_id)
    if ticket is None:
        raise not_found()
    changes = Changes()
    new = changes.update(ticket, **restored(ticket.previous, ticket.changed_at, now))
    await db.apply(changes.audit("ticket:undo", "Ticket", ticket.id), now)
    return new


async def ticket_of_visit(db: Db, encounter_id: UUID) -> Ticket | None:
    """The ticket with which a visit waits, or None."""
    return await store.ticket_of_visit(db, encounter_id)


async def load_rooms(db: Db, now: datetime) -> dict[UUID, RoomLoad]:
    """How many wait in each room today, since when, and how long a new person will wait."""
    return room_loads(await store.list_loads(db, day_of(now)), now)


async def list_queue(db: Db, room_id: UUID, now: datetime) -> Sequence[QueueRow]:
    """The open tickets of a room today, with their people."""
    return await store.list_queue(db, day_of(now), room_id=room_id)
