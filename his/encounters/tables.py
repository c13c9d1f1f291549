"""Visits, diagnoses, vital signs, notes and drafts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Shared, Versioned, belongs_to, decimal3, document, instant, text, unique


class Encounter(Versioned, table=True):
    """A visit (đợt điều trị) from arrival to close; `dossier_code` (MA_LK) is given once and never changes."""

    __tablename__ = "encounter"
    __table_args__ = (
        belongs_to("patient_id", "patient"),
        unique("encounter", "dossier_code"),
        Index("ix_encounter_patient", "unit_id", "patient_id", "arrived_at"),
        Index("ix_encounter_arrived", "unit_id", "arrived_at"),
        Index("ix_encounter_ended", "unit_id", "ended_at"),
        Index(
            "ix_encounter_lying",
            "unit_id",
            "department_code",
            "admitted_at",
            postgresql_where="admitted_at IS NOT NULL AND ended_at IS NULL",
        ),
        Index("ix_encounter_closed", "unit_id", "closed_at", postgresql_where="coverage_id IS NOT NULL"),
    )
    patient_id: UUID
    coverage_id: UUID | None = None  # None: not insured, pays alone
    dossier_code: str
    status: str = "arrived"  # arrived in-progress finished cancelled
    care_setting: str = "01"  # MA_LOAI_KCB
    entitlement_code: str = "9"  # MA_DOITUONG_KCB
    entitlement_reason: str = text()
    override_reason: str = text()
    route: dict[str, Any] = document()  # registered, referral paper, emergency, ...: terms of the benefit rules
    reason: str = text()  # LY_DO_VV
    initial_diagnosis: str = text()
    department_code: str = ""
    room_id: UUID | None = None
    practitioner_id: UUID | None = None
    weight_kg: Decimal | None = decimal3(None)
    arrived_at: datetime = instant()
    started_at: datetime | None = instant(optional=True)
    admitted_at: datetime | None = instant(optional=True)
    ended_at: datetime | None = instant(optional=True)
    bed_trail: list[dict[str, str]] = document()  # beds of the stay, in order: id, code, department, from, to
    outcome_code: str = ""  # KET_QUA_DTRI
    discharge_code: str = ""  # MA_LOAI_RV
    destination_code: str = ""  # MA_NOI_DEN
    treatment: str = text()  # PP_DIEU_TRI
    advice: str = text()
    accident_code: str = ""  # MA_TAI_NAN
    admission_reason: str = text()  # LY_DO_VNT
    newborn_weights: str = ""  # CAN_NANG_CON: grams, one for each child, by ";"
    war_wound: bool = False  # VET_THUONG_TP: a recurrent wound of war is treated
    follow_up_on: date | None = None
    signed_at: datetime | None = instant(optional=True)  # the doctor finished; bill and drugs follow
    signed_by: UUID | None = None
    closed_at: datetime | None = instant(optional=True)
    closed_by: UUID | None = None


class Diagnosis(Versioned, table=True):
    """A diagnosis of a visit; exactly one is `main` when the visit closes, at most twelve are `secondary`."""

    __tablename__ = "diagnosis"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        unique("diagnosis", "encounter_id", "code"),
        Index("ix_diagnosis_author", "unit_id", "practitioner_id", "recorded_at"),
    )
    encounter_id: UUID
    patient_id: UUID
    code: str
    name: str = text()
    role: str = "secondary"  # main secondary
    position: int = 0
    traditional_code: str = ""  # MA_BENH_YHCT of this disease
    practitioner_id: UUID | None = None
    recorded_at: datetime = instant()


class VitalSigns(Versioned, table=True):
    """One set of vital signs."""

    __tablename__ = "vital_signs"
    __table_args__ = (belongs_to("encounter_id", "encounter"), Index("ix_vital_signs_visit", "unit_id", "encounter_id"))
    encounter_id: UUID
    patient_id: UUID
    taken_at: datetime = instant()
    pulse: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    temperature_c: Decimal | None = decimal3(None)
    respiration: int | None = None
    spo2: int | None = None
    weight_kg: Decimal | None = decimal3(None)
    height_cm: Decimal | None = decimal3(None)
    taken_by: UUID | None = None


class Note(Versioned, table=True):
    """A text of the record; a signed note is never edited, only followed by another."""

    __tablename__ = "note"
    __table_args__ = (belongs_to("encounter_id", "encounter"), Index("ix_note_visit", "unit_id", "encounter_id"))
    encounter_id: UUID
    patient_id: UUID
    kind: str  # history exam progress consultation procedure conclusion
    content: str = text()
    practitioner_id: UUID | None = None
    written_at: datetime = instant()
    signed_at: datetime | None = instant(optional=True)


class Draft(Shared, table=True):
    """What somebody is typing; kept until it is saved or thrown away, bound to the account."""

    __tablename__ = "draft"
    unit_id: int = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    form: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    content: dict[str, Any] = document()
    based_on: int = 0  # version of the record when typing began
    saved_at: datetime = instant()
