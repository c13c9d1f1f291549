"""Lots, ledger, dispenses, the queue of the counter: every SELECT and lock of the slice."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from his.encounters.tables import Encounter
from his.kit.columns import table
from his.kit.db import Db
from his.pharmacy.tables import MedicationDispense, StockLot, StockMove
from his.prescriptions.tables import MedicationRequest, Prescription

_lot, _move, _dispense = table(StockLot), table(StockMove), table(MedicationDispense)
_rx, _line, _encounter = table(Prescription), table(MedicationRequest), table(Encounter)


async def lock_lots(db: Db, drug_codes: Collection[str]) -> list[StockLot]:
    """Every lot of these drugs that holds something, locked in the order of the ids until the commit."""
    query = select(_lot).where(_lot.c.drug_code.in_(drug_codes), _lot.c.on_hand > 0)
    return await db.models(StockLot, query.order_by(_lot.c.id).with_for_update())


async def lock_lots_by_id(db: Db, lot_ids: Collection[UUID], drug_codes: Collection[str] = ()) -> dict[UUID, StockLot]:
    """These lots and every filled lot of these drugs, locked in the order of the ids until the commit."""
    wanted: ColumnElement[bool] = _lot.c.id.in_(lot_ids)
    if drug_codes:
        wanted = or_(wanted, and_(_lot.c.drug_code.in_(drug_codes), _lot.c.on_hand > 0))
    query = select(_lot).where(wanted).order_by(_lot.c.id).with_for_update()
    return {lot.id: lot for lot in await db.models(StockLot, query)}


async def lock_prescription(db: Db, prescription_id: UUID) -> Prescription | None:
    """The prescription, locked until the commit."""
    return await db.model(Prescription, select(_rx).where(_rx.c.id == prescription_id).with_for_update())


async def list_lots(db: Db, drug_codes: Collection[str]) -> list[StockLot]:
    """Lots of these drugs that hold something, first expiry first."""
    query = select(_lot).where(_lot.c.drug_code.in_(drug_codes), _lot.c.on_hand > 0)
    return await db.models(StockLot, query.order_by(_lot.c.expires_on, _lot.c.lot_number).limit(2000))


async def find_lot(db: Db, drug_code: str, lot_number: str) -> StockLot | None:
    """A lot by drug and number, locked until the commit when inside `db.locking()`."""
    query = select(_lot).where(_lot.c.drug_code == drug_code, _lot.c.lot_number == lot_number).with_for_update()
    return await db.model(StockLot, query)


async def sum_available(db: Db, drug_codes: Collection[str], on: date) -> dict[str, Decimal]:
    """What may still be promised of each drug on a day, expired lots left out; drugs without stock are absent."""
    free = func.sum(func.greatest(_lot.c.on_hand - _lot.c.reserved, 0)).label("free")
    query = select(_lot.c.drug_code, free).where(
        _lot.c.drug_code.in_(drug_codes), _lot.c.on_hand > 0, _lot.c.expires_on >= on
    )
    return {row.drug_code: row.free for row in await db.all(query.group_by(_lot.c.drug_code))}


async def list_lines(db: Db, prescription_id: UUID) -> list[MedicationRequest]:
    """The drug lines of a prescription in the order of entry, cancelled ones too."""
    query = select(_line).where(_line.c.prescription_id == prescription_id)
    return await db.models(MedicationRequest, query.order_by(_line.c.position, _line.c.id).limit(100))


async def get_line(db: Db, line_id: UUID) -> MedicationRequest | None:
    """A drug line, or None."""
    return await db.model(MedicationRequest, select(_line).where(_line.c.id == line_id))


async def list_dispenses(db: Db, line_ids: Sequence[UUID]) -> list[MedicationDispense]:
    """What is prepared or handed out for these lines, oldest first; cancelled rows are left out."""
    query = select(_dispense).where(_dispense.c.medication_request_id.in_(line_ids), _dispense.c.status != "cancelled")
    return await db.models(MedicationDispense, query.order_by(_dispense.c.prepared_at, _dispense.c.id).limit(500))


async def lock_dispense(db: Db, dispense_id: UUID) -> MedicationDispense | None:
    """A dispense, locked until the commit, or None."""
    return await db.model(MedicationDispense, select(_dispense).where(_dispense.c.id == dispense_id).with_for_update())


async def get_encounter(db: Db, encounter_id: UUID) -> Encounter | None:
    """The visit, or None."""
    return await db.model(Encounter, select(_encounter).where(_encounter.c.id == encounter_id))


async def list_moves(db: Db, lot_id: UUID, limit: int = 200) -> list[StockMove]:
    """The ledger of a lot, newest first."""
    query = select(_move).where(_move.c.lot_id == lot_id).order_by(_move.c.moved_at.desc(), _move.c.id.desc())
    return await db.models(StockMove, query.limit(limit))
