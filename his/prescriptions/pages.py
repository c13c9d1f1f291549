"""The prescription on the doctor's page: dose grid, line dialog, allergies, last prescription, printed form."""

import json
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from his.encounters.tables import Encounter
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import Finding, HisError, Kind, not_found
from his.kit.rulebook import assess
from his.prescriptions import printing, service, store, view
from his.prescriptions.rules import RULES, read_amount
from his.prescriptions.service import LineInput
from his.prescriptions.terms import PACKED_UNITS, Dose
from his.web.page import Toast, render, toast_event

router = APIRouter()

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Prescriber = Annotated[Caller, needs(Capability.PRESCRIBE)]
FIRST_DAYS = 7


def _events(toast: Toast | None = None, *more: str) -> dict[str, str]:
    """What other panels of the page listen to after the basket changed."""
    events: dict[str, Any] = {"bill-changed": {}, "visit-changed": {}, **{name: {} for name in more}}
    if toast is not None:
        events |= json.loads(toast_event(toast))
    return {"HX-Trigger": json.dumps(events)}


async def _load(caller: Caller, encounter_id: UUID) -> tuple[Encounter, service.Basket, list[Finding], str]:
    encounter = await store.get_encounter(caller.db, encounter_id)
    patient = await store.get_patient(caller.db, encounter.patient_id) if encounter else None
    if encounter is None or patient is None:
        raise not_found()
    basket = await service.get_basket(caller.db, encounter_id)
    findings: list[Finding] = []
    if basket.lines:
        facts = await service.load_facts(caller.db, encounter_id, patient, caller.now, basket=basket)
        findings = assess(RULES, facts, facts.on) + await service.check_lines(caller.db, basket.lines, caller.now)
    return encounter, basket, findings, patient.allergy_state


async def _context(caller: Caller, encounter_id: UUID, fresh: UUID | None = None) -> dict[str, Any]:
    encounter, basket, findings, allergy_state = await _load(caller, encounter_id)
    lines = basket.lines or basket.signed_lines
    editable = encounter.signed_at is None and encounter.status not in ("finished", "cancelled")
    return {
        "encounter_id": encounter_id,
        "rows": view.grid_rows(lines, findings),
        "longest": max((line.days for line in lines), default=0),
        "editable": editable,
        "code": next((p.code for p in basket.signed), ""),
        "allergy_state": allergy_state,
        "fresh": fresh,
    }


async def _grid(
    request: Request, caller: Caller, encounter_id: UUID, headers: dict[str, str], fresh: UUID | None = None
) -> Response:
    context = await _context(caller, encounter_id, fresh)
    return render(request, "prescriptions/_grid.html", context, headers=headers)


@router.get("/visit/{encounter_id}/prescription")
async def grid(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """The inside of the panel."""
    return await _grid(request, caller, encounter_id, {})


@router.put("/visit/{encounter_id}/prescription")
async def change_doses(request: Request, encounter_id: UUID, caller: Prescriber) -> Response:
    """Doses changed: store the lines that differ; answers flags and quantities, or the whole grid when a weight changed."""
    form = await request.form()
    basket = await service.get_basket(caller.db, encounter_id)
    entries = view.read_grid(form, basket.lines)
    if entries:
        await service.change_lines(caller.db, encounter_id, entries, caller.now)
    context = await _context(caller, encounter_id)
    shown = {row["id"]: row["flag"]["severity"] if row["flag"] else "" for row in context["rows"]}
    headers = _events()
    if any(str(form.get(f"flag-{key}", "")) != severity for key, severity in shown.items()):
        headers |= {"HX-Retarget": "#prescription", "HX-Reswap": "innerHTML"}
        return render(request, "prescriptions/_grid.html", context, headers=headers)
    return render(request, "prescriptions/_changed.html", context, headers=headers)


@router.post("/visit/{encounter_id}/prescription/lines")
async def add_line(
    request: Request, encounter_id: UUID, caller: Prescriber, drug: Annotated[str, Form(max_length=50)]
) -> Response:
    """Add a drug with one unit in the morning, for as many days as the line before."""
    basket = await service.get_basket(caller.db, encounter_id)
    days = basket.lines[-1].days if basket.lines else FIRST_DAYS
    dose = Dose(Decimal(1), Decimal(0), Decimal(0), Decimal(0), days)
    who = caller.user.practitioner_id
    line = await service.add_line(caller.db, encounter_id, drug, LineInput(dose), who, caller.now)
    return await _grid(request, caller, encounter_id, _events(), line.id)


@router.get("/visit/{encounter_id}/prescription/lines/{line_id}")
async def line_dialog(request: Request, encounter_id: UUID, line_id: UUID, caller: Reader) -> Response:
    """The dialog of a line: what is wrong with it, how it is used, who pays, the reason why it stays."""
    encounter, basket, findings, _state = await _load(caller, encounter_id)
    line = next((row for row in (*basket.lines, *basket.signed_lines) if row.id == line_id), None)
    if line is None:
        raise not_found()
    context = {
        "encounter_id": encounter_id,
        "line": line,
        "packed": line.unit.lower() in PACKED_UNITS,
        "findings": view.line_findings(findings, line_id),
        "editable": encounter.signed_at is None and line.status == "draft",
    }
    return render(request, "prescriptions/_line.html", context)


@router.put("/visit/{encounter_id}/prescription/lines/{line_id}")
async def change_line(
    request: Request,
    encounter_id: UUID,
    line_id: UUID,
    caller: Prescriber,
    instruction: Annotated[str, Form(max_length=500)] = "",
    payer: Annotated[str, Form(max_length=20)] = "insurance",
    quantity: Annotated[str, Form(max_length=12)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Save the dialog of a line; a reason answers its warning."""
    line = await store.get_line(caller.db, line_id)
    if line is None or line.encounter_id != encounter_id:
        raise not_found()
    given = read_amount(quantity, "quantity") if quantity else line.quantity
    entered = LineInput(view.dose_of(line), instruction, payer, given or None)
    await service.change_lines(caller.db, encounter_id, {line_id: entered}, caller.now)
    if reason.strip():
        by = caller.user.account_id
        await service.give_reason(caller.db, encounter_id, code, str(line_id), reason, by, caller.now)
    return await _grid(request, caller, encounter_id, _events())


@router.delete("/visit/{encounter_id}/prescription/lines/{line_id}")
async def remove_line(request: Request, encounter_id: UUID, line_id: UUID, caller: Prescriber) -> Response:
    """Take a line out."""
    line = await store.get_line(caller.db, line_id)
    if line is None or line.encounter_id != encounter_id:
        raise not_found()
    await service.remove_line(caller.db, line_id, caller.now)
    return await _grid(request, caller, encounter_id, _events(Toast(f"Đã bỏ {line.drug_name}")))


@router.post("/visit/{encounter_id}/prescription/reuse")
async def reuse(request: Request, encounter_id: UUID, caller: Prescriber) -> Response:
    """Copy the last prescription; every check runs on the result."""
    count = await service.reuse_last(caller.db, encounter_id, caller.user.practitioner_id, caller.now, caller.right)
    return await _grid(request, caller, encounter_id, _events(Toast(f"Đã thêm {count} thuốc từ đơn trước")))


@router.post("/visit/{encounter_id}/reuse")
async def reuse_from_elsewhere(encounter_id: UUID, caller: Prescriber) -> Response:
    """As `reuse`, from a button outside the panel, which then loads itself again."""
    count = await service.reuse_last(caller.db, encounter_id, caller.user.practitioner_id, caller.now, caller.right)
    headers = _events(Toast(f"Đã thêm {count} thuốc từ đơn trước"), "prescription-changed")
    return Response(status_code=204, headers=headers)


async def _patient_id(caller: Caller, encounter_id: UUID) -> UUID:
    encounter = await store.get_encounter(caller.db, encounter_id)
    if encounter is None:
        raise not_found()
    return encounter.patient_id


@router.get("/visit/{encounter_id}/prescription/allergies")
async def allergies(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """The dialog of allergies: what is known, a new one, none, or not true."""
    return await _allergies(request, caller, encounter_id, {})


async def _allergies(request: Request, caller: Caller, encounter_id: UUID, headers: dict[str, str]) -> Response:
    patient = await store.get_patient(caller.db, await _patient_id(caller, encounter_id))
    assert patient is not None, "a visit has a patient"
    known = await store.list_allergies(caller.db, patient.id)
    context = {"encounter_id": encounter_id, "allergies": known, "state": patient.allergy_state}
    return render(request, "prescriptions/_allergies.html", context, headers=headers)


@router.post("/visit/{encounter_id}/prescription/allergies")
async def record_allergy(
    request: Request,
    encounter_id: UUID,
    caller: Prescriber,
    substance: Annotated[str, Form(max_length=200)] = "",
    reaction: Annotated[str, Form(max_length=300)] = "",
    onset_year: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Record an allergy."""
    year = int(onset_year) if onset_year.isascii() and onset_year.isdigit() else None
    patient_id = await _patient_id(caller, encounter_id)
    by = caller.user.practitioner_id
    await service.record_allergy(caller.db, patient_id, substance, reaction, year, by, caller.now)
    return await _grid(request, caller, encounter_id, _events(None, "allergy-changed"))


@router.post("/visit/{encounter_id}/prescription/allergies/none")
async def no_allergy(request: Request, encounter_id: UUID, caller: Prescriber) -> Response:
    """Không dị ứng, đã hỏi."""
    await service.no_allergy(caller.db, await _patient_id(caller, encounter_id), caller.now)
    return await _allergies(request, caller, encounter_id, _events(None, "allergy-changed", "prescription-changed"))


@router.post("/visit/{encounter_id}/prescription/allergies/{allergy_id}/refute")
async def refute_allergy(request: Request, encounter_id: UUID, allergy_id: UUID, caller: Prescriber) -> Response:
    """The recorded allergy was not true."""
    await service.refute_allergy(caller.db, allergy_id, caller.now)
    return await _allergies(request, caller, encounter_id, _events(None, "allergy-changed", "prescription-changed"))


@router.get("/visit/{encounter_id}/prescription.pdf")
async def printed(encounter_id: UUID, caller: Reader) -> Response:
    """The printed form (A5)."""
    paper = await service.load_paper(caller.db, encounter_id, caller.now)
    if not paper.lines:
        raise HisError(Kind.NOT_FOUND, "Lượt khám này không có đơn thuốc để in.")
    await caller.db.release()
    content = await run_in_threadpool(printing.prescription_pdf, paper)
    name = paper.code or f"nhap-{day_of(caller.now):%Y%m%d}"
    headers = {"Content-Disposition": f'inline; filename="don-thuoc-{name}.pdf"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
