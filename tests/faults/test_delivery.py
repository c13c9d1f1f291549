"""Dossiers through a gateway that fails in every way, sent by workers that are killed at every step.

`HIS_DELIVERY_DOSSIERS` sets how many dossiers (10,000 in the full trial) and `HIS_DELIVERY_KILLS` how often at each step
(50 in the full trial); the suite plays it small. Each dossier is accepted once, with the bytes that were sealed, and none
is left without somebody whose turn it is.
"""

import asyncio
import hashlib
import random
import time
from collections import Counter
from datetime import timedelta

import psycopg

from his.kit.db import Database
from his.standin.faults import Fault, FaultPlan
from tests.faults import trial as shared
from tests.faults.dossiers import AT, signed
from tests.faults.outbox import put
from tests.faults.workers import STEPS, start
from tests.standin import gateway

DOSSIERS = shared.count("HIS_DELIVERY_DOSSIERS", 400)
KILLS = shared.count("HIS_DELIVERY_KILLS", 2)
WORKERS = shared.count("HIS_DELIVERY_WORKERS", 2)
SPEED = 30.0
"""The workers' clock runs so many times faster: a lease of two minutes ends after four seconds."""
SEED = shared.seed()
FAULTS = {fault: 0.02 for fault in Fault if fault is not Fault.NONE}
PATIENCE_SECONDS = 120 + DOSSIERS


def rows(owner, query):
    with psycopg.connect(owner) as connection:
        return connection.execute(query).fetchall()


class Trial:
    """Keeps some workers alive: whoever is killed is replaced, by one that will be killed at the next step of the plan."""

    def __init__(self, dsn, address, data_dir, now):
        self.arguments = (dsn, address, data_dir)
        self.began, self.chance, self.kills = now, random.Random(SEED), Counter()
        self.plan = [step for step in STEPS for _ in range(KILLS)]
        self.chance.shuffle(self.plan)
        self.workers = []

    def begin(self):
        step = self.plan.pop() if self.plan else ""
        passes = self.chance.randrange(3) if step in ("asking", "asked") else self.chance.randrange(1, 12)
        seed = self.chance.randrange(1 << 30)
        self.workers.append((step, start(*self.arguments, step, passes, seed, self.began, SPEED)))

    def tend(self):
        for step, process in list(self.workers):
            if not process.is_alive():
                self.workers.remove((step, process))
                assert process.exitcode == -9, (step, process.exitcode)
                self.kills[step] += 1
        while len(self.workers) < WORKERS:
            self.begin()

    def stop(self):
        for _, process in self.workers:
            process.kill()
            process.join()


async def queue_all(dsn, data_dir):
    database = Database(dsn, size=4)
    await database.open()
    sealed = {}
    for begin in range(0, DOSSIERS, 200):
        files = list(signed(data_dir, range(begin, min(begin + 200, DOSSIERS))))
        await put(database, files)
        sealed |= {code: hashlib.sha256(content).hexdigest() for code, content in files}
    await database.close()
    return sealed


def play(trial, owner):
    """Until nothing is open, or the patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        trial.tend()
        left = rows(owner, "SELECT count(*) FROM parcel WHERE state NOT IN ('accepted', 'rejected')")[0][0]
        if not left:
            return
        time.sleep(0.2)
    states = rows(owner, "SELECT state, attempts, lease_until, reply FROM parcel WHERE state <> 'accepted' LIMIT 5")
    raise AssertionError(f"{left} parcels are stuck: {states}")


async def test_every_dossier_is_accepted_once_though_workers_die_at_every_step(worker_database, clone, data_dir):
    sealed = await queue_all(clone["his_worker"], data_dir)
    began, started = time.time(), time.process_time()

    def now():
        return AT + timedelta(seconds=(time.time() - began) * SPEED)

    with gateway(data_dir, FaultPlan(FAULTS, silence_seconds=1.3, seed=SEED), now) as (address, stand_in):
        trial = Trial(clone["his_worker"], address, data_dir, began)
        try:
            await asyncio.to_thread(play, trial, clone["owner"])
        finally:
            trial.stop()
        await asyncio.sleep(2)  # what the gateway still has in hand
        arrivals = stand_in.ledger.db.execute("SELECT reference, sha256, receipt FROM arrival").fetchall()
        counts = stand_in.ledger.counts()
    parcels = rows(clone["owner"], "SELECT reference, sha256, receipt, state, lease_until, content FROM parcel")
    assert len(arrivals) == len(sealed) == DOSSIERS
    assert {reference: digest for reference, digest, _ in arrivals} == sealed, "other bytes than the sealed ones"
    assert {p[0]: hashlib.sha256(p[5].encode()).hexdigest() for p in parcels} == sealed
    assert {(p[0], p[2]) for p in parcels} == {(a[0], a[2]) for a in arrivals}, "a receipt of another dossier"
    assert {(p[3], p[4]) for p in parcels} == {("accepted", None)}
    assert (counts["replaced"], counts["different"]) == (0, 0)
    steps = "SELECT count(*) FILTER (WHERE state = 'accepted') - count(*) FILTER (WHERE detail LIKE 'Mã giao dịch % là của hồ sơ 9%') "
    steps += (
        "FROM parcel_event WHERE detail NOT LIKE 'Câu trả lời%'"  # a receipt that was another's is taken back first
    )
    assert rows(clone["owner"], steps)[0][0] == DOSSIERS, "accepted more than once"
    report(trial, clone["owner"], counts, began, started)


def report(trial, owner, counts, began, started):
    kills = {step: trial.kills[step] for step in STEPS}
    attempts = rows(owner, "SELECT max(attempts), sum(attempts)::int FROM parcel")[0]
    assert counts["requests"] > DOSSIERS, "nothing was ever repeated, the trial proves nothing"
    got = {"accepted_once": DOSSIERS, "least_kills_a_step": min(kills.values()), "requests": counts["requests"]}
    got |= {"attempts": attempts[1], "most_attempts": attempts[0], "seconds": round(time.time() - began)}
    got |= {"cpu_seconds_gateway": round(time.process_time() - started)}
    expected = {"accepted_once": DOSSIERS, "least_kills_a_step": f">={KILLS}"}
    shared.report("8", seed=SEED, n=min(kills.values()), expected=expected, got=got)
    shared.report("11", seed=SEED, n=DOSSIERS, expected=expected, got=got)
