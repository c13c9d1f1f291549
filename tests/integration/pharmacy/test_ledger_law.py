"""The law of the ledger over random days at the counter: on hand = moves, promised = prepared, nothing below zero."""

import random
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import pytest

from his.kit import clock
from his.kit.db import Database
from his.kit.errors import HisError
from his.pharmacy import service
from his.pharmacy.terms import Exit
from tests.integration.pharmacy.shelf import (
    dispenses,
    draft,
    empty,
    fill,
    ledger_errors,
    lines_of,
    lots,
    pharmacist_db,
    sign,
)

DRUG = "VD-90100-26"


class Day:
    """One random day: deeds on one drug, each allowed to be refused, none allowed to break the ledger."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.chance = database, random.Random(seed)
        self.open: list[UUID] = []
        self.all: list[UUID] = []
        self.done: dict[str, int] = {}

    async def step(self) -> None:
        deed = self.chance.choice(
            [
                self.receive,
                self.sign,
                self.sign,
                self.hand_out,
                self.short,
                self.cancel,
                self.back,
                self.count,
                self.lots,
            ]
        )
        with suppress(HisError):  # a refusal is a good answer as long as the ledger holds
            await deed()
            self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1

    async def receive(self) -> None:
        number = f"L{self.chance.randint(1, 4)}"
        await fill(self.database, DRUG, number, self.chance.randint(1, 40), days=100 + 50 * int(number[1:]))

    async def sign(self) -> None:
        payer = self.chance.choice(["insurance", "self"])
        rx = await sign(self.database, await draft(self.database, [(DRUG, self.chance.randint(1, 30), payer)]))
        self.open.append(rx.id)
        self.all.append(rx.id)

    def _pick(self, several: list[UUID]) -> UUID:
        if not several:
            raise HisError("conflict", "Không có đơn.")  # type: ignore[arg-type]
        return self.chance.choice(several)

    async def hand_out(self) -> None:
        await service.hand_out(pharmacist_db(self.database), self._pick(self.open), None, None, clock.now())

    async def short(self) -> None:
        rx = self._pick(self.open)
        (line,) = await lines_of(self.database, rx)
        given = {line.id: Decimal(self.chance.randint(0, 12))}
        way = self.chance.choice(list(Exit))
        await service.hand_out_short(pharmacist_db(self.database), rx, given, way, None, None, clock.now())

    async def cancel(self) -> None:
        await service.send_back(pharmacist_db(self.database), self._pick(self.open), "Người bệnh về", clock.now())

    async def lots(self) -> None:
        (line,) = await lines_of(self.database, self._pick(self.open))
        await service.change_lots(pharmacist_db(self.database), line.id, clock.now())

    async def back(self) -> None:
        rows = [row for row, _ in await dispenses(self.database, self._pick(self.all)) if row.status == "completed"]
        row = self.chance.choice(rows) if rows else None
        if row is not None:
            amount = Decimal(self.chance.randint(1, 10))
            await service.take_back(pharmacist_db(self.database), row.id, amount, "Còn nguyên vỉ", None, clock.now())

    async def count(self) -> None:
        known = list((await lots(self.database, DRUG)).values())
        if known:
            lot = self.chance.choice(known)
            found = Decimal(self.chance.randint(0, 60))
            await service.adjust_stock(pharmacist_db(self.database), lot.id, found, "Kiểm kê", None, clock.now())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_ledger_holds_after_every_deed(database: Database, seed: int) -> None:
    await empty(database, DRUG)
    day = Day(database, seed)
    for _ in range(35):
        await day.step()
        assert await ledger_errors(database) == []
    assert sum(day.done.values()) >= 12, day.done
