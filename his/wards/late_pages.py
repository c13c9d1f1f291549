"""Page of one stay: its true times, or that it was entered in error."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import VIETNAM, day_of, local
from his.kit.errors import HisError, Kind, invalid
from his.wards import service
from his.wards.tables import BedStay
from his.web.filters import age
from his.web.page import render

router = APIRouter()
Ward = Annotated[Caller, needs(Capability.WARD)]
Word = Annotated[str, Form(max_length=300)]
SHOWN = (Kind.INVALID, Kind.CONFLICT)


def moment(field: str, typed: str) -> datetime | None:
    """A typed wall-clock time of Viet Nam; None when nothing was typed. Raises INVALID."""
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=VIETNAM) if typed.strip() else None
    except ValueError:
        raise invalid(field, "Giờ chưa đúng. Chọn lại ngày giờ.") from None


def _typed(instant: datetime | None) -> str:
    return f"{local(instant):%Y-%m-%dT%H:%M}" if instant else ""


@router.get("/wards/stays/{stay_id}")
async def stay(request: Request, stay_id: UUID, caller: Ward) -> Response:
    """The times of a stay as they stand."""
    row = await service.get_stay(caller.db, stay_id)
    return await _page(request, caller, row, {"since": _typed(row.started_at), "until": _typed(row.ended_at)})


async def _page(
    request: Request, caller: Caller, row: BedStay, form: dict[str, str], error: HisError | None = None
) -> Response:
    visit = await encounters.get_visit(caller.db, row.encounter_id)
    context = {
        "visit": visit,
        "stay": row,
        "facts": [age(visit.patient.birth_date, day_of(caller.now)), visit.patient.code, visit.encounter.dossier_code],
        "form": form,
        "errors": [(error.field or "since", error.message)] if error else [],
        "may_correct": visit.encounter.signed_at is None and visit.encounter.status not in ("finished", "cancelled"),
    }
    return render(request, "wards/late.html", context, error.status if error else 200)


@router.post("/wards/stays/{stay_id}")
async def correct(
    request: Request,
    stay_id: UUID,
    caller: Ward,
    since: Word = "",
    until: Word = "",
    reason: Word = "",
    shared: Word = "",
) -> Response:
    """The true times."""
    row = await service.get_stay(caller.db, stay_id)
    try:
        start = moment("since", since)
        if start is None:
            raise invalid("since", "Nhập giờ vào giường.")
        if since == _typed(row.started_at):  # the form knows minutes only: what was not touched stays as it was
            start = row.started_at
        stop = row.ended_at if until and until == _typed(row.ended_at) else moment("until", until)
        await service.correct_stay(
            caller.db, stay_id, start, stop, reason, caller.user.practitioner_id, caller.now, shared=shared == "1"
        )
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        form = {"since": since, "until": until, "reason": reason, "shared": shared}
        return await _page(request, caller, row, form, error)
    return RedirectResponse(f"/wards/visits/{row.encounter_id}", 303)


@router.post("/wards/stays/{stay_id}/cancel")
async def cancel(request: Request, stay_id: UUID, caller: Ward, reason: Word = "") -> Response:
    """It never was."""
    row = await service.get_stay(caller.db, stay_id)
    try:
        await service.cancel_stay(caller.db, stay_id, reason, caller.user.practitioner_id, caller.now)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        form = {"since": _typed(row.started_at), "until": _typed(row.ended_at), "wrong": reason}
        error.field = "wrong" if error.field == "reason" else error.field
        return await _page(request, caller, row, form, error)
    return RedirectResponse(f"/wards/visits/{row.encounter_id}", 303)
