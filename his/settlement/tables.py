"""A unit's months with its insurer: state and sums, frozen entries, steps, payments."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Tenant, Versioned, belongs_to, document, instant, money, text, unique


class Settlement(Versioned, table=True):
    """A month of a unit; its sums are those of the last step (sent, agreed or locked)."""

    __tablename__ = "settlement"
    __table_args__ = (
        unique("settlement", "period"),
        Index("ix_settlement_payer", "payer_id", "period", "state"),
    )
    payer_id: int
    period: str  # yyyy-mm
    unit_code: str
    unit_name: str
    form: str
    definition: str
    state: str = "sent"  # sent returned disputed agreed locked paid
    revision: int = 1  # how often it was sent
    cases: int = 0
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    asked: Decimal = money()
    copayment: Decimal = money()
    self_paid: Decimal = money()
    other_sources: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()
    left_cases: int = 0
    left_asked: Decimal = money()
    paid: Decimal = money()
    figures: dict[str, Any] = document()
    sha256: str = ""  # of the figures
    source_sha256: str = ""  # of the entries
    sent_at: datetime | None = instant(optional=True)
    sent_by: UUID | None = None
    agreed_at: datetime | None = instant(optional=True)
    agreed_by: UUID | None = None
    locked_at: datetime | None = instant(optional=True)
    locked_by: UUID | None = None
    settled_at: datetime | None = instant(optional=True)


class SettlementEntry(Tenant, table=True):
    """A decided case in a locked month, counted with its sign; written once."""

    __tablename__ = "settlement_entry"
    __table_args__ = (
        belongs_to("settlement_id", "settlement"),
        belongs_to("case_id", "review_case"),
        unique("settlement_entry", "settlement_id", "position"),
        Index("ix_settlement_entry_case", "unit_id", "case_id"),
    )
    payer_id: int
    settlement_id: UUID
    position: int
    sign: int  # 1 or -1
    kind: str  # claim carried adjust recall
    case_id: UUID
    claim_id: UUID
    dossier_code: str
    number: str
    period: str  # the month of the dossier
    care_setting: str
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    asked: Decimal = money()
    copayment: Decimal = money()
    self_paid: Decimal = money()
    other_sources: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()


class SettlementEvent(Tenant, table=True):
    """A step of a month with the figures as they stood: who, what, why, on what legal basis; written once."""

    __tablename__ = "settlement_event"
    __table_args__ = (
        belongs_to("settlement_id", "settlement"),
        Index("ix_settlement_event", "unit_id", "settlement_id", "at"),
    )
    payer_id: int
    settlement_id: UUID
    at: datetime = instant()
    actor: UUID | None = None
    actor_name: str = ""
    action: str  # send dispute agree return resolve confirm pay
    note: str = text()
    basis: str = text()
    revision: int = 1
    sha256: str = ""
    source_sha256: str = ""
    definition: str = ""
    figures: dict[str, Any] = document()


class SettlementPayment(Tenant, table=True):
    """Money that the fund paid for a month (negative: the unit gave back); written once."""

    __tablename__ = "settlement_payment"
    __table_args__ = (
        belongs_to("settlement_id", "settlement"),
        unique("settlement_payment", "key"),
        unique("settlement_payment", "settlement_id", "reference"),
    )
    payer_id: int
    settlement_id: UUID
    position: int
    amount: Decimal = money()
    paid_on: date
    reference: str
    key: str
    recorded_at: datetime = instant()
    recorded_by: UUID | None = None
    recorder: str = ""
