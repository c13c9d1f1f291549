"""The one set of charge lines, and the payments."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Versioned, belongs_to, decimal3, document, instant, money, text, unique


class Charge(Versioned, table=True):
    """A charge line: statement, bill, claim tables and settlement are views of these rows and of nothing else."""

    __tablename__ = "charge"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("charge", "source_type", "source_id"),
        Index("ix_charge_visit", "unit_id", "encounter_id"),
    )
    encounter_id: UUID
    patient_id: UUID
    source_type: str  # service_request supply_use medication_dispense bed_stay, before signing also medication_request
    source_id: UUID
    kind: str  # exam service surgery procedure bed drug supply
    code: str
    name: str = text()
    unit: str = ""
    cost_group: str
    quantity: Decimal = decimal3(Decimal(1))
    unit_price: Decimal = decimal3()
    insured_unit_price: Decimal = decimal3()
    payer: str = "insurance"
    card_number: str = ""  # the card that pays this line; empty when none does
    cover_scope: int = 1
    cover_rate: int = 100
    service_rate: Decimal = decimal3(Decimal(100))
    benefit_rate: Decimal = decimal3()
    amount_hospital: Decimal = money()
    amount_covered: Decimal = money()
    insurer_share: Decimal = money()
    copayment: Decimal = money()
    self_paid: Decimal = money()
    other_sources: Decimal = money()
    other_state_budget: Decimal = money()  # T_NGUONKHAC_NSNN; with the three after it `other_sources`
    other_foreign_aid: Decimal = money()
    other_domestic_donors: Decimal = money()
    other_remaining: Decimal = money()
    package_code: str = ""  # GOI_VTYT of a supply
    package_ceiling: Decimal | None = money(None)  # T_TRANTT of a supply that a ceiling bounds
    explanation: list[dict[str, str]] = document()
    ordered_at: datetime = instant()
    performed_at: datetime | None = instant(optional=True)
    finished_at: datetime | None = instant(optional=True)  # the end of what lasts: a bed day
    ordered_by: UUID | None = None
    performed_by: UUID | None = None
    department_code: str = ""
    bed_codes: str = ""  # MA_GIUONG of a bed day, several joined by ";"
    status: str = "billable"  # planned billable cancelled


class Donation(Versioned, table=True):
    """What a project, the budget or a donor pays for one line of a visit, and in which of the three ways."""

    __tablename__ = "donation"
    __table_args__ = (belongs_to("encounter_id", "encounter"), unique("donation", "encounter_id", "source_id"))
    encounter_id: UUID
    source_id: UUID  # of the charge
    mode: str  # a this patient, b the facility, c the co-payment
    state_budget: Decimal = money()
    foreign_aid: Decimal = money()
    domestic_donors: Decimal = money()
    remaining: Decimal = money()
    donor: str = text()
    recorded_at: datetime = instant()
    recorded_by: UUID | None = None


class Statement(Versioned, table=True):
    """The cost statement of a visit (form 01/KBCB, QĐ 697/2026), frozen when the visit closes."""

    __tablename__ = "statement"
    __table_args__ = (belongs_to("encounter_id", "encounter"), unique("statement", "encounter_id"))
    encounter_id: UUID
    number: str
    issued_at: datetime = instant()
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    insurer_share: Decimal = money()
    copayment: Decimal = money()
    self_paid: Decimal = money()
    other_sources: Decimal = money()
    explanation: list[dict[str, str]] = document()
    facts: dict[str, Any] = document()


class Payment(Versioned, table=True):
    """Money received; a second request with the same key is the same payment. A cancelled one keeps its number."""

    __tablename__ = "payment"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("payment", "key"),
        unique("payment", "receipt_number"),
        Index("ix_payment_visit", "unit_id", "encounter_id"),
        Index("ix_payment_shift", "unit_id", "cashier_id", "paid_at"),
    )
    encounter_id: UUID
    amount: Decimal = money()
    method: str = "cash"  # cash transfer card
    paid_at: datetime = instant()
    cashier_id: UUID
    receipt_number: str
    key: str
    status: str = "received"  # received cancelled
    cancelled_at: datetime | None = instant(optional=True)
    cancelled_by: UUID | None = None
    cancel_reason: str = text()


class BankAccount(Versioned, table=True):
    """The account of the unit into which patients transfer; at most one is active."""

    __tablename__ = "bank_account"
    __table_args__ = (unique("bank_account", "bin", "number"),)
    bin: str  # 6 digits of NAPAS
    number: str
    bank: str
    holder: str
    active: bool = True


class LineReport(Versioned, table=True):
    """Somebody found a line of a bill wrong: what is wrong, who looks at it, what came of it."""

    __tablename__ = "line_report"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        Index("ix_line_report_visit", "unit_id", "encounter_id"),
        Index("ix_line_report_open", "unit_id", "answered_at", "reported_at"),
    )
    encounter_id: UUID
    source_id: UUID | None = None  # the order or dispense of the line; none = the whole bill
    line_name: str = text()
    sentence: str = text()
    reported_by: UUID
    reported_at: datetime = instant()
    answered_by: UUID | None = None
    answered_at: datetime | None = instant(optional=True)
    answer: str = text()
