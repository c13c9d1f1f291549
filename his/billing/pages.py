"""Pages of the cashier: who is waiting to pay, one bill with its reasons, receipt and statement."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from his.billing import store
from his.billing.print import receipt_pdf, statement_pdf
from his.billing.service import METHODS, VisitBill, cancel_payment, preview_bill, take_payment
from his.billing.service.payment import told_paid
from his.billing.view import bill_context
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import local
from his.kit.errors import HisError, invalid
from his.kit.ids import new_id
from his.kit.money import ZERO, vnd
from his.registration import service as registration
from his.registration.tables import Patient
from his.registration.terms import ScanKind
from his.web.i18n import gettext as _
from his.web.page import MenuItem, Toast, is_fragment, render

router = APIRouter(prefix="/cashier")
MENU = [(Capability.TAKE_PAYMENT, MenuItem("Viện phí", "/cashier", "banknote"))]
STATES = {"waiting": "Chờ thu", "paid": "Đã thu", "all": "Tất cả"}
LOOK_BACK = timedelta(days=30)  # a visit that was not paid is shown as long
READS = Annotated[Caller, needs(Capability.READ_BILL)]
TAKES = Annotated[Caller, needs(Capability.TAKE_PAYMENT)]


def _today(now: datetime) -> datetime:
    return local(now).replace(hour=0, minute=0, second=0, microsecond=0)


@router.get("")
async def list_waiting(request: Request, caller: TAKES, state: str = "waiting") -> Response:
    """Visits that wait for payment, and the cashier's own receipts of the day."""
    state = state if state in STATES else "waiting"
    since = _today(caller.now) - (LOOK_BACK if state == "waiting" else timedelta(0))
    visits = await store.list_visits(caller.db, since, state=state)
    return await _list_page(request, caller, visits, state=state)


async def _list_page(
    request: Request, caller: Caller, visits: list[store.WaitingVisit], *, state: str = "", asked: str = ""
) -> Response:
    shift = await store.list_shift(caller.db, caller.user.account_id, _today(caller.now))
    received = [p for p in shift if p.status == "received"]
    context = {
        "visits": visits,
        "state": state,
        "states": STATES,
        "asked": asked,
        "shift": shift[:50],
        "shift_count": len(received),
        "shift_total": sum((p.amount for p in received), ZERO),
        "by_method": [
            (name, sum((p.amount for p in received if p.method == method), ZERO)) for method, name in METHODS.items()
        ],
        "methods": METHODS,
    }
    template = "billing/_list.html" if is_fragment(request) else "billing/list.html"
    return render(request, template, context)


@router.post("/scan")
async def scan(request: Request, caller: TAKES, q: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Find visits by a scanned or typed text: visit or patient code, card, citizen number, phone, name."""
    found, matches = await registration.find_matches(caller.db, q)
    code = found.visit_code or (found.text if found.kind is ScanKind.VISIT_CODE else "")
    ids = [match.known.id for match in matches]
    visits = []
    if ids or code or q.strip():
        visits = await store.list_visits(caller.db, caller.now, patient_ids=ids, dossier_code=code or q.strip())
    waiting = [visit for visit in visits if visit.due != visit.paid]
    only = waiting if len(waiting) == 1 else visits
    if len(only) == 1:
        target = f"/cashier/{only[0].id}"
        return Response(status_code=204, headers={"HX-Redirect": target}) if is_fragment(request) else _see(target)
    return await _list_page(request, caller, visits, asked=q.strip())


def _see(target: str) -> Response:
    return Response(status_code=303, headers={"Location": target})


@router.get("/{encounter_id}")
async def show_bill(request: Request, caller: READS, encounter_id: UUID, method: str = "") -> Response:
    """One visit's bill: who pays what, the form line by line, why, and the payment."""
    return await _bill_page(request, caller, encounter_id, method=method)


async def _bill_page(
    request: Request, caller: Caller, encounter_id: UUID, *, method: str = "", error: HisError | None = None,
    key: str = "", toast: Toast | None = None,
) -> Response:  # fmt: skip
    bill, patient = await _load(caller, encounter_id)
    context: dict[str, Any] = bill_context(bill, patient, caller.now)
    account = await store.get_bank_account(caller.db)
    chosen = method if method in METHODS else "transfer" if account else "cash"
    allergies = await store.list_allergies(caller.db, patient.id)
    last = next((p for p in reversed(bill.payments) if p.status == "received"), None)
    context |= {
        "error": error.message if error else "",
        "method": chosen,
        "methods": METHODS,
        "account": account,
        "key": key or str(new_id()),
        "may_take": Capability.TAKE_PAYMENT in caller_capabilities(request),
        "allergy": _allergy(patient, allergies),
        "last": last,
        "told": told_paid(bill.payments) if last and bill.outstanding == 0 else "",
        "cashier": await store.get_account_name(caller.db, last.cashier_id) if last else "",
        "own": last is not None and last.cashier_id == caller.user.account_id,
    }
    template = "billing/_bill.html" if is_fragment(request) else "billing/bill.html"
    return render(request, template, context, error.status if error else 200, toast=toast)


async def _load(caller: Caller, encounter_id: UUID) -> tuple[VisitBill, Patient]:
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    return bill, bill.patient


def caller_capabilities(request: Request) -> set[Capability]:
    """What the signed-in person may do on this page."""
    return {capability for capability, item in MENU if item in getattr(request.state, "menu", ())}


def _allergy(patient: Patient, allergies: list[str]) -> dict[str, str]:
    if allergies:
        return {"state": "known", "text": "; ".join(allergies)}
    return {"state": {"none": "none"}.get(patient.allergy_state, "not-asked"), "text": ""}


@router.post("/{encounter_id}/payments")
async def pay(
    request: Request,
    caller: TAKES,
    encounter_id: UUID,
    amount: Annotated[str, Form(max_length=20)],
    method: Annotated[str, Form(max_length=20)],
    key: Annotated[str, Form(max_length=100)],
) -> Response:
    """Take the payment; a double click or a repeated request is the same payment."""
    try:
        payment = await take_payment(
            caller.db, encounter_id, read_amount(amount), method, key, caller.user.account_id, caller.now
        )
    except HisError as error:
        await caller.db.release()
        return await _bill_page(request, caller, encounter_id, method=method, error=_shown(error))
    told = f"{_('Đã thu')} {vnd(payment.amount)}, {_('phiếu thu')} {payment.receipt_number}"
    if not is_fragment(request):
        return _see(f"/cashier/{encounter_id}")
    return await _bill_page(request, caller, encounter_id, toast=Toast(told))


def _shown(error: HisError) -> HisError:
    """Refusals of a payment stand on the bill itself (422), so that the page shows the amount that is right now."""
    if error.status in (400, 409, 422):
        shown = HisError(error.kind, error.message)
        return _Refused(shown)
    raise error


class _Refused(HisError):
    """A refusal shown inside the page."""

    def __init__(self, error: HisError) -> None:
        super().__init__(error.kind, error.message)

    @property
    def status(self) -> int:
        """422, which the page's script swaps in."""
        return 422


def read_amount(text: str) -> Decimal:
    """`141.488` or `141488` as đồng; raises INVALID (field `amount`)."""
    try:
        return Decimal(text.replace(".", "").replace(",", ".").strip())
    except InvalidOperation as error:
        raise invalid("amount", "Số tiền chỉ gồm chữ số.") from error


@router.get("/payments/{payment_id}/cancel")
async def ask_cancel(request: Request, caller: TAKES, payment_id: UUID) -> Response:
    """The question before a receipt is cancelled: who may, and the reason."""
    payment = await store.get_payment(caller.db, payment_id)
    own = payment.cashier_id == caller.user.account_id
    return render(request, "billing/_cancel.html", {"payment": payment, "own": own, "methods": METHODS})


@router.post("/payments/{payment_id}/cancel")
async def cancel(
    request: Request, caller: TAKES, payment_id: UUID, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Cancel a receipt that another cashier gave."""
    payment = await cancel_payment(caller.db, payment_id, reason, caller.user.account_id, caller.now)
    told = f"{_('Đã hủy phiếu thu')} {payment.receipt_number}"
    if not is_fragment(request):
        return _see(f"/cashier/{payment.encounter_id}")
    return await _bill_page(request, caller, payment.encounter_id, toast=Toast(told))


@router.get("/{encounter_id}/statement.pdf")
async def print_statement(caller: READS, encounter_id: UUID) -> Response:
    """The cost statement 01/KBCB as PDF."""
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    diagnoses = await store.list_diagnoses(caller.db, encounter_id)
    changes = Changes().audit("print", "Statement", encounter_id, form="01/KBCB")
    await caller.db.apply(changes, caller.now)
    body = await statement_pdf(bill, diagnoses, caller.now)
    return _pdf(body, f"bang-ke-{bill.encounter.dossier_code}.pdf")


@router.get("/payments/{payment_id}/receipt.pdf")
async def print_receipt(caller: TAKES, payment_id: UUID) -> Response:
    """The receipt of one payment as PDF (A5)."""
    payment = await store.get_payment(caller.db, payment_id)
    bill = await preview_bill(caller.db, payment.encounter_id, caller.now)
    cashier = await store.get_account_name(caller.db, payment.cashier_id)
    await caller.db.apply(Changes().audit("print", "Payment", payment.id, form="receipt"), caller.now)
    return _pdf(await receipt_pdf(bill, payment, cashier), f"phieu-thu-{payment.receipt_number}.pdf")


def _pdf(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)
