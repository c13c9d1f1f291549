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
import pytest

from his.kit.db import Database
from his.standin.faults import Fault, FaultPlan
from tests.faults import trial as shared
from tests.faults.dossiers import AT, signed
from tests.faults.outbox import client, put, send
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


def play(trial, owner, patience):
    """Until nothing is open, or the patience (seconds) ends."""
    deadline = time.monotonic() + patience
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
            await asyncio.to_thread(play, trial, clone["owner"], PATIENCE_SECONDS)
        finally:
            trial.stop()
        await asyncio.sleep(2)  # what the gateway still has in hand
        got, counts = judged(sealed, stand_in, clone["owner"]), stand_in.ledger.counts()
    report(trial, clone["owner"], got, counts, began, started)


def judged(sealed, stand_in, owner):
    """What the gateway has and what the queue says, against what was sealed."""
    arrivals = stand_in.ledger.db.execute("SELECT reference, sha256, receipt FROM arrival").fetchall()
    counts = stand_in.ledger.counts()
    parcels = rows(owner, "SELECT reference, sha256, receipt, state, lease_until, content FROM parcel")
    steps = "SELECT count(*) FILTER (WHERE state = 'accepted') - count(*) FILTER (WHERE detail LIKE 'Mã giao dịch % là của hồ sơ 9%') "
    steps += (
        "FROM parcel_event WHERE detail NOT LIKE 'Câu trả lời%'"  # a receipt that was another's is taken back first
    )
    arrived = {reference: digest for reference, digest, _ in arrivals}
    return {
        "arrived": len(arrivals),
        "lost": len(set(sealed) - set(arrived)),
        "other_bytes": sum(arrived.get(code, digest) != digest for code, digest in sealed.items()),
        "other_bytes_kept": sum(hashlib.sha256(p[5].encode()).hexdigest() != sealed[p[0]] for p in parcels),
        "receipts_of_another": len({(p[0], p[2]) for p in parcels} ^ {(a[0], a[2]) for a in arrivals}),
        "not_accepted": sum((p[3], p[4]) != ("accepted", None) for p in parcels),
        "replaced_or_different": counts["replaced"] + counts["different"],
        "accepted_steps": rows(owner, steps)[0][0],
    }


NOTHING = ("lost", "other_bytes", "other_bytes_kept", "receipts_of_another", "not_accepted", "replaced_or_different")


def once_each(dossiers):
    """What has to be seen of so many dossiers."""
    return dict.fromkeys(NOTHING, 0) | {"arrived": dossiers, "accepted_steps": dossiers}


def report(trial, owner, got, counts, began, started):
    kills = {step: trial.kills[step] for step in STEPS}
    attempts = rows(owner, "SELECT max(attempts), sum(attempts)::int FROM parcel")[0]
    assert counts["requests"] > DOSSIERS, "nothing was ever repeated, the trial proves nothing"
    got |= {"least_kills_a_step": min(kills.values()), "requests": counts["requests"]}
    got |= {"attempts": attempts[1], "most_attempts": attempts[0], "seconds": round(time.time() - began)}
    got |= {"cpu_seconds_gateway": round(time.process_time() - started)}
    expected = once_each(DOSSIERS) | {"least_kills_a_step": f">={KILLS}"}
    shared.report("8", seed=SEED, n=min(kills.values()), expected=expected, got=got)
    shared.report("11", seed=SEED, n=DOSSIERS, expected=expected, got=got)


async def test_a_lease_without_an_end_is_seen(worker_database, clone, data_dir):
    """The sabotage of the kills: a worker dies and its dossier stays taken, nobody's turn ever comes."""
    await put(worker_database, list(signed(data_dir, range(900_001, 900_003))))
    with psycopg.connect(clone["owner"]) as owner:
        owner.execute("UPDATE parcel SET state = 'sending', lease_until = '2126-01-01' WHERE reference LIKE '%900001'")
    began = time.time()
    with gateway(data_dir, FaultPlan({}), lambda: AT) as (address, _):
        trial = Trial(clone["his_worker"], address, data_dir, began)
        trial.plan.clear()
        try:
            with pytest.raises(AssertionError, match="1 parcels are stuck"):
                await asyncio.to_thread(play, trial, clone["owner"], 12)
        finally:
            trial.stop()


async def test_a_lost_a_changed_and_a_doubled_dossier_are_seen(worker_database, clone, data_dir):
    """The sabotage of the faults: three dossiers arrive as they should, then what each fault would leave is put in."""
    files = list(signed(data_dir, range(910_001, 910_004)))
    sealed = {code: hashlib.sha256(content).hexdigest() for code, content in files}
    ids = await put(worker_database, files)
    with gateway(data_dir, FaultPlan({}), lambda: AT) as (address, stand_in):
        insurance = client(address, data_dir, lambda: AT)
        for parcel in ids:
            await send(worker_database, insurance, parcel, AT)
        assert shared.met(once_each(3), good := judged(sealed, stand_in, clone["owner"])), good
        first, second, third = sealed
        book = stand_in.ledger.db
        faults = {
            "lost": lambda: book.execute("DELETE FROM arrival WHERE reference = ?", (first,)),
            "other_bytes": lambda: book.execute("UPDATE arrival SET sha256 = 'x' WHERE reference = ?", (second,)),
            "receipts_of_another": lambda: book.execute(
                "UPDATE arrival SET receipt = 'x' WHERE reference = ?", (third,)
            ),
        }
        for name, fault in faults.items():
            fault()
            assert judged(sealed, stand_in, clone["owner"])[name] > 0, name
    with psycopg.connect(clone["owner"]) as owner:
        copy = (
            "INSERT INTO parcel_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).* "
        )
        owner.execute(copy + "FROM parcel_event e WHERE state = 'accepted' LIMIT 1")
    assert judged(sealed, stand_in, clone["owner"])["accepted_steps"] == 4
