"""What the worker counts: finished visits of a unit by day, in groups, and the cells that stand."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ARRAY, Date, DateTime, and_, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.sql.elements import ColumnElement

from his.encounters.tables import Diagnosis, Encounter
from his.kit.clock import VIETNAM
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import Patient
from his.reporting.tables import StatCell
from his.reporting.terms import VisitGroup

_encounter, _patient, _diagnosis, _cell = table(Encounter), table(Patient), table(Diagnosis), table(StatCell)
ZONE = literal(str(VIETNAM))


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a day of Viet Nam begins and ends (the end excluded)."""
    start = datetime.combine(day, time(), VIETNAM)
    return start, datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def _day(column: ColumnElement[Any]) -> ColumnElement[date]:
    return cast(func.timezone(ZONE, column), Date)


def _spans(days: Sequence[date]) -> Any:
    """The days as a table of (day, starts_at, ends_at), so that each is one range of the index."""
    marks = [bounds(day) for day in days]
    columns = (
        bindparam("days", list(days), type_=ARRAY(Date)),
        bindparam("starts", [m[0] for m in marks], type_=ARRAY(DateTime(timezone=True))),
        bindparam("ends", [m[1] for m in marks], type_=ARRAY(DateTime(timezone=True))),
    )
    return func.unnest(*columns).table_valued("day", "starts_at", "ends_at", name="span").render_derived()


async def lock_counting(db: Db) -> None:
    """Count the unit in scope alone until the transaction ends; call it inside `db.locking()`."""
    await db.all(text("SELECT pg_advisory_xact_lock(hashtext('reporting.count'), :unit)"), {"unit": db.unit_id})


async def list_ended_days(db: Db, arrived_on: Sequence[date]) -> list[date]:
    """The days on which finished visits ended that began on these days (a stay ends later than it began)."""
    span = _spans(arrived_on)
    query = (
        select(_day(_encounter.c.ended_at).label("day"))
        .select_from(span)
        .join(_encounter, and_(_encounter.c.arrived_at >= span.c.starts_at, _encounter.c.arrived_at < span.c.ends_at))
        .where(
            _encounter.c.unit_id == db.unit_id, _encounter.c.status == "finished", _encounter.c.ended_at.is_not(None)
        )
        .distinct()
        .limit(400)
    )
    return [row.day for row in await db.all(query)]


async def load_groups(db: Db, days: Sequence[date]) -> dict[date, list[VisitGroup]]:
    """Finished visits of the unit in scope that ended on these days, grouped by everything that statistics looks at."""
    e, p, span = _encounter, _patient, _spans(days)
    arrived = func.timezone(ZONE, e.c.arrived_at)
    midnight = TIMESTAMP(timezone=False)
    years = func.date_part("year", func.age(func.date_trunc("day", arrived), cast(p.c.birth_date, midnight)))
    main = (
        select(func.min(_diagnosis.c.code))
        .where(_diagnosis.c.unit_id == e.c.unit_id, _diagnosis.c.encounter_id == e.c.id, _diagnosis.c.role == "main")
        .scalar_subquery()
    )
    columns = (
        span.c.day.label("day"),
        e.c.care_setting.label("care_setting"),
        and_(e.c.coverage_id.is_not(None), e.c.entitlement_code != "9").label("insured"),
        p.c.gender.label("sex"),
        years.label("age_years"),
        e.c.outcome_code.label("outcome"),
        e.c.discharge_code.label("discharge"),
        func.coalesce(func.left(main, 3), "").label("icd"),
        (_day(e.c.ended_at) - _day(func.coalesce(e.c.admitted_at, e.c.arrived_at))).label("nights"),
    )
    visits = (
        select(*columns)
        .select_from(span)
        .join(e, and_(e.c.ended_at >= span.c.starts_at, e.c.ended_at < span.c.ends_at))
        .join(p, and_(p.c.unit_id == e.c.unit_id, p.c.id == e.c.patient_id))
        .where(e.c.unit_id == db.unit_id, e.c.status == "finished")
        .subquery()
    )
    found: dict[date, list[VisitGroup]] = {}
    for row in await db.all(select(*visits.c, func.count().label("n")).group_by(*visits.c)):
        group = VisitGroup(
            row.care_setting,
            row.insured,
            row.sex,
            int(row.age_years),
            row.outcome,
            row.discharge,
            row.icd,
            int(row.nights),
            int(row.n),
        )
        found.setdefault(row.day, []).append(group)
    return found


async def list_cells(db: Db, days: Sequence[date]) -> list[StatCell]:
    """The cells of the unit in scope on these days."""
    query = select(_cell).where(_cell.c.unit_id == db.unit_id, _cell.c.day.in_(days))
    return await db.models(StatCell, query.limit(100_000))
