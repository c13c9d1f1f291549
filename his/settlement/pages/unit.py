"""The unit's months: the list, one month with its papers, sending, disagreeing, recalling."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import not_found
from his.settlement import service, view
from his.settlement.pages.files import paper_file
from his.settlement.service import Actor, Month
from his.settlement.terms import CLOSED, State
from his.web.i18n import gettext
from his.web.page import Toast, render

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
Words = Annotated[str, Form(max_length=4000)]
DIALOGS = ("send", "dispute", "recall")


def actor_of(caller: Caller) -> Actor:
    """Who acts."""
    return Actor(caller.user.account_id, caller.user.display_name)


def _context(month: Month, caller: Caller) -> dict[str, Any]:
    base = f"/settlements/{month.period}"
    return {**view.month_context(month, base, day_of(caller.now)), "side": "unit"}


async def _page(request: Request, caller: Caller, period: str, toast: Toast | None = None) -> Response:
    month = await service.load_month(caller.db, period, caller.now)
    return render(request, "settlement/month.html", _context(month, caller), toast=toast)


@router.get("/settlements")
async def months(request: Request, caller: Desk) -> Response:
    """Months of the unit that have dossiers at the insurer, newest first."""
    rows = [
        {
            "listed": m,
            "name": view.month_name(m.period),
            **view.state_chip(m.row.state if m.row else State.DRAFT),
            "left": (m.row.approved - m.row.paid) if m.row and m.row.state in CLOSED else None,
        }
        for m in await service.load_list(caller.db, caller.now)
    ]
    return render(request, "settlement/months.html", {"rows": rows})


@router.get("/settlements/{month}")
async def month_page(request: Request, caller: Desk, month: str) -> Response:
    """One month: figures by section, kind and cost group, what stops it, steps, papers."""
    return await _page(request, caller, service.read_month(month, day_of(caller.now)))


@router.get("/settlements/{month}/ask/{name}")
async def ask(request: Request, caller: Desk, month: str, name: str) -> Response:
    """The dialog of a step."""
    period = service.read_month(month, day_of(caller.now))
    if name not in DIALOGS:
        raise not_found()
    found = await service.load_month(caller.db, period, caller.now)
    return render(request, "settlement/_ask.html", {**_context(found, caller), "step": name})


@router.get("/settlements/{month}/proof")
async def proof(request: Request, caller: Desk, month: str) -> Response:
    """A locked month against its dossiers, cell by cell."""
    found = await service.load_month(caller.db, service.read_month(month, day_of(caller.now)), caller.now)
    if found.row is None or found.state not in CLOSED:
        raise not_found()
    result = await service.prove(caller.db, found.row)
    return render(request, "settlement/_proof.html", {"proof": result})


@router.get("/settlements/{month}/papers/{name}.{kind}")
async def paper(caller: Desk, month: str, name: str, kind: str) -> Response:
    """A paper of the month as PDF, Excel or CSV."""
    return await paper_file(caller.db, service.read_month(month, day_of(caller.now)), name, kind, caller.now)


@router.post("/settlements/{month}/send")
async def send(request: Request, caller: Desk, month: str) -> Response:
    """Send the month to the insurer and show it again."""
    period = service.read_month(month, day_of(caller.now))
    await service.send(caller.db, period, actor_of(caller), caller.now)
    words = gettext("Đã gửi quyết toán tháng %(month)s") % {"month": view.month_name(period)}
    return await _page(request, caller, period, Toast(words))


@router.post("/settlements/{month}/dispute")
async def dispute(request: Request, caller: Desk, month: str, note: Words = "", basis: Words = "") -> Response:
    """State the disagreement with its legal basis and show the month again."""
    period = service.read_month(month, day_of(caller.now))
    await service.dispute(caller.db, period, actor_of(caller), note, basis, caller.now)
    return await _page(request, caller, period, Toast(gettext("Đã ghi ý kiến của cơ sở")))


@router.post("/settlements/{month}/recall")
async def recall(request: Request, caller: Desk, month: str, number: Words = "", note: Words = "") -> Response:
    """Recall a decided dossier and show the month again."""
    period = service.read_month(month, day_of(caller.now))
    found = await service.recall(caller.db, number, actor_of(caller), note, caller.now)
    words = gettext("Đã thu hồi hồ sơ %(number)s") % {"number": found}
    return await _page(request, caller, period, Toast(words))
