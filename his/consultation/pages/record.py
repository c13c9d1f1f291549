"""Forms of the record on the doctor's page: vital signs, notes, diagnoses, conclusion, allergies."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.catalog import service as catalog
from his.consultation import store, view
from his.consultation.pages.visit import EVENTS, NOTES, notes_context, visit_context
from his.encounters import service as encounters
from his.encounters.rules import differences
from his.encounters.terms import NOTE_KINDS, Vitals
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of, local
from his.kit.errors import HisError, Kind, invalid
from his.prescriptions import service as prescriptions
from his.web.page import Toast, render, templates, toast_event

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
            await encounters.record_vitals(
                caller.db, encounter_id, vitals, caller.user.practitioner_id, caller.now
            )
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
    return render(request, "consultation/_vitals.html", context, headers=EVENTS)


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
    context = {"notes_base": encounters.notes_version(notes), "saved_at": caller.now}
    return render(request, "consultation/_notes_saved.html", context, headers=EVENTS)


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


@router.get("/visit/{encounter_id}/diagnoses/search")
async def search_diagnoses(
    request: Request, encounter_id: UUID, caller: Writer, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """ICD-10 by code or words, the doctor's own diagnoses first; an empty box shows them."""
    who = caller.user.practitioner_id
    mine = await encounters.list_favourites(caller.db, who) if who else []
    favourites = [code for code, _name in mine]
    rows = await catalog.search_diagnoses(caller.db, q, day_of(caller.now), favourites=favourites)
    options = []
    for row in rows:
        flag, tone = ("không làm bệnh chính", "warn") if row.not_primary else ("", "")
        if not flag and row.code in favourites:
            flag, tone = "hay dùng", "mut"
        options.append({"value": row.code, "label": row.name, "code": row.code, "flag": flag, "tone": tone})
    return _options(options)


def _options(options: list[dict[str, Any]]) -> Response:
    module = templates.get_template("ui/search.html").module
    return Response(str(module.options(options)), media_type="text/html")  # type: ignore[attr-defined]


@router.post("/visit/{encounter_id}/diagnoses")
async def set_diagnosis(
    request: Request, encounter_id: UUID, caller: Writer, code: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Add a diagnosis."""
    rows, findings = await encounters.set_diagnosis(
        caller.db, encounter_id, code, caller.user.practitioner_id, caller.now
    )
    return await _diagnoses(request, encounter_id, caller, rows, findings)


@router.post("/visit/{encounter_id}/diagnoses/{diagnosis_id}/main")
async def make_main(request: Request, encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> Response:
    """Make it the main diagnosis."""
    rows, findings = await encounters.make_main(caller.db, encounter_id, diagnosis_id, caller.now)
    return await _diagnoses(request, encounter_id, caller, rows, findings)


@router.post("/visit/{encounter_id}/diagnoses/{diagnosis_id}/remove")
async def remove_diagnosis(request: Request, encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> Response:
    """Take a diagnosis back."""
    rows, findings = await encounters.remove_diagnosis(caller.db, encounter_id, diagnosis_id, caller.now)
    return await _diagnoses(request, encounter_id, caller, rows, findings)


async def _diagnoses(
    request: Request, encounter_id: UUID, caller: Caller, rows: list[Any], findings: list[Any]
) -> Response:
    visit = await encounters.get_visit(caller.db, encounter_id)
    context = {**visit_context(visit, caller), "diagnoses": rows}
    said = next((f.message for f in findings if f.severity == "warning"), "")
    response = render(request, "consultation/_diagnoses.html", context)
    response.headers["HX-Trigger"] = _with_toast(said)
    return response


def _with_toast(said: str) -> str:
    if not said:
        return "visit-changed"
    return toast_event(Toast(said, tone="warn"))[:-1] + ', "visit-changed": {}}'


@router.post("/visit/{encounter_id}/conclusion")
async def set_conclusion(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """Save the one field of the conclusion that changed."""
    form = await request.form()
    values: dict[str, Any] = {}
    for name in ("outcome_code", "discharge_code", "destination_code", "treatment", "advice"):
        if name in form:
            values[name] = str(form[name])[:2000]
    if "follow_up_on" in form:
        typed = str(form["follow_up_on"]).strip()
        if typed:
            values["follow_up_on"] = _day(typed)
        else:
            values["no_follow_up"] = True
    await encounters.set_conclusion(caller.db, encounter_id, encounters.Conclusion(**values), caller.now)
    headers = {**EVENTS, "X-Saved-At": f"{local(caller.now):%H:%M:%S}"}
    return Response(status_code=204, headers=headers)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("follow_up_on", "Ngày hẹn không hợp lệ. Chọn lại ngày.") from None


@router.get("/visit/{encounter_id}/allergies/form")
async def allergy_form(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """The dialog: known allergies, a new one, or `không dị ứng, đã hỏi`."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    context = {**visit_context(visit, caller), "allergies": await store.list_allergies(caller.db, visit.patient.id)}
    return render(request, "consultation/allergy_form.html", context)


@router.post("/visit/{encounter_id}/allergies")
async def record_allergy(
    request: Request,
    encounter_id: UUID,
    caller: Measurer,
    substance: Annotated[str, Form(max_length=200)] = "",
    reaction: Annotated[str, Form(max_length=300)] = "",
    onset_year: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Record an allergy; an empty substance means `không dị ứng, đã hỏi`."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    if substance.strip():
        year = int(onset_year) if onset_year.isdecimal() else None
        await prescriptions.record_allergy(
            caller.db, visit.patient.id, substance, reaction, year, caller.user.practitioner_id, caller.now
        )
    else:
        await prescriptions.no_allergy(caller.db, visit.patient.id, caller.now)
    visit = await encounters.get_visit(caller.db, encounter_id)
    allergies = await store.list_allergies(caller.db, visit.patient.id)
    context = {**visit_context(visit, caller), "banner": view.banner(visit, allergies, caller.now)}
    events = {"HX-Trigger": '{"visit-changed": {}, "prescription-changed": {}}'}
    return render(request, "consultation/_banner.html", context, headers=events)
