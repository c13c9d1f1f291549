"""Patients of a unit, their cards, and the person index of the installation."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from his.kit.columns import Shared, Tenant, Versioned, belongs_to, document, instant, text, unique


class Person(Shared, table=True):
    """One human being in the installation; read only through `find_person`, never listed."""

    __tablename__ = "person"
    id: UUID = Field(primary_key=True)
    citizen_number: str | None = Field(default=None, unique=True)
    insurance_number: str | None = Field(default=None, unique=True)  # last 10 digits of the card


class Patient(Versioned, table=True):
    """A person as known to one unit."""

    __tablename__ = "patient"
    __table_args__ = (
        unique("patient", "code"),
        Index("ix_patient_citizen", "unit_id", "citizen_number"),
        Index("ix_patient_phone", "unit_id", "phone"),
        unique("patient", "person_id"),  # one record of a person in a unit
    )
    person_id: UUID
    code: str  # MA_BN, yy-nnnnnn
    name: str
    birth_date: date
    birth_precision: str = "day"  # day month year
    birth_time: str = ""  # HH:MM; a newborn's claim states it
    gender: str  # male female other unknown
    citizen_number: str = ""
    phone: str = ""
    address: str = text()
    province_code: str = ""
    ward_code: str = ""
    old_address: str = text()
    ethnicity_code: str = "01"
    occupation_code: str = "00000"
    nationality_code: str = "000"
    blood_group: str = ""  # NHOM_MAU: A B AB O, with + or - where it is known
    guardian_name: str = ""
    guardian_phone: str = ""
    allergy_state: str = "not-asked"  # not-asked none known
    deceased_at: datetime | None = instant(optional=True)
    active: bool = True
    created_at: datetime = instant()
    updated_at: datetime = instant()


class StaffPatient(Versioned, table=True):
    """The mark of the unit administrator that a patient is one of the unit's staff; ended by a date, never taken out."""

    __tablename__ = "staff_patient"
    __table_args__ = (
        belongs_to("patient_id", "patient"),
        Index("ix_staff_patient", "unit_id", "patient_id", unique=True, postgresql_where="ended_at IS NULL"),
    )
    patient_id: UUID
    reason: str = text()
    marked_at: datetime = instant()
    marked_by: UUID
    ended_at: datetime | None = instant(optional=True)
    ended_by: UUID | None = None


class PatientToken(Tenant, table=True):
    """A word of a patient's name without marks; `id` is the patient's, compared with leakproof operators only."""

    __tablename__ = "patient_token"
    __table_args__ = (
        belongs_to("id", "patient"),
        Index("ix_patient_token_word", "unit_id", "token", "id"),
    )
    token: str = Field(primary_key=True, sa_type=Text(collation="C"))


class Coverage(Versioned, table=True):
    """An insurance card with its days; a valid card is never overwritten by a later one."""

    __tablename__ = "coverage"
    __table_args__ = (
        belongs_to("patient_id", "patient"),
        unique("coverage", "patient_id", "card_number", "valid_from"),
        Index("ix_coverage_card", "unit_id", "card_number"),
        Index("ix_coverage_number", "unit_id", "insurance_number"),
    )
    patient_id: UUID
    card_number: str  # 15 characters
    insurance_number: str  # last 10
    primary_facility_code: str = ""  # MA_DKBD
    valid_from: date
    valid_to: date
    area_code: str = ""  # K1 K2 K3
    five_years_on: date | None = None
    copay_exempt_on: date | None = None
    address: str = text()
    state: str = "provisional"  # provisional confirmed refused
    checked_at: datetime | None = instant(optional=True)
    check_code: str = ""


class CardCheck(Versioned, table=True):
    """A question to the authority's gateway and its answer, kept as evidence (F100)."""

    __tablename__ = "card_check"
    __table_args__ = (
        Index("ix_card_check_pending", "unit_id", "state", "next_attempt_at"),
        Index("ix_card_check_patient", "unit_id", "patient_id"),
        Index("ix_card_check_asked", "unit_id", "asked_at"),
    )
    patient_id: UUID | None = None
    asked_number: str
    asked_name: str
    asked_birth: str
    account_id: UUID | None = None
    asked_at: datetime = instant()
    answered_at: datetime | None = instant(optional=True)
    state: str = "pending"  # pending answered abandoned
    attempts: int = 0
    next_attempt_at: datetime | None = instant(optional=True)
    code: str = ""
    answer: dict[str, Any] = document()
