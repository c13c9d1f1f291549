"""Pages of the cashier: who is waiting to pay, one bill with its reasons, receipt and statement."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup

from his.billing import store
from his.billing.print import receipt_pdf, statement_pdf
from his.billing.rules.vietqr import vietqr
from his.billing.service import (
    METHOD_NAMES,
    METHODS,
    VisitBill,
    answer_report,
    cancel_payment,
    preview_bill,
    report_line,
    take_payment,
)
from his.billing.service.payment import told_paid
from his.billing.tables import BankAccount
from his.billing.view import bill_context
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import local
from his.kit.errors import HisError, Kind, invalid
from his.kit.ids import new_id
from his.kit.money import ZERO, vnd
from his.kit.words import money_words
from his.registration import service as registration
from his.registration.tables import Patient
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
    wrong = await store.list_differences(caller.db, _today(caller.now) - LOOK_BACK)
    context = {
        "wrong": wrong,
        "visits": visits,
        "state": state,
        "states": STATES,
        "asked": asked,
        "shift": shift[:50],
        "shift_count": len(received),
        "shift_total": sum((p.amount for p in received), ZERO),
        "by_method": [
            (name, sum((p.amount for p in received if p.method == method), ZERO))
            for method, name in METHOD_NAMES.items()
        ],
        "methods": METHODS,
    }
    template = "billing/_list.html" if is_fragment(request) else "billing/list.html"
    return render(request, template, context)


@router.post("/scan")
async def scan(request: Request, caller: TAKES, q: Annotated[str, Form(max_length=2000)] = "") -> Response:
    """Find visits by a scanned or typed text: visit or patient code, card, citizen number, phone, name."""
    asked = q.strip()
    if not asked:
        return await list_waiting(request, caller)
    ids, code = await _people(caller, asked)
    visits = await store.list_visits(caller.db, caller.now, patient_ids=ids, dossier_code=code)
    waiting = [visit for visit in visits if visit.signed and visit.due != visit.paid]
    only = waiting if len(waiting) == 1 else visits
    if len(only) == 1:
        target = f"/cashier/{only[0].id}"
        return Response(status_code=204, headers={"HX-Redirect": target}) if is_fragment(request) else _see(target)
    return await _list_page(request, caller, visits, asked=asked)


async def _people(caller: Caller, asked: str) -> tuple[list[UUID], str]:
    """Who may be meant, and the text as a visit code; digits that are no known number can still be a visit code."""
    try:
        found, matches = await registration.find_matches(caller.db, asked)
    except HisError as error:
        if error.kind is Kind.INVALID and asked.isascii() and asked.isalnum():
            return [], asked
        raise
    return [match.known.id for match in matches], found.visit_code or asked


def _see(target: str) -> Response:
    return Response(status_code=303, headers={"Location": target})


@router.get("/{encounter_id}")
async def show_bill(
    request: Request, caller: READS, encounter_id: UUID, line: UUID | None = None, method: str = ""
) -> Response:
    """One visit's bill: who pays what, the form line by line, why, and the payment."""
    return await bill_page(request, caller, encounter_id, line=line, method=method)


@router.get("/{encounter_id}/why")
async def show_why(request: Request, caller: READS, encounter_id: UUID, line: UUID | None = None) -> Response:
    """The steps of one line and of the whole visit."""
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    context = bill_context(bill, caller.now, line) | {"may_take": may(caller.user.role, Capability.TAKE_PAYMENT)}
    return render(request, "billing/_why.html", context)


async def bill_page(
    request: Request, caller: Caller, encounter_id: UUID, *, line: UUID | None = None, method: str = "",
    error: str = "", toast: Toast | None = None,
) -> Response:  # fmt: skip
    """The whole bill, or its fragment; `error` stands beside the payment."""
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    account = await store.get_bank_account(caller.db) if bill.outstanding > 0 else None
    reports = await store.list_reports(caller.db, encounter_id)
    allergies = await store.list_allergies(caller.db, bill.patient.id)
    last = next((p for p in reversed(bill.payments) if p.status == "received"), None)
    context: dict[str, Any] = bill_context(bill, caller.now, line) | {
        "error": error,
        "method": method if method in METHODS else "transfer" if account else "cash",
        "methods": METHODS,
        "account": account,
        "reports": reports,
        "qr": _qr(account, bill) if account and bill.outstanding > 0 else "",
        "words": money_words(bill.outstanding),
        "key": str(new_id()),
        "may_take": may(caller.user.role, Capability.TAKE_PAYMENT),
        "allergy": _allergy(bill.patient, allergies),
        "last": last,
        "told": told_paid(bill.payments) if last else "",
        "cashier": await store.get_account_name(caller.db, last.cashier_id) if last else "",
    }
    template = "billing/_bill.html" if is_fragment(request) else "billing/bill.html"
    return render(request, template, context, 422 if error else 200, toast=toast)


def _qr(account: BankAccount, bill: VisitBill) -> Markup:
    """The VietQR code of what is open, as SVG without style attributes."""
    text = vietqr(account.bin, account.number, bill.outstanding, f"KB {bill.encounter.dossier_code}")
    code = segno.make(text, error="m", boost_error=False)
    return Markup(code.svg_inline(border=0, dark="#16211f", title=_("Mã VietQR"), omitsize=True))  # noqa: S704


def _allergy(patient: Patient, allergies: list[str]) -> dict[str, str]:
    if allergies:
        return {"state": "known", "text": "; ".join(allergies)}
    return {"state": "none" if patient.allergy_state == "none" else "unasked", "text": ""}


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
        if error.kind not in (Kind.INVALID, Kind.CONFLICT, Kind.RULES) or not is_fragment(request):
            raise
        return await bill_page(request, caller, encounter_id, method=method, error=error.message)
    told = f"{_('Đã thu')} {vnd(payment.amount)}, {_('phiếu thu')} {payment.receipt_number}"
    if not is_fragment(request):
        return _see(f"/cashier/{encounter_id}")
    return await bill_page(request, caller, encounter_id, toast=Toast(told))


def read_amount(text: str) -> Decimal:
    """`141.488` or `141488` as đồng; raises INVALID (field `amount`)."""
    try:
        return Decimal(text.replace(".", "").replace(",", ".").strip())
    except InvalidOperation as error:
        raise invalid("amount", "Số tiền chỉ gồm chữ số.") from error


@router.get("/{encounter_id}/reports/new")
async def ask_report(request: Request, caller: READS, encounter_id: UUID, line: UUID | None = None) -> Response:
    """The question what is wrong with a line."""
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    chosen = next((row for row in bill.lines if row.source_id == line), None)
    return render(request, "billing/_report.html", {"bill": bill, "line": chosen, "report": None})


@router.post("/{encounter_id}/reports")
async def report(
    request: Request,
    caller: READS,
    encounter_id: UUID,
    sentence: Annotated[str, Form(max_length=500)] = "",
    line: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Write down that a line is wrong."""
    source_id = read_id(line) if line else None
    await report_line(caller.db, encounter_id, source_id, sentence, caller.user.account_id, caller.now)
    return await bill_page(request, caller, encounter_id, line=source_id, toast=Toast(_("Đã báo điều sai")))


@router.get("/reports/{report_id}/answer")
async def ask_answer(request: Request, caller: READS, report_id: UUID) -> Response:
    """The question what was done about a report."""
    row = await store.get_report(caller.db, report_id)
    return render(request, "billing/_report.html", {"report": row, "line": None, "bill": None})


@router.post("/reports/{report_id}/answer")
async def answer(
    request: Request, caller: READS, report_id: UUID, answer: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Close a report with what was done."""
    row = await answer_report(caller.db, report_id, answer, caller.user.account_id, caller.now)
    return await bill_page(request, caller, row.encounter_id, toast=Toast(_("Đã trả lời")))


def read_id(text: str) -> UUID:
    """A row id of a form; raises INVALID (field `line`)."""
    try:
        return UUID(text)
    except ValueError as error:
        raise invalid("line", "Khoản này không còn trên bảng kê. Tải lại trang.") from error


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
    return await bill_page(request, caller, payment.encounter_id, toast=Toast(told))


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
