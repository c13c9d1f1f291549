"""Pages of break-glass: the doctor opens with a reason, the privacy officer judges."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.breakglass import service, store
from his.breakglass.terms import LEAST_TEXT, MINUTES, REASONS, REVIEW_HOURS, VERDICTS
from his.identity.access import Caller, needs
from his.identity.terms import ROLE_NAMES, Capability, Role
from his.kit.errors import HisError, Kind
from his.papers import service as papers
from his.papers.rules.lines import lines_of
from his.papers.terms import PaperKind
from his.web.page import MenuItem, render

router = APIRouter()
MENU = [(Capability.PRIVACY, MenuItem("Mở khẩn cấp", "/privacy/openings", "lock"))]
Administrator = Annotated[Caller, needs(Capability.UNIT_ADMIN)]
Doctor = Annotated[Caller, needs(Capability.BREAK_GLASS)]
Officer = Annotated[Caller, needs(Capability.PRIVACY)]


async def _page(
    request: Request, caller: Caller, patient_id: UUID, form: dict[str, str], error: HisError | None = None
) -> Response:
    patient = await service.get_patient(caller.db, patient_id)
    context = {
        "patient": patient, "form": form, "error": error, "reasons": REASONS, "minutes": MINUTES, "least": LEAST_TEXT,
        "opened": caller.user.opened == str(patient_id),
    }  # fmt: skip
    return render(request, "breakglass/open.html", context, error.status if error else 200)


@router.get("/break-glass/{patient_id}")
async def open_page(request: Request, patient_id: UUID, caller: Doctor) -> Response:
    """Ask for reason and time, and say what follows."""
    return await _page(request, caller, patient_id, {})


@router.post("/break-glass/{patient_id}")
async def open_record(
    request: Request,
    patient_id: UUID,
    caller: Doctor,
    reason_code: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    minutes: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Open; a refusal shows the form again with what was typed."""
    form = {"reason_code": reason_code, "reason": reason, "minutes": minutes}
    try:
        asked = int(minutes) if minutes.isdecimal() else 0
        await service.open_record(caller, patient_id, reason_code, reason, asked)
    except HisError as error:
        if error.kind is not Kind.RULES:
            raise
        return await _page(request, caller, patient_id, form, error)
    return RedirectResponse(f"/break-glass/{patient_id}/record", 303)


@router.post("/break-glass/{patient_id}/close")
async def close_record(patient_id: UUID, caller: Doctor) -> Response:
    """Close before the time is over."""
    await service.close_record(caller)
    return RedirectResponse(f"/break-glass/{patient_id}", 303)


@router.get("/break-glass/{patient_id}/record")
async def record(request: Request, patient_id: UUID, caller: Doctor) -> Response:
    """The sensitive records of the patient, while they are open."""
    found = await service.read_record(caller, patient_id)
    patient = await service.get_patient(caller.db, patient_id)
    shown = [
        (one.row, one.doctor.name if one.doctor else "", lines_of(PaperKind(one.row.kind), papers.stated(one)))
        for one in found
    ]
    visits = await service.list_closed_visits(caller, patient_id)
    return render(request, "breakglass/record.html", {"patient": patient, "papers": shown, "visits": visits})


@router.get("/privacy/openings")
async def openings(request: Request, caller: Officer) -> Response:
    """The queue of the privacy officer."""
    return await _queue(request, caller)


async def _queue(request: Request, caller: Caller, error: HisError | None = None, wrong: str = "") -> Response:
    found = await service.list_openings(caller.db)
    lines = [
        (one, ROLE_NAMES.get(Role(one.role), ""), service.is_late(one.row, caller.now, REVIEW_HOURS)) for one in found
    ]
    context = {
        "lines": lines, "waiting": sum(one.row.reviewed_at is None for one in found), "reasons": REASONS,
        "verdicts": VERDICTS, "error": error, "wrong": wrong,
    }  # fmt: skip
    return render(request, "breakglass/queue.html", context, error.status if error else 200)


@router.post("/privacy/openings/{opening_id}")
async def judge(
    request: Request,
    opening_id: UUID,
    caller: Officer,
    verdict: Annotated[str, Form(max_length=20)] = "",
    remark: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Give the verdict."""
    try:
        await service.judge(caller, opening_id, verdict, remark)
    except HisError as error:
        if error.kind is not Kind.RULES:
            raise
        return await _queue(request, caller, error, str(opening_id))
    return RedirectResponse("/privacy/openings", 303)


@router.get("/staff-patients")
async def staff_patients(request: Request, caller: Administrator) -> Response:
    """Patients of the unit who are its staff: by mark, and by personal identification number."""
    return await _marks(request, caller, {})


async def _marks(request: Request, caller: Caller, form: dict[str, str], error: HisError | None = None) -> Response:
    context = {
        "marks": await store.list_marks(caller.db), "matched": await store.list_matched(caller.db), "form": form,
        "error": error,
    }  # fmt: skip
    return render(request, "breakglass/staff.html", context, error.status if error else 200)


@router.post("/staff-patients")
async def mark_staff(
    request: Request,
    caller: Administrator,
    number: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Mark; a refusal shows the form again with what was typed."""
    try:
        await service.mark_staff(caller, number, reason)
    except HisError as error:
        if error.kind not in (Kind.RULES, Kind.NOT_FOUND, Kind.CONFLICT):
            raise
        return await _marks(request, caller, {"number": number, "reason": reason}, error)
    return RedirectResponse("/staff-patients", 303)


@router.post("/staff-patients/{mark_id}/end")
async def end_mark(mark_id: UUID, caller: Administrator) -> Response:
    """End a mark."""
    await service.end_mark(caller, mark_id)
    return RedirectResponse("/staff-patients", 303)
