"""The dialog that sends a waiting person to another room; opened from the queue."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.reception import service, store
from his.reception.rules.desk import order_rooms
from his.scheduling.service import load_rooms
from his.web.page import Toast, render, toast_event

router = APIRouter()
QueueStaff = Annotated[Caller, needs(Capability.QUEUE)]


@router.get("/queue/move/{encounter_id}")
async def ask_room(request: Request, caller: QueueStaff, encounter_id: UUID) -> Response:
    """The question which room, with how many wait in each."""
    visit = await store.get_encounter(caller.db, encounter_id)
    loads = await load_rooms(caller.db, caller.now)
    rooms = order_rooms(await store.list_places(caller.db), loads, appointment=None, usual=None)
    choices = [
        (str(r.place.room_id), f"{r.place.room_code} {r.place.room_name}, {r.waiting} chờ")
        for r in rooms
        if r.open and r.place.room_id != visit.room_id
    ]
    return render(request, "reception/_move.html", {"encounter_id": encounter_id, "choices": choices})


@router.post("/queue/move/{encounter_id}")
async def move(
    request: Request,
    caller: QueueStaff,
    encounter_id: UUID,
    room_id: Annotated[UUID, Form()],
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Send the person to another room; the queue refreshes itself."""
    ticket = await service.transfer_visit(caller.db, encounter_id, room_id, reason, caller.now)
    events = {"queue-changed": {}, **json.loads(toast_event(Toast(f"Đã chuyển phòng, số mới {ticket.number:03d}")))}
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(events)})
