"""Prescriptions, their drug lines, allergies and reasons given against a warning."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Tenant, Versioned, belongs_to, decimal3, instant, text


class Prescription(Versioned, table=True):
    """The prescription of a visit; `code` is the national 14-character code, given at signing (TT 26/2025/TT-BYT)."""

    __tablename__ = "prescription"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        Index("ix_prescription_visit", "unit_id", "encounter_id"),
        Index("ix_prescription_code", "unit_id", "code"),
        Index("ix_prescription_queue", "unit_id", "status", "signed_at"),
    )
    encounter_id: UUID
    patient_id: UUID
    code: str = ""
    status: str = "draft"  # draft signed dispensed cancelled
    practitioner_id: UUID | None = None
    created_at: datetime = instant()
    signed_at: datetime | None = instant(optional=True)
    advice: str = text()


class MedicationRequest(Versioned, table=True):
    """A drug line; the quantity is computed from dose and days."""

    __tablename__ = "medication_request"
    __table_args__ = (
        belongs_to("prescription_id", "prescription"),
        belongs_to("encounter_id", "encounter"),
        Index("ix_medication_request_visit", "unit_id", "encounter_id"),
        Index("ix_medication_request_rx", "unit_id", "prescription_id"),
        Index("ix_medication_request_patient", "unit_id", "patient_id", "ordered_at"),
        Index("ix_medication_request_author", "unit_id", "practitioner_id", "ordered_at"),
    )
    prescription_id: UUID
    encounter_id: UUID
    patient_id: UUID
    position: int
    drug_code: str  # registration number
    drug_name: str = text()
    ingredient_code: str = ""
    ingredient: str = text()
    strength: str = text()
    dosage_form: str = text()  # DANG_BAO_CHE
    unit: str
    route_code: str = ""
    route: str = ""
    morning: Decimal = decimal3()
    noon: Decimal = decimal3()
    afternoon: Decimal = decimal3()
    evening: Decimal = decimal3()
    days: int
    quantity: Decimal = decimal3()
    instruction: str = text()
    payer: str = "insurance"  # insurance self
    cover_scope: int = 1
    cover_rate: int = 100
    price_vnd: Decimal = decimal3()
    status: str = "draft"  # draft active completed cancelled
    ordered_at: datetime = instant()
    practitioner_id: UUID | None = None


class AllergyIntolerance(Versioned, table=True):
    """What a patient must not get, and what happened."""

    __tablename__ = "allergy_intolerance"
    __table_args__ = (belongs_to("patient_id", "patient"), Index("ix_allergy_patient", "unit_id", "patient_id"))
    patient_id: UUID
    substance: str
    group_code: str = ""  # penicillin cephalosporin nsaid ...
    reaction: str = text()
    onset_year: int | None = None
    severity: str = ""
    status: str = "active"  # active refuted
    recorded_at: datetime = instant()
    recorded_by: UUID | None = None


class SafetyOverride(Tenant, table=True):
    """A warning that a doctor answered with a reason; counted and shown to the reviewer."""

    __tablename__ = "safety_override"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        Index("ix_safety_override_visit", "unit_id", "encounter_id"),
    )
    encounter_id: UUID
    finding_code: str
    line: str = ""
    reason: str = text()
    account_id: UUID
    given_at: datetime = instant()
