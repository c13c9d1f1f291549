"""Claim numbers while workers are killed in the middle of a seal: no number twice, no hole, every visit one claim.

`HIS_SEAL_KILLS` sets how many kills (20 in the full trial), spread over the steps of a seal; the suite plays it small.
"""

import asyncio
import random
import signal
from collections import Counter

import psycopg

from his.app import create_app
from his.kit.db import Database
from tests.faults import sealers, trial
from tests.faults.test_claim_numbers import visits_of

KILLS = trial.count("HIS_SEAL_KILLS", 4)
SEED = trial.seed()
SLOTS = 4
VISITS_A_KILL = 6


async def slot(dsn, visits, deaths, sabotage):
    """One place of work: a worker after the other dies there, the last one finishes what is left; the steps of death."""
    died = Counter()
    for seed, step in deaths:
        passes = random.Random(seed).randrange(VISITS_A_KILL - 1)
        process = sealers.start(dsn, visits, step, passes, seed, sabotage)
        await asyncio.to_thread(process.join, 60)
        if process.exitcode == -signal.SIGKILL:
            died[step] += 1
    process = sealers.start(dsn, visits, "", 0, SEED, sabotage)
    await asyncio.to_thread(process.join, 120)
    assert process.exitcode == 0
    return died


async def played(clone, kills, sabotage=False):
    """What stands in the rows after so many kills, while the slots seal side by side."""
    database = Database(clone["his_app"], size=4)
    create_app(database)
    await database.open()
    visits = await visits_of(database, kills * VISITS_A_KILL)
    await database.close()
    deaths = [(SEED + n, sealers.STEPS[n % len(sealers.STEPS)]) for n in range(kills)]
    found = await asyncio.gather(
        *(slot(clone["his_app"], visits[n::SLOTS], deaths[n::SLOTS], sabotage) for n in range(SLOTS))
    )
    died = sum(found, Counter())
    with psycopg.connect(clone["owner"]) as owner:
        stored = owner.execute(
            "SELECT number, encounter_id FROM claim WHERE unit_id = 2 AND encounter_id = ANY(%s)", (visits,)
        ).fetchall()
    numbers = [int(number[5:]) for number, _ in stored]
    return {
        "claims": len({visit for _, visit in stored}),
        "twins": len(numbers) - len(set(numbers)),
        "holes": max(numbers) - min(numbers) + 1 - len(set(numbers)),
        "kills": died.total(),
        **died,
    }


async def test_killed_workers_leave_neither_twins_nor_holes(clone):
    got = await played(clone, KILLS)
    expected = {"claims": KILLS * VISITS_A_KILL, "twins": 0, "holes": 0, "kills": KILLS}
    trial.report("17-kills", seed=SEED, n=KILLS, expected=expected, got=got)


async def test_the_trial_sees_numbers_that_are_spent_before_the_write(clone):
    got = await played(clone, SLOTS, sabotage=True)
    assert got["holes"] > 0, got
