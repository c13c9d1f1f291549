"""Stock and signed prescriptions for the tests of the pharmacy, made through the services themselves."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.pharmacy import service
from his.pharmacy.tables import MedicationDispense, StockLot, StockMove
from his.prescriptions import service as prescriptions
from his.prescriptions.tables import MedicationRequest, Prescription
from his.prescriptions.terms import Dose
from tests.integration.visits import UNIT, Cast, make_visit

TODAY = clock.day_of(clock.now())
PARACETAMOL, VITAMIN = "VD-90001-26", "VD-90002-26"


def pharmacist_db(database: Database) -> Db:
    """A handle in the scope of the unit's pharmacist."""
    return Db(database, Scope(UNIT, "test", "pharmacist"))


async def fill(
    database: Database, drug: str, lot: str, quantity: int, *, days: int = 400, price: str = "480", shelf: str = ""
) -> StockLot:
    """A lot in the store of unit 2 that expires in so many days."""
    receipt = service.Receipt(
        drug, lot, TODAY + timedelta(days=days), Decimal(quantity), Decimal(price), "97001;G1;N2;2026", shelf
    )
    async with database.scoped(Scope(UNIT, "test", "pharmacist")) as db:
        return await service.receive_stock(db, receipt, None, clock.now())


async def empty(database: Database, *drugs: str) -> None:
    """Take what is not promised of these drugs out, so that a test knows every lot."""
    for drug in drugs:
        for lot in (await lots(database, drug)).values():
            if lot.on_hand == lot.reserved:
                continue
            async with database.scoped(Scope(UNIT, "test", "pharmacist")) as db:
                await service.adjust_stock(db, lot.id, lot.reserved, "Kiểm kê đầu kỳ", None, clock.now())


async def expire(database: Database, lot: StockLot, on: date) -> None:
    """Let a lot expire, as time would."""
    async with database.scoped(Scope(UNIT, "test", "pharmacist")) as db:
        t = table(StockLot)
        row = await db.model(StockLot, select(t).where(t.c.id == lot.id))
        assert row is not None
        changes = Changes()
        changes.update(row, expires_on=on)
        await db.apply(changes, clock.now())


async def draft(database: Database, lines: Sequence[tuple[str, int, str]], *, cast: Cast | None = None) -> Cast:
    """A visit with a draft prescription: (drug, days of one unit in the morning, payer)."""
    cast = cast or await make_visit(database)
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        for drug, days, payer in lines:
            dose = Dose(Decimal(1), Decimal(0), Decimal(0), Decimal(0), days)
            await prescriptions.add_line(
                db, cast.id, drug, prescriptions.LineInput(dose, payer=payer), cast.doctor, clock.now()
            )
    return cast


async def sign(database: Database, cast: Cast, now: datetime | None = None) -> Prescription:
    """Sign the prescription of a visit as the doctor's page does: sign, reserve, one change set."""
    now = now or clock.now()
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        async with db.locking():
            changes = Changes()
            signed, lines = await prescriptions.sign_changes(db, changes, cast.id, "97002", cast.doctor, now)
            assert signed is not None
            await service.reserve_changes(db, changes, lines, now)
            await db.apply(changes, now)
    return signed


async def signed(database: Database, *lines: tuple[str, int, str]) -> Prescription:
    """A signed prescription with reserved lots."""
    return await sign(database, await draft(database, lines))


async def lots(database: Database, drug: str) -> dict[str, StockLot]:
    """Lots of a drug by number."""
    t = table(StockLot)
    async with database.scoped(Scope(UNIT)) as db:
        found = await db.models(StockLot, select(t).where(t.c.drug_code == drug))
    return {lot.lot_number: lot for lot in found}


async def dispenses(database: Database, prescription_id: UUID) -> list[tuple[MedicationDispense, str]]:
    """Dispenses of a prescription with the number of their lot, oldest first."""
    d, r, o = table(MedicationDispense), table(MedicationRequest), table(StockLot)
    query = (
        select(d, o.c.lot_number)
        .join(r, r.c.id == d.c.medication_request_id)
        .join(o, o.c.id == d.c.lot_id)
        .where(r.c.prescription_id == prescription_id)
        .order_by(d.c.id)
    )
    async with database.scoped(Scope(UNIT)) as db:
        rows = await db.all(query)
    return [
        (MedicationDispense(**{k: v for k, v in row._mapping.items() if k != "lot_number"}), row.lot_number)
        for row in rows
    ]


async def lines_of(database: Database, prescription_id: UUID) -> list[MedicationRequest]:
    """Lines of a prescription in order."""
    t = table(MedicationRequest)
    async with database.scoped(Scope(UNIT)) as db:
        query = select(t).where(t.c.prescription_id == prescription_id).order_by(t.c.position)
        return await db.models(MedicationRequest, query)


async def ledger_errors(database: Database) -> list[str]:
    """Lots that break the law: on hand = sum of moves, promised = sum of prepared dispenses, none below zero."""
    o, m, d = table(StockLot), table(StockMove), table(MedicationDispense)
    moved = select(func.coalesce(func.sum(m.c.quantity), 0)).where(m.c.lot_id == o.c.id).scalar_subquery()
    prepared = (
        select(func.coalesce(func.sum(d.c.quantity), 0))
        .where(d.c.lot_id == o.c.id, d.c.status == "prepared")
        .scalar_subquery()
    )
    query = select(o.c.lot_number, o.c.on_hand, o.c.reserved, moved.label("moved"), prepared.label("prepared"))
    async with database.scoped(Scope(UNIT)) as db:
        rows = await db.all(query)
    return [
        f"{row.lot_number}: {row.on_hand} on hand, {row.moved} moved, {row.reserved} promised, {row.prepared} prepared"
        for row in rows
        if row.on_hand != row.moved or row.reserved != row.prepared or row.on_hand < 0 or row.reserved < 0
    ]
