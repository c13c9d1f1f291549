"""HTML of the gateway's outages: since when it is away, what was done meanwhile, what is repeated, and with what result."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.claims import desk
from his.claims.desk import PAGE, AskedCard, Span, ToldVisit
from his.claims.outage import ask_card, hurry_check_in
from his.claims.pages.common import LAST_PAGE, Desk
from his.exchange.insurance import failing_since
from his.exchange.tables import GatewayOutage
from his.identity.access import Caller
from his.kit.clock import day_of
from his.kit.errors import invalid, not_found
from his.registration import service as registration
from his.web.page import Toast, render

router = APIRouter()
CARDS, CHECK_INS = "cards", "check-ins"


@router.get("/claims/gateway")
async def show(
    request: Request, caller: Desk, kind: str = CARDS, outage: UUID | None = None, page: int = 1
) -> Response:
    """What waits for the gateway; with `outage` what was asked or told while it was away, whatever became of it."""
    return render(request, "claims/outage.html", await _context(caller, kind, outage, page))


@router.post("/claims/gateway/cards/{check_id}")
async def ask(request: Request, caller: Desk, check_id: UUID, outage: UUID | None = None, page: int = 1) -> Response:
    """Ask about a card again; the strip says what to do with the answer."""
    advice = await ask_card(caller.db, check_id, caller.now)
    context = await _context(caller, CARDS, outage, page)
    tone = "ok" if advice.usable and not advice.pending else advice.tone
    return render(request, "claims/_outage.html", context, toast=Toast(advice.sentence, tone=tone))


@router.post("/claims/gateway/check-ins/{parcel_id}")
async def send(request: Request, caller: Desk, parcel_id: UUID, outage: UUID | None = None, page: int = 1) -> Response:
    """Send a check-in now."""
    said = await hurry_check_in(caller.db, parcel_id, caller.now)
    return render(request, "claims/_outage.html", await _context(caller, CHECK_INS, outage, page), toast=Toast(said))


async def _context(caller: Caller, kind: str, chosen: UUID | None, page: int) -> dict[str, Any]:
    """Everything the page shows; four queries of its own."""
    if kind not in (CARDS, CHECK_INS):
        raise invalid("kind", "Chọn cards (tra thẻ) hoặc check-ins (check-in).")
    if not 1 <= page <= LAST_PAGE:
        raise invalid("page", f"Trang từ 1 đến {LAST_PAGE}.")
    outages = await desk.list_outages(caller.db)
    one = next((o for o in outages if o.id == chosen), None)
    if chosen is not None and one is None:
        raise not_found()
    span = Span(one.began_at, one.ended_at or caller.now) if one else None
    if kind == CARDS:
        asked, total = await desk.list_cards(caller.db, span, page)
        rows = [_card(row, caller.now) for row in asked]
    else:
        told, total = await desk.list_check_ins(caller.db, span, page)
        rows = [_check_in(row) for row in told]
    waits = await desk.count_unsent(caller.db)
    given = {"outage": str(one.id)} if one else {}
    return {
        "kind": kind, "rows": rows, "total": total, "page": page, "size": PAGE, "chosen": one,
        "outages": outages, "away": _away(outages), "doubt": failing_since(),
        "waits": {name: waits.get(name, 0) for name in (CARDS, "check-in", "dossier")},
        "url": f"/claims/gateway?{urlencode({'kind': kind, **given})}",
        "query": urlencode({**given, "page": page}),
        "kinds": {name: f"/claims/gateway?{urlencode({'kind': name, **given})}" for name in (CARDS, CHECK_INS)},
    }  # fmt: skip


def _away(outages: list[GatewayOutage]) -> GatewayOutage | None:
    """The outage that lasts."""
    return next((o for o in outages[:1] if o.ended_at is None), None)


def _card(row: AskedCard, now: datetime) -> dict[str, Any]:
    """A look-up as a row: whose, when, and the sentence with the next action."""
    check = row.check
    advice = registration.summary_of(check, day_of(now)).advice
    return {
        "id": check.id, "name": row.name or check.asked_name, "code": row.code, "number": check.asked_number,
        "at": check.asked_at, "state": check.state, "attempts": check.attempts, "next": check.next_attempt_at,
        "answered": check.answered_at, "title": advice.title, "text": advice.sentence, "tone": advice.tone,
    }  # fmt: skip


def _check_in(row: ToldVisit) -> dict[str, Any]:
    parcel = row.parcel
    return {
        "id": parcel.id, "name": row.name, "code": row.code, "number": parcel.reference, "at": parcel.created_at,
        "state": parcel.state, "attempts": parcel.attempts, "next": parcel.next_attempt_at,
        "answered": parcel.received_at, "title": parcel.receipt, "text": parcel.reply, "tone": "",
    }  # fmt: skip
