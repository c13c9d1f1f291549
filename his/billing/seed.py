"""The invented account into which patients of the demonstration transfer: the bank number is one that no bank has."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from his.billing import store
from his.billing.tables import BankAccount
from his.identity.tables import Unit
from his.kit.changes import Changes
from his.kit.db import Database, Scope

NAMESPACE = UUID("c3a61f2e-9d0b-4a56-8d3f-0b6f6f2d41aa")
BANK = "970000"


def bank_account(unit: Unit) -> BankAccount:
    """The account of one unit; the same unit always has the same."""
    return BankAccount(
        unit_id=unit.id,
        id=uuid5(NAMESPACE, str(unit.id)),
        bin=BANK,
        number=f"1900{unit.id:06d}",
        bank="Ngân hàng Tân Giang",
        holder=unit.name,
    )


async def seed(database: Database, units: Sequence[Unit], now: datetime) -> None:
    """Give every unit that has none its account."""
    for unit in units:
        async with database.scoped(Scope(unit.id, "seed")) as db:
            if await store.get_bank_account(db) is None:
                await db.apply(Changes().insert(bank_account(unit)), now)
