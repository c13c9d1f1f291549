"""The insurer's months: units of a month, one month with agreement, confirmation, return, answer, payment."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import invalid, not_found
from his.kit.ids import new_id
from his.settlement import service, view
from his.settlement.pages.files import paper_file
from his.settlement.pages.unit import Words, actor_of
from his.settlement.service import PAGE, Month, find_row, unit_scope
from his.settlement.terms import CLOSED, State
from his.web.i18n import gettext
from his.web.page import Toast, render

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
DIALOGS = ("agree", "confirm", "return", "resolve", "pay")
LAST_PAGE = 200


def _last_month(day: date) -> str:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return f"{year:04d}-{month:02d}"


def _context(month: Month, caller: Caller) -> dict[str, Any]:
    assert month.row is not None, "the insurer sees what was sent"
    base = f"/insurer/settlements/{month.row.id}"
    own = caller.user.account_id == month.row.agreed_by
    return {**view.month_context(month, base, day_of(caller.now)), "side": "insurer", "own": own, "key": str(new_id())}


async def _page(request: Request, caller: Caller, settlement_id: UUID, toast: Toast | None = None) -> Response:
    month = await service.find_month(caller.db, settlement_id, caller.now)
    return render(request, "settlement/month.html", _context(month, caller), toast=toast)


@router.get("/insurer/settlements")
async def units(request: Request, caller: Reviewer, month: str = "", page: int = 1) -> Response:
    """The insurer's units in a month (the last one unless another is named)."""
    today = day_of(caller.now)
    period = service.read_month(month or _last_month(today), today)
    if not 1 <= page <= LAST_PAGE:
        raise invalid("page", f"Trang từ 1 đến {LAST_PAGE}.")
    found, total = await service.load_unit_months(caller.db, period, page)
    rows = [{"found": f, "row": f.row, **view.state_chip(f.row.state if f.row else State.DRAFT)} for f in found]
    context = {
        "rows": rows, "total": total, "page": page, "size": PAGE, "period": period, "name": view.month_name(period),
        "until": f"{today:%Y-%m}",
    }  # fmt: skip
    return render(request, "settlement/units.html", context)


@router.get("/insurer/settlements/{settlement_id}")
async def month_page(request: Request, caller: Reviewer, settlement_id: UUID) -> Response:
    """One unit's month."""
    return await _page(request, caller, settlement_id)


@router.get("/insurer/settlements/{settlement_id}/ask/{name}")
async def ask(request: Request, caller: Reviewer, settlement_id: UUID, name: str) -> Response:
    """The dialog of a step."""
    month = await service.find_month(caller.db, settlement_id, caller.now)
    if name not in DIALOGS:
        raise not_found()
    return render(request, "settlement/_ask.html", {**_context(month, caller), "step": name})


@router.get("/insurer/settlements/{settlement_id}/proof")
async def proof(request: Request, caller: Reviewer, settlement_id: UUID) -> Response:
    """A locked month against its dossiers, cell by cell."""
    row = await find_row(caller.db, settlement_id)
    if row.state not in CLOSED:
        raise not_found()
    async with unit_scope(caller.db, row) as db:
        result = await service.prove(db, row)
    return render(request, "settlement/_proof.html", {"proof": result})


@router.get("/insurer/settlements/{settlement_id}/papers/{name}.{kind}")
async def paper(caller: Reviewer, settlement_id: UUID, name: str, kind: str) -> Response:
    """A paper of the month as PDF, Excel or CSV."""
    row = await find_row(caller.db, settlement_id)
    async with unit_scope(caller.db, row) as db:
        return await paper_file(db, row.period, name, kind, caller.now)


@router.post("/insurer/settlements/{settlement_id}/agree")
async def agree(
    request: Request, caller: Reviewer, settlement_id: UUID, version: Annotated[int | None, Form()] = None
) -> Response:
    """Agree to the month; a second officer must confirm."""
    await service.agree(caller.db, settlement_id, actor_of(caller), caller.now, version)
    return await _page(request, caller, settlement_id, Toast(gettext("Đã thống nhất, chờ người thứ hai xác nhận")))


@router.post("/insurer/settlements/{settlement_id}/confirm")
async def confirm(
    request: Request, caller: Reviewer, settlement_id: UUID, version: Annotated[int | None, Form()] = None
) -> Response:
    """Confirm as the second officer; locks the month."""
    await service.confirm(caller.db, settlement_id, actor_of(caller), caller.now, version)
    return await _page(request, caller, settlement_id, Toast(gettext("Đã xác nhận và khóa tháng")))


@router.post("/insurer/settlements/{settlement_id}/return")
async def send_back(request: Request, caller: Reviewer, settlement_id: UUID, note: Words = "") -> Response:
    """Return the month to the unit with a reason."""
    await service.send_back(caller.db, settlement_id, actor_of(caller), note, caller.now)
    return await _page(request, caller, settlement_id, Toast(gettext("Đã trả lại cơ sở")))


@router.post("/insurer/settlements/{settlement_id}/resolve")
async def resolve(
    request: Request, caller: Reviewer, settlement_id: UUID, note: Words = "", basis: Words = ""
) -> Response:
    """Answer the unit's disagreement."""
    await service.resolve(caller.db, settlement_id, actor_of(caller), note, basis, caller.now)
    return await _page(request, caller, settlement_id, Toast(gettext("Đã trả lời cơ sở")))


@router.post("/insurer/settlements/{settlement_id}/payments")
async def pay(
    request: Request, caller: Reviewer, settlement_id: UUID, amount: Annotated[str, Form(max_length=30)] = "",
    paid_on: Annotated[date | None, Form()] = None, reference: Words = "", key: Annotated[str, Form(max_length=64)] = "",
) -> Response:  # fmt: skip
    """Record a payment; the same key is the same payment."""
    if paid_on is None:
        raise invalid("paid_on", "Ghi ngày chi trên chứng từ.")
    found = await service.record_payment(
        caller.db, settlement_id, actor_of(caller), service.read_amount(amount), paid_on, reference, key, caller.now
    )
    words = gettext("Đã ghi chi trả") if found.state == State.LOCKED else gettext("Đã chi trả đủ tháng này")
    return await _page(request, caller, settlement_id, Toast(words))
