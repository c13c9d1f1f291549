"""What the desk counts of a month: stages, faults and waits by cause, department and day; few queries, index only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, and_, case, cast, func, literal, select, true, values
from sqlalchemy import String as SqlString
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import JSONB

from his.claims.tables import OPEN, Claim
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel
from his.identity.tables import Department
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db

_claim, _encounter, _parcel = table(Claim), table(Encounter), table(Parcel)
REPAIR = ("draft", "rejected", "reopened")
GONE = ("replaced", "recalled")
FAULTY = "faulty"
BLOCKED = [{"severity": "error"}]
MONTHS = 24
MOST_GROUPS = 5000


@dataclass(frozen=True, slots=True)
class Group:
    """Dossiers that wait for one cause in one department since one day; `answered` is the day of the gateway's return."""

    cause: str
    department: str
    day: date
    answered: date | None
    claims: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Older:
    """An earlier month that is not finished."""

    period: str
    claims: int
    amount: Decimal


def month_bounds(period: str) -> tuple[datetime, datetime]:
    """First instants of a month (`2026-10`) and of the next one, in Viet Nam. Raises ValueError."""
    first = datetime.strptime(period, "%Y-%m").replace(tzinfo=clock.VIETNAM)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following


def month_of(day: date) -> str:
    """The period that a day belongs to."""
    return f"{day:%Y-%m}"


def _day(column: Any) -> Any:
    return cast(func.timezone("Asia/Ho_Chi_Minh", column), Date)


def ended() -> Any:
    """The moment from which a dossier's limits count."""
    return func.coalesce(_claim.c.ended_at, _claim.c.sealed_at)


def answered() -> Any:
    """The day on which the gateway returned a dossier."""
    return case((_claim.c.state == "rejected", _day(_claim.c.received_at)), else_=None)


async def count_closed(db: Db, period: str) -> int:
    """Insured visits of the unit that closed in a month."""
    first, following = month_bounds(period)
    query = select(func.count()).where(
        _encounter.c.coverage_id.is_not(None), _encounter.c.closed_at >= first, _encounter.c.closed_at < following
    )
    return int(await db.scalar(query))


async def count_stages(db: Db, period: str) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """Number of claims and insurer's share of a month by state and department; replaced revisions are left out."""
    query = (
        select(
            _claim.c.state,
            _claim.c.department_code,
            func.count().label("n"),
            func.sum(_claim.c.insurer_share).label("amount"),
        )
        .where(_claim.c.period == period, _claim.c.state != "replaced")
        .group_by(_claim.c.state, _claim.c.department_code)
        .limit(MOST_GROUPS)
    )
    return {(row.state, row.department_code): (row.n, row.amount) for row in await db.all(query)}


async def list_periods(db: Db, today: date) -> list[str]:
    """Months of the last two years that have claims, newest first: one index probe a month."""
    first = today.replace(day=1)
    names = []
    for _ in range(MONTHS):
        names.append((month_of(first),))
        first = (first - timedelta(days=1)).replace(day=1)
    asked = values(sql_column("period", SqlString), name="asked").data(names)
    known = select(literal(1)).where(_claim.c.period == asked.c.period).exists()
    query = select(asked.c.period).where(known).order_by(asked.c.period.desc())
    return [row.period for row in await db.all(query)]


async def list_older(db: Db, period: str) -> list[Older]:
    """Earlier months with dossiers that the gateway has not accepted, newest first."""
    query = (
        select(_claim.c.period, func.count().label("claims"), func.sum(_claim.c.insurer_share).label("amount"))
        .where(_claim.c.state.in_(OPEN), _claim.c.period < period)
        .group_by(_claim.c.period)
        .order_by(_claim.c.period.desc())
        .limit(MONTHS)
    )
    return [Older(**row._mapping) for row in await db.all(query)]


async def list_departments(db: Db) -> dict[str, str]:
    """Names of the unit's departments by code."""
    t = table(Department)
    return {row.code: row.name for row in await db.all(select(t.c.code, t.c.name).order_by(t.c.code).limit(200))}


async def list_faults(db: Db, period: str) -> list[Group]:
    """The findings that block dossiers of a month; a dossier with two findings stands in two groups."""
    empty: Any = cast(literal("[]"), JSONB)
    array = case((func.jsonb_typeof(_claim.c.findings) == "array", _claim.c.findings), else_=empty)
    finding = func.jsonb_array_elements(array).table_valued(sql_column("value", JSONB)).lateral("finding")
    value = finding.c.value
    said = (
        select(
            value["code"].astext.label("cause"),
            _claim.c.department_code.label("department"),
            _day(ended()).label("day"),
            answered().label("answered"),
            _claim.c.id,
            _claim.c.insurer_share,
        )
        .join_from(_claim, finding, true())
        .where(_claim.c.period == period, _claim.c.state.in_(REPAIR), value["severity"].astext == "error")
        .distinct()
        .subquery()
    )
    return await _grouped(db, said)


async def list_waits(db: Db, period: str) -> list[Group]:
    """Every open dossier of a month once, by state; returned ones by the gateway's code (`rejected:205`), drafts that a
    finding blocks as `faulty`.
    """
    code = func.coalesce(_parcel.c.reply_code, "")
    cause = case(
        (and_(_claim.c.state == "rejected", code != ""), func.concat("rejected:", code)),
        (and_(_claim.c.state == "draft", _claim.c.findings.contains(BLOCKED)), FAULTY),
        else_=_claim.c.state,
    )
    said = (
        select(
            cause.label("cause"),
            _claim.c.department_code.label("department"),
            _day(ended()).label("day"),
            answered().label("answered"),
            _claim.c.id,
            _claim.c.insurer_share,
        )
        .outerjoin_from(
            _claim, _parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id)
        )
        .where(_claim.c.period == period)
        .where(_claim.c.state.in_(OPEN))
        .subquery()
    )
    return await _grouped(db, said)


async def _grouped(db: Db, said: Any) -> list[Group]:
    keys = (said.c.cause, said.c.department, said.c.day, said.c.answered)
    query = (
        select(*keys, func.count().label("claims"), func.sum(said.c.insurer_share).label("amount"))
        .group_by(*keys)
        .order_by(*keys)
        .limit(MOST_GROUPS)
    )
    return [Group(**row._mapping) for row in await db.all(query)]
