"""Money is taken once: parallel requests, two cashiers, wrong amounts, cancelled receipts, gapless numbers."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from random_visits import random_visit, sign
from sqlalchemy import text

from his.billing.service import cancel_payment, charge_changes, preview_bill, statement_changes, take_payment
from his.kit.changes import Changes
from his.kit.db import Scope
from his.kit.errors import HisError, Kind

ANNA, BINH = uuid4(), uuid4()


async def count(db, encounter_id):
    query = text("SELECT count(*) FROM payment WHERE encounter_id = :id")
    return await db.scalar(query, {"id": encounter_id})


async def test_twenty_parallel_calls_with_one_key_are_one_payment(database, db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    await db.release()

    async def press():
        async with database.scoped(Scope(2, str(ANNA))) as own:
            return await take_payment(own, owing.id, due, "cash", "one-key-0001", ANNA, at)

    rows = await asyncio.gather(*(press() for _ in range(20)))
    assert len({row.id for row in rows}) == 1
    assert {row.receipt_number for row in rows} == {rows[0].receipt_number}
    assert await count(db, owing.id) == 1
    assert (await preview_bill(db, owing.id, at)).outstanding == 0


async def test_the_second_cashier_is_told_who_came_first(database, db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    await db.release()

    async def press(cashier, key, method):
        async with database.scoped(Scope(2, str(cashier))) as own:
            try:
                return await take_payment(own, owing.id, due, method, key, cashier, at)
            except HisError as error:
                return error

    first, second = await asyncio.gather(press(ANNA, "key-anna-1", "cash"), press(BINH, "key-binh-1", "transfer"))
    refused = next(answer for answer in (first, second) if isinstance(answer, HisError))
    taken = next(answer for answer in (first, second) if not isinstance(answer, HisError))
    assert refused.kind is Kind.CONFLICT
    assert refused.message.startswith("Lượt này đã thu")
    assert "lúc 09:12 ngày 23/11/2026" in refused.message
    assert taken.receipt_number in refused.message
    assert await count(db, owing.id) == 1


async def test_a_wrong_amount_is_refused_with_the_right_one(db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    with pytest.raises(HisError) as refused:
        await take_payment(db, owing.id, due + 1, "cash", "key-wrong", ANNA, at)
    assert refused.value.field == "amount"
    assert f"{int(due):,}".replace(",", ".") in refused.value.message
    assert await count(db, owing.id) == 0


@pytest.mark.parametrize(("method", "key", "field"), [("gold", "key-12345", "method"), ("cash", "", "key")])
async def test_odd_requests_name_the_field(db, owing, method, key, field):
    with pytest.raises(HisError) as refused:
        await take_payment(db, owing.id, Decimal(1), method, key, ANNA, owing.now)
    assert refused.value.field == field


async def test_an_unsigned_visit_takes_no_money(db):
    visit = next(v for v in (random_visit(s, insured=False) for s in range(50_001, 50_099)) if v.services)
    await db.apply(visit.arrive(), visit.now)
    bill = await preview_bill(db, visit.id, visit.now)
    assert bill.provisional
    assert bill.due == bill.totals.amount_hospital.quantize(Decimal(1))
    with pytest.raises(HisError) as refused:
        await take_payment(db, visit.id, bill.due, "cash", "key-early", ANNA, visit.now)
    assert refused.value.kind is Kind.RULES


async def test_receipt_numbers_have_no_gaps_after_refusals(db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    await db.release()
    before = await db.scalar(text("SELECT value FROM counter WHERE kind = 'receipt' AND unit_id = 2")) or 0
    for wrong in (due + 1, due - 1):
        with pytest.raises(HisError):
            await take_payment(db, owing.id, wrong, "cash", f"key-gap-{wrong}", ANNA, at)
    row = await take_payment(db, owing.id, due, "cash", "key-gap-right", ANNA, at)
    assert row.receipt_number == f"26-{before + 1:06d}"
    again = await take_payment(db, owing.id, due, "cash", "key-gap-right", ANNA, at)
    assert again.id == row.id
    assert await db.scalar(text("SELECT value FROM counter WHERE kind = 'receipt' AND unit_id = 2")) == before + 1


async def test_only_another_cashier_cancels_and_then_it_can_be_paid_again(db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    row = await take_payment(db, owing.id, due, "cash", "key-cancel-1", ANNA, at)
    with pytest.raises(HisError) as own:
        await cancel_payment(db, row.id, "Thu nhầm người", ANNA, at)
    assert own.value.kind is Kind.FORBIDDEN
    with pytest.raises(HisError) as silent:
        await cancel_payment(db, row.id, "  ", BINH, at)
    assert silent.value.field == "reason"
    cancelled = await cancel_payment(db, row.id, "Thu nhầm người", BINH, at)
    assert (cancelled.status, cancelled.receipt_number) == ("cancelled", row.receipt_number)
    with pytest.raises(HisError) as twice:
        await cancel_payment(db, row.id, "Thu nhầm người", BINH, at)
    assert twice.value.kind is Kind.CONFLICT
    second = await take_payment(db, owing.id, due, "card", "key-cancel-2", BINH, at)
    assert second.receipt_number > row.receipt_number
    assert (await preview_bill(db, owing.id, at)).outstanding == 0


async def test_a_key_of_another_visit_is_refused(db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    await take_payment(db, owing.id, due, "cash", "key-shared", ANNA, at)
    other = next(v for v in (random_visit(s, insured=False) for s in range(60_001, 60_099)) if v.services)
    await db.apply(other.arrive(), other.now)
    await sign(db, other, at)
    with pytest.raises(HisError) as refused:
        await take_payment(db, other.id, Decimal(1), "cash", "key-shared", ANNA, at)
    assert refused.value.field == "key"


async def test_a_cancelled_drug_after_payment_leaves_too_much_paid(db, owing):
    at = owing.now + timedelta(hours=1)
    bill = await preview_bill(db, owing.id, at)
    await take_payment(db, owing.id, bill.outstanding, "cash", "key-drug", ANNA, at)
    changes = Changes()
    gone = [changes.update(row, status="cancelled") for row in owing.dispenses]
    changes.merge(await charge_changes(db, owing.id, at, dispenses=gone))
    await db.apply(changes, at)
    after = await preview_bill(db, owing.id, at)
    assert not [line for line in after.lines if line.kind == "drug"]
    charged = await db.all(
        text("SELECT status, count(*) FROM charge WHERE encounter_id = :id GROUP BY status"), {"id": owing.id}
    )
    assert dict(tuple(row) for row in charged)["cancelled"] == len(owing.dispenses)
    if after.outstanding < 0:
        with pytest.raises(HisError) as refused:
            await statement_changes(db, owing.id, at)
        assert "trả thừa" in refused.value.message


async def test_other_units_do_not_see_the_visit(database, owing):
    async with database.scoped(Scope(3, "stranger")) as other:
        with pytest.raises(HisError) as refused:
            await take_payment(other, owing.id, Decimal(1), "cash", "key-other-unit", ANNA, owing.now)
        assert refused.value.kind is Kind.NOT_FOUND
