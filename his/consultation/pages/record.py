"""Vital signs and notes on the doctor's page."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.consultation import view
from his.consultation.pages.visit import EVENTS, NOTES, notes_context, visit_context
from his.encounters import service as encounters
from his.encounters.rules import differences
from his.encounters.terms import NOTE_KINDS, Vitals
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind
from his.web.page import render

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]
Measurer = Annotated[Caller, needs(Capability.VITALS)]
VITAL_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("systolic", "Huyết áp trên", "mmHg"),
    ("diastolic", "Huyết áp dưới", "mmHg"),
    ("pulse", "Mạch", "lần/phút"),
    ("temperature_c", "Nhiệt độ", "°C"),
    ("respiration", "Nhịp thở", "lần/phút"),
    ("spo2", "SpO₂", "%"),
    ("weight_kg", "Cân nặng", "kg"),
    ("height_cm", "Chiều cao", "cm"),
)


@router.get("/visit/{encounter_id}/vitals/form")
async def vitals_form(request: Request, encounter_id: UUID, caller: Measurer) -> Response:
    """The dialog for one set of vital signs."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    return render(request, "consultation/vitals_form.html", _vitals_form(visit, caller, {}, []))


def _vitals_form(
    visit: encounters.Visit, caller: Caller, typed: dict[str, str], errors: list[tuple[str, str]]
) -> dict[str, Any]:
    return {**visit_context(visit, caller), "fields": VITAL_FIELDS, "typed": typed, "errors": errors}


@router.post("/visit/{encounter_id}/vitals")
async def record_vitals(request: Request, encounter_id: UUID, caller: Measurer) -> Response:
    """Record one set; wrong numbers come back into the dialog beside their field."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip()[:10] for name, _label, _unit in VITAL_FIELDS}
    visit = await encounters.get_visit(caller.db, encounter_id)
    errors = [(name, f"{label}: {said}") for name, label, _ in VITAL_FIELDS if (said := _wrong(typed[name]))]
    if not errors:
        vitals = Vitals(**{name: _number(name, text) for name, text in typed.items() if text})  # type: ignore[arg-type]
        try:
            await encounters.record_vitals(caller.db, encounter_id, vitals, caller.user.practitioner_id, caller.now)
        except HisError as error:
            errors = [(f.expression, f.message) for f in error.findings if f.severity == "error"] or [
                (error.field or "systolic", error.message)
            ]
    if errors:
        headers = {"HX-Retarget": "#modal", "HX-Reswap": "innerHTML"}
        form_context = _vitals_form(visit, caller, typed, errors)
        return render(request, "consultation/vitals_form.html", form_context, 422, headers=headers)
    rows = await encounters.list_vitals(caller.db, encounter_id)
    context = {
        **visit_context(visit, caller),
        "vitals": view.vital_pairs(await encounters.read_visit_vitals(caller.db, visit, rows, caller.now)),
        "vitals_at": rows[0].taken_at,
    }
    events = {"HX-Trigger": '{"visit-changed": {}, "banner-changed": {}}'}
    return render(request, "consultation/_vitals.html", context, headers=events)


def _wrong(text: str) -> str:
    if not text:
        return ""
    try:
        return "" if Decimal(text.replace(",", ".")).is_finite() else "không phải số"
    except InvalidOperation:
        return "không phải số"


def _number(name: str, text: str) -> Decimal | int:
    value = Decimal(text.replace(",", "."))
    return value if name.endswith(("_c", "_kg", "_cm")) else int(value)


@router.post("/visit/{encounter_id}/notes")
async def save_notes(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """Save what is typed; 412 keeps it as a draft and opens the view of differences."""
    form = await request.form()
    texts = {kind: str(form[kind]) for kind in NOTES if kind in form}
    based_on = str(form.get("based_on", ""))
    base = int(based_on) if based_on.isdecimal() and len(based_on) < 9 else None
    me = caller.user
    draft = await encounters.get_draft(caller.db, me.account_id, "notes", str(encounter_id))
    try:
        notes = await encounters.save_notes(
            caller.db, encounter_id, texts, me.practitioner_id, caller.now, based_on=base, drop=draft
        )
    except HisError as error:
        if error.kind is not Kind.STALE:
            raise
        await encounters.save_draft(
            caller.db, me.account_id, "notes", str(encounter_id), content=texts, based_on=base or 0, now=caller.now
        )
        context = {"sentence": error.message, "next_step": "", "findings": (), "incident": ""}
        return render(request, "error_part.html", context, 412, headers={"HX-Trigger": "notes-stale"})
    saved = {"notes_base": encounters.notes_version(notes), "saved_at": caller.now}
    return render(request, "consultation/_notes_saved.html", saved, headers=EVENTS)


@router.get("/visit/{encounter_id}/notes/differences")
async def notes_differences(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """What the draft says and what the record says now, field by field."""
    notes = await encounters.list_notes(caller.db, encounter_id)
    saved = encounters.note_texts(notes)
    draft = await encounters.get_draft(caller.db, caller.user.account_id, "notes", str(encounter_id))
    mine = {kind: str(text) for kind, text in draft.content.items()} if draft else saved
    labels = {kind: NOTE_KINDS[kind] for kind in NOTES}
    context = {
        "base": f"/visit/{encounter_id}",
        "rows": differences(mine, saved, labels),
        "drafted_at": draft.saved_at if draft else None,
        "changed_at": notes[0].written_at if notes else None,
        "notes_base": encounters.notes_version(notes),
    }
    return render(request, "consultation/differences.html", context)


@router.post("/visit/{encounter_id}/notes/resolve")
async def resolve_notes(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """Keep one version of each field; nothing is lost silently, because the record's own text stays in its history."""
    form = await request.form()
    me = caller.user
    draft = await encounters.get_draft(caller.db, me.account_id, "notes", str(encounter_id))
    kept = {kind: str(form.get(f"text-{kind}", "")) for kind in NOTES if form.get(f"keep-{kind}") == "mine"}
    base = str(form.get("based_on", "0"))
    notes = await encounters.save_notes(
        caller.db,
        encounter_id,
        kept,
        me.practitioner_id,
        caller.now,
        based_on=int(base) if base.isdecimal() and len(base) < 9 else 0,
        drop=draft,
    )
    visit = await encounters.get_visit(caller.db, encounter_id)
    context = {**visit_context(visit, caller), **notes_context(notes, [], caller.now)}
    return render(request, "consultation/_notes.html", context, headers=EVENTS, toast=None)


@router.post("/visit/{encounter_id}/notes/discard")
async def discard_draft(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """Throw the draft away and show the record."""
    await encounters.drop_draft(caller.db, caller.user.account_id, "notes", str(encounter_id), caller.now)
    visit = await encounters.get_visit(caller.db, encounter_id)
    notes = await encounters.list_notes(caller.db, encounter_id)
    context = {**visit_context(visit, caller), **notes_context(notes, [], caller.now)}
    return render(request, "consultation/_notes.html", context, headers=EVENTS)
