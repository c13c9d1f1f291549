"""Diagnoses, conclusion and banner on the doctor's page."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.catalog import service as catalog
from his.consultation import store, view
from his.consultation.pages.visit import CONCLUSION, EVENTS, options, visit_context
from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import invalid, not_found
from his.web.page import Toast, render, toast_event

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]


@router.get("/visit/{encounter_id}/diagnoses/search")
async def search_diagnoses(
    request: Request, encounter_id: UUID, caller: Writer, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """ICD-10 by code or words, the doctor's own diagnoses first; an empty box shows them."""
    who = caller.user.practitioner_id
    mine = await encounters.list_favourites(caller.db, who) if who else []
    favourites = [code for code, _name in mine]
    rows = await catalog.search_diagnoses(caller.db, q, day_of(caller.now), favourites=favourites)
    found = []
    for row in rows:
        flag, tone = ("không làm bệnh chính", "warn") if row.not_primary else ("", "")
        if not flag and row.code in favourites:
            flag, tone = "hay dùng", "mut"
        found.append({"value": row.code, "label": row.name, "code": row.code, "flag": flag, "tone": tone})
    return options(found)


@router.post("/visit/{encounter_id}/diagnoses")
async def set_diagnosis(
    request: Request, encounter_id: UUID, caller: Writer, code: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Add a diagnosis."""
    rows, findings = await encounters.set_diagnosis(
        caller.db, encounter_id, code, caller.user.practitioner_id, caller.now
    )
    return await _diagnoses(request, encounter_id, caller, rows, findings)


@router.get("/visit/{encounter_id}/diagnoses/{diagnosis_id}/form")
async def diagnosis_form(request: Request, encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> Response:
    """What can be done with one diagnosis."""
    rows = await encounters.list_diagnoses(caller.db, encounter_id)
    row = next((d for d in rows if d.id == diagnosis_id), None)
    if row is None:
        raise not_found()
    return render(request, "consultation/diagnosis_form.html", {"base": f"/visit/{encounter_id}", "row": row})


@router.post("/visit/{encounter_id}/diagnoses/{diagnosis_id}/main")
async def make_main(request: Request, encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> Response:
    """Make it the main diagnosis."""
    rows, findings = await encounters.make_main(caller.db, encounter_id, diagnosis_id, caller.now)
    return await _diagnoses(request, encounter_id, caller, rows, findings)


@router.post("/visit/{encounter_id}/diagnoses/{diagnosis_id}/traditional")
async def set_traditional(
    request: Request, encounter_id: UUID, diagnosis_id: UUID, caller: Writer,
    traditional_code: Annotated[str, Form(max_length=20)] = "",
) -> Response:  # fmt: skip
    """The code of traditional medicine beside ICD-10; empty takes it back."""
    rows, findings = await encounters.set_traditional(
        caller.db, encounter_id, diagnosis_id, traditional_code, caller.now
    )
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
    for name in CONCLUSION:
        if name in form and name not in ("follow_up_on", "war_wound"):
            values[name] = str(form[name])[:2000]
    if "war_wound" in form:
        values["war_wound"] = form["war_wound"] == "1"
    if "follow_up_on" in form:
        typed = str(form["follow_up_on"]).strip()
        if typed:
            values["follow_up_on"] = _day(typed)
        else:
            values["no_follow_up"] = True
    await encounters.set_conclusion(caller.db, encounter_id, encounters.Conclusion(**values), caller.now)
    if "discharge_code" not in values:
        return Response(status_code=204, headers=EVENTS)
    visit = await encounters.get_visit(caller.db, encounter_id)
    return render(request, "consultation/_destination.html", visit_context(visit, caller), headers=EVENTS)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("follow_up_on", "Ngày hẹn không hợp lệ. Chọn lại ngày.") from None


@router.get("/visit/{encounter_id}/banner")
async def banner(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """The banner again, after an allergy was recorded."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    allergies = await store.list_allergies(caller.db, visit.patient.id)
    context = {**visit_context(visit, caller), "banner": view.banner(visit, allergies, caller.now)}
    return render(request, "consultation/_banner.html", context, headers=EVENTS)
