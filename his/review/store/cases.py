"""Cases, lines and events of the review: every SELECT of the slice.

An officer's handle sees the rows of every unit of its insurer (policy `payer`), a unit's handle its own rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from his.identity.tables import Account, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.review.rules import sample_range
from his.review.tables import ReviewCase, ReviewEvent, ReviewFacet, ReviewLine
from his.review.terms import DONE_STATES, CaseState, Filters

_case, _line, _event, _facet = table(ReviewCase), table(ReviewLine), table(ReviewEvent), table(ReviewFacet)
_unit, _account = table(Unit), table(Account)
PAGE = 50
MAX_LINES = 2000
_listed = [column for column in _case.columns if column.key not in ("stated", "findings", "told", "proofs")]
CLOSED = [CaseState.REPLACED.value, *(state.value for state in DONE_STATES)]


def seen_by(db: Db, t: Any) -> ColumnElement[bool]:
    """The rows in scope said aloud, so that an index can serve them: the insurer's, else the unit's."""
    payer = db.scope.payer_id
    found: ColumnElement[bool] = t.c.unit_id == db.scope.unit_id if payer is None else t.c.payer_id == payer
    return found


def _narrowed(db: Db, filters: Filters) -> Select[Any]:
    """The cases that the filters let through; every filter has an index that begins with the insurer and the month."""
    query = select(*_listed)
    facets = filters.facets
    if facets:  # the first facet leads, the others are looked up
        (kind, value), *others = facets
        same = and_(_facet.c.unit_id == _case.c.unit_id, _facet.c.case_id == _case.c.id)
        query = query.join_from(_facet, _case, same).where(
            seen_by(db, _facet), _facet.c.kind == kind.value, _facet.c.value == value
        )
        if filters.period:
            query = query.where(_facet.c.period == filters.period)
        if filters.state == "open":
            query = query.where(_facet.c.open.is_(True))
        for kind, value in others:
            other = _facet.alias()
            query = query.where(
                select(other.c.case_id)
                .where(other.c.unit_id == _case.c.unit_id, other.c.case_id == _case.c.id)
                .where(other.c.kind == kind.value, other.c.value == value)
                .exists()
            )
    query = query.where(seen_by(db, _case))
    if filters.period:
        query = query.where(_case.c.period == filters.period)
    return query.where(*_plain(filters))


def _plain(filters: Filters) -> list[ColumnElement[bool]]:
    c = _case.c
    found: list[ColumnElement[bool]] = []
    if filters.state == "open":
        found.append(c.open.is_(True))
    elif filters.state == "all":
        found.append(c.state != CaseState.REPLACED)
    elif filters.state:
        found += [c.state == filters.state, c.open.is_(filters.state not in CLOSED)]
    if filters.findings:
        found.append(c.flagged.is_(filters.findings == "with"))
    for column, value in ((c.unit_id, filters.unit_id), (c.band, filters.band), (c.care_setting, filters.setting)):
        if value not in (None, ""):
            found.append(column == value)
    if filters.icd:
        found.append((c.category if len(filters.icd) == 3 else c.main_diagnosis) == filters.icd)
    if filters.reviewer:
        who = None if filters.reviewer == "none" else UUID(filters.reviewer)
        found.append(c.assigned_to.is_(None) if who is None else c.assigned_to == who)
    if filters.above is not None:
        found.append(c.asked_vnd > int(filters.above))
    if filters.deviation is not None:
        found.append(c.deviation >= filters.deviation)
    if filters.visits is not None:
        found.append(c.visits_before >= filters.visits)
    if filters.sample is not None:
        first, end = sample_range(filters.sample, filters.seed)
        found += [c.draw >= first, c.draw < end]
    if filters.search:
        found.append(or_(c.number == filters.search, c.dossier_code == filters.search))
    return found


def _order(filters: Filters) -> tuple[Any, bool]:
    """The column that leads the order, and whether the largest comes first; None: the order of receipt."""
    for wanted, column, falling in (
        (filters.sample, _case.c.draw, False),
        (filters.above, _case.c.asked_vnd, True),
        (filters.deviation, _case.c.deviation, True),
        (filters.visits, _case.c.visits_before, True),
    ):
        if wanted is not None:
            return column, falling
    return None, False


async def list_cases(
    db: Db, filters: Filters, after: UUID | None = None, limit: int = PAGE, *, back: bool = False
) -> list[ReviewCase]:
    """Cases without what they stated, after a given one (before it when `back`).

    In the order of receipt; a sample in the order of the draw; what was chosen by amount, deviation or visits with the
    largest first. Pages follow each other by key, so a page costs the same wherever it lies.
    """
    column, falling = _order(filters)
    keys = [_case.c.id] if column is None else [column, _case.c.id]
    if filters.facets and column is None:
        keys = [_facet.c.case_id]
    query = _narrowed(db, filters)
    if after is not None:
        anchor: Any = [after]
        if column is not None:
            at = _case.alias()
            value = select(at.c[column.key]).where(seen_by(db, at), at.c.id == after).limit(1).scalar_subquery()
            anchor = [value, after]
        left, right = tuple_(*keys), tuple_(*anchor)
        query = query.where(left < right if falling != back else left > right)
    query = query.order_by(*(key.desc() if falling != back else key for key in keys)).limit(limit)
    found = await db.models(ReviewCase, query)
    return found[::-1] if back else found


async def list_before(db: Db, filters: Filters, before: UUID, limit: int) -> list[ReviewCase]:
    """The cases that come just before one, their order kept."""
    return await list_cases(db, filters, before, limit, back=True)


async def list_periods(db: Db) -> list[str]:
    """Months that have cases, newest first (at most two years); each found by one step down the index."""
    mine = seen_by(db, _case)
    months = select(func.max(_case.c.period).label("period")).where(mine).cte("months", recursive=True)
    earlier = select(func.max(_case.c.period)).where(mine, _case.c.period < months.c.period).scalar_subquery()
    months = months.union_all(select(earlier).where(months.c.period.is_not(None)))
    query = select(months.c.period).where(months.c.period.is_not(None)).limit(24)
    return [row.period for row in await db.all(query)]


async def list_units(db: Db, payer_id: int) -> list[tuple[int, str]]:
    """Units whose claims go to an insurer: id and name, by name."""
    query = select(_unit.c.id, _unit.c.name).where(_unit.c.payer_id == payer_id).order_by(_unit.c.name).limit(2000)
    return [(row.id, row.name) for row in await db.all(query)]


async def list_officers(db: Db, payer_id: int) -> list[tuple[UUID, str]]:
    """The insurer's officers: account and name, by name."""
    query = select(_account.c.id, _account.c.display_name).where(
        _account.c.unit_id == payer_id, _account.c.role == "insurance-officer", _account.c.active.is_(True)
    )
    return [(row.id, row.display_name) for row in await db.all(query.order_by(_account.c.display_name).limit(500))]


async def measure_day(db: Db, officer: UUID, since: datetime) -> tuple[int, int | None]:
    """Cases that an officer finished since a moment, and the median of seconds from first decision to finish."""
    seconds = func.extract("epoch", _case.c.decided_at - _case.c.started_at)
    query = select(
        func.count().label("cases"), func.percentile_cont(0.5).within_group(seconds.asc()).label("median")
    ).where(_case.c.decided_by == officer, _case.c.decided_at >= since)
    row = await db.first(query)
    assert row is not None
    return row.cases, None if row.median is None else int(row.median)


async def get_case(db: Db, case_id: UUID) -> ReviewCase | None:
    """A case in scope, with what the dossier stated."""
    return await db.model(ReviewCase, select(_case).where(seen_by(db, _case), _case.c.id == case_id))


async def case_of_claim(db: Db, claim_id: UUID) -> ReviewCase | None:
    """The case of a claim, if it was received."""
    return await db.model(ReviewCase, select(_case).where(seen_by(db, _case), _case.c.claim_id == claim_id))


async def earlier_cases(db: Db, dossier_code: str) -> list[ReviewCase]:
    """Cases of a dossier's earlier revisions in the unit in scope, oldest first."""
    query = select(*_listed).where(_case.c.unit_id == db.unit_id, _case.c.dossier_code == dossier_code)
    return await db.models(ReviewCase, query.order_by(_case.c.id).limit(50))


async def full_cases(db: Db, ids: Sequence[UUID]) -> list[ReviewCase]:
    """Whole rows of some cases (an update writes every column)."""
    return await db.models(ReviewCase, select(_case).where(seen_by(db, _case), _case.c.id.in_(ids)).limit(MAX_LINES))


async def list_lines(db: Db, case_ids: Sequence[UUID]) -> list[ReviewLine]:
    """The lines of some cases in their order."""
    query = select(_line).where(_line.c.case_id.in_(case_ids)).order_by(_line.c.case_id, _line.c.position)
    return await db.models(ReviewLine, query.limit(MAX_LINES))


async def open_lines_of_code(db: Db, unit_id: int, period: str, line: ReviewLine) -> list[ReviewLine]:
    """Undecided lines of one code and price in a unit's open cases of a month, at most 500."""
    query = (
        select(_line)
        .join_from(_line, _case, and_(_case.c.unit_id == _line.c.unit_id, _case.c.id == _line.c.case_id))
        .where(_case.c.unit_id == unit_id, _case.c.period == period, _case.c.state.in_(("received", "in-review")))
        .where(_line.c.code == line.code, _line.c.claim_table == line.claim_table, _line.c.decision == "")
        .where(_line.c.quantity == line.quantity, _line.c.unit_price == line.unit_price, _line.c.asked == line.asked)
        .order_by(_line.c.case_id, _line.c.position)
        .limit(500)
    )
    return await db.models(ReviewLine, query)


async def list_events(db: Db, case_id: UUID, limit: int = 200) -> list[ReviewEvent]:
    """The steps of a case, newest first."""
    query = select(_event).where(_event.c.case_id == case_id).order_by(_event.c.at.desc(), _event.c.id.desc())
    return await db.models(ReviewEvent, query.limit(limit))


async def last_deed(db: Db, case_id: UUID, officer: UUID) -> ReviewEvent | None:
    """The officer's newest decision in a case that was not undone."""
    query = (
        select(_event)
        .where(_event.c.case_id == case_id, _event.c.actor == officer, _event.c.undone.is_(False))
        .where(_event.c.action.in_(("decide", "same", "accept-clean")))
        .order_by(_event.c.at.desc(), _event.c.id.desc())
        .limit(1)
    )
    return await db.model(ReviewEvent, query)


async def list_facets(db: Db, case_ids: Sequence[UUID]) -> list[ReviewFacet]:
    """The facets of some cases."""
    query = select(_facet).where(seen_by(db, _facet), _facet.c.case_id.in_(case_ids)).limit(MAX_LINES)
    return await db.models(ReviewFacet, query)
