"""Ordered services and their results."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from his.kit.columns import Versioned, belongs_to, decimal3, instant, money, text, unique


class ServiceRequest(Versioned, table=True):
    """An ordered service; its result texts stand here, its measured values in `observation`."""

    __tablename__ = "service_request"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        Index("ix_service_request_visit", "unit_id", "encounter_id"),
        Index("ix_service_request_work", "unit_id", "status", "kind", "ordered_at"),
        Index("ix_service_request_patient", "unit_id", "patient_id", "service_code", "ordered_at"),
    )
    encounter_id: UUID
    patient_id: UUID
    service_code: str
    service_name: str = text()
    kind: str
    cost_group: str
    quantity: Decimal = decimal3(Decimal(1))
    price_vnd: Decimal = money()
    insured_price_vnd: Decimal = money()
    cover_rate: int = 100
    payer: str = "insurance"  # insurance self
    status: str = "active"  # active in-progress completed revoked
    reason: str = text()
    department_code: str = ""
    ordered_at: datetime = instant()
    ordered_by: UUID | None = None
    performed_at: datetime | None = instant(optional=True)
    performed_by: UUID | None = None
    device_code: str = ""  # MA_MAY
    anaesthesia: str = ""  # PP_VO_CAM of a procedure: 1 general, 2 local or regional, 3 acupuncture, 4 other
    description: str = text()  # MO_TA
    conclusion: str = text()  # KET_LUAN
    resulted_at: datetime | None = instant(optional=True)
    read_by: UUID | None = None


class Observation(Versioned, table=True):
    """A measured value of an ordered service, with the range that held for this patient."""

    __tablename__ = "observation"
    __table_args__ = (
        belongs_to("service_request_id", "service_request"),
        belongs_to("encounter_id", "encounter"),
        Index("ix_observation_visit", "unit_id", "encounter_id"),
        Index("ix_observation_trend", "unit_id", "patient_id", "code", "issued_at"),
    )
    service_request_id: UUID
    encounter_id: UUID
    patient_id: UUID
    code: str  # MA_CHI_SO
    name: str
    value_number: Decimal | None = decimal3(None)
    value_text: str = text()
    unit: str = ""
    low: Decimal | None = decimal3(None)
    high: Decimal | None = decimal3(None)
    flag: str = ""  # "" low high critical-low critical-high abnormal
    issued_at: datetime = instant()
    performer_id: UUID | None = None


class SupplyUse(Versioned, table=True):
    """A medical supply used with an ordered service, at the bid, prices and percentage of the day; cancelled, never deleted."""

    __tablename__ = "supply_use"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        belongs_to("service_request_id", "service_request"),
        CheckConstraint("quantity > 0", name="ck_supply_use_quantity"),
        Index("ix_supply_use_visit", "unit_id", "encounter_id"),
        Index("ix_supply_use_order", "unit_id", "service_request_id"),
    )
    encounter_id: UUID
    patient_id: UUID
    service_request_id: UUID
    supply_code: str  # MA_VAT_TU
    supply_name: str = text()
    unit: str = ""
    cost_group: str = "10"
    quantity: Decimal = decimal3(Decimal(1))
    price_vnd: Decimal = decimal3()
    insured_price_vnd: Decimal = decimal3()
    cover_rate: int = 100
    tender: str = text()  # TT_THAU
    model_number: str = text()  # MA_HIEU_SP
    lot_number: str = ""
    reused: bool = False  # TAI_SU_DUNG
    payer: str = "insurance"  # insurance self
    status: str = "used"  # used cancelled
    department_code: str = ""
    used_at: datetime = instant()
    recorded_at: datetime = instant()
    recorded_by: UUID | None = None
    cancelled_at: datetime | None = instant(optional=True)
    cancelled_by: UUID | None = None
    cancel_reason: str = text()


class CriticalNotice(Versioned, table=True):
    """A value that somebody must act on now: who was told, when, whether it was read back, and what was done."""

    __tablename__ = "critical_notice"
    __table_args__ = (
        belongs_to("observation_id", "observation"),
        belongs_to("encounter_id", "encounter"),
        unique("critical_notice", "observation_id"),
        Index("ix_critical_notice_visit", "unit_id", "encounter_id"),
        Index("ix_critical_notice_open", "unit_id", "acknowledged_at", "raised_at"),
    )
    observation_id: UUID
    service_request_id: UUID
    encounter_id: UUID
    patient_id: UUID
    name: str
    value: str
    threshold: Decimal | None = decimal3(None)
    raised_at: datetime = instant()  # the result was signed
    told_to: UUID | None = None  # the practitioner who ordered
    told_at: datetime | None = instant(optional=True)
    called_at: datetime | None = instant(optional=True)
    called_by: UUID | None = None
    read_back: bool = False
    acknowledged_at: datetime | None = instant(optional=True)
    acknowledged_by: UUID | None = None
    action: str = text()
