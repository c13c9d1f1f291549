"""What stands around cases: facets and tallies, batches, the dispute about lines, saved filters, cost warnings."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Row, Tenant, Versioned, belongs_to, instant, money, text, unique


class ReviewFacet(Row, table=True):
    """A rule, doctor or drug that occurs in a case: what the worklist looks for, and how often a rule was right."""

    __tablename__ = "review_facet"
    __table_args__ = (
        belongs_to("case_id", "review_case"),
        Index("ix_review_facet_value", "payer_id", "kind", "value", "period", "open", "case_id"),
        Index("ix_review_facet_period", "unit_id", "period", "kind"),
    )
    unit_id: int = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # rule doctor drug
    value: str = Field(primary_key=True)
    payer_id: int
    period: str
    open: bool = True
    lines: int = 0
    decided: int = 0
    accepted: int = 0
    asked: Decimal = money()
    taken: Decimal = money()


class ReviewTally(Row, table=True):
    """Figures of a unit and month, recomputed by the worker from cases and facets."""

    __tablename__ = "review_tally"
    __table_args__ = (Index("ix_review_tally_payer", "payer_id", "period", "kind", "value"),)
    unit_id: int = Field(primary_key=True)
    period: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # state rule group
    value: str = Field(primary_key=True)
    payer_id: int
    unit_name: str
    unit_level: str = ""
    cases: int = 0
    flagged: int = 0
    faulty: int = 0
    lines: int = 0
    decided: int = 0
    accepted: int = 0
    asked: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()


class ReviewBatch(Versioned, table=True):
    """The end of the review of a unit's month: proposed by one officer, confirmed by another."""

    __tablename__ = "review_batch"
    __table_args__ = (
        unique("review_batch", "payer_id", "period"),
        Index("ix_review_batch_payer", "payer_id", "period"),
    )
    payer_id: int
    period: str
    state: str = "open"  # open proposed finished
    cases: int = 0
    asked: Decimal = money()
    approved: Decimal = money()
    reduced: Decimal = money()
    proposed_at: datetime | None = instant(optional=True)
    proposed_by: UUID | None = None
    confirmed_at: datetime | None = instant(optional=True)
    confirmed_by: UUID | None = None


class ReviewReply(Tenant, table=True):
    """A step of the dispute about a line, of either side: who, when, what; each seals the one before."""

    __tablename__ = "review_reply"
    __table_args__ = (belongs_to("line_id", "review_line"), Index("ix_review_reply_case", "case_id", "at"))
    payer_id: int
    case_id: UUID
    line_id: UUID
    at: datetime = instant()
    side: str  # unit insurer
    kind: str  # agree explain attach correct, or a decision
    reason_code: str = ""
    words: str = text()
    approved: Decimal | None = money(None)
    actor: UUID | None = None
    signer: str = ""  # the name behind the account when it was signed
    previous_sha256: str = ""
    sha256: str = ""


class ReviewDocument(Tenant, table=True):
    """A paper that the unit attached to its answer; the content is Base64."""

    __tablename__ = "review_document"
    __table_args__ = (
        belongs_to("line_id", "review_line"),
        Index("ix_review_document_case", "case_id", "at"),
    )
    payer_id: int
    case_id: UUID
    line_id: UUID
    at: datetime = instant()
    actor: UUID | None = None
    name: str = text()
    media_type: str
    size_bytes: int
    sha256: str
    content: str = text()


class ReviewFilter(Versioned, table=True):
    """A narrowing of the worklist that an officer keeps under a name; a row of the insurer's own unit."""

    __tablename__ = "review_filter"
    __table_args__ = (unique("review_filter", "account_id", "name"),)
    account_id: UUID
    name: str
    query: str = text()


class ReviewWarning(Versioned, table=True):
    """A unit's mean cost of a month ran ahead of its peers: what the insurer told it, and what the unit explains."""

    __tablename__ = "review_warning"
    __table_args__ = (
        unique("review_warning", "payer_id", "period"),
        Index("ix_review_warning_payer", "payer_id", "period"),
    )
    payer_id: int
    period: str
    level: str  # low high very-high
    cases: int
    mean: Decimal = money()
    mean_before: Decimal | None = money(None)
    mean_peers: Decimal | None = money(None)
    sent_at: datetime = instant()
    sent_by: UUID
    due_on: date
    answer: str = text()
    answered_at: datetime | None = instant(optional=True)
    answered_by: UUID | None = None
