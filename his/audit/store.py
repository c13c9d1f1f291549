"""Audit entries: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy import ColumnElement, func, or_, select

from his.audit.rules import Head
from his.audit.tables import AuditEntry
from his.audit.terms import Wanted
from his.fhir.compartment import SUBJECTS
from his.fhir.tables import ResourceIndex
from his.kit.columns import loaded, table
from his.kit.db import Database, Db
from his.kit.refusals import busy, translate

_entry = table(AuditEntry)
_index = table(ResourceIndex)


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


def _of_patient(patient: str) -> ColumnElement[bool]:
    """Entries on the patient's own record and on every resource of the patient's compartment."""
    inside = select(_index.c.id).where(
        _index.c.unit_id == _entry.c.unit_id,
        _index.c.type.in_(sorted(SUBJECTS)),
        _index.c.param.in_(("patient", "subject")),
        _index.c.value == f"{patient}\x1fPatient",
    )
    return or_(_entry.c.entity_id == patient, _entry.c.entity_id.in_(inside))


_patient_of = (
    select(func.split_part(_index.c.value, "\x1f", 1))
    .where(
        _index.c.unit_id == _entry.c.unit_id,
        _index.c.type == _entry.c.entity_type,
        _index.c.id == _entry.c.entity_id,
        _index.c.param.in_(("patient", "subject")),
    )
    .limit(1)
    .scalar_subquery()
)


async def search(db: Db, wanted: Wanted) -> list[tuple[AuditEntry, str]]:
    """Entries with the patient whose record each touched ("" when none is known), newest first, at most `count` + 1."""
    query = select(_entry, _patient_of.label("patient"))
    equal = {
        "actor": wanted.actor,
        "role": wanted.role,
        "entity_type": wanted.entity_type,
        "entity_id": wanted.entity_id,
    }
    query = query.where(*(_entry.c[name] == value for name, value in equal.items() if value))
    if wanted.ids is not None:
        query = query.where(_entry.c.id.in_(wanted.ids))
    if wanted.before is not None:
        query = query.where(_entry.c.id < wanted.before)
    if wanted.patient:
        query = query.where(_of_patient(wanted.patient))
    if wanted.success is not None:
        query = query.where((_entry.c.outcome == "success") == wanted.success)
    if wanted.actions is not None:
        query = query.where(_entry.c.action.in_(sorted(wanted.actions)))
    if wanted.not_actions:
        query = query.where(_entry.c.action.not_in(sorted(wanted.not_actions)))
    query = query.where(*(_entry.c.recorded_at >= datetime.fromisoformat(at) for at in wanted.since))
    query = query.where(*(_entry.c.recorded_at < datetime.fromisoformat(at) for at in wanted.until))
    rows = await db.all(query.order_by(_entry.c.id.desc()).limit(wanted.count + 1))
    models = loaded(AuditEntry, [*_entry.columns.keys()], [row[:-1] for row in rows]) if rows else []
    return [
        (model, row.patient or (model.entity_id if model.entity_type == "Patient" else ""))
        for model, row in zip(models, rows, strict=True)
    ]


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
