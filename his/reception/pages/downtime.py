"""When the server is away: the page that a browser keeps for reloading, and the questions that come of it afterwards."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from his.audit import service as audit
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import VIETNAM, local
from his.kit.errors import HisError, Kind, not_found
from his.kit.text import fold
from his.reception import service, store
from his.reception.pages.fields import as_uuid
from his.reception.rules.desk import order_rooms
from his.reception.rules.downtime import patient_of, room_for, same_birth, scan_of_kept
from his.reception.service.downtime import kept_of
from his.reception.tables import DowntimeVisit
from his.reception.terms import Kept
from his.registration import service as registration
from his.registration.rules.patient import CHILD_MONTHS, months_old
from his.registration.terms import Match
from his.scheduling import service as scheduling
from his.web.page import render
from his.web.static_files import ROOT

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.REGISTER)]
WORKER = (ROOT / "js" / "downtime-worker.js").read_text(encoding="utf-8")
BESIDE = 3
"""People on record who stand beside a kept registration; more would not fit a screen."""
DECIDABLE = (Kind.INVALID, Kind.RULES, Kind.CONFLICT, Kind.STALE)


@router.get("/front-desk/downtime")
async def shell(request: Request, caller: Desk) -> Response:
    """The page that the browser keeps and shows when the desk is reloaded without a server; it names nobody."""
    return render(request, "reception/downtime_shell.html")


@router.get("/front-desk/downtime-worker.js")
async def worker(request: Request, caller: Desk) -> Response:
    """The service worker of the desk; another shell is another version, so the browser fetches both anew."""
    page = render(request, "reception/downtime_shell.html").body
    version = hashlib.sha256(bytes(page)).hexdigest()[:12]
    headers = {"Service-Worker-Allowed": "/front-desk", "Cache-Control": "no-cache"}
    body = f'const VERSION = "{version}";\n{WORKER}'
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)


@router.get("/front-desk/kept")
async def questions(request: Request, caller: Desk, page: Annotated[int, Query(ge=1, le=100)] = 1) -> Response:
    """Registrations of the outage that wait for a clerk, and those that are visits since this morning."""
    waiting = await store.list_waiting(caller.db, page)
    return await _page(request, caller, waiting, page, None)


@router.get("/front-desk/kept/{kept_id}")
async def question(request: Request, caller: Desk, kept_id: UUID) -> Response:
    """One of them, with the people on record it may mean beside it."""
    return await _question(request, caller, kept_id)


@router.post("/front-desk/kept/{kept_id}")
async def decide(
    request: Request,
    caller: Desk,
    kept_id: UUID,
    who: Annotated[str, Form(max_length=40)] = "",
    version: Annotated[int, Form(ge=1)] = 1,
    room: Annotated[str, Form(max_length=40)] = "",
    without_number: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """The same person (`who` is the id of the record) or a new one (`who` is `new`), in a room."""
    patient, place = as_uuid(who), as_uuid(room)
    try:
        if patient is None and who != "new":
            raise HisError(Kind.INVALID, "Chọn người trong hồ sơ, hoặc chọn người mới.", field="who")
        if place is None:
            raise HisError(Kind.INVALID, "Chọn phòng khám.", field="room")
        await service.settle_kept(
            caller.db, kept_id, version, patient, place, caller.user.province_code, caller.now,
            without_number=without_number == "1",
        )  # fmt: skip
    except HisError as error:
        return await _refused(request, caller, kept_id, error)
    return RedirectResponse("/front-desk/kept", 303)


@router.post("/front-desk/kept/{kept_id}/discard")
async def discard(
    request: Request,
    caller: Desk,
    kept_id: UUID,
    version: Annotated[int, Form(ge=1)] = 1,
    discard_reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """No visit comes of it; the reason is kept."""
    try:
        await service.discard_kept(caller.db, kept_id, version, discard_reason, caller.now)
    except HisError as error:
        return await _refused(request, caller, kept_id, error)
    return RedirectResponse("/front-desk/kept", 303)


async def _refused(request: Request, caller: Caller, kept_id: UUID, error: HisError) -> Response:
    if error.kind not in DECIDABLE:
        raise error
    return await _question(request, caller, kept_id, error)


async def _question(request: Request, caller: Caller, kept_id: UUID, error: HisError | None = None) -> Response:
    row = await store.find_kept(caller.db, kept_id)
    if row is None:
        raise not_found()
    if error is None:
        await audit.read(caller, "DowntimeVisit", kept_id)
    chosen = await _beside(caller, row) if row.state == "waiting" else None
    waiting = await store.list_waiting(caller.db, 1)
    return await _page(request, caller, waiting, 1, row, chosen, error)


async def _page(
    request: Request, caller: Caller, waiting: Sequence[DowntimeVisit], page: int, row: DowntimeVisit | None,
    chosen: dict[str, Any] | None = None, error: HisError | None = None,
) -> Response:  # fmt: skip
    midnight = datetime.combine(local(caller.now).date(), time.min, tzinfo=VIETNAM)
    context = {
        "waiting": waiting,
        "total": await store.count_waiting(caller.db),
        "page": page,
        "size": store.PAGE,
        "received": await store.list_received(caller.db, midnight),
        "row": row,
        "chosen": chosen,
        "error": error.message if error else "",
        "error_field": error.field if error else "",
    }
    return render(request, "reception/kept.html", context, error.status if error else 200)


async def _beside(caller: Caller, row: DowntimeVisit) -> dict[str, Any]:
    """The people beside a kept registration, each word with whether it agrees, and the rooms to choose from."""
    kept = kept_of(row)
    matches = await registration.find_people(caller.db, scan_of_kept(kept))
    loads = await scheduling.load_rooms(caller.db, caller.now)
    rooms = order_rooms(await store.list_places(caller.db), loads, appointment=None, usual=None)
    typed = patient_of(kept)
    child = typed is not None and 0 <= months_old(typed.birth_date, local(caller.now).date()) < CHILD_MONTHS
    return {
        "people": [(match, _agreeing(kept, match)) for match in matches[:BESIDE]],
        "more": max(len(matches) - BESIDE, 0),
        "rooms": [
            (str(r.place.room_id), f"{r.place.room_code} {r.place.room_name}, {r.waiting} chờ") for r in rooms if r.open
        ],
        "room": str(room_for(rooms, usual=None, child=child) or ""),
    }


def _agreeing(kept: Kept, match: Match) -> dict[str, bool | None]:
    """Does each word of the record agree with what was typed? None: nothing was typed there."""
    known = match.known
    numbers = {known.citizen_number, *known.cards, *(card[-10:] for card in known.cards)} - {""}
    return {
        "name": fold(known.name) == fold(kept.name),
        "birth": same_birth(scan_of_kept(kept), known),
        "gender": known.gender == kept.gender,
        "phone": known.phone == kept.phone if kept.phone else None,
        "number": bool({kept.number, kept.number[-10:]} & numbers) if kept.number else None,
    }
