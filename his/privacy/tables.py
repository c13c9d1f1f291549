"""Requests of data subjects, with their time limits."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Versioned, belongs_to, instant, text


class PrivacyRequest(Versioned, table=True):
    """What a patient asked of the unit about their data; it is due within two working days."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        belongs_to("patient_id", "patient"),
        Index("ix_privacy_request_patient", "unit_id", "patient_id"),
        Index("ix_privacy_request_state", "unit_id", "state", "due_on"),
    )
    patient_id: UUID
    kind: str  # terms.REQUEST_KINDS
    words: str = text()
    received_at: datetime = instant()
    received_by: UUID
    due_on: date
    state: str = "open"
    answer: str = text()
    answered_at: datetime | None = instant(optional=True)
    answered_by: UUID | None = None
