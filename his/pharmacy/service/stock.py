"""Keeping the store: receipts and adjustments, each one line of the ledger."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from his.catalog import service as catalog
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean
from his.pharmacy import store
from his.pharmacy.tables import StockLot, StockMove
from his.pharmacy.terms import MoveKind

MOST = Decimal(10_000_000)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery of one lot; `tender` is TT_THAU (`decision;package;group;year`), the price is đồng a unit."""

    drug_code: str
    lot_number: str
    expires_on: date
    quantity: Decimal
    unit_price_vnd: Decimal
    tender: str = ""
    shelf: str = ""


def _checked(receipt: Receipt, today: date) -> Receipt:
    receipt = replace(
        receipt,
        drug_code=clean(receipt.drug_code),
        lot_number=clean(receipt.lot_number)[:50],
        tender=clean(receipt.tender)[:200],
        shelf=clean(receipt.shelf)[:100],
    )
    if not receipt.lot_number:
        raise invalid("lot_number", "Nhập số lô như in trên hộp.")
    if receipt.expires_on <= today:
        raise invalid("expires_on", "Lô đã hết hạn, không nhập kho được. Kiểm lại hạn dùng.")
    if not receipt.quantity.is_finite() or not 0 < receipt.quantity <= MOST:
        raise invalid("quantity", "Số lượng phải lớn hơn 0. Nhập lại số lượng.")
    if receipt.quantity != receipt.quantity.quantize(Decimal("0.001")):
        raise invalid("quantity", "Số lượng có tối đa 3 chữ số lẻ. Nhập lại số lượng.")
    if not receipt.unit_price_vnd.is_finite() or not 0 <= receipt.unit_price_vnd <= MOST * 100:
        raise invalid("unit_price_vnd", "Đơn giá phải từ 0 đồng. Nhập lại đơn giá.")
    return receipt


async def receive_stock(db: Db, receipt: Receipt, by: UUID | None, now: datetime) -> StockLot:
    """Take a delivery into the store: a new lot, or more of a known one (same drug, number, expiry and price).

    Raises INVALID for a mistake in a field, CONFLICT when the lot is known with another expiry or price.
    """
    receipt = _checked(receipt, clock.day_of(now))
    if await catalog.get_drug(db, receipt.drug_code, clock.day_of(now)) is None:
        raise invalid(
            "drug_code", f"Không có thuốc {receipt.drug_code} trong danh mục. Tìm lại theo tên hoặc số đăng ký."
        )
    async with db.locking():
        changes = Changes()
        known = await store.find_lot(db, receipt.drug_code, receipt.lot_number)
        if known is None:
            lot = StockLot(
                unit_id=db.unit_id,
                drug_code=receipt.drug_code,
                lot_number=receipt.lot_number,
                expires_on=receipt.expires_on,
                unit_price_vnd=receipt.unit_price_vnd,
                tender=receipt.tender,
                shelf=receipt.shelf,
                on_hand=receipt.quantity,
            )
            changes.insert(lot)
        else:
            if (known.expires_on, known.unit_price_vnd) != (receipt.expires_on, receipt.unit_price_vnd):
                raise HisError(
                    Kind.CONFLICT,
                    f"Lô {known.lot_number} đã có với hạn {known.expires_on:%d/%m/%Y} hoặc giá khác. "
                    "Kiểm lại hạn dùng và đơn giá trên phiếu giao.",
                )
            lot = changes.update(
                known,
                on_hand=known.on_hand + receipt.quantity,
                tender=receipt.tender or known.tender,
                shelf=receipt.shelf or known.shelf,
            )
        changes.insert(move(lot, MoveKind.RECEIPT, receipt.quantity, by, now))
        changes.audit("stock:receive", "StockLot", lot.id, quantity=str(receipt.quantity))
        await db.apply(changes, now)
    return lot


async def adjust_stock(db: Db, lot_id: UUID, counted: Decimal, reason: str, by: UUID | None, now: datetime) -> StockLot:
    """Set a lot to what was counted (stock take, breakage, destruction); the difference is one line of the ledger.

    Raises INVALID without a reason, CONFLICT when less is counted than is promised to signed prescriptions.
    """
    reason = clean(reason)[:300]
    if len(reason) < 5:
        raise invalid("reason", "Ghi lý do điều chỉnh, ít nhất 5 chữ.")
    if not counted.is_finite() or not 0 <= counted <= MOST or counted != counted.quantize(Decimal("0.001")):
        raise invalid("counted", "Số đếm được phải từ 0. Nhập lại số đếm được.")
    async with db.locking():
        lot = (await store.lock_lots_by_id(db, [lot_id])).get(lot_id)
        if lot is None:
            raise not_found()
        if counted == lot.on_hand:
            raise invalid("counted", "Số đếm được bằng số trên sổ. Không cần điều chỉnh.")
        if counted < lot.reserved:
            raise HisError(
                Kind.CONFLICT,
                f"Lô {lot.lot_number} đã hứa {lot.reserved.normalize():f} cho đơn đã ký. "
                "Phát thiếu hoặc đổi lô ở các đơn đang chờ trước.",
            )
        changes = Changes()
        new = changes.update(lot, on_hand=counted)
        changes.insert(move(lot, MoveKind.ADJUST, counted - lot.on_hand, by, now, reason=reason))
        await db.apply(changes.audit("stock:adjust", "StockLot", lot_id, change=str(counted - lot.on_hand)), now)
    return new


def move(
    lot: StockLot,
    kind: MoveKind,
    quantity: Decimal,
    by: UUID | None,
    now: datetime,
    dispense_id: UUID | None = None,
    reason: str = "",
) -> StockMove:
    """A line of the ledger; positive in, negative out."""
    return StockMove(
        unit_id=lot.unit_id,
        lot_id=lot.id,
        kind=kind.value,
        quantity=quantity,
        moved_at=now,
        moved_by=by,
        dispense_id=dispense_id,
        reason=reason,
    )
