"""Pages of breaches: the register with its clock, one file, the report for the authority, the persons concerned."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.audit import service as audit
from his.breakglass import service as breakglass
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit import clock
from his.kit.errors import HisError, Kind
from his.privacy import incidents, store
from his.privacy.incident_printing import Report, draw_report
from his.privacy.terms import CLOCK_STATES, CLOCK_TONES, IncidentInput
from his.web.page import render

router = APIRouter()
Officer = Annotated[Caller, needs(Capability.PRIVACY)]
Moment = Annotated[str, Form(max_length=30)]
Words = Annotated[str, Form(max_length=4000)]
SHOWN = 50


@router.get("/privacy/board")
async def board(request: Request, caller: Officer) -> Response:
    """What waits for the officer: breaches with their clock, requests with their day, openings without a verdict."""
    rows = [row for row in await store.list_incidents(caller.db) if row.closed_at is None]
    requests = [row for row in await store.list_requests(caller.db) if row[0].state == "open"]
    openings = [one for one in await breakglass.list_openings(caller.db) if one.row.reviewed_at is None]
    context = {
        "rows": [(row, incidents.clock_of(row, caller.now)) for row in rows], "states": CLOCK_STATES, "tones": CLOCK_TONES,
        "requests": requests, "openings": openings, "today": clock.day_of(caller.now),
    }  # fmt: skip
    return render(request, "privacy/board.html", context)


@router.get("/privacy/incidents")
async def incidents_page(request: Request, caller: Officer) -> Response:
    """The register of breaches and the form for a new one."""
    return await _register(request, caller, {})


async def _register(request: Request, caller: Caller, form: dict[str, str], error: HisError | None = None) -> Response:
    rows = await store.list_incidents(caller.db)
    names = await store.account_names(caller.db)
    context = {
        "rows": [(row, incidents.clock_of(row, caller.now)) for row in rows], "states": CLOCK_STATES, "tones": CLOCK_TONES,
        "form": form, "error": error, "found_now": f"{clock.local(caller.now):%Y-%m-%dT%H:%M}",
        "accounts": sorted(((key, name) for key, (name, _) in names.items()), key=lambda one: one[1])[:500],
    }  # fmt: skip
    return render(request, "privacy/incidents.html", context, error.status if error else 200)


@router.post("/privacy/incidents")
async def note(
    request: Request,
    caller: Officer,
    title: Annotated[str, Form(max_length=200)] = "",
    what: Words = "",
    happened_from: Moment = "",
    happened_to: Moment = "",
    found_at: Moment = "",
    found_by: Annotated[str, Form(max_length=200)] = "",
    actor: Annotated[str, Form(max_length=100)] = "",
    containment: Words = "",
) -> Response:
    """Register a breach; a refusal shows the form again with what was typed."""
    form = IncidentInput(title, what, happened_from, happened_to, found_at, found_by, actor, containment)
    try:
        row = await incidents.note_incident(caller, form)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        typed = {name: getattr(form, name) for name in IncidentInput.__slots__}
        return await _register(request, caller, typed, error)
    return RedirectResponse(f"/privacy/incidents/{row.id}", 303)


@router.get("/privacy/incidents/{incident_id}")
async def incident_page(request: Request, caller: Officer, incident_id: UUID) -> Response:
    """One breach: what is known, the clock, persons concerned by the trail."""
    return await _file(request, caller, incident_id)


async def _file(request: Request, caller: Caller, incident_id: UUID, error: HisError | None = None) -> Response:
    row = await incidents.get_incident(caller.db, incident_id)
    names = await store.account_names(caller.db)
    try:
        found = await incidents.concerned(caller.db, row, caller.now)
        too_many = ""
    except HisError as refused:
        if refused.kind is not Kind.TOO_LARGE:
            raise
        found, too_many = incidents.Concerned([], 0), refused.message
    context = {
        "row": row, "clock": incidents.clock_of(row, caller.now), "states": CLOCK_STATES, "tones": CLOCK_TONES,
        "persons": found.persons[:SHOWN], "count": len(found.persons), "nameless": found.nameless, "too_many": too_many,
        "who": names.get(row.actor, (row.actor, ""))[0], "error": error,
        "found_now": f"{clock.local(caller.now):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    return render(request, "privacy/incident.html", context, error.status if error else 200)


@router.post("/privacy/incidents/{incident_id}/containment")
async def contain(request: Request, caller: Officer, incident_id: UUID, containment: Words = "") -> Response:
    """Add what was done."""
    try:
        await incidents.add_containment(caller, incident_id, containment)
    except HisError as error:
        return await _refused(request, caller, incident_id, error)
    return RedirectResponse(f"/privacy/incidents/{incident_id}", 303)


@router.post("/privacy/incidents/{incident_id}/notice")
async def notice(
    request: Request,
    caller: Officer,
    incident_id: UUID,
    notified_at: Moment = "",
    notified_how: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The authority was told."""
    try:
        await incidents.note_notice(caller, incident_id, notified_at, notified_how)
    except HisError as error:
        return await _refused(request, caller, incident_id, error)
    return RedirectResponse(f"/privacy/incidents/{incident_id}", 303)


@router.post("/privacy/incidents/{incident_id}/close")
async def close(request: Request, caller: Officer, incident_id: UUID, conclusion: Words = "") -> Response:
    """Close the file."""
    try:
        await incidents.close_incident(caller, incident_id, conclusion)
    except HisError as error:
        return await _refused(request, caller, incident_id, error)
    return RedirectResponse(f"/privacy/incidents/{incident_id}", 303)


async def _refused(request: Request, caller: Caller, incident_id: UUID, error: HisError) -> Response:
    if error.kind not in (Kind.INVALID, Kind.CONFLICT):
        raise error
    return await _file(request, caller, incident_id, error)


@router.get("/privacy/incidents/{incident_id}/report.pdf")
async def report_pdf(caller: Officer, incident_id: UUID) -> Response:
    """The report for the authority, as a paper to sign."""
    row = await incidents.get_incident(caller.db, incident_id)
    found = await incidents.concerned(caller.db, row, caller.now)
    names = await store.account_names(caller.db)
    await audit.record(caller, "print", "PrivacyIncident", row.id, persons=len(found.persons))
    paper = Report(
        unit=caller.user.unit_name,
        officer=caller.user.display_name,
        row=row,
        clock=incidents.clock_of(row, caller.now),
        who=names.get(row.actor, (row.actor, ""))[0],
        persons=len(found.persons),
        nameless=found.nameless,
        now=caller.now,
    )
    body = await asyncio.to_thread(draw_report, paper)
    headers = {"Content-Disposition": f'inline; filename="bao-cao-vi-pham-{row.id}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


@router.get("/privacy/incidents/{incident_id}/persons.csv")
async def persons_csv(caller: Officer, incident_id: UUID) -> Response:
    """The persons concerned, to notify them."""
    row = await incidents.get_incident(caller.db, incident_id)
    body = await incidents.persons_csv(caller, row)
    headers = {
        "Content-Disposition": f'attachment; filename="nguoi-bi-anh-huong-{row.id}.csv"', "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(body.encode(), media_type="text/csv; charset=utf-8", headers=headers)
