"""Handing out, the three exits of a shortage, cancelling, other lots and returns on a real database."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.pharmacy import service
from his.pharmacy.tables import StockMove
from his.pharmacy.terms import Exit
from his.prescriptions.tables import Prescription
from his.reporting.tables import DirtyKey
from tests.integration.pharmacy.shelf import (
    TODAY,
    dispenses,
    empty,
    expire,
    fill,
    ledger_errors,
    lines_of,
    lots,
    pharmacist_db,
    signed,
)
from tests.integration.visits import UNIT

AMLODIPIN, METFORMIN, ATORVASTATIN, VITAMIN = "VD-90087-26", "VD-90124-26", "VD-90118-26", "VD-90196-26"


async def _prescription(database: Database, rx: Prescription) -> Prescription:
    t = table(Prescription)
    async with database.scoped(Scope(UNIT)) as db:
        found = await db.model(Prescription, select(t).where(t.c.id == rx.id))
    assert found is not None
    return found


async def _moves(db: Db, *drugs: str) -> list[tuple[str, Decimal]]:
    found: list[tuple[str, Decimal]] = []
    m = table(StockMove)
    for drug in drugs:
        for lot in (await lots(db.database, drug)).values():
            rows = await db.models(
                StockMove, select(m).where(m.c.lot_id == lot.id, m.c.kind.in_(("dispense", "return")))
            )
            found += [(row.kind, row.quantity) for row in rows]
    return found


async def _dirty(database: Database) -> set[str]:
    async with database.scoped(Scope(UNIT)) as db:
        t = table(DirtyKey)
        return {row.key for row in await db.all(select(t.c.key).where(t.c.topic == "visit"))}


async def test_everything_is_handed_out_once_however_often_it_is_asked(database: Database) -> None:
    await empty(database, AMLODIPIN)
    await fill(database, AMLODIPIN, "A2604", 30, days=200)
    await fill(database, AMLODIPIN, "A2609", 30, days=300)
    rx = await signed(database, (AMLODIPIN, 28, "insurance"))
    picker, checker, now = uuid4(), uuid4(), clock.now()
    answers = await asyncio.gather(
        *(service.hand_out(pharmacist_db(database), rx.id, picker, checker, now) for _ in range(5))
    )
    assert {a.prescription.status for a in answers} == {"dispensed"}
    db = pharmacist_db(database)
    assert await _moves(db, AMLODIPIN) == [("dispense", Decimal(-28))]
    await db.release()
    (row, number), *more = await dispenses(database, rx.id)
    assert (row.status, row.quantity, number, more) == ("completed", 28, "A2604", [])
    assert (row.picked_by, row.checked_by) == (picker, checker)
    assert [line.status for line in await lines_of(database, rx.id)] == ["completed"]
    lot = (await lots(database, AMLODIPIN))["A2604"]
    assert (lot.on_hand, lot.reserved) == (2, 0)
    assert str(rx.encounter_id) in await _dirty(database)
    assert await ledger_errors(database) == []


async def test_short_with_money_back(database: Database) -> None:
    await empty(database, VITAMIN)
    await fill(database, VITAMIN, "V2606", 28, price="1500")
    rx = await signed(database, (AMLODIPIN, 5, "insurance"), (VITAMIN, 28, "self"))
    vitamin = (await lines_of(database, rx.id))[1]
    db = pharmacist_db(database)
    done = await service.hand_out_short(
        db, rx.id, {vitamin.id: Decimal(20)}, Exit.REFUND, uuid4(), uuid4(), clock.now()
    )
    assert done.refund_vnd == 12_000
    assert done.prescription.status == "dispensed"
    assert sum(row.quantity for row in done.dispenses if row.medication_request_id == vitamin.id) == 20
    assert sum(row.quantity for row in done.dispenses) == 25
    lot = (await lots(database, VITAMIN))["V2606"]
    assert (lot.on_hand, lot.reserved) == (8, 0)
    assert await ledger_errors(database) == []


async def test_short_and_the_rest_later(database: Database) -> None:
    await empty(database, METFORMIN)
    await fill(database, METFORMIN, "M2608", 40, days=100)
    await fill(database, METFORMIN, "M2611", 100, days=600)
    rx = await signed(database, (METFORMIN, 56, "insurance"))
    (line,) = await lines_of(database, rx.id)
    db, now = pharmacist_db(database), clock.now()
    first = await service.hand_out_short(db, rx.id, {line.id: Decimal(50)}, Exit.LATER, uuid4(), None, now)
    assert first.prescription.status == "signed"
    found = {(number, row.status): row.quantity for row, number in await dispenses(database, rx.id)}
    assert found == {("M2608", "completed"): 40, ("M2611", "completed"): 10, ("M2611", "prepared"): 6}
    assert await ledger_errors(database) == []
    second = await service.hand_out(db, rx.id, uuid4(), None, now)
    assert second.prescription.status == "dispensed"
    assert [row.quantity for row in second.dispenses] == [6]
    assert await ledger_errors(database) == []


async def test_ask_the_doctor_strikes_the_line_off(database: Database) -> None:
    rx = await signed(database, (ATORVASTATIN, 28, "insurance"), (AMLODIPIN, 2, "insurance"))
    atorvastatin, amlodipin = await lines_of(database, rx.id)
    db = pharmacist_db(database)
    await service.hand_out_short(db, rx.id, {atorvastatin.id: Decimal(20)}, Exit.ASK_DOCTOR, None, None, clock.now())
    assert [line.status for line in await lines_of(database, rx.id)] == ["cancelled", "completed"]
    assert {
        row.status for row, _ in await dispenses(database, rx.id) if row.medication_request_id == atorvastatin.id
    } == {"cancelled"}
    assert amlodipin.id in {
        r.medication_request_id for r, _ in await dispenses(database, rx.id) if r.status == "completed"
    }
    assert await ledger_errors(database) == []


@pytest.mark.parametrize("amount", ["-1", "29", "NaN", "0.0001"])
async def test_impossible_amounts_write_nothing(database: Database, amount: str) -> None:
    rx = await signed(database, (ATORVASTATIN, 28, "insurance"))
    (line,) = await lines_of(database, rx.id)
    db = pharmacist_db(database)
    with pytest.raises(HisError) as refused:
        await service.hand_out_short(db, rx.id, {line.id: Decimal(amount)}, Exit.REFUND, None, None, clock.now())
    assert refused.value.kind is Kind.INVALID
    assert [row.status for row, _ in await dispenses(database, rx.id)] == ["prepared"]


async def test_a_promised_lot_that_expired_is_replaced(database: Database) -> None:
    drug = "VD-90096-26"
    await empty(database, drug)
    old = await fill(database, drug, "OLD", 40, days=60)
    await fill(database, drug, "NEW", 40, days=500)
    rx = await signed(database, (drug, 28, "insurance"))
    await expire(database, old, TODAY - timedelta(days=1))
    db, now = pharmacist_db(database), clock.now()
    with pytest.raises(HisError) as refused:
        await service.hand_out(db, rx.id, None, None, now)
    assert [f.code for f in refused.value.findings] == ["PHA-EXPIRY-01"]
    (line,) = await lines_of(database, rx.id)
    rows = await service.change_lots(db, line.id, now)
    assert [row.quantity for row in rows] == [28]
    assert await ledger_errors(database) == []
    done = await service.hand_out(db, rx.id, None, None, now)
    assert [row.lot_id for row in done.dispenses] == [(await lots(database, drug))["NEW"].id]


async def test_cancelled_line_and_returned_prescription_free_the_lots(database: Database) -> None:
    rx = await signed(database, (ATORVASTATIN, 28, "insurance"), (AMLODIPIN, 2, "insurance"))
    before = {d: sum(lot.reserved for lot in (await lots(database, d)).values()) for d in (ATORVASTATIN, AMLODIPIN)}
    first, _ = await lines_of(database, rx.id)
    db, now = pharmacist_db(database), clock.now()
    with pytest.raises(HisError) as silent:
        await service.cancel_line(db, first.id, "  ", now)
    assert silent.value.field == "reason"
    await service.cancel_line(db, first.id, "Người bệnh không nhận", now)
    assert sum(lot.reserved for lot in (await lots(database, ATORVASTATIN)).values()) == before[ATORVASTATIN] - 28
    with pytest.raises(HisError) as again:
        await service.cancel_line(db, first.id, "Người bệnh không nhận", now)
    assert again.value.kind is Kind.CONFLICT
    back = await service.send_back(db, rx.id, "Bác sĩ kê lại đơn khác", now)
    assert back.status == "cancelled"
    assert sum(lot.reserved for lot in (await lots(database, AMLODIPIN)).values()) == before[AMLODIPIN] - 2
    with pytest.raises(HisError) as gone:
        await service.hand_out(db, rx.id, None, None, now)
    assert gone.value.kind is Kind.CONFLICT
    assert await ledger_errors(database) == []


async def test_units_come_back_before_the_visit_closes(database: Database) -> None:
    rx = await signed(database, (ATORVASTATIN, 28, "insurance"))
    db, now = pharmacist_db(database), clock.now()
    done = await service.hand_out(db, rx.id, None, None, now)
    row = done.dispenses[0]
    with pytest.raises(HisError):
        await service.take_back(db, row.id, Decimal(29), "Đổi thuốc khác", None, now)
    part = await service.take_back(db, row.id, Decimal(8), "Người bệnh bị ngứa", None, now)
    assert (part.quantity, part.status) == (20, "completed")
    whole = await service.take_back(db, row.id, Decimal(20), "Người bệnh bị ngứa", None, now)
    assert whole.status == "cancelled"
    with pytest.raises(HisError) as nothing:
        await service.take_back(db, row.id, Decimal(1), "Người bệnh bị ngứa", None, now)
    assert nothing.value.kind is Kind.CONFLICT
    assert await ledger_errors(database) == []


async def test_another_unit_sees_nothing(database: Database) -> None:
    rx = await signed(database, (ATORVASTATIN, 1, "insurance"))
    other = Db(database, Scope(3, "test", "pharmacist"))
    with pytest.raises(HisError) as hidden:
        await service.hand_out(other, rx.id, None, None, clock.now())
    assert hidden.value.kind is Kind.NOT_FOUND


async def test_receipts_and_adjustments_are_checked(database: Database) -> None:
    drug = "VD-90200-26"
    lot = await fill(database, drug, "K1", 10)
    more = await fill(database, drug, "K1", 5)
    assert (more.id, more.on_hand) == (lot.id, 15)
    with pytest.raises(HisError) as price:
        await fill(database, drug, "K1", 5, price="999")
    assert price.value.kind is Kind.CONFLICT
    with pytest.raises(HisError) as expired:
        await fill(database, drug, "K2", 5, days=0)
    assert expired.value.field == "expires_on"
    with pytest.raises(HisError) as unknown:
        await fill(database, "VD-00000-00", "K1", 5)
    assert unknown.value.field == "drug_code"
    db, now = pharmacist_db(database), clock.now()
    with pytest.raises(HisError) as reason:
        await service.adjust_stock(db, lot.id, Decimal(3), "", None, now)
    assert reason.value.field == "reason"
    changed = await service.adjust_stock(db, lot.id, Decimal(3), "Vỡ hộp khi xếp kệ", None, now)
    assert changed.on_hand == 3
    assert await ledger_errors(database) == []


async def test_a_promise_cannot_be_counted_away(database: Database) -> None:
    drug = "VD-90197-26"
    await empty(database, drug)
    lot = await fill(database, drug, "C1", 10)
    await signed(database, (drug, 8, "insurance"))
    db = pharmacist_db(database)
    with pytest.raises(HisError) as promised:
        await service.adjust_stock(db, lot.id, Decimal(7), "Kiểm kê cuối tháng", None, clock.now())
    assert promised.value.kind is Kind.CONFLICT
