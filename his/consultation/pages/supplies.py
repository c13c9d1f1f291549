"""Supplies used with the orders of a visit: what was used, a form for the next one, taking one back with the reason."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.catalog import service as catalog
from his.consultation import store, view
from his.consultation.pages.visit import options, visit_context
from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit import clock
from his.kit.clock import day_of, local
from his.kit.errors import HisError, Kind, invalid
from his.kit.money import vnd
from his.orders import service as orders
from his.orders.rules import package_codes
from his.orders.tables import ServiceRequest, SupplyUse
from his.orders.terms import SupplyLine
from his.web.i18n import gettext as _
from his.web.page import Toast, render, toast_event

router = APIRouter(prefix="/visit/{encounter_id}/supplies")
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Performer = Annotated[Caller, needs(Capability.RESULT)]
Typed = Annotated[str, Form(max_length=60)]
KEPT = {Kind.INVALID, Kind.RULES, Kind.CONFLICT}
"""Refusals that are told beside the form; what was typed stays."""
_EMPTY = {"request_id": "", "code": "", "quantity": "1", "lot_number": "", "payer": "", "reused": "", "error": ""}


@router.get("")
async def page(
    request: Request, encounter_id: UUID, caller: Reader, order: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """What was used so far, by package, and the form for the next supply; `order` chooses the order in it."""
    return render(request, "consultation/supplies.html", await _context(caller, encounter_id, {"request_id": order}))


@router.get("/search")
async def search(encounter_id: UUID, caller: Performer, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Approved supplies by code or words with unit price, bid and who pays."""
    encounter = await encounters.get_encounter(caller.db, encounter_id)
    found = await catalog.search_supplies(caller.db, q, day_of(caller.now))
    insured = encounter.coverage_id is not None
    return options(
        [
            {
                "value": item.code,
                "label": item.name,
                "note": f"{vnd(item.price_vnd)}/{item.unit.lower()} · {item.tender or _('chưa có thầu')}",
                "flag": f"BHYT {item.cover_rate} %" if insured and item.insured_price_vnd else _("tự trả"),
                "tone": "mut",
            }
            for item in found
        ]
    )


@router.post("")
async def use(
    request: Request, encounter_id: UUID, caller: Performer,
    request_id: Typed = "", code: Annotated[str, Form(max_length=255)] = "", quantity: Typed = "1",
    used_at: Typed = "", lot_number: Typed = "", payer: Typed = "", reused: Typed = "",
) -> Response:  # fmt: skip
    """Record one supply; a refusal stands beside the form with what was typed."""
    typed = {
        "request_id": request_id, "code": code, "quantity": quantity, "used_at": used_at, "lot_number": lot_number, "payer": payer,
        "reused": reused,
    }  # fmt: skip
    try:
        line = SupplyLine(
            _order(request_id), code, _quantity(quantity), _moment(used_at), lot_number, reused == "1", payer or None
        )
        await orders.use_supply(caller.db, encounter_id, line, caller.user.practitioner_id, caller.now)
    except HisError as error:
        if error.kind not in KEPT:
            raise
        return await _work(request, caller, encounter_id, {**typed, "error": error.message}, 422)
    toast = Toast(_("Đã ghi vật tư"))
    return await _work(request, caller, encounter_id, {"request_id": request_id, "used_at": used_at}, toast=toast)


@router.get("/{supply_id}/cancel")
async def ask_cancel(request: Request, encounter_id: UUID, supply_id: UUID, caller: Performer) -> Response:
    """The dialog for the reason."""
    context = {
        "url": f"/visit/{encounter_id}/supplies/{supply_id}/cancel",
        "sentence": _("Ghi vì sao hủy vật tư này. Dòng viện phí của nó sẽ mất theo."),
        "hidden": [],
        "target": "#supplies-work",
    }
    return render(request, "consultation/reason_form.html", context)


@router.post("/{supply_id}/cancel")
async def cancel(
    request: Request, encounter_id: UUID, supply_id: UUID, caller: Performer,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Take it back."""
    await orders.cancel_supply(caller.db, supply_id, reason, caller.user.practitioner_id, caller.now)
    return await _work(request, caller, encounter_id, {}, toast=Toast(_("Đã hủy vật tư")))


async def _work(
    request: Request, caller: Caller, encounter_id: UUID, typed: dict[str, str], status: int = 200,
    *, toast: Toast | None = None,
) -> Response:  # fmt: skip
    context = await _context(caller, encounter_id, typed)
    headers = {"HX-Trigger": toast_event(toast), "HX-Trigger-After-Swap": "bill-changed"} if toast else None
    return render(request, "consultation/_supplies.html", context, status, headers=headers)


async def _context(caller: Caller, encounter_id: UUID, typed: dict[str, str]) -> dict[str, Any]:
    db = caller.db
    visit = await encounters.get_visit(db, encounter_id)
    requests = await orders.list_requests(db, encounter_id)
    uses = await orders.list_supplies(db, encounter_id)
    names = await orders.load_staff_names(db, {use.recorded_by for use in uses})
    base = visit_context(visit, caller)
    is_open = visit.encounter.signed_at is None and visit.encounter.status in ("arrived", "in-progress")
    return {
        **base,
        "banner": view.banner(visit, await store.list_allergies(db, visit.patient.id), caller.now),
        "groups": _groups(requests, uses),
        "choices": [(str(r.id), view.short_name(r.service_name)) for r in requests if r.status != "revoked"],
        "names": names,
        "typed": {**_EMPTY, "used_at": f"{local(caller.now):%Y-%m-%dT%H:%M}"} | {k: v for k, v in typed.items() if v},
        "can_use": is_open and may(caller.user.role, Capability.RESULT),
        "payers": [("", _("Theo thẻ và danh mục")), ("self", _("Người bệnh tự trả"))],
    }


def _groups(requests: Sequence[ServiceRequest], uses: Sequence[SupplyUse]) -> list[dict[str, Any]]:
    """The supplies of each order under its package; cancelled ones stay to be seen."""
    codes = package_codes((use.service_request_id, use.used_at) for use in uses if use.status == "used")
    orders_by_id = {row.id: row for row in requests}
    groups: dict[UUID, dict[str, Any]] = {}
    for use in uses:
        key = use.service_request_id
        group = groups.setdefault(
            key, {"code": codes.get(key, ""), "name": orders_by_id[key].service_name, "uses": [], "total": Decimal(0)}
        )
        group["uses"].append(use)
        if use.status == "used":
            group["total"] += use.quantity * use.price_vnd
    return sorted(groups.values(), key=lambda group: (not group["code"], int(group["code"][1:] or 0)))


def _order(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise invalid("request_id", "Chọn dịch vụ đã dùng vật tư này.") from None


def _quantity(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise invalid("quantity", "Số lượng không phải là số. Nhập lại, ví dụ 1 hoặc 0,5.") from None


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=clock.VIETNAM)
    except ValueError:
        raise invalid("used_at", "Giờ dùng không đúng dạng ngày giờ. Chọn lại.") from None
