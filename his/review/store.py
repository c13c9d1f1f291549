"""Cases, lines and events of the review: every SELECT of the slice.

An officer's handle sees the rows of every unit of its insurer (policy `payer`), a unit's handle its own rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from his.billing.tables import Charge
from his.claims.tables import Claim
from his.identity.tables import Practitioner, Unit
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db
from his.pharmacy.tables import MedicationDispense, StockLot
from his.review.rules import GivenLot, in_sample
from his.review.tables import ReviewCase, ReviewEvent, ReviewLine
from his.review.terms import OPEN_STATES, CaseState, Filters, PastLine

_case, _line, _event = table(ReviewCase), table(ReviewLine), table(ReviewEvent)
_claim, _unit, _staff = table(Claim), table(Unit), table(Practitioner)
_charge = table(Charge)
_dispense, _lot = table(MedicationDispense), table(StockLot)
PAGE = 50
MAX_LINES = 2000
MAX_SCAN = 2000
_listed = [column for column in _case.columns if column.key not in ("stated", "findings")]
OPEN = [state.value for state in OPEN_STATES]


def _filtered(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.unit_id is not None:
        query = query.where(_case.c.unit_id == filters.unit_id)
    if filters.period:
        query = query.where(_case.c.period == filters.period)
    if filters.state == "open":
        query = query.where(_case.c.state.in_(OPEN))
    elif filters.state == "all":
        query = query.where(_case.c.state != CaseState.REPLACED)
    elif filters.state:
        query = query.where(_case.c.state == filters.state)
    if filters.findings == "with":
        query = query.where(_case.c.finding_count > 0)
    elif filters.findings == "none":
        query = query.where(_case.c.finding_count == 0)
    if filters.above is not None:
        query = query.where(_case.c.asked > filters.above)
    if filters.search:
        word = filters.search
        query = query.where(or_(_case.c.number == word, _case.c.dossier_code == word, _case.c.main_diagnosis == word))
    return query


async def list_cases(db: Db, filters: Filters, after: UUID | None = None, limit: int = PAGE) -> list[ReviewCase]:
    """Cases in the order of receipt, after a given one; without what the dossier stated. The sample is drawn here."""
    query = _filtered(select(*_listed), filters).order_by(_case.c.id)
    if after is not None:
        query = query.where(_case.c.id > after)
    if filters.sample is None:
        return await db.models(ReviewCase, query.limit(limit))
    found = await db.models(ReviewCase, query.limit(MAX_SCAN))
    return [case for case in found if in_sample(case.id, filters.sample, case.period)][:limit]


async def list_before(db: Db, filters: Filters, before: UUID, limit: int) -> list[ReviewCase]:
    """The cases that come just before one in the order of receipt, that order kept."""
    query = _filtered(select(*_listed), filters).where(_case.c.id < before).order_by(_case.c.id.desc()).limit(limit)
    return (await db.models(ReviewCase, query))[::-1]


@dataclass(frozen=True, slots=True)
class Stage:
    """Cases of a month in one state: how many, how many without findings, and what was asked for."""

    state: str
    cases: int
    clean: int
    asked: Any
    approved: Any


async def count_stages(db: Db, period: str, unit_id: int | None = None) -> list[Stage]:
    """The cases of a month by state (replaced ones left out)."""
    query = select(
        _case.c.state,
        func.count().label("cases"),
        func.count().filter(_case.c.finding_count == 0).label("clean"),
        func.coalesce(func.sum(_case.c.asked), 0).label("asked"),
        func.coalesce(func.sum(_case.c.approved), 0).label("approved"),
    ).where(_case.c.period == period, _case.c.state != CaseState.REPLACED)
    if unit_id is not None:
        query = query.where(_case.c.unit_id == unit_id)
    return [Stage(**row._mapping) for row in await db.all(query.group_by(_case.c.state).order_by(_case.c.state))]


async def list_periods(db: Db) -> list[str]:
    """Months that have cases, newest first (at most two years)."""
    query = select(_case.c.period).distinct().order_by(_case.c.period.desc()).limit(24)
    return [row.period for row in await db.all(query)]


async def list_units(db: Db, payer_id: int) -> list[tuple[int, str]]:
    """Units whose claims go to an insurer: id and name, by name."""
    query = select(_unit.c.id, _unit.c.name).where(_unit.c.payer_id == payer_id).order_by(_unit.c.name).limit(2000)
    return [(row.id, row.name) for row in await db.all(query)]


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
    return await db.model(ReviewCase, select(_case).where(_case.c.id == case_id))


async def case_of_claim(db: Db, claim_id: UUID) -> ReviewCase | None:
    """The case of a claim, if it was received."""
    return await db.model(ReviewCase, select(_case).where(_case.c.claim_id == claim_id))


async def earlier_cases(db: Db, dossier_code: str) -> list[ReviewCase]:
    """Cases of a dossier's earlier revisions in the unit in scope, oldest first."""
    query = select(*_listed).where(_case.c.unit_id == db.unit_id, _case.c.dossier_code == dossier_code)
    return await db.models(ReviewCase, query.order_by(_case.c.id).limit(50))


async def full_cases(db: Db, ids: Sequence[UUID]) -> list[ReviewCase]:
    """Whole rows of some cases (an update writes every column)."""
    return await db.models(ReviewCase, select(_case).where(_case.c.id.in_(ids)).limit(MAX_LINES))


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


async def get_claim(db: Db, claim_id: UUID) -> Claim | None:
    """A claim of the unit in scope."""
    return await db.model(Claim, select(_claim).where(_claim.c.id == claim_id))


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """A unit."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


async def staff_names(db: Db) -> dict[str, str]:
    """Title and name by practice certificate, of the unit in scope."""
    query = select(_staff.c.license_number, _staff.c.title, _staff.c.name).limit(2000)
    return {row.license_number: f"{row.title} {row.name}".strip() for row in await db.all(query)}


async def given_lots(db: Db, encounter_id: UUID) -> dict[UUID, GivenLot]:
    """The lots handed out in a visit, by dispense id."""
    query = (
        select(_dispense.c.id, _lot.c.lot_number, _lot.c.expires_on, _dispense.c.dispensed_at)
        .join_from(_dispense, _lot, and_(_lot.c.unit_id == _dispense.c.unit_id, _lot.c.id == _dispense.c.lot_id))
        .where(_dispense.c.encounter_id == encounter_id)
        .limit(MAX_LINES)
    )
    return {row.id: GivenLot(row.lot_number, row.expires_on, row.dispensed_at) for row in await db.all(query)}


async def charge_sources(db: Db, encounter_id: UUID) -> dict[str, UUID]:
    """What the charges of a visit were made from (order or dispense), by charge id as text."""
    query = select(_charge.c.id, _charge.c.source_id).where(_charge.c.encounter_id == encounter_id).limit(MAX_LINES)
    return {str(row.id): row.source_id for row in await db.all(query)}


async def past_lines(db: Db, payer_id: int, card_number: str, codes: Sequence[str], since: date) -> list[PastLine]:
    """Services with these codes in earlier dossiers of a card, at any unit of the insurer."""
    query = (
        select(_line.c.code, _case.c.arrived_at, _case.c.number)
        .join_from(_line, _case, and_(_case.c.unit_id == _line.c.unit_id, _case.c.id == _line.c.case_id))
        .where(_case.c.payer_id == payer_id, _case.c.card_number == card_number)
        .where(_case.c.state != CaseState.REPLACED, _case.c.arrived_at >= since, _line.c.code.in_(codes))
        .order_by(_case.c.arrived_at)
        .limit(500)
    )
    return [PastLine(row.code, clock.day_of(row.arrived_at), row.number) for row in await db.all(query)]
