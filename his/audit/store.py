"""Audit entries: every SELECT of the slice."""

from uuid import UUID

from sqlalchemy import select

from his.audit.tables import AuditEntry
from his.kit.columns import table
from his.kit.db import Db

_entry = table(AuditEntry)


async def list_entries(
    db: Db, *, actor: str = "", entity_id: str = "", before: UUID | None = None, limit: int = 100
) -> list[AuditEntry]:
    """Entries of the unit in scope, newest first; of one actor, of one record, or older than the entry `before`."""
    query = select(_entry)
    if actor:
        query = query.where(_entry.c.actor == actor)
    if entity_id:
        query = query.where(_entry.c.entity_id == entity_id)
    if before is not None:
        query = query.where(_entry.c.id < before)
    return await db.models(AuditEntry, query.order_by(_entry.c.id.desc()).limit(limit))
