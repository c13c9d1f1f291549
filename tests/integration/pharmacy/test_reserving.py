"""Promising stock on a real database: first expiry first, the last box, exact quantities, strange lot numbers."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from his.kit import clock
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.pharmacy import service
from his.prescriptions import service as prescriptions
from tests.integration.pharmacy.shelf import (
    PARACETAMOL,
    TODAY,
    dispenses,
    draft,
    empty,
    expire,
    fill,
    ledger_errors,
    lots,
    pharmacist_db,
    sign,
    signed,
)
from tests.integration.visits import UNIT

IBUPROFEN, DICLOFENAC, MELOXICAM, CELECOXIB = "VD-90008-26", "VD-90010-26", "VD-90013-26", "VD-90015-26"


async def test_first_expiry_first_and_the_rest_from_the_next_lot(database: Database) -> None:
    await empty(database, PARACETAMOL)
    await fill(database, PARACETAMOL, "LATE", 100, days=500)
    await fill(database, PARACETAMOL, "EARLY", 20, days=100, price="450")
    rx = await signed(database, (PARACETAMOL, 28, "insurance"))
    taken = {number: (row.quantity, row.unit_price_vnd, row.status) for row, number in await dispenses(database, rx.id)}
    assert taken == {"EARLY": (20, 450, "prepared"), "LATE": (8, 480, "prepared")}
    filled = await lots(database, PARACETAMOL)
    assert {n: lot.reserved for n, lot in filled.items() if lot.on_hand} == {"EARLY": 20, "LATE": 8}
    assert await ledger_errors(database) == []


async def test_exactly_the_remaining_quantity(database: Database) -> None:
    await empty(database, IBUPROFEN)
    await fill(database, IBUPROFEN, "ONLY", 14)
    rx = await signed(database, (IBUPROFEN, 14, "insurance"))
    assert [(row.quantity, number) for row, number in await dispenses(database, rx.id)] == [(14, "ONLY")]
    db = pharmacist_db(database)
    assert await service.available(db, [IBUPROFEN], clock.now()) == {IBUPROFEN: Decimal(0)}
    await db.release()


@pytest.mark.parametrize("number", ["L'26", 'A"B; DROP TABLE stock_lot;--', "LÔ Đặc biệt % _"])
async def test_lot_numbers_are_only_text(database: Database, number: str) -> None:
    await fill(database, DICLOFENAC, number, 5, days=90)
    rx = await signed(database, (DICLOFENAC, 5, "insurance"))
    assert [n for _, n in await dispenses(database, rx.id)] == [number]
    db = pharmacist_db(database)
    await service.hand_out(db, rx.id, None, None, clock.now())
    assert (await lots(database, DICLOFENAC))[number].on_hand == 0


async def test_expired_lots_are_never_promised_and_the_sentence_names_the_amounts(database: Database) -> None:
    await empty(database, MELOXICAM)
    dead = await fill(database, MELOXICAM, "DEAD", 50)
    await expire(database, dead, TODAY - timedelta(days=1))
    await fill(database, MELOXICAM, "GOOD", 6)
    cast = await draft(database, [(MELOXICAM, 10, "insurance")])
    async with database.scoped(Scope(UNIT)) as db:
        basket = await prescriptions.get_basket(db, cast.id)
        found = await service.stock_findings(db, basket.lines, clock.now())
    assert [(f.code, f.line) for f in found] == [("PHA-STOCK-01", str(basket.lines[0].id))]
    assert "thiếu 4 viên" in found[0].message
    assert "phát được 6 viên" in found[0].message
    assert "còn 50 viên đã hết hạn" in found[0].message
    with pytest.raises(HisError) as refused:
        await sign(database, cast)
    assert refused.value.kind is Kind.RULES
    assert (await lots(database, MELOXICAM))["GOOD"].reserved == 0


async def test_self_paid_line_takes_what_there_is(database: Database) -> None:
    await empty(database, CELECOXIB)
    await fill(database, CELECOXIB, "FEW", 20)
    rx = await signed(database, (CELECOXIB, 28, "self"))
    assert [row.quantity for row, _ in await dispenses(database, rx.id)] == [20]
    assert await ledger_errors(database) == []


async def test_twenty_doctors_and_one_last_box(database: Database) -> None:
    drug = "VD-90014-26"
    await empty(database, drug)
    await fill(database, drug, "LAST", 10)
    casts = [await draft(database, [(drug, 10, "insurance")]) for _ in range(20)]
    answers = await asyncio.gather(*(sign(database, cast) for cast in casts), return_exceptions=True)
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    refused = [a for a in answers if isinstance(a, BaseException)]
    assert all(isinstance(a, HisError) and a.kind is Kind.RULES for a in refused), refused
    lot = (await lots(database, drug))["LAST"]
    assert (lot.on_hand, lot.reserved) == (10, 10)
    assert await ledger_errors(database) == []
