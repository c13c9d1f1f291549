"""Audit entries: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy import select

from his.audit.rules import Head
from his.audit.tables import AuditEntry
from his.kit.columns import table
from his.kit.db import Database, Db
from his.kit.refusals import busy, translate

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


async def seal(database: Database, most: int) -> int:
    """Chain the committed entries of every unit (at most `most` a unit); returns how many. The worker's right."""
    return int((await _call(database, "SELECT his_seal_audit(%s)", most))[0][0])


async def heads(database: Database) -> list[Head]:
    """The newest block of every unit that has one."""
    rows = await _call(database, "SELECT unit, number, last_seq, encode(sha256, 'hex') FROM his_audit_heads()")
    return [Head(*row) for row in rows]


async def make_parts(database: Database, ahead: int) -> int:
    """Make the parts of this month and of `ahead` months to come; returns how many were made. The worker's right."""
    return int((await _call(database, "SELECT his_audit_parts(%s)", ahead))[0][0])


async def forget(
    database: Database, unit_id: int, kept: str, system_types: Sequence[str], before: date, basis: str, most: int
) -> int:
    """Remove entries of a class that are older than the day; enters how many. The worker's right."""
    sql = "SELECT his_audit_forget(%s, %s, %s, %s, %s, %s)"
    return int((await _call(database, sql, unit_id, kept, list(system_types), before, basis, most))[0][0])


async def _call(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """A function that commits by itself; these run as the worker over all units, outside any scope."""
    try:
        async with database.lean.connection() as connection:
            return await (await connection.execute(sql, values)).fetchall()
    except (psycopg.Error, PoolTimeout) as error:
        raise translate(error) if isinstance(error, psycopg.Error) else busy() from error
