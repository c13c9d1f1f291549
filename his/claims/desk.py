"""Reads of the claims desk: the month's funnel, why dossiers wait, one dossier with its history. Bounded, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, and_, case, cast, func, literal, select, true
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import JSONB

from his.claims import store
from his.claims.tables import Claim, ClaimEvent
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel, ParcelEvent
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.registration.tables import Patient

_claim, _encounter, _patient = table(Claim), table(Encounter), table(Patient)
_parcel, _step = table(Parcel), table(ParcelEvent)
PAGE = 50
REPAIR = ("draft", "rejected")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why dossiers wait: a finding or a state, with the number of dossiers, the insurer's share at stake, oldest visit."""

    code: str
    severity: str
    claims: int
    amount: Decimal
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dossier that waits for one cause."""

    claim_id: UUID
    number: str
    patient_name: str
    amount: Decimal
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """One claim with its history, its parcel and its other revisions."""

    claim: Claim
    patient_name: str
    patient_code: str
    ended_at: datetime | None
    events: list[ClaimEvent]
    parcel: Parcel | None
    steps: list[ParcelEvent]
    revisions: list[tuple[UUID, int, str]]


def month_bounds(period: str) -> tuple[datetime, datetime]:
    """First instants of a month (`2026-10`) and of the next one, in Viet Nam. Raises ValueError."""
    first = datetime.strptime(period, "%Y-%m").replace(tzinfo=clock.VIETNAM)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following


def _newest(period: str) -> Subquery:
    query = select(_claim.c.dossier_code, func.max(_claim.c.revision).label("revision"))
    return query.where(_claim.c.period == period).group_by(_claim.c.dossier_code).subquery()


async def count_closed(db: Db, period: str) -> int:
    """Insured visits of the unit that closed in a month."""
    first, following = month_bounds(period)
    query = select(func.count()).where(
        _encounter.c.coverage_id.is_not(None), _encounter.c.closed_at >= first, _encounter.c.closed_at < following
    )
    return int(await db.scalar(query))


async def list_periods(db: Db) -> list[str]:
    """Months that have claims, newest first (two years)."""
    query = select(_claim.c.period).distinct().order_by(_claim.c.period.desc()).limit(24)
    return [row.period for row in await db.all(query)]


def _said(period: str) -> Subquery:
    """Code and severity of each finding of the dossiers to repair, once a dossier."""
    newest = _newest(period)
    empty: Any = cast(literal("[]"), JSONB)
    array = case((func.jsonb_typeof(_claim.c.findings) == "array", _claim.c.findings), else_=empty)
    finding = func.jsonb_array_elements(array).table_valued(sql_column("value", JSONB)).lateral("finding")
    value = finding.c.value
    return (
        select(
            _claim.c.id,
            _claim.c.insurer_share,
            _encounter.c.ended_at,
            value["code"].astext.label("code"),
            value["severity"].astext.label("severity"),
        )
        .join_from(_claim, newest, _same_revision(newest))
        .join(_encounter, and_(_encounter.c.unit_id == _claim.c.unit_id, _encounter.c.id == _claim.c.encounter_id))
        .join(finding, true())
        .where(_claim.c.period == period, _claim.c.state.in_(REPAIR), value["severity"].astext == "error")
        .distinct()
        .subquery()
    )


def _same_revision(newest: Subquery) -> Any:
    return and_(_claim.c.dossier_code == newest.c.dossier_code, _claim.c.revision == newest.c.revision)


async def list_causes(db: Db, period: str) -> list[Cause]:
    """What blocks the dossiers of a month, dearest first."""
    said = _said(period)
    query = (
        select(
            said.c.code,
            said.c.severity,
            func.count().label("claims"),
            func.sum(said.c.insurer_share).label("amount"),
            func.min(said.c.ended_at).label("oldest"),
        )
        .group_by(said.c.code, said.c.severity)
        .order_by(func.sum(said.c.insurer_share).desc(), said.c.code)
        .limit(100)
    )
    return [Cause(**row._mapping) for row in await db.all(query)]


async def list_waits(db: Db, period: str) -> list[Cause]:
    """Dossiers of a month that wait without a fault of theirs, by state; returned ones by the gateway's code."""
    newest = _newest(period)
    reply = case((_claim.c.state == "rejected", func.coalesce(_parcel.c.reply_code, "")), else_="")
    query = (
        select(
            _claim.c.state,
            reply.label("reply"),
            func.count().label("claims"),
            func.sum(_claim.c.insurer_share).label("amount"),
            func.min(_encounter.c.ended_at).label("oldest"),
        )
        .join_from(_claim, newest, _same_revision(newest))
        .join(_encounter, and_(_encounter.c.unit_id == _claim.c.unit_id, _encounter.c.id == _claim.c.encounter_id))
        .outerjoin(_parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id))
        .where(_claim.c.period == period)
        .where(_claim.c.state.in_(("sealed", "submitting", "unknown", "rejected")))
        .group_by(_claim.c.state, reply)
        .order_by(func.sum(_claim.c.insurer_share).desc())
        .limit(50)
    )
    return [
        Cause(f"{row.state}:{row.reply}" if row.reply else row.state, row.state, row.claims, row.amount, row.oldest)
        for row in await db.all(query)
    ]


async def list_waiting(db: Db, period: str, cause: str, limit: int = 20) -> list[Waiting]:
    """The dossiers of one cause: a finding code, a state, or `rejected:<code>`."""
    newest = _newest(period)
    query = (
        select(
            _claim.c.id,
            _claim.c.number,
            _patient.c.name,
            _claim.c.insurer_share,
            _claim.c.state,
            _claim.c.findings,
            _parcel.c.reply,
        )
        .join_from(_claim, newest, _same_revision(newest))
        .join(_patient, and_(_patient.c.unit_id == _claim.c.unit_id, _patient.c.id == _claim.c.patient_id))
        .outerjoin(_parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id))
        .where(_claim.c.period == period)
        .order_by(_claim.c.insurer_share.desc(), _claim.c.id)
        .limit(limit)
    )
    state, _, code = cause.partition(":")
    if cause.startswith("CLM-"):
        query = query.where(_claim.c.state.in_(REPAIR), _claim.c.findings.contains([{"code": cause}]))
    else:
        query = query.where(_claim.c.state == state)
        query = query.where(_parcel.c.reply_code == code) if code else query
    return [
        Waiting(
            row.id, row.number, row.name, row.insurer_share, row.state, _message(row.findings, cause) or row.reply or ""
        )
        for row in await db.all(query)
    ]


def _message(findings: Any, code: str) -> str:
    rows: Sequence[Any] = findings if isinstance(findings, list) else ()
    return next((str(f["message"]) for f in rows if f.get("code") == code), "")


async def load_dossier(db: Db, claim_id: UUID) -> Dossier:
    """A claim of the unit in scope with everything that happened to it; raises NOT_FOUND."""
    claim = await store.get_claim(db, claim_id)
    if claim is None:
        raise not_found()
    head = (
        select(_patient.c.name, _patient.c.code, _encounter.c.ended_at)
        .join_from(
            _encounter,
            _patient,
            and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
        )
        .where(_encounter.c.id == claim.encounter_id)
    )
    person = await db.first(head)
    assert person is not None, "a claim has its visit and patient"
    parcel, steps = None, []
    if claim.parcel_id is not None:
        parcel = await db.model(Parcel, select(_parcel).where(_parcel.c.id == claim.parcel_id))
        query = select(_step).where(_step.c.parcel_id == claim.parcel_id).order_by(_step.c.at, _step.c.id)
        steps = await db.models(ParcelEvent, query.limit(200))
    others = select(_claim.c.id, _claim.c.revision, _claim.c.state).where(_claim.c.dossier_code == claim.dossier_code)
    revisions = await db.all(others.order_by(_claim.c.revision.desc()).limit(20))
    return Dossier(
        claim,
        person.name,
        person.code,
        person.ended_at,
        await store.list_events(db, claim_id),
        parcel,
        steps,
        [(row.id, row.revision, row.state) for row in revisions],
    )


def this_month(day: date) -> str:
    """The period that a day belongs to."""
    return f"{day:%Y-%m}"
