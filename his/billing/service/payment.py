"""Payments: taken once, however often the button is pressed, and taken back only by another person with a reason."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.billing import store
from his.billing.service.bill import VisitBill, compute_bill, frozen_bill
from his.billing.service.charges import settle_charges
from his.billing.tables import Payment
from his.identity.service import next_number
from his.kit.changes import Changes
from his.kit.clock import local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.money import ZERO, r2, vnd
from his.kit.text import clean

METHODS = {"cash": "tiền mặt", "transfer": "chuyển khoản QR", "card": "thẻ"}
METHOD_NAMES = {method: word[0].upper() + word[1:] for method, word in METHODS.items()}
MAX_KEY = 100


async def take_payment(
    db: Db, encounter_id: UUID, amount: Decimal, method: str, key: str, cashier_id: UUID, now: datetime
) -> Payment:
    """Take the whole amount that is open and give the next receipt number; the same `key` gives the same payment.

    Visits are locked, so two cashiers never both take it. Raises INVALID (field `amount`, with the right amount; or
    `method`, `key`), CONFLICT when it is paid already (who came first is told), RULES when the key belongs to another
    payment and while the visit is not signed.
    """
    if method not in METHODS:
        raise invalid("method", "Cách trả chỉ nhận tiền mặt, chuyển khoản hoặc thẻ.")
    if not 0 < len(key) <= MAX_KEY:
        raise invalid("key", "Thiếu khóa của lần thu. Tải lại trang rồi thu.")
    async with db.locking():
        await store.lock_visit(db, encounter_id)
        earlier = await store.find_payment(db, key)
        if earlier is not None:
            return _same(earlier, encounter_id, amount, method)
        facts = await store.load_bill_facts(db, encounter_id)
        ledger = await store.load_ledger(db, encounter_id)
        bill = frozen_bill(facts, ledger) if ledger.statement else compute_bill(facts, now, ledger)
        check_payment(bill, amount)
        payment = Payment(
            unit_id=facts.encounter.unit_id,
            encounter_id=encounter_id,
            amount=r2(amount),  # as it is read back, so that a repeated request gets the same text
            method=method,
            paid_at=now,
            cashier_id=cashier_id,
            receipt_number=await _receipt_number(db, now),
            key=key,
        )
        changes = Changes() if ledger.statement else settle_charges(bill, ledger)
        changes.insert(payment).dirty("visit", encounter_id)
        changes.audit("payment:take", "Payment", payment.id, amount=str(amount), method=method)
        await db.apply(changes, now)
        return payment


def check_payment(bill: VisitBill, amount: Decimal) -> None:
    """May this amount be taken now? Raises as `take_payment` says."""
    if bill.encounter.signed_at is None:
        raise HisError(Kind.RULES, "Bác sĩ chưa ký lượt khám nên chưa thu được. Chờ ký rồi thu.")
    if bill.outstanding > 0 and amount != bill.outstanding:
        raise invalid("amount", f"Số tiền phải thu là {vnd(bill.outstanding)}, không phải {vnd(amount)}.")
    if bill.outstanding > 0:
        return
    if bill.due == 0 and not bill.paid:
        raise invalid("amount", "Lượt này người bệnh không phải trả tiền, không cần thu.")
    if bill.outstanding < 0:
        more = vnd(-bill.outstanding)
        raise HisError(Kind.CONFLICT, f"Lượt này đã thu thừa {more}. Nhờ thu ngân khác hủy phiếu thu rồi thu lại.")
    raise HisError(Kind.CONFLICT, told_paid(bill.payments))


def told_paid(payments: Sequence[Payment]) -> str:
    """The sentence for the second cashier."""
    received = [p for p in payments if p.status == "received"]
    last = max(received, key=lambda p: p.paid_at)
    total = sum((p.amount for p in received), ZERO)
    how = f"lúc {local(last.paid_at):%H:%M ngày %d/%m/%Y} bằng {METHODS[last.method]}"
    return f"Lượt này đã thu {vnd(total)} {how}, phiếu thu {last.receipt_number}. Không thu thêm."


async def cancel_payment(db: Db, payment_id: UUID, reason: str, canceller_id: UUID, now: datetime) -> Payment:
    """Take a payment back: another person than the one who took it, with a reason, before the visit is closed.

    The row and its number stay. Raises INVALID without a reason, FORBIDDEN for the same person, CONFLICT when it was
    cancelled before or the visit is closed.
    """
    reason = clean(reason)
    if not reason:
        raise invalid("reason", "Ghi lý do hủy phiếu thu.")
    found = await store.get_payment(db, payment_id)
    async with db.locking():
        await store.lock_visit(db, found.encounter_id)
        payment = await store.get_payment(db, payment_id)
        ledger = await store.load_ledger(db, payment.encounter_id)
        if payment.status == "cancelled":
            raise HisError(Kind.CONFLICT, f"Phiếu thu {payment.receipt_number} đã hủy trước đó.")
        if ledger.statement is not None:
            raise HisError(Kind.CONFLICT, "Lượt khám đã đóng, không hủy được phiếu thu.")
        if payment.cashier_id == canceller_id:
            raise HisError(Kind.FORBIDDEN, "Người thu không tự hủy phiếu của mình. Nhờ thu ngân khác hủy.")
        changes = Changes()
        cancelled = changes.update(
            payment, status="cancelled", cancelled_at=now, cancelled_by=canceller_id, cancel_reason=reason
        )
        changes.audit("payment:cancel", "Payment", payment.id, amount=str(payment.amount))
        await db.apply(changes.dirty("visit", payment.encounter_id), now)
        return cancelled


def _same(earlier: Payment, encounter_id: UUID, amount: Decimal, method: str) -> Payment:
    """The payment of a repeated request; a key used for something else is refused."""
    if (earlier.encounter_id, earlier.amount, earlier.method) != (encounter_id, amount, method):
        if earlier.encounter_id == encounter_id and earlier.status == "received":
            raise HisError(Kind.RULES, told_paid([earlier]), field="key")
        raise HisError(Kind.RULES, "Khóa này đã dùng cho một lần thu khác. Tải lại trang rồi thu.", field="key")
    return earlier


async def _receipt_number(db: Db, now: datetime) -> str:
    """`26-000123`: gapless within the unit and year, because the counter is locked until the commit."""
    year = f"{local(now):%y}"
    return f"{year}-{await next_number(db, 'receipt', year):06d}"
