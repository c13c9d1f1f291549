"""Statistics recomputed from rows by dirty keys, the closing of days, month reports that were sent, and reminders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Shared, Tenant, decimal3, document, instant


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


class MonthReport(Shared, table=True):
    """A month's figures as the unit sent them: never changed; a correction is the next revision."""

    __tablename__ = "month_report"
    unit_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)  # the first of the month
    revision: int = Field(primary_key=True)
    province_code: str
    definitions: str  # version of the indicator definitions
    sha256: str  # of the canonical JSON of `content`
    content: dict[str, Any] = document()
    sent_at: datetime = instant()
    sent_by: UUID


class Reminder(Shared, table=True):
    """The health department asked a unit for a day that is not closed; read by both, so it has no unit in its key."""

    __tablename__ = "reminder"
    __table_args__ = (Index("ix_reminder_unit", "to_unit_id", "day"),)
    id: UUID = Field(primary_key=True)
    to_unit_id: int
    day: date
    province_code: str
    sent_at: datetime = instant()
    sent_by: UUID


class WorkerBeat(Shared, table=True):
    """What the background worker saw a moment ago in the queues of all units; one row."""

    __tablename__ = "worker_beat"
    name: str = Field(primary_key=True)
    beaten_at: datetime = instant()
    dirty_waiting: int = 0
    dirty_since: datetime | None = instant(optional=True)  # the oldest waiting key
    parcels_waiting: int = 0
    parcels_since: datetime | None = instant(optional=True)
    parcels_refused: int = 0
    cards_waiting: int = 0
