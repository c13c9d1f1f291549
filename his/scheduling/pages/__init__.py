"""The pages of the queue: stages on top, rooms, the table of a room, the person to act on; the waiting-room screen."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.errors import not_found
from his.scheduling import service, store
from his.scheduling.pages import views
from his.scheduling.tables import Ticket
from his.web.page import MenuItem, Toast, render, toast_event

router = APIRouter()
MENU = [(Capability.QUEUE, MenuItem("Hàng đợi", "/queue", "list"))]
Staff = Annotated[Caller, needs(Capability.QUEUE)]
Code = Annotated[str, Form(max_length=20)]


@router.get("/queue")
async def page(
    request: Request, caller: Staff, room: str = "", stage: str = "", ticket: UUID | None = None
) -> Response:
    """The queue of a room (the caller's own, or the one in the address), or one stage over all rooms."""
    return await _queue(request, caller, room, stage, ticket, "scheduling/page.html")


@router.get("/queue/part")
async def part(
    request: Request, caller: Staff, room: str = "", stage: str = "", ticket: UUID | None = None
) -> Response:
    """The same without the shell, for the refresh."""
    return await _queue(request, caller, room, stage, ticket)


async def _queue(
    request: Request,
    caller: Caller,
    room: str,
    stage: str,
    ticket: UUID | None,
    template: str = "scheduling/_queue.html",
) -> Response:
    context = await views.build_queue(
        caller.db, caller.now, room_code=room, own_room=caller.user.room_id, stage=stage, ticket_id=ticket
    )
    return render(request, template, context)


@router.get("/queue/board")
async def board(request: Request, caller: Staff) -> Response:
    """The screen of the waiting room: no full names, no reasons."""
    return render(request, "tv.html", await views.build_board(caller.db, caller.now))


@router.get("/queue/side/{ticket_id}")
async def side(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """The person of a row."""
    row = await store.get_row(caller.db, ticket_id)
    if row is None:
        raise not_found()
    return render(request, "scheduling/_side.html", {"current": views.view_row(row, caller.now), "last": row})


@router.post("/queue/next")
async def call_next(request: Request, caller: Staff, room: Code = "") -> Response:
    """Call whose turn it is."""
    rooms = await store.list_exam_rooms(caller.db)
    chosen = next((r for r in rooms if r.code == room), None)
    if chosen is None:
        raise not_found()
    ticket = await service.call_next(caller.db, chosen.id, caller.now)
    return await _done(request, caller, ticket, f"Đã gọi số {ticket.number:03d} vào phòng {room}")


@router.post("/queue/{ticket_id}/again")
async def call_again(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """Call the same person once more."""
    ticket = await service.call_again(caller.db, ticket_id, caller.now)
    text = f"Đã gọi số {ticket.number:03d} lần {ticket.called_count}"
    return await _done(request, caller, ticket, text)


@router.post("/queue/{ticket_id}/absent")
async def absent(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """Nobody came."""
    ticket = await service.mark_absent(caller.db, ticket_id, caller.now)
    return await _done(request, caller, ticket, f"Số {ticket.number:03d} vắng lần {ticket.called_count}")


@router.post("/queue/{ticket_id}/results")
async def results(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """The person is back with all results."""
    ticket = await service.back_with_results(caller.db, ticket_id, caller.now)
    return await _done(request, caller, ticket, f"Số {ticket.number:03d} đủ kết quả, chờ kết luận")


@router.post("/queue/{ticket_id}/enter")
async def enter(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """Open the visit; a doctor who opens it begins the examination."""
    row = await store.get_row(caller.db, ticket_id)
    if row is None:
        raise not_found()
    if may(caller.user.role, Capability.WRITE_RECORD) and row.state in ("waiting", "calling", "absent"):
        await service.start(caller.db, ticket_id, caller.now)
    return Response(status_code=200, headers={"HX-Redirect": f"/visit/{row.encounter_id}"})


@router.post("/queue/undo/{ticket_id}")
async def undo(request: Request, caller: Staff, ticket_id: UUID) -> Response:
    """Take the last step of a ticket back; the page refreshes itself."""
    ticket = await service.undo(caller.db, ticket_id, caller.now)
    # The new toast removes the button that asked, so the refresh is told first: it must still bubble to the page.
    events = {"queue-changed": {}, **json.loads(toast_event(Toast(f"Đã hoàn tác số {ticket.number:03d}")))}
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(events)})


async def _done(request: Request, caller: Caller, ticket: Ticket, text: str) -> Response:
    context = await views.build_queue(
        caller.db, caller.now, room_code="", own_room=ticket.room_id, stage="", ticket_id=ticket.id
    )
    toast = Toast(text, undo=f"/queue/undo/{ticket.id}")
    return render(request, "scheduling/_queue.html", context, toast=toast)
