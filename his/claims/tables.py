"""Claim dossiers of a unit and their states."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy import text as clause
from sqlmodel import Field

from his.kit.columns import Shared, Tenant, Versioned, belongs_to, document, instant, money, text, unique

OPEN = ("draft", "rejected", "reopened", "sealed", "submitting", "unknown")
"""States in which somebody still has to do something before the insurer has the dossier."""


class Claim(Versioned, table=True):
    """A dossier: sealed once; a correction is a new revision with the same dossier code."""

    __tablename__ = "claim"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("claim", "dossier_code", "revision"),
        Index("ix_claim_open", "unit_id", "state", postgresql_where=clause(f"state IN {OPEN}")),  # few of a long life
        Index("ix_claim_visit", "unit_id", "encounter_id"),
        Index(  # the funnel of a month is counted from the index alone
            "ix_claim_desk", "unit_id", "period", "state", "department_code", postgresql_include=["insurer_share"]
        ),
        Index("ix_claim_recent", "unit_id", "period", "sealed_at", "id"),
        Index("ix_claim_number", "unit_id", "number"),
    )
    encounter_id: UUID
    patient_id: UUID
    dossier_code: str
    number: str  # gapless number of the unit and month, given at sealing
    revision: int = 1
    standard: str = "3176"
    state: str = "sealed"  # draft sealed submitting unknown accepted rejected in-review decided settled paid reopened recalled replaced
    period: str  # yyyy-mm of settlement
    department_code: str = ""  # where the visit was, as the desk groups it
    ended_at: datetime | None = instant(optional=True)  # end of the visit: every deadline counts from it
    total_hospital: Decimal = money()
    total_covered: Decimal = money()
    insurer_share: Decimal = money()
    copayment: Decimal = money()
    self_paid: Decimal = money()
    other_sources: Decimal = money()
    facts: dict[str, Any] = document()
    findings: list[dict[str, Any]] = document()
    parcel_id: UUID | None = None
    sealed_at: datetime = instant()
    sealed_by: UUID | None = None
    receipt: str = ""
    received_at: datetime | None = instant(optional=True)


class ClaimEvent(Tenant, table=True):
    """A state a claim went through."""

    __tablename__ = "claim_event"
    __table_args__ = (belongs_to("claim_id", "claim"), Index("ix_claim_event", "unit_id", "claim_id", "at"))
    claim_id: UUID
    at: datetime = instant()
    state: str
    actor: str = ""
    detail: str = text()


class ClaimRuleSetting(Tenant, table=True):
    """A unit's choice about one rule, from a day on: rows are only added, the newest whose day has come counts."""

    __tablename__ = "claim_rule_setting"
    __table_args__ = (Index("ix_claim_rule_setting", "unit_id", "rule_code", "valid_from"),)
    rule_code: str
    active: bool = True
    severity: str = ""  # error warning information; empty = the rule's own
    valid_from: date  # for visits that ended on this day or later
    reason: str = text()
    set_at: datetime = instant()
    set_by: UUID | None = None
    set_by_name: str = ""


class SigningKey(Shared, table=True):
    """The certificate and key file with which a unit signs; the private key stands in the data directory."""

    __tablename__ = "signing_key"
    unit_id: int = Field(primary_key=True)
    certificate: str = text()  # PEM
    key_file: str
    valid_from: datetime = instant()
    valid_to: datetime = instant()


class ClaimProof(Tenant, table=True):
    """The last proof of a month: how many dossiers agree to the đồng everywhere, and what differs where."""

    __tablename__ = "claim_proof"
    __table_args__ = (unique("claim_proof", "period"),)
    period: str  # yyyy-mm
    proved_at: datetime = instant()
    claims: int = 0
    insurer_share: Decimal = money()
    difference_count: int = 0
    differences: list[dict[str, Any]] = document()  # the first 200
