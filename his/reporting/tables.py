"""Statistics recomputed from rows by dirty keys, and the closing of days."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Shared, Tenant, decimal3, instant


class DirtyKey(Tenant, table=True):
    """A cell to recompute; appended by the clinical transaction, removed by the worker that recomputed it."""

    __tablename__ = "dirty_key"
    topic: str
    key: str  # yyyy-mm-dd
    queued_at: datetime = instant()


class StatCell(Shared, table=True):
    """A figure of one unit and day; `split` is payer, sex, age group or ICD-10 chapter, `part` its value."""

    __tablename__ = "stat_cell"
    __table_args__ = (Index("ix_stat_cell_province", "province_code", "day", "indicator"),)
    unit_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    province_code: str
    value: Decimal = decimal3()


class DayClose(Shared, table=True):
    """A unit's statement that the day's figures are complete."""

    __tablename__ = "day_close"
    unit_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    province_code: str
    closed_at: datetime = instant()
    closed_by: UUID
