"""Invented opening stock of the demonstration units: two lots of every priced drug, the same every time."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import select

from his.catalog.tables import Drug
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.pharmacy.tables import StockLot, StockMove

NAMESPACE = UUID("0b8f2a34-5c1e-4c1b-8f39-6a1f0a9a9f11")
MOST = 1000
OPENING = (Decimal(4000), Decimal(12000))


async def seed(database: Database, unit_ids: Sequence[int], now: datetime) -> None:
    """Receive two lots of every drug with a price in each unit that has no stock yet."""
    drug, lot = table(Drug), table(StockLot)
    for unit_id in unit_ids:
        async with database.scoped(Scope(unit_id, "seed")) as db:
            if await db.scalar(select(lot.c.id).limit(1)) is not None:
                continue
            drugs = await db.all(
                select(drug.c.code, drug.c.price_vnd).where(drug.c.price_vnd > 0).order_by(drug.c.code).limit(MOST)
            )
            await db.apply(_opening(unit_id, [(row.code, row.price_vnd) for row in drugs], now), now)


def _opening(unit_id: int, drugs: Sequence[tuple[str, Decimal]], now: datetime) -> Changes:
    chance = random.Random(unit_id)  # noqa: S311  # invented stock, not secrets
    changes = Changes()
    today = day_of(now)
    for index, (code, price) in enumerate(drugs):
        for number, amount in enumerate(OPENING):
            row = StockLot(
                unit_id=unit_id,
                id=uuid5(NAMESPACE, f"{unit_id}/{code}/{number}"),
                drug_code=code,
                lot_number=f"{'AB'[number]}{today:%y}{index:03d}",
                expires_on=today + timedelta(days=chance.randint(200, 400) + 300 * number),
                unit_price_vnd=price,
                tender=f"{100 + unit_id}/QĐ-SYT;G1;N{1 + index % 4};{today.year}",
                shelf=f"Tủ {1 + index // 40} · ô {1 + index % 40:02d}",
                on_hand=amount,
            )
            move = StockMove(
                unit_id=unit_id, id=uuid5(row.id, "in"), lot_id=row.id, kind="receipt", quantity=amount, moved_at=now
            )
            changes.insert(row, move)
    return changes
