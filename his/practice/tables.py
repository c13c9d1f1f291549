"""Registrations of practice: the unit's list of people who practise, as it was notified to the health department."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Versioned, belongs_to, text


class Practice(Versioned, table=True):
    """One registration of a member of staff (Law 15/2023/QH15 Article 36; Decree 96/2023/NĐ-CP): scope, days, hours, validity.

    It is ended, never deleted. Several may hold at one time: what any of them covers is covered.
    """

    __tablename__ = "practice"
    __table_args__ = (
        belongs_to("practitioner_id", "practitioner"),
        Index("ix_practice_practitioner", "unit_id", "practitioner_id", "valid_from"),
    )
    practitioner_id: UUID
    scope: str = text()  # the words of the certificate
    chapters: str = ""  # two-digit chapters of the list of techniques, by blanks; empty: every one
    weekdays: str = "1234567"  # ISO: Monday is 1
    opens_at: time | None = Field(default=None)  # wall clock of Viet Nam; both empty: at every hour
    closes_at: time | None = Field(default=None)  # earlier than `opens_at`: over midnight
    valid_from: date
    valid_to: date | None = Field(default=None)
