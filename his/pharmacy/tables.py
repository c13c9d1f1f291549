"""Stock by lot, its ledger, and what was handed out."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Tenant, Versioned, belongs_to, decimal3, instant, text, unique


class StockLot(Versioned, table=True):
    """A lot of a drug in the unit's store; `on_hand` is the sum of its moves."""

    __tablename__ = "stock_lot"
    __table_args__ = (
        unique("stock_lot", "drug_code", "lot_number"),
        Index("ix_stock_lot_drug", "unit_id", "drug_code", "expires_on"),
    )
    drug_code: str
    lot_number: str
    expires_on: date
    unit_price_vnd: Decimal = decimal3()
    tender: str = ""  # TT_THAU
    shelf: str = ""  # where it lies: "Tủ 2 · ô 14"
    on_hand: Decimal = decimal3()
    reserved: Decimal = decimal3()  # promised to signed prescriptions, not handed out yet


class StockMove(Tenant, table=True):
    """One line of the append-only ledger; positive in, negative out."""

    __tablename__ = "stock_move"
    __table_args__ = (belongs_to("lot_id", "stock_lot"), Index("ix_stock_move_lot", "unit_id", "lot_id", "moved_at"))
    lot_id: UUID
    kind: str  # receipt dispense return adjust
    quantity: Decimal = decimal3()
    moved_at: datetime = instant()
    moved_by: UUID | None = None
    dispense_id: UUID | None = None
    reason: str = text()


class MedicationDispense(Versioned, table=True):
    """A quantity of one lot handed out for one drug line."""

    __tablename__ = "medication_dispense"
    __table_args__ = (
        belongs_to("medication_request_id", "medication_request"),
        belongs_to("encounter_id", "encounter"),
        belongs_to("lot_id", "stock_lot"),
        Index("ix_medication_dispense_visit", "unit_id", "encounter_id"),
        Index("ix_medication_dispense_line", "unit_id", "medication_request_id"),
        Index("ix_medication_dispense_lot", "unit_id", "lot_id", "status"),
    )
    medication_request_id: UUID
    encounter_id: UUID
    patient_id: UUID
    lot_id: UUID
    quantity: Decimal = decimal3()
    unit_price_vnd: Decimal = decimal3()
    status: str = "prepared"  # prepared (lot reserved at signing) completed cancelled
    prepared_at: datetime = instant()
    dispensed_at: datetime | None = instant(optional=True)
    picked_by: UUID | None = None
    checked_by: UUID | None = None
    reason: str = text()  # why it was cancelled, reduced or taken back
