"""Claim numbers: many workers seal at once, a fifth of the work is rolled back: no number twice, no hole.

`HIS_SEALS` sets how many seals (10,000 in the full trial); the suite plays it small.
"""

import asyncio
import random
import time
from collections import Counter
from datetime import date
from decimal import Decimal

import psycopg

from his.app import create_app
from his.billing.tables import Charge
from his.claims import service
from his.claims.tables import ClaimEvent
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.ids import new_id
from tests.faults import sealers, trial
from tests.integration.finished_visits import Visits, at

SEALS = trial.count("HIS_SEALS", 320)
WORKERS = 32
SEED = trial.seed()
WHEN = at(date(2026, 11, 2), 15)
SCOPE = Scope(2, "worker", "worker")


class CutError(Exception):
    """The worker changes its mind in the middle of the transaction."""


async def visits_of(database, count, seed=SEED):
    """Finished insured visits with one examination each."""
    maker, ids = Visits(database, seed=seed), []
    for begin in range(0, count, 200):
        changes = Changes()
        for _ in range(min(200, count - begin)):
            visit = maker.new(changes, at(date(2026, 11, 2)), closed_at=WHEN)
            ids.append(visit.id)
            changes.insert(
                Charge(
                    unit_id=2,
                    encounter_id=visit.id,
                    patient_id=visit.patient_id,
                    source_type="service_request",
                    source_id=new_id(),
                    kind="exam",
                    code="02.1896",
                    name="Khám Nội",
                    cost_group="13",
                    unit_price=Decimal(45000),
                    insured_unit_price=Decimal(45000),
                    benefit_rate=Decimal(80),
                    amount_hospital=Decimal(45000),
                    amount_covered=Decimal(45000),
                    insurer_share=Decimal(36000),
                    copayment=Decimal(9000),
                    ordered_at=visit.arrived_at,
                )
            )
        async with database.scoped(SCOPE) as db:
            await db.apply(changes, WHEN)
    return ids


async def seal(database, visit_id, fate):
    """One seal; `fate` rolls it back before the write (`cut`) or lets the write itself fail (`clash`)."""
    async with database.scoped(SCOPE) as db:
        changes = Changes()
        async with db.locking():
            claim = await service.seal_changes(db, changes, visit_id, None, WHEN)
            if fate == "cut":
                raise CutError
            if fate == "clash":
                changes.insert(ClaimEvent(unit_id=2, claim_id=new_id(), at=WHEN, state="none"))
            await db.apply(changes, WHEN)
    return claim.number


async def worker(database, visits, fates, made):
    while visits:
        visit, fate = visits.pop()
        fates[fate] += 1
        try:
            made.append(await seal(database, visit, fate))
        except CutError:
            continue
        except HisError as error:
            if error.kind is Kind.BUSY:  # the machine was too slow for the lock's patience: the worker takes it again
                visits.append((visit, fate))
                fates[fate] -= 1
                fates["again"] += 1
            elif not (fate == "clash" and error.kind is Kind.INVALID):
                raise


async def sealed_by_many(clone, seals, seed, spoil=None):
    """So many seals by 32 workers, a fifth of them undone; what numbers were told and what numbers stand there."""
    database = Database(clone["his_app"], size=WORKERS)
    create_app(database)
    await database.open()
    all_visits = await visits_of(database, seals, seed)
    drawn = ["cut"] * (seals // 10) + ["clash"] * (seals // 10)  # a fifth of them
    drawn += [""] * (seals - len(drawn))
    random.Random(seed).shuffle(drawn)
    visits = list(zip(all_visits, drawn, strict=True))
    apart = Database(clone["his_app"], size=4)
    await apart.open()
    if spoil is not None:
        spoil(apart)
    fates, made, began = Counter(), [], time.monotonic()
    await asyncio.gather(*(worker(database, visits, fates, made) for _ in range(WORKERS)))
    await apart.close()
    await database.close()
    with psycopg.connect(clone["owner"]) as owner:
        query = "SELECT number FROM claim WHERE unit_id = 2 AND encounter_id = ANY(%s)"
        stored = [number for (number,) in owner.execute(query, (all_visits,))]
    counted = [int(n[5:]) for n in stored]
    first = min(counted)
    return {
        "twins": len(stored) - len(set(stored)),
        "holes": len(set(range(first, first + fates[""])) - set(counted)),
        "told_as_stored": sorted(made) == sorted(stored),
        "lost": fates[""] - len(stored),
        **{fate or "kept": number for fate, number in fates.items()},
        "seconds": round(time.monotonic() - began),
    }


GAPLESS = {"twins": 0, "holes": 0, "told_as_stored": True, "lost": 0}


async def test_numbers_have_neither_twins_nor_holes(clone):
    got = await sealed_by_many(clone, SEALS, SEED)
    trial.report("17", seed=SEED, n=SEALS, expected=GAPLESS, got=got)


async def test_numbers_of_a_transaction_of_their_own_are_seen(clone, monkeypatch):
    """The sabotage: a number is spent before the claim is written, as a sequence does it."""
    monkeypatch.setattr(service.identity, "next_number", service.identity.next_number)  # put back afterwards
    got = await sealed_by_many(clone, 60, SEED + 1, sealers.spend_numbers_at_once)
    assert got["holes"] > 0, got
    assert not trial.met(GAPLESS, got)
