"""HTML of one dossier: clocks, history, revisions and what they changed, the signed file; check again, recall."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.claims import deeds, desk, service, view
from his.claims.changed import changes_between
from his.claims.deeds import RECALLABLE, REOPENABLE
from his.claims.desk import Dossier
from his.claims.pages.common import Desk
from his.claims.xml.envelope import holds_restricted
from his.identity.access import Caller
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, not_found
from his.kit.text import mask
from his.web.page import Toast, render, toast_event

router = APIRouter()


@router.get("/claims/{claim_id}")
async def dossier(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """One dossier of the unit."""
    found = await desk.load_dossier(caller.db, claim_id)
    return render(request, "claims/dossier.html", _dossier(found, caller))


def _dossier(found: Dossier, caller: Caller) -> dict[str, Any]:
    claim, facts = found.claim, found.claim.facts
    cards = facts.get("cards") or ()
    due = view.due_of_claim(claim)
    findings = view.findings_of(claim.findings)
    return {
        "claim": claim,
        "found": found,
        "card": mask(str(cards[0]["number"])) if cards else "",
        "entitlement": facts.get("entitlement", ""),
        "diagnosis": f"{facts.get('main_diagnosis_code', '')} {facts.get('final_diagnosis', '')}".strip(),
        "state": view.STATES.get(claim.state, (claim.state, "")),
        "clocks": view.clocks(found, caller.now),
        "due": view.due_word(due, caller.now),
        "late": due is not None and due.late(day_of(caller.now)),
        "history": view.history(found),
        "findings": findings,
        "blocks": sum(f["severity"] == "error" for f in findings),
        "lines": view.line_rows(facts),
        "may_reseal": claim.state in ("draft", "rejected") and found.newest and not found.visit_open,
        "may_reopen": claim.state in REOPENABLE and found.newest and not found.visit_open,
        "may_recall": claim.state in RECALLABLE and found.newest and not found.visit_open,
        "may_send": claim.state in ("sealed", "unknown"),
        "states": view.STATES,
    }


@router.get("/claims/{claim_id}/changes")
async def changed(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """What this revision changed against the one before, field by field; NOT_FOUND for the first revision."""
    found = await desk.load_dossier(caller.db, claim_id)
    if found.previous is None:
        raise not_found()
    old = await desk.load_revision(caller.db, found.previous, found.claim.dossier_code)
    context = {"found": found, "old": old, "changes": changes_between(old, found.claim), "states": view.STATES}
    return render(request, "claims/changes.html", context)


@router.post("/claims/{claim_id}/reseal")
async def reseal(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """Check again and, when nothing blocks, sign and put into the outbox; then show the new revision."""
    claim = await service.reseal(caller.db, claim_id, caller.user.practitioner_id, caller.now)
    blocks = sum(f["severity"] == "error" for f in view.findings_of(claim.findings))
    words = Toast("Đã ký và xếp vào hộp gửi") if not blocks else Toast(f"Còn {blocks} điều chặn", tone="stop")
    return _go(claim.id, words)


def _go(claim_id: UUID, words: Toast) -> Response:
    headers = {"HX-Redirect": f"/claims/{claim_id}", "HX-Trigger": toast_event(words)}
    return Response(status_code=204, headers=headers)


@router.get("/claims/{claim_id}/recall")
async def ask_recall(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """The question before a dossier is taken back."""
    found = await desk.load_dossier(caller.db, claim_id)
    return render(request, "claims/_recall.html", {"claim": found.claim, "found": found})


@router.post("/claims/{claim_id}/recall")
async def recall(caller: Desk, claim_id: UUID, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Take back the request for payment (MA_DOITUONG_KCB 8) with a reason."""
    claim = await deeds.recall(caller.db, claim_id, reason, caller.user.practitioner_id, caller.now)
    return _go(claim.id, Toast("Đã ký bản thu hồi và xếp vào hộp gửi"))


@router.get("/claims/{claim_id}/dossier.xml")
async def download(caller: Desk, claim_id: UUID) -> Response:
    """The signed file, byte for byte as it was sent."""
    return await signed_file(caller, claim_id)


async def signed_file(caller: Caller, claim_id: UUID) -> Response:
    """The parcel of a claim as a download; raises NOT_FOUND when nothing was signed yet."""
    found = await desk.load_dossier(caller.db, claim_id)
    if found.parcel is None:
        raise not_found()
    if holds_restricted(found.parcel.content) and not may(caller.user.role, Capability.HIV_CARE):
        sentence = "Tệp này có bảng chỉ người được quyền mới xem được. Xem nội dung ở trang hồ sơ, không tải tệp."
        raise HisError(Kind.FORBIDDEN, sentence)
    changes = Changes().audit("claim:download", "Claim", claim_id, sha256=found.parcel.sha256)
    await caller.db.apply(changes, caller.now)
    name = f"{found.claim.dossier_code}-{found.claim.revision}.xml".replace("/", "-")
    return Response(
        found.parcel.content.encode("utf-8"),
        media_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-SHA256": found.parcel.sha256},
    )
