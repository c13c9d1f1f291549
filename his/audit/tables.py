"""Who saw or changed what, and when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, LargeBinary, Uuid
from sqlmodel import Field, SQLModel

from his.kit.columns import Tenant, document, instant


class AuditEntry(Tenant, table=True):
    """One act on one record; never a name, a card or a citizen number in `detail`."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_entity", "unit_id", "entity_id", "id"),
        Index("ix_audit_entry_actor", "unit_id", "actor", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )
    recorded_at: datetime = instant()
    actor: str  # account or client id
    role: str = ""
    action: str  # read search create update delete sign-in print export ...
    entity_type: str = ""
    entity_id: str = ""
    outcome: str = "success"
    detail: dict[str, Any] = document()
    request_id: str = ""  # the request that asked for it, as its answer named it


class AuditBlock(SQLModel, table=True):
    """Entries of a unit that were sealed together: the places `first_seq` onwards of its chain (schema.py)."""

    __tablename__ = "audit_block"
    __table_args__ = ({"info": {"engine": True}},)
    unit_id: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    first_seq: int = Field(sa_type=BigInteger)
    entry_ids: list[UUID] = Field(sa_type=ARRAY(Uuid()))
    digests: bytes = Field(sa_type=LargeBinary)  # 32 bytes for each entry
    previous: bytes = Field(sa_type=LargeBinary)
    sha256: bytes = Field(sa_type=LargeBinary)
    sealed_at: datetime = instant()
    floor_at: datetime = instant()
    mark_at: datetime = instant()
    mark_xid: int = Field(sa_type=BigInteger)
    open_from: int
