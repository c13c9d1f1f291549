"""What a unit needs to close a day, and what the installation's administrator looks at."""

from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from his.catalog.tables import CatalogVersion
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel
from his.identity.tables import Room, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import CardCheck
from his.reporting.store.counting import bounds
from his.reporting.tables import DirtyKey, MonthReport, StatCell, WorkerBeat
from his.reporting.terms import OpenVisit

_encounter, _room, _cell, _report = table(Encounter), table(Room), table(StatCell), table(MonthReport)
_unit, _beat, _dirty, _parcel = table(Unit), table(WorkerBeat), table(DirtyKey), table(Parcel)
_card, _version = table(CardCheck), table(CatalogVersion)
OPEN_LIMIT = 200


async def list_open_visits(db: Db, day: date) -> list[OpenVisit]:
    """Visits of the unit in scope that began on the day and are neither finished nor cancelled."""
    e, (start, end) = _encounter, bounds(day)
    query = (
        select(e.c.id, e.c.dossier_code, e.c.arrived_at, e.c.signed_at, e.c.started_at, _room.c.code, _room.c.name)
        .join(_room, and_(_room.c.unit_id == e.c.unit_id, _room.c.id == e.c.room_id), isouter=True)
        .where(e.c.unit_id == db.unit_id, e.c.arrived_at >= start, e.c.arrived_at < end)
        .where(e.c.status.in_(("arrived", "in-progress")), e.c.care_setting.not_in(("03", "06")))
        .order_by(e.c.arrived_at)
        .limit(OPEN_LIMIT)
    )
    return [
        OpenVisit(
            row.id, row.dossier_code, f"{row.code} · {row.name}" if row.code else "", row.arrived_at, _waits_for(row)
        )
        for row in await db.all(query)
    ]


def _waits_for(row: Any) -> str:
    if row.signed_at is not None:
        return "Chờ phát thuốc hoặc thu tiền"
    return "Bác sĩ chưa ký kết luận" if row.started_at is not None else "Chưa vào khám"


async def count_uncoded(db: Db, day: date) -> int:
    """Finished visits of the day without a main diagnosis, as the cells count them."""
    query = select(func.coalesce(func.sum(_cell.c.value), 0)).where(
        _cell.c.unit_id == db.unit_id, _cell.c.day == day, _cell.c.split == "chapter", _cell.c.part.like("none|%")
    )
    return int(await db.scalar(query))


async def get_report(db: Db, first: date) -> MonthReport | None:
    """The latest month report of the unit in scope."""
    query = select(_report).where(_report.c.unit_id == db.unit_id, _report.c.day == first)
    return await db.model(MonthReport, query.order_by(_report.c.revision.desc()).limit(1))


async def load_beat(db: Db) -> tuple[Any, Any, Any]:
    """Queues of all units as the worker's role sees them: waiting keys, parcels, card questions."""
    dirty = await db.first(select(func.count().label("n"), func.min(_dirty.c.queued_at).label("since")))
    open_parcels = _parcel.c.state.in_(("queued", "sending", "unknown"))
    parcels = await db.first(
        select(
            func.count().filter(open_parcels).label("n"),
            func.min(_parcel.c.created_at).filter(open_parcels).label("since"),
            func.count().filter(_parcel.c.state == "rejected").label("refused"),
        )
    )
    cards = await db.scalar(select(func.count()).where(_card.c.state == "pending"))
    return dirty, parcels, cards


async def get_beat(db: Db) -> WorkerBeat | None:
    """What the worker wrote last."""
    return await db.model(WorkerBeat, select(_beat).where(_beat.c.name == "worker"))


async def list_catalog_versions(db: Db) -> list[CatalogVersion]:
    """The latest load of each list."""
    query = (
        select(_version).ext(distinct_on(_version.c.name)).order_by(_version.c.name, _version.c.id.desc()).limit(100)
    )
    return await db.models(CatalogVersion, query)


async def count_units(db: Db) -> dict[str, tuple[int, int]]:
    """Units of the installation by kind: active, and not."""
    active = func.count().filter(_unit.c.active).label("active")
    query = select(_unit.c.kind, active, func.count().label("n")).group_by(_unit.c.kind)
    return {row.kind: (row.active, row.n - row.active) for row in await db.all(query)}
