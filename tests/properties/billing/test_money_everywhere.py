"""One truth about money: preview, charges, statement and payment of random visits agree to the đồng.

`VIEWS` is the list of everything that shows the money of a closed visit. A slice that shows it too (claim tables, the
reviewer's page, FHIR) appends its reader, and the same random visits prove it. `HIS_MONEY_VISITS` sets how many.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text

from his.billing.service import VisitBill, preview_bill, recompute
from his.kit.db import Database, Db, Scope
from his.kit.money import whole

sys.path.insert(0, str(Path(__file__).parent))

from random_visits import RandomVisit, play_to_statement, random_visit, sign

COUNT = int(os.environ.get("HIS_MONEY_VISITS", "40"))
PARTS = ("hospital", "covered", "fund", "copayment", "self_paid", "other")


@dataclass(frozen=True)
class Money:
    """The six amounts of a visit, as one view shows them."""

    hospital: Decimal
    covered: Decimal
    fund: Decimal
    copayment: Decimal
    self_paid: Decimal
    other: Decimal


async def by_charges(db: Db, encounter_id: UUID) -> Money:
    """Summed by the database from the charge rows."""
    query = text(
        "SELECT coalesce(sum(amount_hospital),0), coalesce(sum(amount_covered),0), coalesce(sum(insurer_share),0),"
        " coalesce(sum(copayment),0), coalesce(sum(self_paid),0), coalesce(sum(other_sources),0)"
        " FROM charge WHERE encounter_id = :id AND status <> 'cancelled'"
    )
    row = await db.first(query, {"id": encounter_id})
    assert row is not None
    return Money(*row)


async def by_statement(db: Db, encounter_id: UUID) -> Money:
    """As frozen at the close."""
    query = text(
        "SELECT total_hospital, total_covered, insurer_share, copayment, self_paid, other_sources"
        " FROM statement WHERE encounter_id = :id"
    )
    row = await db.first(query, {"id": encounter_id})
    assert row is not None
    return Money(*row)


async def by_bill(db: Db, encounter_id: UUID) -> Money:
    """As the cashier's page shows a closed visit."""
    return money_of(await preview_bill(db, encounter_id, LATER))


LATER = random_visit(0).now + timedelta(days=2)
VIEWS: list[Callable[[Db, UUID], Awaitable[Money]]] = [by_charges, by_statement, by_bill]


def money_of(bill: VisitBill) -> Money:
    t = bill.totals
    return Money(t.amount_hospital, t.amount_covered, t.insurer_share, t.copayment, t.self_paid, t.other_sources)


async def paid(db: Db, encounter_id: UUID) -> Decimal:
    query = text("SELECT coalesce(sum(amount),0) FROM payment WHERE encounter_id = :id AND status = 'received'")
    return Decimal(await db.scalar(query, {"id": encounter_id}))


async def check_visit(db: Db, visit: RandomVisit) -> Money:
    """Play one visit from arrival to the frozen statement and compare every view; returns its money."""
    await db.apply(visit.arrive(), visit.now)
    early = visit.now + timedelta(minutes=35)
    planned = await preview_bill(db, visit.id, early)
    assert planned.provisional
    saved = await recompute(db, visit.id, early)
    assert money_of(saved) == money_of(planned) == await by_charges(db, visit.id)
    assert {line.status for line in saved.lines} <= {"planned"}
    at = visit.now + timedelta(minutes=45)
    await sign(db, visit, at)
    bill = await preview_bill(db, visit.id, at)
    money = money_of(bill)
    assert money == await by_charges(db, visit.id)
    assert {line.status for line in bill.lines} <= {"billable"}
    assert money.hospital == money.fund + money.copayment + money.self_paid + money.other
    assert bill.due == whole(money.copayment + money.self_paid)
    await play_to_statement(db, visit, uuid4(), bill.due)
    for view in VIEWS:
        assert await view(db, visit.id) == money, view.__name__
    assert await paid(db, visit.id) == bill.due
    return money


async def test_every_view_of_random_visits_agrees_to_the_dong(database: Database) -> None:
    seen = []
    for seed in range(1, COUNT + 1):
        async with database.scoped(Scope(2, "cashier")) as db:
            seen.append(await check_visit(db, random_visit(seed)))
    assert any(m.fund and m.copayment and m.self_paid for m in seen), "the draws must reach every kind of payer"
    assert any(m.fund == 0 and m.self_paid for m in seen), "people without a card must be among them"
    assert any(m.hospital == 0 for m in seen) or COUNT < 7, "a visit without lines must be among them"


async def test_a_wrong_charge_row_is_seen(database: Database) -> None:
    """The comparison can fail: one đồng on one row is enough."""
    visit = next(v for v in (random_visit(seed, insured=True) for seed in range(9001, 9050)) if v.services)
    async with database.scoped(Scope(2, "cashier")) as db:
        money = await check_visit(db, visit)
        rows = await db.all(
            text("SELECT id FROM charge WHERE encounter_id = :id AND status <> 'cancelled' LIMIT 1"), {"id": visit.id}
        )
        async with db.locking():
            await db.all(
                text("UPDATE charge SET self_paid = self_paid + 1 WHERE id = :id RETURNING id"), {"id": rows[0][0]}
            )
            assert await by_charges(db, visit.id) != money
