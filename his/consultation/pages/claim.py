"""Before signing, for an insured visit: what would stop its claim as it stands now, by the claim rules themselves."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.claims import service as claims
from his.consultation.service.readiness import sorted_findings
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import Severity
from his.web.page import render

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
SHOWN = 6


@router.get("/visit/{encounter_id}/before/claim")
async def before_claim(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """Findings of the claim rules that make sense on an unfinished visit; they stop the claim, not the signature."""
    found = await claims.assess_visit(caller.db, encounter_id, caller.now)
    heavy = [f for f in sorted_findings(found) if f.severity is not Severity.INFORMATION]
    context = {
        "cards": heavy[:SHOWN],
        "more": max(len(heavy) - SHOWN, 0),
        "blocks": sum(f.severity is Severity.ERROR for f in heavy),
    }
    return render(request, "consultation/_before_claim.html", context)
