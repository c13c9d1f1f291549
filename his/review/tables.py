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
        Index("ix_review_case_number", "payer_id", "number"),
        Index("ix_review_case_card", "payer_id", "card_number"),
    )
    payer_id: int
    claim_id: UUID
    dossier_code: str
    revision: int = 1  # of the claim
    round: int = 1  # a revision sent after a decision opens the next round
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
    state: str = "received"  # received in-review asking decided replaced
    finding_count: int = 0
    line_count: int = 0
    open_lines: int = 0  # not decided yet
    started_at: datetime | None = instant(optional=True)  # the first decision
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    copayment: Decimal = money()
    asked: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()
    asking: Decimal = money()
    undecided: Decimal = money()
    findings: list[dict[str, Any]] = document()
    stated: dict[str, Any] = document()  # what the dossier said, as it was sealed
    decided_at: datetime | None = instant(optional=True)
    decided_by: UUID | None = None


class ReviewLine(Versioned, table=True):
    """A line of a submitted dossier and what the officer decided."""

    __tablename__ = "review_line"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        unique("review_line", "case_id", "position"),
        Index("ix_review_line_case", "unit_id", "case_id"),
        Index("ix_review_line_code", "unit_id", "code"),
    )
    payer_id: int
    case_id: UUID
    charge_id: UUID
    position: int
    claim_table: str  # XML2 XML3
    code: str
    name: str = text()
    detail: str = text()  # when and by whom, or the dose
    unit: str = ""
    cost_group: str = ""
    quantity: Decimal = decimal3()
    unit_price: Decimal = decimal3()  # the price that the insurer counts
    service_rate: Decimal = decimal3(Decimal(100))
    cover_rate: Decimal = decimal3(Decimal(100))
    amount_covered: Decimal = money()
    benefit_rate: Decimal = decimal3()
    asked: Decimal = money()  # insurer share asked for
    approved_quantity: Decimal | None = decimal3(None)
    approved_price: Decimal | None = decimal3(None)
    approved_rate: Decimal | None = decimal3(None)
    approved: Decimal | None = money(None)
    decision: str = ""  # "" accept reduce reject ask
    reason_code: str = ""
    reason: str = text()
    findings: list[dict[str, Any]] = document()
    evidence: list[dict[str, Any]] = document()
    decided_at: datetime | None = instant(optional=True)
    decided_by: UUID | None = None
    answer: str = text()  # what the unit says about a question or a refusal
    answered_at: datetime | None = instant(optional=True)


class ReviewEvent(Versioned, table=True):
    """A step of a review: who did what to which lines, and how they stood before (so that it can be undone)."""

    __tablename__ = "review_event"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        Index("ix_review_event_case", "unit_id", "case_id", "at"),
    )
    payer_id: int
    case_id: UUID
    at: datetime = instant()
    actor: UUID | None = None
    action: str  # receive decide same accept-clean undo finish answer
    before: list[dict[str, Any]] = document()
    undone: bool = False
