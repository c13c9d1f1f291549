"""Who saw or changed what, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index

from his.kit.columns import Tenant, document, instant


class AuditEntry(Tenant, table=True):
    """One act on one record; never a name, a card or a citizen number in `detail`."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_entity", "unit_id", "entity_id", "id"),
        Index("ix_audit_entry_actor", "unit_id", "actor", "id"),
    )
    recorded_at: datetime = instant()
    actor: str  # account or client id
    role: str = ""
    action: str  # read search create update delete sign-in print export ...
    entity_type: str = ""
    entity_id: str = ""
    outcome: str = "success"
    detail: dict[str, Any] = document()
