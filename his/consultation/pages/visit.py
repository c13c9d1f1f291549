"""The whole page of a visit, and the way to the visit that is in the room now."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from his.consultation import store, view
from his.encounters import service as encounters
from his.encounters.service import Visit
from his.encounters.tables import Draft, Note
from his.encounters.terms import ACCIDENTS, DISCHARGES, MAX_SECONDARY, OUTCOMES
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.text import clean_lines
from his.orders import service as orders
from his.web.page import render, templates

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
EVENTS = {"HX-Trigger": "visit-changed"}
NOTES = ("history", "exam", "consultation", "procedure")
STATED = ("accident_code", "admission_reason", "newborn_weights", "war_wound")
"""What only the claim asks for; most visits leave it empty."""
CONCLUSION = ("outcome_code", "discharge_code", "destination_code", "follow_up_on", "treatment", "advice", *STATED)


@router.get("/visit")
async def current(caller: Annotated[Caller, needs(Capability.WRITE_RECORD)]) -> Response:
    """The visit that is in the doctor's room now, else the queue."""
    room = caller.user.room_id
    found = await store.find_current_visit(caller.db, room, day_of(caller.now)) if room else None
    return RedirectResponse(f"/visit/{found}" if found else "/queue", 303)


@router.get("/visit/{encounter_id}")
async def page(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """Banner, left facts, the story in the middle; money, findings and the prescription come as fragments of their own."""
    db, now = caller.db, caller.now
    visit = await encounters.get_visit(db, encounter_id)
    vitals = await encounters.list_vitals(db, encounter_id)
    requests = await orders.list_requests(db, encounter_id)
    values = await orders.list_observations(db, encounter_id)
    signed = {r.id for r in requests if r.status == "completed"}
    values = [v for v in values if v.service_request_id in signed]
    notes = await encounters.list_notes(db, encounter_id)
    drafts = await encounters.list_drafts(db, caller.user.account_id, str(encounter_id))
    context = {
        **visit_context(visit, caller),
        "banner": view.banner(visit, await store.list_allergies(db, visit.patient.id), now),
        "vitals": view.vital_pairs(await encounters.read_visit_vitals(db, visit, vitals, now)),
        "vitals_at": vitals[0].taken_at if vitals else None,
        "results": view.result_pairs(values),
        "results_at": max((v.issued_at for v in values), default=None),
        "results_count": len(values),
        "past": await store.list_past_visits(db, visit.patient.id, encounter_id, caller.right),
        "diagnoses": await encounters.list_diagnoses(db, encounter_id),
        "orders": view.order_rows(requests),
        **notes_context(notes, drafts, now),
    }
    return render(request, "consultation/page.html", context)


def visit_context(visit: Visit, caller: Caller) -> dict[str, Any]:
    """What every fragment of the page needs."""
    encounter, role = visit.encounter, caller.user.role
    is_open = encounter.signed_at is None and encounter.status in ("arrived", "in-progress")
    return {
        "visit": visit,
        "encounter": encounter,
        "base": f"/visit/{encounter.id}",
        "can_write": is_open and may(role, Capability.WRITE_RECORD),
        "can_measure": is_open and may(role, Capability.VITALS),
        "sees_hiv": may(role, Capability.HIV_CARE),
        "may_break_glass": may(role, Capability.BREAK_GLASS),
        "can_order": is_open and may(role, Capability.ORDER),
        "most": MAX_SECONDARY,
        "short": view.short_diagnosis,
        "outcomes": [("", "Chọn"), *OUTCOMES],
        "discharges": [("", "Chọn"), *DISCHARGES],
        "accidents": [("", "Không"), *ACCIDENTS],
        "on_change": {name: _saved_at_once(encounter.id, name) for name in CONCLUSION},
    }


def _saved_at_once(encounter_id: UUID, field: str) -> dict[str, str]:
    """A field of the conclusion is saved alone when it changes, so that nobody overwrites another one's field."""
    attributes = {
        "hx-post": f"/visit/{encounter_id}/conclusion",
        "hx-trigger": "change",
        "hx-params": field,
        "hx-sync": "closest form:queue all",
    }
    if field == "discharge_code":  # a transfer asks for the destination as well
        return {**attributes, "hx-target": "#destination", "hx-swap": "outerHTML"}
    return {**attributes, "hx-swap": "none"}


def notes_context(notes: list[Note], drafts: list[Draft], now: datetime) -> dict[str, Any]:
    """The texts of the page: the record's, or the draft's when this account left one that says something else."""
    saved = encounters.note_texts(notes)
    draft = next((d for d in drafts if d.form == "notes"), None)
    shown = {kind: saved.get(kind, "") for kind in NOTES}
    base = encounters.notes_version(notes)
    restored = None
    if draft is not None:
        typed = {kind: clean_lines(str(draft.content.get(kind, ""))) for kind in NOTES if kind in draft.content}
        if any(shown[kind] != text for kind, text in typed.items()):
            shown |= typed
            restored = {"at": draft.saved_at, "changed": draft.based_on != base}
            base = draft.based_on
    signed = [n for n in notes if n.signed_at is not None]
    return {"texts": shown, "notes_base": base, "restored": restored, "signed_notes": signed}


def options(items: list[dict[str, Any]]) -> Response:
    """The answer of a typeahead."""
    module = templates.get_template("ui/search.html").module
    return Response(str(module.options(items)), media_type="text/html")  # type: ignore[attr-defined]
