"""Money for a locked month: in one or several payments, each recorded once."""

import re
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.money import r2, vnd
from his.kit.text import clean
from his.settlement import store
from his.settlement.rules import read_sums, settled_state
from his.settlement.service.insurer import find_row, unit_scope
from his.settlement.service.month import Actor, require, step
from his.settlement.tables import Settlement, SettlementPayment
from his.settlement.terms import Move, PaidView, State

REFERENCE_LENGTH = 60
PATTERN = re.compile(r"-?(\d{1,15}|\d{1,3}(\.\d{3}){1,4})(,\d{1,2})?")


def read_amount(text: str) -> Decimal:
    """An amount as people type it: `1.234.500` or `1.234.500,5`, đồng. Raises INVALID (field `amount`)."""
    typed = text.replace("\u00a0", "").replace(" ", "").replace("−", "-").removesuffix("đ")
    if not PATTERN.fullmatch(typed):
        raise invalid("amount", "Số tiền chưa đúng. Ghi như 1.234.500 hoặc 1.234.500,5.")
    return Decimal(typed.replace(".", "").replace(",", "."))


async def record_payment(
    db: Db, settlement_id: UUID, officer: Actor, amount: Decimal, paid_on: date, reference: str, key: str, now: datetime
) -> Settlement:
    """Record a payment of `amount` đồng; negative when the unit gives back what was recalled. The same `key` is the same payment.

    Raises INVALID for an amount of zero, of the wrong sign or above what is left, a day in the future or before the lock, a
    missing reference; CONFLICT when the month is not locked or the reference was used.
    """
    if not key:
        raise invalid("key", "Thiếu khóa của lần chi. Tải lại trang rồi ghi lại.")
    row = await find_row(db, settlement_id)
    async with unit_scope(db, row) as out:
        known = await store.payment_by_key(out, key)
        if known is not None:
            if known.settlement_id != row.id:
                raise HisError(
                    Kind.CONFLICT, "Khóa của lần chi này đã dùng cho tháng khác. Tải lại trang.", field="key"
                )
            return row
        require(Move.PAY, row)
        payments = await store.list_payments(out, row.id)
        payment = SettlementPayment(
            unit_id=row.unit_id, payer_id=row.payer_id, settlement_id=row.id, position=len(payments) + 1,
            amount=_amount(row, amount), paid_on=_day(row, paid_on, now), reference=_reference(reference), key=key,
            recorded_at=now, recorded_by=officer.account_id, recorder=officer.name,
        )  # fmt: skip
        if any(p.reference == payment.reference for p in payments):
            raise invalid("reference", f"Chứng từ {payment.reference} đã ghi cho tháng này. Kiểm lại số chứng từ.")
        return await _write(out, row, payment, officer, now)


async def _write(out: Db, row: Settlement, payment: SettlementPayment, officer: Actor, now: datetime) -> Settlement:
    paid = row.paid + payment.amount
    state = settled_state(row.approved, paid)
    changes = Changes().insert(payment)
    new = changes.update(row, paid=paid, state=state.value, settled_at=now if state is State.PAID else None)
    note = f"{vnd(payment.amount)}, {payment.paid_on:%d/%m/%Y}, {payment.reference}"
    step(changes, new, Move.PAY, officer, now, note=note)
    changes.version(PaidView(new, payment, read_sums(row.figures)), op="create")
    if state is not State.PAID:
        await out.apply(changes, now)
        return new
    async with out.locking():
        await store.mark_paid(out, row.id, row.period, now)
        await out.apply(changes, now)
    return new


def _amount(row: Settlement, amount: Decimal) -> Decimal:
    left = row.approved - row.paid
    if not amount.is_finite() or amount != r2(amount) or not amount:
        raise invalid("amount", "Số tiền chưa đúng. Ghi số đồng khác 0, nhiều nhất hai số lẻ.")
    if (amount > 0) != (left > 0) or abs(amount) > abs(left):
        raise invalid("amount", f"Số tiền {vnd(amount)} vượt phần còn lại {vnd(left)}. Kiểm lại chứng từ.")
    return r2(amount)


def _day(row: Settlement, paid_on: date, now: datetime) -> date:
    assert row.locked_at is not None, "a month in state locked has its day"
    if paid_on > day_of(now):
        raise invalid("paid_on", f"Ngày chi {paid_on:%d/%m/%Y} chưa đến. Ghi ngày trên chứng từ.")
    if paid_on < day_of(row.locked_at):
        raise invalid("paid_on", f"Ngày chi {paid_on:%d/%m/%Y} trước ngày khóa tháng. Kiểm lại chứng từ.")
    return paid_on


def _reference(reference: str) -> str:
    found = clean(reference)
    if not found or len(found) > REFERENCE_LENGTH:
        raise invalid("reference", f"Ghi số chứng từ chuyển tiền, nhiều nhất {REFERENCE_LENGTH} ký tự.")
    return found
