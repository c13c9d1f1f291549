"""Dossiers of the desk by filter: for the list, for one cause, for a deed on many; every filter on an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from his.claims.desk.board import BLOCKED, REPAIR, ended
from his.claims.tables import Claim
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part
from his.registration.tables import Patient

_claim, _patient, _encounter, _parcel = table(Claim), table(Patient), table(Encounter), table(Parcel)
PAGE = 50
MOST_COUNTED = 10_000
_listed = [c for c in labelled(Claim, "c") if c.name != "c__facts"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to: states, a cause (finding code, state or `rejected:<code>`), a department, the days on
    which the visits ended (both ends included), a number or code.
    """

    states: tuple[str, ...] = ()
    cause: str = ""
    department: str | None = None
    since: date | None = None
    until: date | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list; the claim comes without its facts."""

    claim: Claim
    patient_name: str
    patient_code: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dossier that waits for one cause."""

    claim_id: UUID
    encounter_id: UUID
    number: str
    patient_name: str
    amount: Decimal
    state: str
    message: str
    ended_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed file with what identifies it."""

    number: str
    dossier_code: str
    revision: int
    state: str
    receipt: str
    content: str
    sha256: str
    created_at: datetime


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.VIETNAM)


def _matching(period: str, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_claim.c.period == period, _claim.c.state != "replaced"]
    state, _, code = filters.cause.partition(":")
    if filters.cause.startswith("CLM-"):
        conditions += [_claim.c.state.in_(REPAIR), _claim.c.findings.contains([{"code": filters.cause}])]
    elif filters.cause:
        conditions.append(_claim.c.state == state)
        replied = select(_parcel.c.id).where(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id)
        if code:
            conditions.append(replied.where(_parcel.c.reply_code == code).correlate(_claim).exists())
    if filters.cause == "draft":
        conditions.append(not_(_claim.c.findings.contains(BLOCKED)))
    if filters.states:
        conditions.append(_claim.c.state.in_(filters.states))
    if filters.department is not None:
        conditions.append(_claim.c.department_code == filters.department)
    if filters.since is not None:
        conditions.append(ended() >= _midnight(filters.since))
    if filters.until is not None:
        conditions.append(ended() < _midnight(filters.until + timedelta(days=1)))
    if filters.search:
        conditions.append(_found(filters.search))
    return conditions


def _found(text: str) -> ColumnElement[bool]:
    """Number, dossier code or patient code: three look-ups by index."""
    of_patient = select(_encounter.c.id).join_from(
        _encounter,
        _patient,
        and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
    )
    return or_(
        _claim.c.dossier_code == text,
        _claim.c.number == text,
        _claim.c.encounter_id.in_(of_patient.where(_patient.c.code == text).correlate(None)),
    )


async def list_claims(
    db: Db, period: str, filters: Filters, limit: int = PAGE, offset: int = 0
) -> tuple[list[Listed], int]:
    """Newest revisions of a month's claims, newest first, and how many there are (counted up to 10,000)."""
    conditions = _matching(period, filters)
    counted = select(_claim.c.id).where(*conditions).limit(MOST_COUNTED).subquery()
    total = await db.scalar(select(func.count()).select_from(counted))
    page = select(_claim.c.id).where(*conditions).order_by(_claim.c.sealed_at.desc(), _claim.c.id.desc())
    query = (
        select(*_listed, _patient.c.name, _patient.c.code)
        .join_from(_claim, _patient, _of_patient())
        .where(_claim.c.id.in_(page.limit(limit).offset(offset).correlate(None)))
        .order_by(_claim.c.sealed_at.desc(), _claim.c.id.desc())
    )
    rows = await db.all(query)
    return [Listed(part(r, Claim, "c"), r.name, r.code) for r in rows], int(total)


async def list_waiting(db: Db, period: str, filters: Filters, limit: int = 20) -> list[Waiting]:
    """The dossiers of one cause, the oldest visit first, with what the finding or the gateway says."""
    query = (
        select(
            _claim.c.id, _claim.c.encounter_id, _claim.c.number, _patient.c.name, _claim.c.insurer_share,
            _claim.c.state, _claim.c.findings, _claim.c.received_at, ended().label("ended_at"), _parcel.c.reply,
        )
        .join_from(_claim, _patient, _of_patient())
        .outerjoin(_parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id))
        .where(*_matching(period, filters))
        .order_by(ended(), _claim.c.id)
        .limit(limit)
    )  # fmt: skip
    return [
        Waiting(
            row.id, row.encounter_id, row.number, row.name, row.insurer_share, row.state,
            _message(row.findings, filters.cause) or row.reply or "",
            row.ended_at, row.received_at if row.state == "rejected" else None,
        )
        for row in await db.all(query)
    ]  # fmt: skip


async def find_ids(db: Db, period: str, filters: Filters, limit: int) -> list[UUID]:
    """The dossiers of a filter, the oldest visit first: what a deed on a group is done to."""
    query: Select[Any] = select(_claim.c.id).where(*_matching(period, filters)).order_by(ended(), _claim.c.id)
    return [row.id for row in await db.all(query.limit(limit))]


async def find_signed(db: Db, period: str, filters: Filters, limit: int) -> list[UUID]:
    """The dossiers of a filter that have a signed file, the oldest visit first."""
    query: Select[Any] = select(_claim.c.id).where(*_matching(period, filters), _claim.c.parcel_id.is_not(None))
    return [row.id for row in await db.all(query.order_by(ended(), _claim.c.id).limit(limit))]


async def load_signed(db: Db, claim_ids: Sequence[UUID]) -> list[Signed]:
    """The signed files of some dossiers as they were sent, the oldest visit first."""
    query = (
        select(
            _claim.c.number, _claim.c.dossier_code, _claim.c.revision, _claim.c.state, _claim.c.receipt,
            _parcel.c.content, _parcel.c.sha256, _parcel.c.created_at,
        )
        .join_from(_claim, _parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id))
        .where(_claim.c.id.in_(claim_ids))
        .order_by(ended(), _claim.c.id)
        .limit(len(claim_ids))
    )  # fmt: skip
    return [Signed(**row._mapping) for row in await db.all(query)]


def _of_patient() -> ColumnElement[bool]:
    return and_(_patient.c.unit_id == _claim.c.unit_id, _patient.c.id == _claim.c.patient_id)


def _message(findings: Any, code: str) -> str:
    rows: Sequence[Any] = findings if isinstance(findings, list) else ()
    return next((str(f["message"]) for f in rows if f.get("code") == code), "")
