"""What the review reads of other slices: claim, unit, staff, lots, charges; and what a card had before."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select

from his.billing.tables import Charge
from his.claims.tables import Claim
from his.identity.tables import Practitioner, Unit
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db
from his.orders.tables import ServiceRequest, SupplyUse
from his.pharmacy.tables import MedicationDispense, StockLot
from his.review.rules import Certificate, GivenLot, UsedSupply
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import CaseState, PastLine

_case, _line = table(ReviewCase), table(ReviewLine)
_claim, _unit, _staff = table(Claim), table(Unit), table(Practitioner)
_charge = table(Charge)
_dispense, _lot = table(MedicationDispense), table(StockLot)
_use, _order = table(SupplyUse), table(ServiceRequest)
MAX_LINES = 2000


async def get_claim(db: Db, claim_id: UUID) -> Claim | None:
    """A claim of the unit in scope."""
    return await db.model(Claim, select(_claim).where(_claim.c.id == claim_id))


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """A unit."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


async def list_certificates(db: Db) -> dict[str, Certificate]:
    """The practitioners of the unit in scope by practice certificate."""
    query = select(
        _staff.c.license_number, _staff.c.title, _staff.c.name, _staff.c.specialty, _staff.c.department_code,
        _staff.c.active,
    ).limit(2000)  # fmt: skip
    return {
        row.license_number: Certificate(
            row.license_number, f"{row.title} {row.name}".strip(), row.specialty, row.department_code, row.active
        )
        for row in await db.all(query)
    }


async def certificate_of(db: Db, practitioner_id: UUID) -> str:
    """The practice certificate of a practitioner of the unit in scope, or an empty text."""
    found = await db.scalar(select(_staff.c.license_number).where(_staff.c.id == practitioner_id))
    return str(found or "")


async def given_lots(db: Db, encounter_id: UUID) -> dict[UUID, GivenLot]:
    """The lots handed out in a visit, by dispense id."""
    query = (
        select(_dispense.c.id, _lot.c.lot_number, _lot.c.expires_on, _dispense.c.dispensed_at)
        .join_from(_dispense, _lot, and_(_lot.c.unit_id == _dispense.c.unit_id, _lot.c.id == _dispense.c.lot_id))
        .where(_dispense.c.encounter_id == encounter_id)
        .limit(MAX_LINES)
    )
    return {row.id: GivenLot(row.lot_number, row.expires_on, row.dispensed_at) for row in await db.all(query)}


async def used_supplies(db: Db, encounter_id: UUID) -> dict[UUID, UsedSupply]:
    """The supplies used in a visit with the order of each, by use id; one taken back since is there as well."""
    query = (
        select(
            _use.c.id,
            _use.c.used_at,
            _use.c.lot_number,
            _order.c.service_code,
            _order.c.service_name,
            _order.c.ordered_at,
        )
        .join_from(_use, _order, and_(_order.c.unit_id == _use.c.unit_id, _order.c.id == _use.c.service_request_id))
        .where(_use.c.encounter_id == encounter_id)
        .limit(MAX_LINES)
    )
    return {
        row.id: UsedSupply(
            row.service_code, row.service_name, clock.local(row.ordered_at), clock.local(row.used_at), row.lot_number
        )
        for row in await db.all(query)
    }


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


async def count_visits(db: Db, payer_id: int, card_number: str, since: datetime, until: datetime) -> int:
    """Visits of a card in a span of time, at any unit of the insurer (dossiers that were replaced left out)."""
    query = select(func.count()).where(
        _case.c.payer_id == payer_id, _case.c.card_number == card_number, _case.c.arrived_at >= since,
        _case.c.arrived_at < until, _case.c.state != CaseState.REPLACED,
    )  # fmt: skip
    return int(await db.scalar(query) or 0)


async def list_visits(db: Db, case: ReviewCase, since: datetime, limit: int = 50) -> list[ReviewCase]:
    """Other dossiers of the same card since a moment, newest first."""
    if not case.card_number:
        return []
    columns = [column for column in _case.columns if column.key not in ("stated", "findings", "told", "proofs")]
    query = select(*columns).where(
        _case.c.payer_id == case.payer_id, _case.c.card_number == case.card_number, _case.c.arrived_at >= since,
        _case.c.state != CaseState.REPLACED, _case.c.id != case.id,
    )  # fmt: skip
    return await db.models(ReviewCase, query.order_by(_case.c.arrived_at.desc()).limit(limit))
