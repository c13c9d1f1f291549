"""Openings of sensitive records."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from his.kit.columns import Versioned, belongs_to, instant, text


class BreakGlass(Versioned, table=True):
    """One opening: who, whose records, why, from when to when, and what the second person found."""

    __tablename__ = "break_glass"
    __table_args__ = (
        belongs_to("patient_id", "patient"),
        Index("ix_break_glass_review", "unit_id", "reviewed_at", "opened_at"),
        CheckConstraint("ends_at <= opened_at + interval '60 minutes'", name="ck_break_glass_hour"),
        CheckConstraint("reviewed_by IS NULL OR reviewed_by <> account_id", name="ck_break_glass_second_person"),
    )
    patient_id: UUID
    account_id: UUID
    session_sha256: str
    reason_code: str
    reason: str = text()
    opened_at: datetime = instant()
    ends_at: datetime = instant()
    closed_at: datetime | None = instant(optional=True)
    reviewed_at: datetime | None = instant(optional=True)
    reviewed_by: UUID | None = None
    verdict: str = ""  # "" justified unjustified
    remark: str = text()
