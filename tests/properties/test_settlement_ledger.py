"""Random half-years with reductions, late decisions, new rounds and recalls: what is settled is what stands approved, to the đồng."""

import json
import os
import random
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select

from his.fhir.tables import ResourceCurrent
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Scope
from his.settlement import papers, service, store
from his.settlement.service import Actor
from tests.months import PAYER, make_cases

SEEDS = range(int(os.environ.get("HIS_SETTLED_YEARS", "3")))
MONTHS = [f"2026-{n:02d}" for n in range(4, 10)]
UNIT = 2
CLERK, FIRST, SECOND = (Actor(uuid4(), name) for name in ("a", "b", "c"))
STANDS = """
SELECT coalesce(sum(x.approved), 0) FROM (
  SELECT DISTINCT ON (c.dossier_code) c.claim_id, (SELECT coalesce(sum(l.approved), 0) FROM review_line l
    WHERE l.unit_id = c.unit_id AND l.case_id = c.id) AS approved
  FROM review_case c WHERE c.unit_id = %s AND c.state = 'decided' AND c.period <= %s ORDER BY c.dossier_code, c.round DESC) x
JOIN claim cl ON cl.unit_id = %s AND cl.id = x.claim_id WHERE cl.state <> 'recalled'
"""


def stir(owner, rng, seed, period, known):
    """What happens before a month is settled: its dossiers, late decisions, second rounds, recalls."""
    tag = f"{seed}-{period}-"
    make_cases(owner, period, rng.randint(1, 12), tag=tag, dossier=tag, unit=UNIT)
    waits = f"{seed}-{period}-w-"
    make_cases(owner, period, rng.randint(1, 3), tag=waits, dossier=waits, unit=UNIT, state="in-review")
    for earlier, number in rng.sample(known, min(2, len(known))):
        again = f"{seed}-{period}-r{number}-{earlier}"
        owner.execute("UPDATE review_case SET state = 'decided' WHERE number LIKE %s", (f"{seed}-{earlier}-w-%",))
        make_cases(
            owner,
            earlier,
            number,
            first=number,
            tag=again,
            dossier=f"{seed}-{earlier}-",
            unit=UNIT,
            round_number=number + int(period[5:]),
        )
    if known and rng.random() < 0.8:
        earlier, _ = rng.choice(known)
        owner.execute(
            "UPDATE claim SET state = 'recalled' WHERE unit_id = %s AND id IN (SELECT claim_id FROM review_case WHERE dossier_code = %s "
            "AND state = 'decided' ORDER BY round DESC LIMIT 1)",
            (UNIT, f"{seed}-{earlier}-1"),
        )
    known += [(period, n) for n in (1, 2)]


async def settle(database, period, now):
    async with database.scoped(Scope(UNIT, "x", "unit-admin")) as db:
        row = await service.send(db, period, CLERK, now)
    async with database.scoped(Scope(PAYER, "x", "insurance-officer", PAYER)) as db:
        await service.agree(db, row.id, FIRST, now)
        row = await service.confirm(db, row.id, SECOND, now)
        left = row.approved
        for part in (left / 3, left):
            amount = part.quantize(Decimal(1)) if part is not left else left - row.paid
            if amount:
                row = await service.record_payment(
                    db, row.id, FIRST, amount, clock.day_of(now), f"{period}{part}", f"{row.id}{part}", now
                )
    return row


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_settled_is_what_stands(database, clone, seed):
    rng, now, known = random.Random(seed), clock.now(), []
    unit = Scope(UNIT, "x", "unit-admin")
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute(
            "TRUNCATE settlement CASCADE; TRUNCATE review_case CASCADE; DELETE FROM resource_current WHERE type = 'PaymentReconciliation'"
        )
        settled, changed = Decimal(0), False
        for period in MONTHS:
            stir(owner, rng, seed, period, known)
            row = await settle(database, period, now)
            settled += row.approved
            stands = owner.execute(STANDS, (UNIT, period, UNIT)).fetchone()[0]
            assert settled == stands
            async with database.scoped(unit) as db:
                month = await service.load_month(db, period, now)
                entries = await store.list_entries(db, period, row, undecided=False, limit=1000)
                assert (await service.prove(db, row)).holds
            lists = papers.dossier_sheets(month, "01-bh", entries, {})
            assert sum((r[6] for r in lists[1].rows), Decimal(0)) == row.approved
            assert sum((r[13] for r in lists[0].rows), Decimal(0)) == row.asked
            changed |= any(e.sign < 0 for e in entries)
        assert changed, "no dossier was taken back: the proof would prove little"
        current = table(ResourceCurrent)
        async with database.scoped(unit) as db:
            told = await db.all(select(current.c.content).where(current.c.type == "PaymentReconciliation"))
            quarters = [await service.load_quarter(db, p, now) for p in ("2026-04", "2026-07")]
        paid = [json.loads(r.content, parse_float=Decimal)["paymentAmount"]["value"] for r in told]
        assert sum(paid, Decimal(0)) == settled
        assert sum((q.total.approved for q in quarters), Decimal(0)) == settled
