"""HTML of the claims desk: the month's funnel with causes, the list, one dossier with its history and the signed file."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.claims import desk, service, store, view
from his.claims.desk import PAGE, Dossier
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.errors import invalid, not_found
from his.kit.text import clean, mask
from his.web.page import Toast, render, toast_event

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
LAST_PAGE = 200


def read_period(text: str, caller: Caller) -> str:
    """The month asked for, else the present one; raises INVALID."""
    period = text or desk.this_month(day_of(caller.now))
    try:
        desk.month_bounds(period)
    except ValueError as error:
        raise invalid("period", "Tháng ghi như 2026-10.") from error
    return period


def states_of(chosen: str) -> tuple[str, ...]:
    """The states behind a filter chip; raises INVALID for an unknown one."""
    for key, _, states in view.FILTERS:
        if key == chosen:
            return states
    raise invalid("state", "Trạng thái này không có trong danh sách.")


@router.get("/claims")
async def board(
    request: Request, caller: Desk, period: str = "", show: str = "", state: str = "", q: str = "", page: int = 1
) -> Response:
    """The desk: why dossiers wait (`show` causes) or the dossiers themselves (`show` list)."""
    month = read_period(period, caller)
    counts = await store.count_states(caller.db, month)
    waits = await desk.list_waits(caller.db, month)
    causes = [*await desk.list_causes(caller.db, month), *waits]
    closed = await desk.count_closed(caller.db, month)
    known = await desk.list_periods(caller.db)
    listing = show == "list" or bool(state or q)
    left, amount = view.at_stake(counts)
    name = f"{month[5:]}/{month[:4]}"
    stages = view.funnel(closed, counts, name, view.oldest_due(waits, caller.now))
    for item in stages:
        if item["href"]:
            item["href"] = f"/claims?{urlencode({'period': month, 'state': item['href']})}"
    context: dict[str, Any] = {
        "period": month,
        "month": name,
        "months": view.months(known, caller.now),
        "stages": stages,
        "left": left,
        "left_words": view.money_line(left, amount),
        "listing": listing,
        "switch": [
            ("causes", "Theo nguyên nhân", f"/claims?{urlencode({'period': month})}"),
            ("list", "Theo hồ sơ", f"/claims?{urlencode({'period': month, 'show': 'list'})}"),
        ],
        "states": view.STATES,
    }
    context |= await (_list(caller, month, state, q, page) if listing else _causes(caller, month, causes))
    return render(request, "claims/board.html", context)


async def _causes(caller: Caller, period: str, causes: list[desk.Cause]) -> dict[str, Any]:
    rows = [view.cause_row(cause, caller.now) for cause in causes]
    first = rows[0] if rows else None
    waiting = await desk.list_waiting(caller.db, period, first["code"]) if first else []
    return {"rows": rows, "cause": first, "waiting": waiting}


async def _list(caller: Caller, period: str, state: str, q: str, page: int) -> dict[str, Any]:
    if not 1 <= page <= LAST_PAGE:
        raise invalid("page", f"Trang từ 1 đến {LAST_PAGE}.")
    word = clean(q)[:60]
    found, total = await store.list_claims(
        caller.db, period, states_of(state), word, limit=PAGE, offset=(page - 1) * PAGE
    )
    query = {"period": period, "show": "list"} | ({"q": word} if word else {})
    return {
        "claims": [
            {
                "claim": claim,
                "name": name,
                "code": code,
                "due": view.due_word(due := view.repair_due(claim.sealed_at, caller.now), caller.now),
                "late": claim.state in desk.REPAIR and due < day_of(caller.now),
                "open": claim.state in desk.REPAIR,
                "blocks": sum(f["severity"] == "error" for f in view.findings_of(claim.findings)),
            }
            for claim, name, code in found
        ],
        "total": total,
        "page": page,
        "size": PAGE,
        "state": state,
        "q": word,
        "chips": [(key, label, f"/claims?{urlencode({**query, 'state': key})}") for key, label, _ in view.FILTERS],
        "url": f"/claims?{urlencode({**query, 'state': state})}",
    }


@router.get("/claims/causes/{code}")
async def cause(request: Request, caller: Desk, code: str, period: str = "") -> Response:
    """The dossiers behind one cause."""
    month = read_period(period, caller)
    known = [*await desk.list_causes(caller.db, month), *await desk.list_waits(caller.db, month)]
    found = next((c for c in known if c.code == code), None)
    if found is None:
        raise not_found()
    waiting = await desk.list_waiting(caller.db, month, code)
    row = view.cause_row(found, caller.now)
    return render(request, "claims/_cause.html", {"cause": row, "waiting": waiting, "period": month})


@router.get("/claims/{claim_id}")
async def dossier(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """One dossier of the unit."""
    found = await desk.load_dossier(caller.db, claim_id)
    return render(request, "claims/dossier.html", _dossier(found, caller))


def _dossier(found: Dossier, caller: Caller) -> dict[str, Any]:
    claim, facts = found.claim, found.claim.facts
    cards = facts.get("cards") or ()
    due = view.repair_due(found.ended_at, caller.now)
    findings = view.findings_of(claim.findings)
    return {
        "claim": claim,
        "found": found,
        "card": mask(str(cards[0]["number"])) if cards else "",
        "entitlement": facts.get("entitlement", ""),
        "diagnosis": f"{facts.get('main_diagnosis_code', '')} {facts.get('final_diagnosis', '')}".strip(),
        "state": view.STATES.get(claim.state, (claim.state, "")),
        "due": view.due_word(due, caller.now),
        "late": due < day_of(caller.now),
        "history": view.history(found),
        "findings": findings,
        "blocks": sum(f["severity"] == "error" for f in findings),
        "lines": view.line_rows(facts),
        "may_reseal": claim.state in desk.REPAIR and found.revisions[0][0] == claim.id,
        "states": view.STATES,
    }


@router.post("/claims/{claim_id}/reseal")
async def reseal(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """Check again and, when nothing blocks, sign and put into the outbox; then show the new revision."""
    claim = await service.reseal(caller.db, claim_id, caller.user.practitioner_id, caller.now)
    blocks = sum(f["severity"] == "error" for f in view.findings_of(claim.findings))
    words = Toast("Đã ký và xếp vào hộp gửi") if not blocks else Toast(f"Còn {blocks} điều chặn", tone="stop")
    location = f"/claims/{claim.id}"
    return Response(status_code=204, headers={"HX-Redirect": location, "HX-Trigger": toast_event(words)})


@router.get("/claims/{claim_id}/dossier.xml")
async def download(caller: Desk, claim_id: UUID) -> Response:
    """The signed file, byte for byte as it was sent."""
    return await signed_file(caller, claim_id)


async def signed_file(caller: Caller, claim_id: UUID) -> Response:
    """The parcel of a claim as a download; raises NOT_FOUND when nothing was signed yet."""
    found = await desk.load_dossier(caller.db, claim_id)
    if found.parcel is None:
        raise not_found()
    changes = Changes().audit("claim:download", "Claim", claim_id, sha256=found.parcel.sha256)
    await caller.db.apply(changes, caller.now)
    name = f"{found.claim.dossier_code}-{found.claim.revision}.xml".replace("/", "-")
    return Response(
        found.parcel.content.encode("utf-8"),
        media_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-SHA256": found.parcel.sha256},
    )
