"""Months, steps, payments: rows as they are, bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, func, select, text

from his.billing.tables import Charge
from his.claims.tables import Claim
from his.claims.terms import ClaimView
from his.encounters.tables import Diagnosis, Encounter
from his.identity.tables import Unit
from his.kit.columns import table
from his.kit.db import Db
from his.review.tables import ReviewCase
from his.settlement.tables import Settlement, SettlementEvent, SettlementPayment
from his.settlement.terms import CLOSED, PENDING

_month, _event, _payment = table(Settlement), table(SettlementEvent), table(SettlementPayment)
_case, _unit = table(ReviewCase), table(Unit)
_claim, _charge, _visit, _diagnosis = table(Claim), table(Charge), table(Encounter), table(Diagnosis)
MONTHS, STEPS, UNITS = 24, 200, 2000


async def of_month(db: Db, period: str) -> Settlement | None:
    """The row of a month of the unit in scope; None when it was never sent."""
    return await db.model(Settlement, select(_month).where(_month.c.unit_id == db.unit_id, _month.c.period == period))


async def get_settlement(db: Db, settlement_id: UUID) -> Settlement | None:
    """A month in scope, the unit's or the insurer's."""
    return await db.model(Settlement, select(_month).where(_month.c.id == settlement_id))


async def list_settlements(db: Db, periods: Sequence[str]) -> list[Settlement]:
    """The rows of some months of the unit in scope."""
    query = select(_month).where(_month.c.unit_id == db.unit_id, _month.c.period.in_(periods))
    return await db.models(Settlement, query.order_by(_month.c.period.desc()).limit(MONTHS))


async def months_with_cases(db: Db) -> list[tuple[str, int, Decimal]]:
    """Months of the unit in scope that have dossiers at the insurer: month, dossiers, asked; newest first, two years."""
    query = (
        select(_case.c.period, func.count().label("cases"), func.coalesce(func.sum(_case.c.asked), 0).label("asked"))
        .where(_case.c.unit_id == db.unit_id, _case.c.state != "replaced")
        .group_by(_case.c.period)
        .order_by(_case.c.period.desc())
        .limit(MONTHS)
    )
    return [(row.period, row.cases, row.asked) for row in await db.all(query)]


async def last_closed(db: Db) -> str:
    """The newest locked month of the unit in scope, an empty text when there is none."""
    query = select(func.max(_month.c.period)).where(
        _month.c.unit_id == db.unit_id, _month.c.state.in_([s.value for s in CLOSED])
    )
    return str(await db.scalar(query) or "")


async def earlier_open(db: Db, period: str) -> list[str]:
    """Months before this one that were sent and are not locked."""
    query = select(_month.c.period).where(
        _month.c.unit_id == db.unit_id, _month.c.period < period, _month.c.state.in_([s.value for s in PENDING])
    )
    return [row.period for row in await db.all(query.order_by(_month.c.period).limit(MONTHS))]


async def list_events(db: Db, settlement_id: UUID) -> list[SettlementEvent]:
    """The steps of a month, oldest first."""
    query = select(_event).where(_event.c.settlement_id == settlement_id).order_by(_event.c.at, _event.c.id)
    return await db.models(SettlementEvent, query.limit(STEPS))


async def list_payments(db: Db, settlement_id: UUID) -> list[SettlementPayment]:
    """The payments of a month in their order."""
    query = select(_payment).where(_payment.c.settlement_id == settlement_id).order_by(_payment.c.position)
    return await db.models(SettlementPayment, query.limit(STEPS))


async def payment_by_key(db: Db, key: str) -> SettlementPayment | None:
    """The payment that was recorded with a key in the unit in scope."""
    query = select(_payment).where(_payment.c.unit_id == db.unit_id, _payment.c.key == key)
    return await db.model(SettlementPayment, query)


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """A unit of the insurer in a month: its dossiers and its settlement, if it sent one."""

    unit_id: int
    unit_name: str
    cases: int
    asked: Decimal
    undecided: int
    row: Settlement | None


async def list_unit_months(db: Db, payer_id: int, period: str, page: int, size: int) -> tuple[list[UnitMonth], int]:
    """Units of an insurer in a month with their settlements, by name: one page, and how many there are."""
    cases = (
        select(
            _case.c.unit_id,
            func.count().label("cases"),
            func.sum(_case.c.asked).label("asked"),
            func.count().filter(_case.c.state != "decided").label("undecided"),
        )
        .where(_case.c.payer_id == payer_id, _case.c.period == period, _case.c.state != "replaced")
        .group_by(_case.c.unit_id)
        .subquery()
    )
    query = (
        select(_unit.c.id, _unit.c.name, cases.c.cases, cases.c.asked, cases.c.undecided, _month.c.id.label("month_id"))
        .join_from(_unit, cases, cases.c.unit_id == _unit.c.id, isouter=True)
        .join(_month, and_(_month.c.unit_id == _unit.c.id, _month.c.period == period), isouter=True)
        .where(_unit.c.payer_id == payer_id)
        .where((cases.c.cases.is_not(None)) | (_month.c.id.is_not(None)))
        .add_columns(func.count().over().label("total"))
        .order_by(_unit.c.name, _unit.c.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    found = await db.all(query)
    ids = [row.month_id for row in found if row.month_id is not None]
    kept = await db.models(Settlement, select(_month).where(_month.c.id.in_(ids)).limit(size)) if ids else []
    rows = {row.unit_id: row for row in kept}
    listed = [
        UnitMonth(r.id, r.name, r.cases or 0, r.asked or Decimal(0), r.undecided or 0, rows.get(r.id)) for r in found
    ]
    return listed, found[0].total if found else 0


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """A unit."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


async def find_case(db: Db, number: str) -> ReviewCase | None:
    """The newest decided case of the unit in scope by dossier number or dossier code (MA_LK)."""
    listed = [column for column in _case.columns if column.key not in ("stated", "findings")]
    query = select(*listed).where(_case.c.unit_id == db.unit_id, _case.c.state == "decided")
    query = query.where((_case.c.number == number) | (_case.c.dossier_code == number))
    return await db.model(ReviewCase, query.order_by(_case.c.round.desc()).limit(1))


REASONS = """
SELECT l.reason_code, min(l.reason) AS reason, count(*)::int AS lines, sum(e.sign * (l.asked - coalesce(l.approved, 0))) AS reduced
FROM settlement_entry e JOIN review_line l ON l.unit_id = e.unit_id AND l.case_id = e.case_id
WHERE e.unit_id = :unit AND e.settlement_id = :id AND l.reason_code <> '' AND coalesce(l.approved, 0) <> l.asked
GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT 200
"""


async def list_reasons(db: Db, settlement_id: UUID) -> list[tuple[str, str, int, Decimal]]:
    """Why money was taken off in a locked month: reason code, its words, lines, đồng."""
    found = await db.all(text(REASONS), {"unit": db.unit_id, "id": settlement_id})
    return [(r.reason_code, r.reason, r.lines, r.reduced) for r in found]


async def get_claim(db: Db, claim_id: UUID) -> Claim | None:
    """A claim of the unit in scope."""
    return await db.model(Claim, select(_claim).where(_claim.c.unit_id == db.unit_id, _claim.c.id == claim_id))


async def load_claim_view(db: Db, claim: Claim) -> ClaimView:
    """A claim with what its FHIR resource shows."""
    visit = await db.model(Encounter, select(_visit).where(_visit.c.id == claim.encounter_id))
    assert visit is not None, "a claim belongs to a visit"
    charges = select(_charge).where(_charge.c.encounter_id == claim.encounter_id, _charge.c.status != "cancelled")
    diagnoses = select(_diagnosis).where(_diagnosis.c.encounter_id == claim.encounter_id)
    return ClaimView(
        claim,
        await db.models(Charge, charges.order_by(_charge.c.id).limit(UNITS)),
        visit,
        await db.models(Diagnosis, diagnoses.limit(UNITS)),
    )
