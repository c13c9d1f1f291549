"""Before signing: what is missing, with buttons; the signature; the next person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.consultation import service, store, view
from his.consultation.pages.visit import visit_context
from his.consultation.routes import who_of
from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind, Severity, invalid
from his.prescriptions import service as prescriptions
from his.web.i18n import gettext as _
from his.web.page import render

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]
Prescriber = Annotated[Caller, needs(Capability.PRESCRIBE)]
DRUGS_CHANGED = {"HX-Trigger": '{"visit-changed": {}, "prescription-changed": {}}'}


@router.get("/visit/{encounter_id}/before")
async def before(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """Findings of the record; those of the drugs follow as a second piece, so that both stay quick."""
    ready = await service.assess_record(caller.db, encounter_id, who_of(caller.user), caller.now)
    context = {
        **visit_context(ready.visit, caller),
        "cards": view.finding_cards(ready.findings, encounter_id),
        "errors": ready.errors,
        "warnings": ready.warnings,
        "drugs": ready.drugs,
    }
    return render(request, "consultation/_before.html", context)


@router.get("/visit/{encounter_id}/before/drugs")
async def before_drugs(
    request: Request,
    encounter_id: UUID,
    caller: Reader,
    errors: Annotated[int, Query(ge=0, le=999)] = 0,
    warnings: Annotated[int, Query(ge=0, le=999)] = 0,
) -> Response:
    """Findings of the prescription, and the sign button with the sum of both."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    findings = await service.assess_drugs(caller.db, visit, caller.now)
    context = {
        **visit_context(visit, caller),
        "cards": view.finding_cards(findings, encounter_id, errors + warnings + 1),
        "errors": errors + sum(f.severity is Severity.ERROR for f in findings),
        "warnings": warnings + sum(f.severity is Severity.WARNING for f in findings),
    }
    return render(request, "consultation/_before_drugs.html", context)


@router.post("/visit/{encounter_id}/start")
async def start(encounter_id: UUID, caller: Writer) -> Response:
    """The person sits down."""
    await service.start_visit(caller.db, encounter_id, caller.user.practitioner_id, caller.now)
    return Response(status_code=204, headers={"HX-Redirect": f"/visit/{encounter_id}"})


@router.post("/visit/{encounter_id}/sign")
async def sign(request: Request, encounter_id: UUID, caller: Writer) -> Response:
    """Sign and finish; what blocks comes back as the list of findings."""
    try:
        await service.sign_visit(caller.db, encounter_id, who_of(caller.user), caller.now)
    except HisError as error:
        if error.kind is not Kind.RULES:
            raise
        visit = await encounters.get_visit(caller.db, encounter_id)
        context = {
            **visit_context(visit, caller),
            "cards": view.finding_cards(error.findings, encounter_id),
            "errors": sum(f.severity is Severity.ERROR for f in error.findings),
            "warnings": sum(f.severity is Severity.WARNING for f in error.findings),
            "drugs": 0,
        }
        return render(request, "consultation/_before.html", context, 422)
    return Response(status_code=204, headers={"HX-Redirect": f"/visit/{encounter_id}"})


@router.post("/visit/{encounter_id}/call-next")
async def call_next(encounter_id: UUID, caller: Writer) -> Response:
    """Call whose turn it is in the doctor's room and open that visit."""
    if caller.user.room_id is None:
        raise invalid("room_id", _("Tài khoản chưa có phòng. Gọi người bệnh ở trang hàng đợi."))
    ticket = await service.call_next(caller.db, caller.user.room_id, encounter_id, caller.now)
    return Response(status_code=204, headers={"HX-Redirect": f"/visit/{ticket.encounter_id}"})


@router.post("/visit/{encounter_id}/drugs/{line_id}/drop")
async def drop_drug(encounter_id: UUID, line_id: UUID, caller: Prescriber) -> Response:
    """Take the drug line of a finding out of the prescription."""
    await prescriptions.remove_line(caller.db, line_id, caller.now)
    return Response(status_code=204, headers=DRUGS_CHANGED)


@router.get("/visit/{encounter_id}/drugs/{line_id}/reason/form")
async def drug_reason_form(
    request: Request,
    encounter_id: UUID,
    line_id: UUID,
    caller: Prescriber,
    code: Annotated[str, Query(max_length=20)],
) -> Response:
    """The dialog for a reason against a warning."""
    lines = await store.list_drug_lines(caller.db, encounter_id)
    name = next((row.drug_name for row in lines if row.id == line_id), "")
    context = {
        "url": f"/visit/{encounter_id}/drugs/{line_id}/reason",
        "sentence": f"{name}: {_('ghi vì sao vẫn dùng. Lý do đi cùng hồ sơ.')}",
        "hidden": [("code", code)],
        "target": "",
    }
    return render(request, "consultation/reason_form.html", context)


@router.post("/visit/{encounter_id}/drugs/{line_id}/reason")
async def drug_reason(
    encounter_id: UUID,
    line_id: UUID,
    caller: Prescriber,
    code: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep the reason with the finding."""
    await prescriptions.give_reason(
        caller.db, encounter_id, code, str(line_id), reason, caller.user.account_id, caller.now
    )
    return Response(status_code=204, headers=DRUGS_CHANGED)
