"""The decisions on a dossier as the unit sees them, with the answer line by line; part of the unit's dossier page."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind
from his.review import service
from his.review.service import Answered
from his.review.terms import DECISION_WORDS, NEEDS_REASON, Decision
from his.web.page import Toast, render

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
TONES = {
    Decision.ACCEPT: ("ok", "check"),
    Decision.REDUCE: ("warn", "arrow-down"),
    Decision.REJECT: ("stop", "x"),
    Decision.ASK: ("info", "info"),
    Decision.NONE: ("n", "clock"),
}


def _context(found: Answered | None, claim_id: UUID, error: str = "", wrong: UUID | None = None) -> dict[str, Any]:
    lines = [
        {
            "line": line,
            "word": DECISION_WORDS[Decision(line.decision)],
            "tone": TONES[Decision(line.decision)][0],
            "icon": TONES[Decision(line.decision)][1],
            "may_answer": Decision(line.decision) in NEEDS_REASON,
            "error": error if line.id == wrong else "",
        }
        for line in (found.lines if found else ())
    ]
    return {"found": found, "claim_id": claim_id, "lines": lines}


@router.get("/claims/{claim_id}/decisions")
async def decisions(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """What the insurer decided, line by line; before that, where the dossier stands."""
    found = await service.load_decisions(caller.db, claim_id)
    return render(request, "review/decisions.html", _context(found, claim_id))


@router.post("/claims/{claim_id}/decisions/{line_id}")
async def answer(
    request: Request, caller: Desk, claim_id: UUID, line_id: UUID, answer: Annotated[str, Form()] = ""
) -> Response:
    """Write the unit's explanation of a line."""
    try:
        found = await service.answer_line(caller.db, claim_id, line_id, answer, caller.user.account_id, caller.now)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        known = await service.load_decisions(caller.db, claim_id)
        return render(request, "review/decisions.html", _context(known, claim_id, error.message, line_id), 422)
    return render(request, "review/decisions.html", _context(found, claim_id), toast=Toast("Đã gửi giải trình"))
