"""Orders on the doctor's page: picker with price and payer, add, take back, reason, who pays; the money bar."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.billing import service as billing
from his.catalog import service as catalog
from his.consultation import view
from his.consultation.pages.visit import EVENTS, options, visit_context
from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import HisError
from his.kit.money import vnd
from his.orders import service as orders
from his.orders.rules import default_payer, duplicate_days
from his.orders.terms import OrderLine, ServiceFacts
from his.web.i18n import gettext as _
from his.web.page import render

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Orderer = Annotated[Caller, needs(Capability.ORDER)]


@router.get("/visit/{encounter_id}/services/search")
async def search_services(
    encounter_id: UUID, caller: Orderer, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Services by code or words, each with price, who pays, and whether it was done before."""
    encounter = await encounters.get_encounter(caller.db, encounter_id)
    on = day_of(caller.now)
    rows = await catalog.search_services(caller.db, q, on)
    earlier = await orders.describe_duplicates(caller.db, encounter, [r.code for r in rows], caller.now)
    found = []
    for row in rows:
        facts = ServiceFacts(row.code, row.name, row.kind, row.price_vnd, row.insured_price_vnd, row.cover_rate)
        insured = default_payer(facts, encounter.coverage_id is not None) == "insurance"
        payer = _("BHYT") if insured else _("tự trả")
        seen = earlier.get(row.code)
        flag = ""
        if seen is not None and seen.days_ago <= duplicate_days(row.code, row.kind, on):
            flag = _("trong lượt này") if seen.same_visit else f"{seen.days_ago} {_('ngày trước')}"
        found.append(
            {
                "value": row.code,
                "label": row.name,
                "note": f"{vnd(row.price_vnd)} · {payer}",
                "flag": flag,
                "tone": "warn" if flag else "",
            }
        )
    return options(found)


@router.post("/visit/{encounter_id}/orders")
async def add_order(
    request: Request,
    encounter_id: UUID,
    caller: Orderer,
    code: Annotated[str, Form(max_length=30)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Add one service; a repeat in this visit asks for the reason in a dialog instead of refusing."""
    line = OrderLine(code, Decimal(1), None, reason)
    try:
        await orders.order(caller.db, encounter_id, [line], caller.user.practitioner_id, caller.now)
    except HisError as error:
        if {f.code for f in error.findings} != {"ORD-DUP-01"}:
            raise
        context = {
            "url": f"/visit/{encounter_id}/orders",
            "sentence": error.message,
            "hidden": [("code", code)],
            "target": "#orders",
        }
        headers = {"HX-Retarget": "#modal", "HX-Reswap": "innerHTML"}
        return render(request, "consultation/reason_form.html", context, headers=headers)
    return await _panel(request, encounter_id, caller)


@router.post("/visit/{encounter_id}/orders/{request_id}/revoke")
async def revoke(request: Request, encounter_id: UUID, request_id: UUID, caller: Orderer) -> Response:
    """Take an order back."""
    await orders.revoke(caller.db, request_id, "Bác sĩ hủy trên trang khám", caller.now)
    return await _panel(request, encounter_id, caller)


@router.post("/visit/{encounter_id}/orders/{request_id}/payer")
async def set_payer(request: Request, encounter_id: UUID, request_id: UUID, caller: Orderer) -> Response:
    """The patient agrees to pay for it."""
    await orders.set_payer(caller.db, request_id, "self", caller.now)
    return await _panel(request, encounter_id, caller)


@router.get("/visit/{encounter_id}/orders/{request_id}/reason/form")
async def reason_form(request: Request, encounter_id: UUID, request_id: UUID, caller: Orderer) -> Response:
    """The dialog for the reason of a repeat."""
    context = {
        "url": f"/visit/{encounter_id}/orders/{request_id}/reason",
        "sentence": _("Ghi vì sao cần làm lại dịch vụ này. Giám định viên đọc lý do cùng hồ sơ."),
        "hidden": [],
        "target": "#orders",
    }
    return render(request, "consultation/reason_form.html", context)


@router.post("/visit/{encounter_id}/orders/{request_id}/reason")
async def give_reason(
    request: Request,
    encounter_id: UUID,
    request_id: UUID,
    caller: Orderer,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep the reason with the order."""
    await orders.give_reason(caller.db, request_id, reason, caller.now)
    return await _panel(request, encounter_id, caller)


@router.get("/visit/{encounter_id}/orders")
async def panel(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """The orders panel alone."""
    return await _panel(request, encounter_id, caller, events=False)


async def _panel(request: Request, encounter_id: UUID, caller: Caller, *, events: bool = True) -> Response:
    visit = await encounters.get_visit(caller.db, encounter_id)
    requests = await orders.list_requests(caller.db, encounter_id)
    findings = await orders.assess_orders(caller.db, visit.encounter, requests, day_of(visit.encounter.arrived_at))
    context = {**visit_context(visit, caller), "orders": view.order_rows(requests, findings)}
    return render(request, "consultation/_orders.html", context, headers=EVENTS if events else None)


@router.get("/visit/{encounter_id}/money")
async def money(request: Request, encounter_id: UUID, caller: Reader) -> Response:
    """Who pays what so far; also the cost and the rate in the banner."""
    bill = await billing.preview_bill(caller.db, encounter_id, caller.now)
    context = {
        "bill": bill,
        "parts": view.split_parts(bill.totals),
        "rates": [rate for rate in bill.benefit_rates if rate],
    }
    return render(request, "consultation/_money.html", context)
