"""What units submitted to an insurer, and the decision on each line."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from his.kit.columns import Versioned, belongs_to, decimal3, document, instant, money, text, unique


def _worklist(name: str, *columns: str) -> Index:
    """An index of the worklist: the insurer's month, then what is asked for, in the order of receipt."""
    return Index(f"ix_review_case_{name}", "payer_id", "period", *columns, "id")


class ReviewCase(Versioned, table=True):
    """A submitted dossier as its insurer sees it; visible to the unit that sent it and to that insurer only."""

    __tablename__ = "review_case"
    __table_args__ = (
        belongs_to("claim_id", "claim"),
        unique("review_case", "claim_id"),
        _worklist("all"),
        _worklist("open", "open"),
        _worklist("state", "state"),
        _worklist("unit", "unit_id", "open"),
        _worklist("flagged", "open", "flagged"),
        _worklist("setting", "open", "care_setting"),
        _worklist("icd", "open", "main_diagnosis"),
        _worklist("category", "open", "category"),
        _worklist("band", "open", "band"),
        _worklist("draw", "open", "draw"),
        _worklist("asked", "open", "asked_vnd"),
        _worklist("deviation", "open", "deviation"),
        _worklist("visits", "open", "visits_before"),
        _worklist("reviewer", "open", "assigned_to"),
        Index("ix_review_case_payer", "payer_id", "id"),
        Index("ix_review_case_number", "payer_id", "number"),
        Index("ix_review_case_dossier", "payer_id", "dossier_code"),
        Index("ix_review_case_unit_dossier", "unit_id", "dossier_code"),
        Index("ix_review_case_unit_period", "unit_id", "period", "state"),
        Index("ix_review_case_card", "payer_id", "card_number", "arrived_at"),
        Index("ix_review_case_decided", "decided_by", "decided_at"),
        Index("ix_review_case_answer", "payer_id", "state", "answer_due_on"),
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
    state: str = "received"  # received in-review asking confirming appealed decided final replaced
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
    unit_level: str = ""
    category: str = ""  # first three characters of the main diagnosis
    open: bool = True  # something is left for the insurer to do
    flagged: bool = False  # has findings
    error_count: int = 0  # findings that stop a dossier
    draw: int = 0  # 0 to 9999, the dossier's place in random samples
    asked_vnd: int = Field(default=0, sa_type=BigInteger)  # `asked` in whole đồng, as an index can compare it
    band: int = 0  # of the amount, rules.BANDS
    deviation: int | None = None  # per cent above (or below) the mean of like visits when it was received
    visits_before: int = 0  # of the card, in the 90 days before
    assigned_to: UUID | None = None
    answer_due_on: date | None = None  # the last day on which the unit may answer
    disputes: int = 0  # rounds of answers that came back to the officer
    proposed_at: datetime | None = instant(optional=True)  # finished by one officer, waiting for the second
    proposed_by: UUID | None = None
    confirmed_at: datetime | None = instant(optional=True)
    confirmed_by: UUID | None = None
    told: dict[str, Any] = document()  # the sums that the unit was told last
    proofs: list[dict[str, Any]] = document()  # signature and receipt of the dossier


class ReviewLine(Versioned, table=True):
    """A line of a submitted dossier and what the officer decided."""

    __tablename__ = "review_line"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        unique("review_line", "case_id", "position"),
        Index("ix_review_line_case", "case_id", "position"),
        Index("ix_review_line_code", "unit_id", "code"),
        Index("ix_review_line_waiting", "unit_id", "waiting", "doctor", "id"),
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
    answered_by: UUID | None = None
    reply: str = ""  # agree explain attach correct
    doctor: str = ""  # practice certificate of who ordered
    atc: str = ""
    waiting: bool = False  # told and not answered yet
    disputed: bool = False  # answered, the officer has not spoken since
    told: dict[str, Any] = document()  # the decision that the unit was told last
    proofs: list[dict[str, Any]] = document()  # price list row of the day, certificate, contract


class ReviewEvent(Versioned, table=True):
    """A step of a review: who did what to which lines, and how they stood before (so that it can be undone)."""

    __tablename__ = "review_event"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        Index("ix_review_event_case", "case_id", "at"),
    )
    payer_id: int
    case_id: UUID
    at: datetime = instant()
    actor: UUID | None = None
    action: str  # receive decide same accept-clean undo propose finish return answer final assign
    before: list[dict[str, Any]] = document()
    undone: bool = False
