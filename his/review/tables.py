"""What units submitted to an insurer, and the decision on each line."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Versioned, belongs_to, decimal3, document, instant, money, text, unique


class ReviewCase(Versioned, table=True):
    """A submitted dossier as its insurer sees it; visible to the unit that sent it and to that insurer only."""

    __tablename__ = "review_case"
    __table_args__ = (
        belongs_to("claim_id", "claim"),
        unique("review_case", "claim_id"),
        Index("ix_review_case_payer", "payer_id", "state", "period", "id"),
    )
    payer_id: int
    claim_id: UUID
    dossier_code: str
    number: str
    unit_code: str
    unit_name: str
    period: str
    patient_name: str
    birth_date: date
    gender: str
    card_number: str
    entitlement_code: str
    benefit_rate: Decimal = decimal3()
    main_diagnosis: str = ""
    diagnosis_text: str = text()
    care_setting: str = "01"
    arrived_at: datetime = instant()
    ended_at: datetime = instant()
    received_at: datetime = instant()
    due_on: date
    state: str = "received"  # received in-review decided
    finding_count: int = 0
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    copayment: Decimal = money()
    asked: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()
    asking: Decimal = money()
    undecided: Decimal = money()
    findings: list[dict[str, Any]] = document()
    decided_at: datetime | None = instant(optional=True)
    decided_by: UUID | None = None


class ReviewLine(Versioned, table=True):
    """A line of a submitted dossier and what the officer decided."""

    __tablename__ = "review_line"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        unique("review_line", "case_id", "position"),
        Index("ix_review_line_case", "unit_id", "case_id"),
    )
    payer_id: int
    case_id: UUID
    charge_id: UUID
    position: int
    claim_table: str  # XML2 XML3
    code: str
    name: str = text()
    unit: str = ""
    cost_group: str = ""
    quantity: Decimal = decimal3()
    unit_price: Decimal = decimal3()
    amount_covered: Decimal = money()
    benefit_rate: Decimal = decimal3()
    asked: Decimal = money()  # insurer share asked for
    approved_quantity: Decimal | None = decimal3(None)
    approved: Decimal | None = money(None)
    decision: str = ""  # "" accept reduce reject ask
    reason_code: str = ""
    reason: str = text()
    findings: list[dict[str, Any]] = document()
    evidence: list[dict[str, Any]] = document()
    decided_at: datetime | None = instant(optional=True)
    decided_by: UUID | None = None
