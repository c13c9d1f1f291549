"""A prescription at the counter, loaded under lock, and the sums of its lots that one change set writes once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found
from his.pharmacy import store
from his.pharmacy.service.stock import move
from his.pharmacy.tables import MedicationDispense, StockLot
from his.pharmacy.terms import MoveKind
from his.prescriptions.tables import MedicationRequest, Prescription

ZERO = Decimal(0)


@dataclass(slots=True)
class Shelf:
    """Locked lots with the changes of a use-case added up, so that each lot is written once."""

    lots: dict[UUID, StockLot]
    on_hand: dict[UUID, Decimal] = field(default_factory=dict)
    reserved: dict[UUID, Decimal] = field(default_factory=dict)

    def add(self, lot_id: UUID, *, on_hand: Decimal = ZERO, reserved: Decimal = ZERO) -> None:
        """Change what a lot holds and what of it is promised."""
        self.on_hand[lot_id] = self.on_hand.get(lot_id, ZERO) + on_hand
        self.reserved[lot_id] = self.reserved.get(lot_id, ZERO) + reserved

    def write(self, changes: Changes) -> None:
        """Add the new sums to a change set; a sum below zero is a broken ledger and stops everything."""
        for lot_id, change in self.on_hand.items():
            lot, promised = self.lots[lot_id], self.reserved[lot_id]
            if not change and not promised:
                continue
            new = changes.update(lot, on_hand=lot.on_hand + change, reserved=lot.reserved + promised)
            assert new.on_hand >= 0, "a lot holds less than nothing"
            assert new.reserved >= 0, "a lot promises less than nothing"


@dataclass(slots=True)
class Order:
    """A prescription with its lines, what is prepared or handed out for them, and the locked lots."""

    prescription: Prescription
    lines: list[MedicationRequest]
    dispenses: list[MedicationDispense]
    shelf: Shelf

    def prepared(self, line_id: UUID) -> list[MedicationDispense]:
        """What waits to be handed out for a line, first expiry first."""
        rows = [d for d in self.dispenses if d.medication_request_id == line_id and d.status == "prepared"]
        return sorted(rows, key=lambda d: (self.shelf.lots[d.lot_id].expires_on, d.prepared_at))

    def handed(self, line_id: UUID) -> Decimal:
        """Units of a line already handed out."""
        return sum(
            (d.quantity for d in self.dispenses if d.medication_request_id == line_id and d.status == "completed"), ZERO
        )


async def lock_order(db: Db, prescription_id: UUID, drug_codes: Collection[str] = ()) -> Order:
    """Load a prescription for the counter; it and its lots stay locked until the commit. Raises NOT_FOUND.

    Lots of `drug_codes` are locked in the same statement, always in the order of the ids, so that nobody waits in a ring.
    """
    prescription = await store.lock_prescription(db, prescription_id)
    if prescription is None:
        raise not_found()
    lines = await store.list_lines(db, prescription_id)
    dispenses = await store.list_dispenses(db, [line.id for line in lines])
    lots = await store.lock_lots_by_id(db, {d.lot_id for d in dispenses}, drug_codes)
    return Order(prescription, lines, dispenses, Shelf(lots))


def require_waiting(order: Order) -> None:
    """Refuse a prescription that is not signed or no longer waits."""
    status = order.prescription.status
    if status == "signed":
        return
    sentence = {
        "draft": "Đơn chưa ký. Bác sĩ ký đơn rồi nhà thuốc phát.",
        "dispensed": "Đơn này đã phát xong. Mở đơn để xem đã phát gì.",
    }.get(status, "Đơn đã hủy. Hỏi bác sĩ đơn thay thế.")
    raise HisError(Kind.CONFLICT, sentence)


@dataclass(frozen=True, slots=True)
class Hands:
    """Who picked, who checked, and when."""

    picker: UUID | None
    checker: UUID | None
    now: datetime


def complete(
    changes: Changes, order: Order, row: MedicationDispense, quantity: Decimal, hands: Hands, reason: str = ""
) -> MedicationDispense:
    """Hand out so much of a prepared dispense; what is left of it is no longer promised by it."""
    lot = order.shelf.lots[row.lot_id]
    new = changes.update(
        row,
        status="completed",
        quantity=quantity,
        dispensed_at=hands.now,
        picked_by=hands.picker,
        checked_by=hands.checker,
        reason=reason,
    )
    changes.insert(move(lot, MoveKind.DISPENSE, -quantity, hands.picker, hands.now, row.id))
    changes.version(new)
    order.shelf.add(row.lot_id, on_hand=-quantity, reserved=-row.quantity)
    return new


def release(changes: Changes, order: Order, row: MedicationDispense, reason: str) -> MedicationDispense:
    """Give a prepared dispense up: the lot is free again."""
    new = changes.update(row, status="cancelled", reason=reason)
    changes.version(new)
    order.shelf.add(row.lot_id, reserved=-row.quantity)
    return new
