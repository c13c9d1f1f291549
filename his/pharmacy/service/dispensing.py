"""Handing out what was promised: all of it, a part with one of three lawful exits, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, Severity, invalid, not_found, refuse_errors
from his.kit.text import clean
from his.pharmacy import store
from his.pharmacy.rules import is_expired
from his.pharmacy.service.orders import ZERO, Hands, Order, complete, lock_order, release, require_waiting
from his.pharmacy.tables import MedicationDispense
from his.pharmacy.terms import Exit
from his.prescriptions.tables import MedicationRequest, Prescription


@dataclass(frozen=True, slots=True)
class Handed:
    """The prescription afterwards, what was handed out, and đồng to give back for self-paid units struck off."""

    prescription: Prescription
    dispenses: tuple[MedicationDispense, ...]
    refund_vnd: Decimal = ZERO


def _refuse_expired(order: Order, now: datetime) -> None:
    today = clock.day_of(now)
    found = []
    for line in order.lines:
        for row in order.prepared(line.id):
            lot = order.shelf.lots[row.lot_id]
            if is_expired(lot.expires_on, today):
                message = f"{line.drug_name}: lô {lot.lot_number} hết hạn {lot.expires_on:%d/%m/%Y}, không phát được."
                found.append(
                    Finding(
                        "PHA-EXPIRY-01",
                        Severity.ERROR,
                        message,
                        "MedicationDispense",
                        str(line.id),
                        "Lấy lô khác, hoặc phát thiếu.",
                    )
                )
    refuse_errors(found)


def _settle(changes: Changes, order: Order, line: MedicationRequest, given: Decimal) -> MedicationRequest:
    """The line after the counter: completed when something was handed out or bought outside, else cancelled."""
    struck = given <= 0 and order.handed(line.id) <= 0 and bool(order.prepared(line.id))
    new = changes.update(line, status="cancelled" if struck else "completed")
    changes.version(new)
    return new


def _finish(changes: Changes, order: Order, action: str, waiting: bool) -> Prescription:
    prescription = order.prescription
    if not waiting:
        prescription = changes.update(prescription, status="dispensed")
    order.shelf.write(changes)
    changes.audit(action, "Prescription", prescription.id)
    changes.dirty("visit", prescription.encounter_id)
    return prescription


async def hand_out(db: Db, prescription_id: UUID, picker: UUID | None, checker: UUID | None, now: datetime) -> Handed:
    """Hand out everything that is prepared. Asking twice is answered with what was handed out the first time.

    Raises NOT_FOUND, CONFLICT when the prescription is not signed, RULES when a promised lot has expired.
    """
    return await _hand_out(db, prescription_id, {}, Exit.REFUND, Hands(picker, checker, now))


async def hand_out_short(
    db: Db,
    prescription_id: UUID,
    given: Mapping[UUID, Decimal],
    way: Exit,
    picker: UUID | None,
    checker: UUID | None,
    now: datetime,
) -> Handed:
    """Hand out less than was promised for the lines in `given` (line id -> units that are really there).

    REFUND strikes the rest off, LATER keeps it promised and the prescription waiting, ASK_DOCTOR strikes the whole
    line off, so that the doctor prescribes another drug. Other lines are handed out in full.
    """
    if not given:
        raise invalid("given", "Chọn dòng thuốc thiếu và số phát được.")
    return await _hand_out(db, prescription_id, dict(given), way, Hands(picker, checker, now))


async def _hand_out(db: Db, prescription_id: UUID, given: dict[UUID, Decimal], way: Exit, hands: Hands) -> Handed:
    async with db.locking():
        order = await lock_order(db, prescription_id)
        if order.prescription.status == "dispensed" and not given:
            return Handed(order.prescription, tuple(order.dispenses))
        require_waiting(order)
        _refuse_expired(order, hands.now)
        if way is Exit.ASK_DOCTOR:
            given = dict.fromkeys(given, ZERO)
        changes = Changes()
        done: list[MedicationDispense] = []
        refund, waiting = ZERO, False
        for line in order.lines:
            rows = order.prepared(line.id)
            promised = sum((row.quantity for row in rows), ZERO)
            if line.status != "active":
                continue
            amount = _amount(given, line, promised)
            done += _give(changes, order, rows, amount, way, hands)
            if amount < promised and way is Exit.LATER:
                waiting = True
                continue
            if line.payer == "self":
                refund += _price_of_rest(rows, amount)
            _settle(changes, order, line, amount)
        unknown = set(given) - {line.id for line in order.lines}
        if unknown:
            raise not_found()
        prescription = _finish(changes, order, f"pharmacy:{'short-' + way.value if given else 'hand-out'}", waiting)
        await db.apply(changes, hands.now)
    return Handed(prescription, tuple(done), refund)


def _amount(given: Mapping[UUID, Decimal], line: MedicationRequest, promised: Decimal) -> Decimal:
    amount = given.get(line.id, promised)
    if not amount.is_finite() or not 0 <= amount <= promised or amount != amount.quantize(Decimal("0.001")):
        raise invalid("given", f"{line.drug_name}: số phát phải từ 0 đến {promised.normalize():f}. Nhập lại.")
    return amount


def _give(
    changes: Changes, order: Order, rows: list[MedicationDispense], amount: Decimal, way: Exit, hands: Hands
) -> list[MedicationDispense]:
    """Hand out `amount` from the prepared rows in turn; the rest is given up, or stays prepared when it comes later."""
    done, left = [], amount
    for row in rows:
        part = min(left, row.quantity)
        left -= part
        if part == row.quantity:
            done.append(complete(changes, order, row, part, hands))
        elif way is Exit.LATER:
            if part > 0:
                rest = MedicationDispense(
                    **{
                        **row.model_dump(exclude={"id", "version"}),
                        "quantity": row.quantity - part,
                        "reason": "Hẹn lấy sau",
                    }
                )
                changes.insert(rest)
                changes.version(rest, op="create")
                order.shelf.add(row.lot_id, reserved=rest.quantity)
                done.append(complete(changes, order, row, part, hands))
        elif part > 0:
            done.append(complete(changes, order, row, part, hands, reason="Phát thiếu, bỏ phần còn lại"))
        else:
            release(changes, order, row, "Hỏi bác sĩ đổi thuốc" if way is Exit.ASK_DOCTOR else "Kho thiếu")
    return done


def _price_of_rest(rows: list[MedicationDispense], amount: Decimal) -> Decimal:
    rest, left = ZERO, amount
    for row in rows:
        part = min(left, row.quantity)
        left -= part
        rest += (row.quantity - part) * row.unit_price_vnd
    return rest


async def cancel_line(db: Db, line_id: UUID, reason: str, now: datetime) -> MedicationRequest:
    """Strike a line off before it is handed out; its lots are free again. Raises CONFLICT after handing out."""
    line = await store.get_line(db, line_id)
    if line is None:
        raise not_found()
    reason = required_reason(reason)
    async with db.locking():
        order = await lock_order(db, line.prescription_id)
        require_waiting(order)
        line = next(row for row in order.lines if row.id == line_id)
        if line.status != "active" or order.handed(line_id) > 0:
            raise HisError(Kind.CONFLICT, f"{line.drug_name} đã phát hoặc đã bỏ. Dùng trả lại thuốc nếu cần.")
        changes = Changes()
        for row in order.prepared(line_id):
            release(changes, order, row, reason)
        new = changes.update(line, status="cancelled")
        changes.version(new)
        others = [row for row in order.lines if row.id != line_id and row.status == "active"]
        _close_when_empty(changes, order, others)
        await db.apply(changes, now)
    return new


async def send_back(db: Db, prescription_id: UUID, reason: str, now: datetime) -> Prescription:
    """Return the whole prescription: nothing of what still waits is handed out, every lot is free again."""
    reason = required_reason(reason)
    async with db.locking():
        order = await lock_order(db, prescription_id)
        require_waiting(order)
        changes = Changes()
        for line in order.lines:
            for row in order.prepared(line.id):
                release(changes, order, row, reason)
            if line.status == "active":
                status = "completed" if order.handed(line.id) > 0 else "cancelled"
                changes.version(changes.update(line, status=status))
        prescription = _close_when_empty(changes, order, [])
        await db.apply(changes, now)
    return prescription


def _close_when_empty(changes: Changes, order: Order, others: list[MedicationRequest]) -> Prescription:
    prescription = order.prescription
    if not others:
        handed = any(row.status == "completed" for row in order.dispenses)
        prescription = changes.update(prescription, status="dispensed" if handed else "cancelled")
    order.shelf.write(changes)
    changes.audit("pharmacy:cancel", "Prescription", prescription.id)
    changes.dirty("visit", prescription.encounter_id)
    return prescription


def required_reason(reason: str) -> str:
    """The reason in clean form; raises INVALID when it says too little."""
    reason = clean(reason)[:300]
    if len(reason) < 5:
        raise invalid("reason", "Ghi lý do, ít nhất 5 chữ.")
    return reason
