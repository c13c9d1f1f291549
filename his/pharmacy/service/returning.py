"""After the promise: other lots for a line, and drugs that come back."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found, refuse_errors
from his.kit.rulebook import assess
from his.pharmacy import store
from his.pharmacy.rules import RULES
from his.pharmacy.service.dispensing import required_reason
from his.pharmacy.service.orders import Shelf, lock_order, require_waiting
from his.pharmacy.service.reserving import need_of, plan_takes, stock_facts
from his.pharmacy.service.stock import move
from his.pharmacy.tables import MedicationDispense
from his.pharmacy.terms import MoveKind


async def change_lots(db: Db, line_id: UUID, now: datetime) -> list[MedicationDispense]:
    """Promise a line anew from what is in the store now: another lot for an expired or damaged one, or what was missing.

    Raises RULES when an insured line would be short.
    """
    line = await store.get_line(db, line_id)
    if line is None:
        raise not_found()
    async with db.locking():
        order = await lock_order(db, line.prescription_id, {line.drug_code})
        require_waiting(order)
        line = next(row for row in order.lines if row.id == line_id)
        if line.status != "active":
            raise HisError(Kind.CONFLICT, f"{line.drug_name} đã phát hoặc đã bỏ, không đổi lô được.")
        shelf = order.shelf
        lots = {lot.id: lot for lot in shelf.lots.values() if lot.drug_code == line.drug_code}
        changes = Changes()
        freed: dict[UUID, Decimal] = {}
        for row in order.prepared(line_id):
            changes.version(changes.update(row, status="cancelled", reason="Đổi lô"))
            shelf.add(row.lot_id, reserved=-row.quantity)
            freed[row.lot_id] = freed.get(row.lot_id, Decimal(0)) + row.quantity
        free = [lot.model_copy(update={"reserved": lot.reserved - freed.get(lot.id, 0)}) for lot in lots.values()]
        facts = stock_facts([need_of(line, now, line.quantity - order.handed(line_id))], free, now)
        refuse_errors(assess(RULES, facts, facts.on))
        rows = plan_takes([line], facts, lots, now)
        for row in rows:
            shelf.add(row.lot_id, reserved=row.quantity)
        shelf.write(changes)
        changes.insert(*rows).version(*rows, op="create").audit("pharmacy:change-lots", "MedicationRequest", line_id)
        await db.apply(changes.dirty("visit", line.encounter_id), now)
    return rows


async def take_back(
    db: Db, dispense_id: UUID, quantity: Decimal, reason: str, by: UUID | None, now: datetime
) -> MedicationDispense:
    """A patient brings unused units back before the visit is closed: the store has them again, the bill shrinks.

    Raises CONFLICT when nothing was handed out or the visit is closed, INVALID for more than was handed out.
    """
    reason = required_reason(reason)
    async with db.locking():
        row = await store.lock_dispense(db, dispense_id)
        if row is None:
            raise not_found()
        if row.status != "completed":
            raise HisError(Kind.CONFLICT, "Thuốc này chưa phát hoặc đã trả lại hết. Không nhận lại được.")
        if not quantity.is_finite() or not 0 < quantity <= row.quantity:
            raise invalid("quantity", f"Số nhận lại phải từ 1 đến {row.quantity.normalize():f}. Nhập lại.")
        encounter = await store.get_encounter(db, row.encounter_id)
        if encounter is None or encounter.status == "finished":
            raise HisError(Kind.CONFLICT, "Lượt khám đã đóng, hồ sơ đã gửi. Mở lại lượt khám trước khi nhận lại thuốc.")
        lots = await store.lock_lots_by_id(db, [row.lot_id])
        shelf, changes = Shelf(lots), Changes()
        whole = quantity == row.quantity
        new = changes.update(
            row,
            status="cancelled" if whole else "completed",
            quantity=row.quantity if whole else row.quantity - quantity,
            reason=reason,
        )
        changes.insert(move(lots[row.lot_id], MoveKind.RETURN, quantity, by, now, row.id, reason)).version(new)
        shelf.add(row.lot_id, on_hand=quantity)
        shelf.write(changes)
        changes.audit("pharmacy:take-back", "MedicationDispense", dispense_id, quantity=str(quantity))
        await db.apply(changes.dirty("visit", row.encounter_id), now)
    return new
