"""Requests and the trail as data protection asks them: every SELECT of the slice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, any_, cast, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import SQLModel

from his.audit.tables import AuditEntry
from his.fhir.compartment import SUBJECTS
from his.fhir.tables import ResourceIndex
from his.identity.tables import Account
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part
from his.kit.schema import is_tenant
from his.privacy.tables import PrivacyIncident, PrivacyRequest
from his.privacy.terms import Measure, Unusual
from his.registration.tables import Patient

_entry, _request, _patient, _account = (table(m) for m in (AuditEntry, PrivacyRequest, Patient, Account))
_incident, _index = table(PrivacyIncident), table(ResourceIndex)
MOST_TOUCHED = 20_000
"""Records of one incident; more must be split into shorter spans."""
NOT_PERSONAL = frozenset({"audit_block", "dirty_key", "subscription_event"})
"""Seals and queues: they hold ids of rows that are exported themselves, and nothing else."""
TEXT_KEYS = frozenset({"id", "key", "subject", "entity_id", "value", "resource_id", "reference"})
MOST_ROWS = 100_000
ZONE = "Asia/Ho_Chi_Minh"


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of the trail on one record by one account."""

    record: str
    actor: str
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Touched:
    """A person concerned: how often the trail names a record of theirs, from when to when, by whom."""

    patient: Patient
    count: int
    first: datetime
    last: datetime
    actors: frozenset[str]

    def joined(self, more: Entries) -> "Touched":
        """With further entries."""
        first, last = min(self.first, more.first), max(self.last, more.last)
        return Touched(self.patient, self.count + more.count, first, last, self.actors | {more.actor})


async def get_patient(db: Db, identity: UUID) -> Patient | None:
    """A patient of the unit."""
    return await db.model(Patient, select(_patient).where(_patient.c.unit_id == db.unit_id, _patient.c.id == identity))


async def get_request(db: Db, identity: UUID) -> PrivacyRequest | None:
    """A request of the unit."""
    query = select(_request).where(_request.c.unit_id == db.unit_id, _request.c.id == identity)
    return await db.model(PrivacyRequest, query)


async def list_requests(
    db: Db, patient_id: UUID | None = None, limit: int = 200
) -> list[tuple[PrivacyRequest, str, str]]:
    """Requests with code and name of the patient: open ones first, the nearest time limit on top."""
    query = (
        select(_request, _patient.c.code, _patient.c.name)
        .join(_patient, (_patient.c.unit_id == _request.c.unit_id) & (_patient.c.id == _request.c.patient_id))
        .where(_request.c.unit_id == db.unit_id)
        .order_by(_request.c.state != "open", _request.c.due_on, _request.c.id)
        .limit(limit)
    )
    if patient_id is not None:
        query = query.where(_request.c.patient_id == patient_id)
    names = [*_request.columns.keys()]
    rows: list[tuple[Any, ...]] = [tuple(row) for row in await db.all(query)]
    return [(PrivacyRequest(**dict(zip(names, row[:-2], strict=True))), row[-2], row[-1]) for row in rows]


async def find_unusual(db: Db, measure: Measure, now: datetime, days: int = 7, limit: int = 100) -> list[Unusual]:
    """Accounts whose access of the last days passes a measure, newest first; three queries."""
    since = now - timedelta(days=days)
    recent = (_entry.c.unit_id == db.unit_id, _entry.c.id >= func.his_uuid_floor(since), _entry.c.recorded_at >= since)
    person = (_entry.c.role != "machine", _entry.c.role != "worker")
    opened = (_entry.c.action == "read", _entry.c.outcome == "success", _entry.c.entity_id != "")
    local = func.timezone(ZONE, _entry.c.recorded_at)
    hour = func.extract("hour", local)
    night = or_(hour >= measure.night_from, hour < measure.night_to)
    records = func.count(func.distinct(_entry.c.entity_id))
    found: list[Unusual] = []
    for kind, bound, count, unit, where in (
        ("many", measure.many, records, "hour", opened),
        ("refused", measure.refused, func.count(), "day", (_entry.c.outcome != "success",)),
        ("night", measure.night, records, "day", (*opened, night)),
    ):
        span = func.date_trunc(unit, local)
        query = (
            select(_entry.c.actor, func.timezone(ZONE, span).label("at"), count.label("n"))
            .where(*recent, *person, *where)
            .group_by(_entry.c.actor, span)
            .having(count >= bound)
            .order_by(span.desc())
            .limit(limit)
        )
        found += [Unusual(kind, row.actor, row.at, row.n, bound) for row in await db.all(query)]
    return sorted(found, key=lambda one: one.at, reverse=True)


async def account_names(db: Db) -> dict[str, tuple[str, str]]:
    """Display name and role by account id, of the unit, closed accounts too."""
    query = select(_account.c.id, _account.c.display_name, _account.c.role).where(_account.c.unit_id == db.unit_id)
    return {str(row.id): (row.display_name, row.role) for row in await db.all(query.limit(20_000))}


def _about(model_table: Any, unit_id: int, ids: list[str]) -> Select[Any] | None:
    """Rows of one table that name any of the ids, as JSON."""
    named = [
        column
        for column in model_table.columns
        if str(column.type) in ("UUID", "CHAR(32)") or (column.key in TEXT_KEYS or column.key.endswith("_id"))
    ]
    tests = [cast(column, Text).in_(ids) for column in named if column.key != "unit_id"]
    if model_table.name == "resource_index":  # a reference is written `id` US `type`
        tests.append(func.split_part(model_table.c.value, "\x1f", 1).in_(ids))
    if not tests:
        return None
    key = cast(model_table.c.id, Text) if "id" in model_table.columns else cast(literal(""), Text)
    row = func.to_jsonb(model_table.table_valued())
    return (
        select(literal(model_table.name).label("name"), key.label("key"), cast(row, JSONB).label("row"))
        .where(model_table.c.unit_id == unit_id, or_(*tests))
        .limit(MOST_ROWS)
    )


async def everything_about(db: Db, ids: list[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every row of the unit that names one of the ids: table, id, content; one query over all tables of units."""
    parts = [
        found
        for one in SQLModel.metadata.sorted_tables
        if is_tenant(one) and one.name not in NOT_PERSONAL and (found := _about(one, db.unit_id, ids)) is not None
    ]
    rows: list[tuple[Any, ...]] = [
        tuple(row) for row in await db.all(union_all(*(select(part.subquery()) for part in parts)))
    ]
    return [(row[0], row[1], row[2]) for row in rows]


async def get_incident(db: Db, identity: UUID) -> PrivacyIncident | None:
    """One breach."""
    query = select(_incident).where(_incident.c.unit_id == db.unit_id, _incident.c.id == identity)
    return await db.model(PrivacyIncident, query)


async def list_incidents(db: Db, limit: int = 200) -> list[PrivacyIncident]:
    """Breaches: open ones first, the earliest found on top, then the closed ones, newest first."""
    query = select(_incident).where(_incident.c.unit_id == db.unit_id)
    order = (_incident.c.closed_at.is_not(None), _incident.c.closed_at.desc(), _incident.c.found_at, _incident.c.id)
    return await db.models(PrivacyIncident, query.order_by(*order).limit(limit))


async def list_touched(db: Db, since: datetime, until: datetime, actor: str = "") -> list[Entries]:
    """What the trail says of a span: entries by record and account, with count, first and last moment; one row more than allowed."""
    query = (
        select(
            _entry.c.entity_id, _entry.c.actor, func.count().label("n"), func.min(_entry.c.recorded_at).label("first"),
            func.max(_entry.c.recorded_at).label("last"),
        )
        .where(
            _entry.c.unit_id == db.unit_id,
            _entry.c.id >= func.his_uuid_floor(since),
            _entry.c.recorded_at >= since,
            _entry.c.recorded_at <= until,
            _entry.c.outcome == "success",
        )
        .group_by(_entry.c.entity_id, _entry.c.actor)
        .order_by(_entry.c.entity_id, _entry.c.actor)
        .limit(MOST_TOUCHED + 1)
    )  # fmt: skip
    if actor:
        query = query.where(_entry.c.actor == actor)
    return [Entries(row.entity_id, row.actor, row.n, row.first, row.last) for row in await db.all(query)]


async def owners_of(db: Db, records: list[str]) -> dict[str, Patient]:
    """The patient of each record that has one: rows of every table that names a patient, FHIR resources, patients themselves."""
    ids = func.his_ids(cast(records, ARRAY(Text)))
    parts = [
        select(cast(one.c.id, Text).label("record"), cast(one.c.patient_id, Text).label("owner")).where(
            one.c.unit_id == db.unit_id, one.c.id == any_(ids)
        )
        for one in SQLModel.metadata.sorted_tables
        if is_tenant(one) and {"id", "patient_id"} <= set(one.columns.keys())
    ]
    parts.append(
        select(_index.c.id, func.split_part(_index.c.value, "\x1f", 1)).where(
            _index.c.unit_id == db.unit_id,
            _index.c.type.in_(sorted(SUBJECTS)),
            _index.c.param.in_(("patient", "subject")),
            _index.c.id.in_(records),
            func.split_part(_index.c.value, "\x1f", 2) == "Patient",
        )
    )
    parts.append(
        select(cast(_patient.c.id, Text), cast(_patient.c.id, Text)).where(
            _patient.c.unit_id == db.unit_id, _patient.c.id == any_(ids)
        )
    )
    found = union_all(*parts).subquery()
    query = select(found.c.record, *labelled(Patient, "p")).join_from(
        found, _patient, (_patient.c.unit_id == db.unit_id) & (cast(_patient.c.id, Text) == found.c.owner)
    )
    return {row.record: part(row, Patient, "p") for row in await db.all(query)}
