"""Papers of visits. HIV care has a table of its own, so that no list of papers can show it by mistake."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Versioned, belongs_to, document, instant, text, unique


class ClinicalPaper(Versioned, table=True):
    """One revision of a paper; a correction is a new revision with the same number, a withdrawn one keeps its reason."""

    __tablename__ = "clinical_paper"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("clinical_paper", "kind", "number", "revision"),
        Index("ix_clinical_paper_visit", "unit_id", "encounter_id", "issued_at"),
    )
    encounter_id: UUID
    patient_id: UUID
    kind: str
    number: str
    revision: int = 1
    state: str = "issued"  # issued replaced withdrawn
    content: dict[str, Any] = document()
    issued_at: datetime = instant()
    issued_by: UUID | None = None  # the practitioner who signs
    withdrawn_at: datetime | None = instant(optional=True)
    reason: str = text()  # why corrected or withdrawn


class HivRecord(Versioned, table=True):
    """One revision of the HIV record of a visit; read and written with its own right only."""

    __tablename__ = "hiv_record"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("hiv_record", "number", "revision"),
        Index("ix_hiv_record_visit", "unit_id", "encounter_id", "issued_at"),
    )
    encounter_id: UUID
    patient_id: UUID
    kind: str = "hiv-care"
    number: str
    revision: int = 1
    state: str = "issued"  # issued replaced withdrawn
    content: dict[str, Any] = document()
    issued_at: datetime = instant()
    issued_by: UUID | None = None
    withdrawn_at: datetime | None = instant(optional=True)
    reason: str = text()
