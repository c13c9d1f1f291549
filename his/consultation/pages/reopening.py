"""Opening a closed visit again from the claims desk: the question with its consequence, and the deed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.claims import desk
from his.consultation import service
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.web.page import Toast, render, toast_event

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]


@router.get("/claims/{claim_id}/reopen")
async def ask_reopen(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """The question before a visit is opened again."""
    found = await desk.load_dossier(caller.db, claim_id)
    return render(request, "consultation/reopen_form.html", {"claim": found.claim, "found": found})


@router.post("/claims/{claim_id}/reopen")
async def reopen(caller: Desk, claim_id: UUID, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Open the visit of a dossier again with a reason; the doctor finds it among the open visits."""
    found = await desk.load_dossier(caller.db, claim_id)
    visit = found.claim.encounter_id
    await service.reopen_visit(caller.db, visit, reason, caller.user.practitioner_id, caller.now)
    words = Toast("Đã mở lại lượt khám, chờ bác sĩ sửa và ký")
    headers = {"HX-Redirect": f"/claims/{claim_id}", "HX-Trigger": toast_event(words)}
    return Response(status_code=204, headers=headers)
