"""Promising stock: lots are locked, taken first expiry first, and written as prepared dispenses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import Finding, refuse_errors
from his.kit.rulebook import assess
from his.pharmacy import store
from his.pharmacy.rules import RULES, pick_lots
from his.pharmacy.tables import MedicationDispense, StockLot
from his.pharmacy.terms import Lot, Need, StockFacts
from his.prescriptions.tables import MedicationRequest


def need_of(line: MedicationRequest, now: datetime, quantity: Decimal | None = None) -> Need:
    """A drug line as the stock rules see it; `quantity` when only a part is still needed."""
    return Need(
        key=str(line.id),
        drug_code=line.drug_code,
        name=line.drug_name,
        unit=line.unit,
        quantity=line.quantity if quantity is None else quantity,
        ends_on=clock.day_of(now) + timedelta(days=max(line.days - 1, 0)),
        insured=line.payer == "insurance",
    )


def lot_of(row: StockLot) -> Lot:
    """A lot as the stock rules see it."""
    available = max(row.on_hand - row.reserved, Decimal(0))
    return Lot(row.id, row.drug_code, row.lot_number, row.expires_on, available, row.unit_price_vnd)


def stock_facts(needs: Iterable[Need], lots: Iterable[StockLot], now: datetime) -> StockFacts:
    """The facts of the stock rules on the day of `now`."""
    return StockFacts(clock.day_of(now), tuple(needs), tuple(lot_of(row) for row in lots))


async def available(db: Db, drug_codes: Collection[str], now: datetime) -> dict[str, Decimal]:
    """Units of each drug that may still be promised (on hand, not promised, not expired); 0 where there is none."""
    found = await store.sum_available(db, drug_codes, clock.day_of(now)) if drug_codes else {}
    return {code: found.get(code, Decimal(0)) for code in drug_codes}


async def stock_findings(db: Db, lines: Sequence[MedicationRequest], now: datetime) -> list[Finding]:
    """What the store has to say about these lines before the signature: short, or expiring within the course."""
    if not lines:
        return []
    facts = stock_facts(
        (need_of(line, now) for line in lines), await store.list_lots(db, {line.drug_code for line in lines}), now
    )
    return assess(RULES, facts, facts.on)


async def reserve_changes(
    db: Db, changes: Changes, lines: Sequence[MedicationRequest], now: datetime
) -> list[MedicationDispense]:
    """Promise lots to signed lines: one prepared dispense for each lot taken. Call it inside `db.locking()`.

    A self-paid line takes what there is; raises HisError(RULES) when an insured line is short, so that of two doctors
    who promise the last box only one can sign.
    """
    if not lines:
        return []
    lots = {row.id: row for row in await store.lock_lots(db, {line.drug_code for line in lines})}
    facts = stock_facts((need_of(line, now) for line in lines), lots.values(), now)
    refuse_errors(assess(RULES, facts, facts.on))
    rows = plan_takes(lines, facts, lots, now)
    promised: dict[UUID, Decimal] = {}
    for row in rows:
        promised[row.lot_id] = promised.get(row.lot_id, Decimal(0)) + row.quantity
    for lot_id, amount in promised.items():
        changes.update(lots[lot_id], reserved=lots[lot_id].reserved + amount)
    changes.insert(*rows).version(*rows, op="create")
    return rows


def plan_takes(
    lines: Sequence[MedicationRequest], facts: StockFacts, lots: Mapping[UUID, StockLot], now: datetime
) -> list[MedicationDispense]:
    """The plan of the rules as prepared dispenses, each at the price of its lot; nothing is written."""
    by_key = {str(line.id): line for line in lines}
    return [
        MedicationDispense(
            unit_id=db_line.unit_id,
            medication_request_id=db_line.id,
            encounter_id=db_line.encounter_id,
            patient_id=db_line.patient_id,
            lot_id=take.lot_id,
            quantity=take.quantity,
            unit_price_vnd=lots[take.lot_id].unit_price_vnd,
            prepared_at=now,
        )
        for take in pick_lots(facts.needs, facts.lots, facts.on).takes
        for db_line in (by_key[take.key],)
    ]
