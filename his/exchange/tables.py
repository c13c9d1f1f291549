"""Signed parcels out, their receipts, keys that make a request happen once; bulk jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy import text as clause
from sqlmodel import Field

from his.kit.columns import Shared, Tenant, Versioned, belongs_to, document, instant, text
from his.kit.ids import new_id


class Parcel(Versioned, table=True):
    """Bytes for a recipient: sealed once, every attempt sends the same bytes."""

    __tablename__ = "parcel"
    __table_args__ = (
        Index("ix_parcel_due", "state", "next_attempt_at"),
        Index("ix_parcel_subject", "unit_id", "subject_type", "subject_id"),
        Index("ix_parcel_reference", "unit_id", "kind", "reference"),
        Index("ix_parcel_check_in", "unit_id", "created_at", postgresql_where=clause("kind = 'check-in'")),
        Index("ix_parcel_receipt", "unit_id", "receipt", postgresql_where=clause("receipt <> ''")),
    )
    kind: str  # check-in dossier
    subject_type: str
    subject_id: UUID
    reference: str  # dossier code
    standard: str = "3176"  # the decision it follows: chooses the address
    content: str = text()  # the signed XML
    sha256: str
    state: str = "queued"  # queued sending unknown accepted rejected
    attempts: int = 0
    next_attempt_at: datetime | None = instant(optional=True)
    lease_until: datetime | None = instant(optional=True)
    receipt: str = ""
    received_at: datetime | None = instant(optional=True)
    reply_code: str = ""
    reply: str = text()
    created_at: datetime = instant()


class ParcelEvent(Tenant, table=True):
    """A step of a parcel, kept for ever (the portal forgets after 60 days)."""

    __tablename__ = "parcel_event"
    __table_args__ = (belongs_to("parcel_id", "parcel"), Index("ix_parcel_event", "unit_id", "parcel_id", "at"))
    parcel_id: UUID
    at: datetime = instant()
    state: str
    detail: str = text()
    attempt: int = 0
    endpoint: str = ""
    request_sha256: str = ""  # of the file that was sent or asked about
    http_status: int = 0
    body: str = text()  # the whole answer as it came


class GatewayOutage(Shared, table=True):
    """A time in which the gateway gave the worker no answer: proof for late files, and what the desk shows."""

    __tablename__ = "gateway_outage"
    __table_args__ = (Index("ix_gateway_outage", "began_at"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    began_at: datetime = instant()
    ended_at: datetime | None = instant(optional=True)
    failures: int = 0
    why: str = ""


class IdempotencyKey(Tenant, table=True):
    """A request that happened; `id` is derived from client and key."""

    __tablename__ = "idempotency_key"
    key: str
    request_sha256: str
    response: dict[str, Any] = document()
    created_at: datetime = instant()


class BulkJob(Versioned, table=True):
    """An export or import of many resources, done by the worker in steps that can be repeated.

    `position` is where the last finished step ended; the files of the job are as long as it says, whatever lies on the disk.
    """

    __tablename__ = "bulk_job"
    __table_args__ = (Index("ix_bulk_job_open", "state", "created_at"),)
    kind: str  # export import
    state: str = "queued"  # queued running done failed cancelled
    request: str = text()  # the address that started it
    actor: str
    role: str = ""
    spec: dict[str, Any] = document()
    position: dict[str, Any] = document()
    result: dict[str, Any] = document()
    lease_until: datetime | None = instant(optional=True)
    attempts: int = 0
    created_at: datetime = instant()
    finished_at: datetime | None = instant(optional=True)
    expires_at: datetime | None = instant(optional=True)
