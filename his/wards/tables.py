"""Beds of a unit as dated rows, and the stays of patients in them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from his.kit.columns import Versioned, belongs_to, document, instant, money, text, unique


class Bed(Versioned, table=True):
    """A bed of a department from a day to a day; the same code continues in a later row when its price line changes."""

    __tablename__ = "bed"
    __table_args__ = (
        unique("bed", "department_code", "code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ck_bed_days"),
    )
    department_code: str
    code: str  # MA_GIUONG: H, T, C or K and three digits, counted within the department
    kind: str = "bed"  # bed stretcher (paid by half, TT 35/2016)
    service_code: str  # bed day of the price list for whoever stays
    day_service_code: str = ""  # bed day of day treatment (MA_LOAI_KCB 04); empty: none is treated by day here
    later_service_code: str = ""  # bed day from the 11th day after an operation (TT 39/2018); empty: the price stays
    valid_from: date
    valid_to: date | None = None  # last day


class BedStay(Versioned, table=True):
    """A patient in a bed from a moment to a moment, with the price line as it stood on the day of admission."""

    __tablename__ = "bed_stay"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        belongs_to("bed_id", "bed"),
        Index("ix_bed_stay_visit", "unit_id", "encounter_id"),
        Index("ix_bed_stay_bed", "unit_id", "department_code", "bed_code", "started_at"),
        Index("ix_bed_stay_open", "unit_id", "department_code", postgresql_where="ended_at IS NULL"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ck_bed_stay_moments"),
    )
    encounter_id: UUID
    patient_id: UUID
    bed_id: UUID
    department_code: str
    bed_code: str
    stretcher: bool = False
    service_code: str
    service_name: str = text()
    cost_group: str
    price_vnd: Decimal = money()
    insured_price_vnd: Decimal = money()
    cover_rate: int = 100
    later: dict[str, str] = document()  # the other price line of the bed, amounts as text; {} when it has none
    reason: str = text()
    started_at: datetime = instant()
    ended_at: datetime | None = instant(optional=True)
    placed_by: UUID | None = None
    left_by: UUID | None = None
    status: str = "lain"  # lain cancelled (entered in error)
    recorded_at: datetime | None = instant(optional=True)  # when it was written, where that was later than it began
    corrected_at: datetime | None = instant(optional=True)
    corrected_by: UUID | None = None
    correct_reason: str = text()
