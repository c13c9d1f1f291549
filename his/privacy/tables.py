"""Requests of data subjects and breaches, with their time limits."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

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


class PrivacyIncident(Versioned, table=True):
    """A breach of personal data: who, what, when it happened and was found, what was done, whether the authority was told."""

    __tablename__ = "privacy_incident"
    __table_args__ = (
        Index("ix_privacy_incident_found", "unit_id", "found_at"),
        CheckConstraint("happened_to >= happened_from", name="ck_privacy_incident_span"),
        CheckConstraint("notified_at >= found_at", name="ck_privacy_incident_notice"),
    )
    title: str
    what: str = text()
    happened_from: datetime = instant()
    happened_to: datetime | None = instant(optional=True)  # None: it still went on when it was noted
    found_at: datetime = instant()
    found_by: str = ""
    actor: str = ""  # account through which it happened, if one is known: narrows the persons concerned
    containment: str = text()
    recorded_at: datetime = instant()
    recorded_by: UUID
    notified_at: datetime | None = instant(optional=True)
    notified_how: str = text()
    closed_at: datetime | None = instant(optional=True)
    closed_by: UUID | None = None
    conclusion: str = text()
