"""Pages of the privacy officer: patients and who opened their record, unusual access, requests, the law."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from his.audit import service as audit
from his.audit.balp import Seen
from his.audit.service import who_acted
from his.audit.terms import ACTIONS, PLAIN_DEEDS, TYPES
from his.identity.access import Caller, needs
from his.identity.terms import ROLE_NAMES, Capability, Role
from his.kit import clock
from his.kit.errors import HisError, Kind
from his.privacy import incident_pages, law, service, store
from his.privacy.printing import draw_opened
from his.privacy.terms import REQUEST_KINDS, STATES, UNUSUAL_KINDS
from his.registration import service as registration
from his.registration.tables import Patient
from his.registration.terms import Match
from his.web.page import MenuItem, render

router = APIRouter()
router.routes.extend(incident_pages.router.routes)
MENU = [
    (Capability.PRIVACY, MenuItem("Việc chờ làm", "/privacy/board", "list")),
    (Capability.PRIVACY, MenuItem("Người bệnh", "/privacy/patients", "user")),
    (Capability.PRIVACY, MenuItem("Đơn yêu cầu", "/privacy/requests", "file-text")),
    (Capability.PRIVACY, MenuItem("Sự cố", "/privacy/incidents", "octagon-alert")),
    (Capability.PRIVACY, MenuItem("Bất thường", "/privacy/unusual", "triangle-alert")),
    (Capability.PRIVACY, MenuItem("Luật", "/privacy/law", "shield")),
]
Officer = Annotated[Caller, needs(Capability.PRIVACY)]
PRINTED = 500


@router.get("/privacy/patients")
async def find_page(request: Request, caller: Officer, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Find a patient; the same search as at the front desk, without clinical content."""
    matches: list[Match] = []
    error = ""
    if q:
        try:
            _, matches = await registration.find_matches(caller.db, q)
        except HisError as refused:
            if refused.kind is not Kind.INVALID:
                raise
            error = refused.message
    return render(request, "privacy/find.html", {"q": q, "matches": matches[:20], "error": error})


@router.get("/privacy/patients/{patient_id}")
async def patient_page(request: Request, caller: Officer, patient_id: UUID, before: UUID | None = None) -> Response:
    """Who opened, changed or was refused the record, and what the patient asked for."""
    return await _patient(request, caller, patient_id, before)


async def _patient(
    request: Request, caller: Caller, patient_id: UUID, before: UUID | None, error: HisError | None = None
) -> Response:
    patient = await service.get_patient(caller.db, patient_id)
    seen, older = await service.opened(caller.db, patient_id, before)
    requests = await store.list_requests(caller.db, patient_id)
    context = {
        "patient": patient, "lines": [_line(one) for one in seen], "older": older, "requests": requests, "error": error,
        "kinds": REQUEST_KINDS, "states": STATES, "actions": ACTIONS, "types": TYPES,
        "today": clock.local(caller.now).date(),
    }  # fmt: skip
    return render(request, "privacy/patient.html", context, error.status if error else 200)


def _line(seen: Seen) -> dict[str, Any]:
    entry = seen.entry
    role = ROLE_NAMES[Role(entry.role)] if entry.role in set(Role) else ""
    return {"entry": entry, "who": who_acted(entry, {entry.actor: seen.who} if seen.who else {}), "role": role}


@router.get("/privacy/patients/{patient_id}/opened.pdf")
async def opened_pdf(request: Request, caller: Officer, patient_id: UUID) -> Response:
    """The list for the patient, as a paper."""
    patient = await service.get_patient(caller.db, patient_id)
    seen, older = await service.opened(caller.db, patient_id, count=PRINTED)
    await audit.record(caller, "print", "Patient", patient_id, lines=len(seen))
    lines = [_printed(_line(one)) for one in seen]
    title = f"{patient.name}, mã {patient.code}"
    body = await asyncio.to_thread(draw_opened, caller.user.unit_name, title, lines, older is not None, caller.now)
    return Response(body, media_type="application/pdf", headers=_named(f"ai-da-mo-{patient.code}.pdf", "inline"))


def _printed(line: dict[str, Any]) -> tuple[str, str, str, str]:
    entry = line["entry"]
    deed = ACTIONS.get(entry.action, entry.action)
    what = f" {TYPES.get(entry.entity_type, entry.entity_type).lower()}" if entry.action in PLAIN_DEEDS else ""
    refused = "" if entry.outcome == "success" else " (bị từ chối)"
    return (
        f"{clock.local(entry.recorded_at):%H:%M %d/%m/%Y}",
        line["who"],
        line["role"],
        f"{deed}{what}{refused}".strip(),
    )


@router.get("/privacy/patients/{patient_id}/data.zip")
async def data_zip(caller: Officer, patient_id: UUID) -> Response:
    """Everything stored about the person, for the person."""
    body = await service.export(caller, patient_id)
    patient: Patient = await service.get_patient(caller.db, patient_id)
    return Response(body, media_type="application/zip", headers=_named(f"du-lieu-{patient.code}.zip", "attachment"))


def _named(name: str, how: str) -> dict[str, str]:
    return {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}"}


@router.post("/privacy/patients/{patient_id}/requests")
async def take_request(
    request: Request,
    caller: Officer,
    patient_id: UUID,
    kind: Annotated[str, Form(max_length=20)] = "",
    words: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Register a request of the patient."""
    try:
        await service.take_request(caller, patient_id, kind, words)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        return await _patient(request, caller, patient_id, None, error)
    return RedirectResponse(f"/privacy/patients/{patient_id}", 303)


@router.get("/privacy/requests")
async def requests_page(request: Request, caller: Officer) -> Response:
    """All requests, the nearest time limit first."""
    return await _requests(request, caller)


async def _requests(request: Request, caller: Caller, error: HisError | None = None, wrong: str = "") -> Response:
    rows = await store.list_requests(caller.db)
    context = {
        "rows": rows, "kinds": REQUEST_KINDS, "states": STATES, "today": clock.local(caller.now).date(), "error": error,
        "wrong": wrong,
    }  # fmt: skip
    return render(request, "privacy/requests.html", context, error.status if error else 200)


@router.post("/privacy/requests/{request_id}/answer")
async def answer_request(
    request: Request,
    caller: Officer,
    request_id: UUID,
    state: Annotated[str, Form(max_length=20)] = "",
    answer: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Close a request with the answer that was given."""
    try:
        await service.answer_request(caller, request_id, state, answer)
    except HisError as error:
        if error.kind not in (Kind.INVALID, Kind.CONFLICT):
            raise
        return await _requests(request, caller, error, str(request_id))
    return RedirectResponse("/privacy/requests", 303)


@router.get("/privacy/unusual")
async def unusual_page(request: Request, caller: Officer) -> Response:
    """Access of the last seven days that passes a measure."""
    found = await service.unusual(caller.db, caller.now)
    names = await store.account_names(caller.db)
    lines = [
        {
            "one": one,
            "who": names.get(one.actor, (one.actor, ""))[0],
            "role": ROLE_NAMES.get(Role(role), "") if (role := names.get(one.actor, ("", ""))[1]) in set(Role) else "",
        }
        for one in found
    ]
    return render(request, "privacy/unusual.html", {"lines": lines, "kinds": UNUSUAL_KINDS})


@router.get("/privacy/law")
async def law_page(request: Request, caller: Officer) -> Response:
    """The checklist of the law, each line with where it is met or that it is not."""
    sections = law.checklist()
    lines = [line for found in sections.values() for line in found]
    counts = {state: sum(line.met == state for line in lines) for state in law.STATES}
    context = {"sections": sections, "states": law.STATES, "counts": counts, "disclosures": law.disclosures()}
    return render(request, "privacy/law.html", context)
