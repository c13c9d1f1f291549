"""Figures of units and months: counted from cases and facets by the worker, read by the boards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select

from his.identity.tables import Unit
from his.kit.columns import table
from his.kit.db import Db
from his.review.store.cases import seen_by
from his.review.tables import ReviewBatch, ReviewCase, ReviewFacet, ReviewFilter, ReviewTally, ReviewWarning
from his.review.terms import DONE_STATES, FacetKind, Figures, TallyKind

_case, _facet, _tally = table(ReviewCase), table(ReviewFacet), table(ReviewTally)
_batch, _filter, _warning, _unit = table(ReviewBatch), table(ReviewFilter), table(ReviewWarning), table(Unit)
FIGURES = ("cases", "flagged", "faulty", "lines", "decided", "accepted", "asked", "approved", "reduced")
MOST_CELLS = 20_000


async def list_payers(db: Db) -> list[int]:
    """The insurers to which units send their claims."""
    query = select(_unit.c.payer_id).where(_unit.c.payer_id.is_not(None)).distinct().limit(100)
    return [row.payer_id for row in await db.all(query)]


async def count_states(db: Db, period: str) -> Sequence[Row[Any]]:
    """Cases of the unit in scope and a month by state: value and figures."""
    return await db.all(_counted(_case.c.state, db.unit_id, period).group_by(_case.c.state))


async def count_groups(db: Db, period: str) -> Sequence[Row[Any]]:
    """Cases of the unit in scope and a month by kind of visit and ICD category (`01|K29`)."""
    value = func.concat(_case.c.care_setting, "|", _case.c.category)
    return await db.all(
        _counted(value, db.unit_id, period).where(_case.c.state != "replaced").group_by(value).limit(5000)
    )


def _counted(value: Any, unit_id: int, period: str) -> Select[Any]:
    c = _case.c
    return select(
        value.label("value"),
        func.count().label("cases"),
        func.count().filter(c.flagged).label("flagged"),
        func.count().filter(c.error_count > 0).label("faulty"),
        func.coalesce(func.sum(c.line_count), 0).label("lines"),
        func.coalesce(func.sum(c.line_count - c.open_lines), 0).label("decided"),
        func.coalesce(func.sum(case((c.reduced == 0, 1), else_=0)), 0).label("accepted"),
        func.coalesce(func.sum(c.asked), 0).label("asked"),
        func.coalesce(func.sum(c.approved), 0).label("approved"),
        func.coalesce(func.sum(c.reduced), 0).label("reduced"),
    ).where(c.unit_id == unit_id, c.period == period)


async def count_rules(db: Db, period: str) -> Sequence[Row[Any]]:
    """Rules that spoke in the cases of the unit in scope and a month: flagged, decided and accepted lines, money."""
    f = _facet.c
    query = (
        select(
            f.value,
            func.count().label("cases"),
            func.sum(f.lines).label("lines"),
            func.sum(f.decided).label("decided"),
            func.sum(f.accepted).label("accepted"),
            func.sum(f.asked).label("asked"),
            func.sum(f.taken).label("reduced"),
        )
        .where(f.unit_id == db.unit_id, f.period == period, f.kind == FacetKind.RULE.value)
        .group_by(f.value)
        .limit(2000)
    )
    return await db.all(query)


async def list_tallies(db: Db, period: str) -> list[ReviewTally]:
    """Every cell of the unit in scope and a month."""
    query = select(_tally).where(_tally.c.unit_id == db.unit_id, _tally.c.period == period).limit(MOST_CELLS)
    return await db.models(ReviewTally, query)


async def sum_tallies(
    db: Db, kind: TallyKind, periods: Sequence[str], by: Sequence[str], *, value: str = "", unit_id: int | None = None
) -> list[tuple[tuple[Any, ...], Figures]]:
    """Tallies of the rows in scope summed by some columns (unit_id, unit_name, unit_level, period, value)."""
    keys = [_tally.c[name] for name in by]
    sums = [func.sum(_tally.c[name]).label(name) for name in FIGURES]
    query = select(*keys, *sums).where(seen_by(db, _tally), _tally.c.period.in_(periods), _tally.c.kind == kind.value)
    if value:
        query = query.where(_tally.c.value == value)
    if unit_id is not None:
        query = query.where(_tally.c.unit_id == unit_id)
    rows = await db.all(query.group_by(*keys).order_by(*keys).limit(MOST_CELLS))
    return [(tuple(row[: len(keys)]), Figures(*row[len(keys) :])) for row in rows]


async def list_batches(db: Db, periods: Sequence[str]) -> list[ReviewBatch]:
    """The batches in scope of some months that somebody proposed or finished."""
    query = select(_batch).where(seen_by(db, _batch), _batch.c.period.in_(periods)).limit(MOST_CELLS)
    return await db.models(ReviewBatch, query)


async def get_batch(db: Db, unit_id: int, period: str) -> ReviewBatch | None:
    """The batch of a unit and month."""
    query = select(_batch).where(seen_by(db, _batch), _batch.c.unit_id == unit_id, _batch.c.period == period)
    return await db.model(ReviewBatch, query)


async def sum_cases(db: Db, period: str, unit_id: int | None = None) -> Sequence[Row[Any]]:
    """Cases in scope of a month by unit: how many are open, decided and final, and the sums of those that are done.

    Read from the cases themselves, not from tallies: money is settled by it.
    """
    c = _case.c
    done = c.state.in_([state.value for state in DONE_STATES])
    query = select(
        c.unit_id,
        func.count().filter(c.open).label("open"),
        func.count().filter(c.state == "decided").label("decided"),
        func.count().filter(c.state == "final").label("final"),
        func.coalesce(func.sum(c.asked).filter(done), 0).label("asked"),
        func.coalesce(func.sum(c.approved).filter(done), 0).label("approved"),
        func.coalesce(func.sum(c.reduced).filter(done), 0).label("reduced"),
        func.min(c.due_on).filter(c.open).label("due_on"),
    ).where(seen_by(db, _case), c.period == period, c.state != "replaced")
    if unit_id is not None:
        query = query.where(c.unit_id == unit_id)
    return await db.all(query.group_by(c.unit_id).order_by(c.unit_id).limit(2000))


async def list_done(db: Db, unit_id: int, period: str, after: UUID | None, limit: int) -> list[ReviewCase]:
    """Decided and final cases of a unit and month, without what they stated, in the order of receipt."""
    c = _case.c
    columns = [column for column in _case.columns if column.key not in ("stated", "findings", "told", "proofs")]
    query = select(*columns).where(
        seen_by(db, _case), c.unit_id == unit_id, c.period == period, c.state.in_([s.value for s in DONE_STATES])
    )
    if after is not None:
        query = query.where(c.id > after)
    return await db.models(ReviewCase, query.order_by(c.id).limit(limit))


async def list_filters(db: Db, account_id: UUID) -> list[ReviewFilter]:
    """The narrowings that an officer keeps, by name."""
    query = select(_filter).where(_filter.c.unit_id == db.unit_id, _filter.c.account_id == account_id)
    return await db.models(ReviewFilter, query.order_by(_filter.c.name).limit(50))


async def list_warnings(db: Db, period: str) -> list[ReviewWarning]:
    """Warnings in scope about a month's mean cost."""
    query = select(_warning).where(seen_by(db, _warning), _warning.c.period == period).limit(2000)
    return await db.models(ReviewWarning, query)


async def latest_warnings(db: Db, limit: int = 12) -> list[ReviewWarning]:
    """The newest warnings to the unit in scope."""
    query = select(_warning).where(_warning.c.unit_id == db.unit_id).order_by(_warning.c.period.desc()).limit(limit)
    return await db.models(ReviewWarning, query)
