"""Reads of the page about the gateway's outages: when it was away, what was told or asked meanwhile, what still waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal_column, select

from his.claims.desk.listing import MOST_COUNTED, PAGE
from his.encounters.tables import Encounter
from his.exchange.tables import GatewayOutage, Parcel
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part
from his.registration.tables import CardCheck, Patient

_outage, _parcel, _check = table(GatewayOutage), table(Parcel), table(CardCheck)
_encounter, _patient = table(Encounter), table(Patient)
UNSENT = ("queued", "sending", "unknown")
OUTAGES = 20
_parts = [c for c in labelled(Parcel, "p") if c.name != "p__content"]
# a literal, so that the partial index serves however often the statement was planned
_check_ins = _parcel.c.kind == literal_column("'check-in'")


@dataclass(frozen=True, slots=True)
class AskedCard:
    """A look-up with the name and code of its patient; both empty before the patient was saved."""

    check: CardCheck
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class ToldVisit:
    """A check-in with its patient; the parcel comes without its bytes."""

    parcel: Parcel
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Span:
    """The time of one outage; `end` is the present moment while it lasts."""

    start: datetime
    end: datetime


async def list_outages(db: Db) -> list[GatewayOutage]:
    """The newest outages, the newest first."""
    return await db.models(GatewayOutage, select(_outage).order_by(_outage.c.began_at.desc()).limit(OUTAGES))


async def count_unsent(db: Db) -> dict[str, int]:
    """What waits for the gateway in this unit: look-ups (`cards`) and parcels by kind; each counted up to 10,000."""
    cards = select(_check.c.id).where(_check.c.state == "pending").limit(MOST_COUNTED).subquery()
    asked: Any = select(literal_column("'cards'").label("kind"), func.count().label("n")).select_from(cards)
    waiting = select(_parcel.c.kind).where(_parcel.c.state.in_(UNSENT)).limit(MOST_COUNTED).subquery()
    sent = select(waiting.c.kind, func.count()).group_by(waiting.c.kind)
    return {row.kind: row.n for row in await db.all(asked.union_all(sent))}


def _within(moment: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    return and_(moment >= span.start, moment <= span.end)


async def list_cards(db: Db, span: Span | None, page: int) -> tuple[list[AskedCard], int]:
    """Look-ups asked within an outage, the newest first; without one those that still wait, the next to be asked first."""
    wanted = _within(_check.c.asked_at, span) if span else _check.c.state == "pending"
    order = (_check.c.asked_at.desc(),) if span else (_check.c.next_attempt_at, _check.c.asked_at)
    query = (
        select(*labelled(CardCheck, "c"), _patient.c.name, _patient.c.code)
        .outerjoin_from(
            _check, _patient, and_(_patient.c.unit_id == _check.c.unit_id, _patient.c.id == _check.c.patient_id)
        )
        .where(wanted)
        .order_by(*order, _check.c.id)
    )
    rows = await db.all(query.limit(PAGE).offset((page - 1) * PAGE))
    return [AskedCard(part(r, CardCheck, "c"), r.name or "", r.code or "") for r in rows], await _count(
        db, _check.c.id, (wanted,)
    )


async def list_check_ins(db: Db, span: Span | None, page: int) -> tuple[list[ToldVisit], int]:
    """Check-ins made within an outage, the newest first; without one those that are not accepted yet, the oldest first."""
    wanted: Sequence[ColumnElement[bool]] = (
        (_check_ins, _within(_parcel.c.created_at, span)) if span else (_check_ins, _parcel.c.state.in_(UNSENT))
    )
    query = (
        select(*_parts, _patient.c.name, _patient.c.code)
        .outerjoin_from(
            _parcel,
            _encounter,
            and_(_encounter.c.unit_id == _parcel.c.unit_id, _encounter.c.id == _parcel.c.subject_id),
        )
        .outerjoin(
            _patient,
            and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
        )
        .where(*wanted)
        .order_by(_parcel.c.created_at.desc() if span else _parcel.c.created_at, _parcel.c.id)
    )
    rows = await db.all(query.limit(PAGE).offset((page - 1) * PAGE))
    return [ToldVisit(part(r, Parcel, "p"), r.name or "", r.code or "") for r in rows], await _count(
        db, _parcel.c.id, wanted
    )


async def _count(db: Db, column: ColumnElement[UUID], wanted: Sequence[ColumnElement[bool]]) -> int:
    found = select(column).where(*wanted).limit(MOST_COUNTED).subquery()
    return int(await db.scalar(select(func.count()).select_from(found)))
