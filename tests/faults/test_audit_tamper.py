"""Six ways to falsify the audit trail as the owner: each is found, and the first four are named to the row (line 49).

`HIS_TAMPERS` sets how often each way is tried (100 in the full trial). Each attempt is a transaction of the owner with the
triggers off, looked at from inside and undone.
"""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime

import psycopg
import pytest

from his.audit import anchors, store
from his.audit.verify import verify
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from tests.faults import attackers, trial

TIMES = trial.count("HIS_TAMPERS", 10)
SEED = trial.seed()
UNIT = 2
NAMED = ("edit", "delete", "reorder", "insert")


@pytest.fixture
async def sealed(clone, database, tmp_path):
    """A chain of some blocks that is old enough to be closed, and its anchors."""
    worker = Database(clone["his_worker"], size=1)
    await worker.open()
    chance = random.Random(SEED)
    key = anchors.signing_key(tmp_path)
    async with database.scoped(Scope(UNIT, "somebody", "doctor")) as db:
        for round in range(12):
            changes = Changes()
            for number in range(chance.randint(2, 9)):
                changes.audit(
                    chance.choice(["print", "read", "export"]), "Encounter", f"{round}-{number}", pages=number
                )
            await db.apply(changes, datetime(2026, 11, 23, 1, round, tzinfo=UTC))
            await store.seal(worker, 1000)
            if round == 8:
                await asyncio.sleep(6)  # the floor stands five seconds behind a mark
            anchors.write_anchor(tmp_path, key, await store.heads(worker), datetime.now(UTC))
    await worker.close()
    good, wrong = anchors.read_anchors(tmp_path, key.public_key())
    assert (len(good), wrong) == (12, [])
    with psycopg.connect(clone["owner"]) as connection:
        yield connection, good


def names_of(verdict):
    return {str(f.entry_id) for f in verdict.faults} | {f"block {f.block}" for f in verdict.faults} | {
        f.kind for f in verdict.faults
    }  # fmt: skip


def closed(trail, connection):
    """The blocks whose entries lie below the floor: an entry put there cannot be one that still waits."""
    floor = connection.execute("SELECT max(floor_at) FROM audit_block WHERE unit_id = %s", (UNIT,)).fetchone()[0]
    trail.blocks = [b for b in trail.blocks if (b[1][-1].int >> 80) < floor.timestamp() * 1000 - 1]
    assert len(trail.blocks) > 4
    return trail


def attack(connection, way, chance, good):
    """Falsify, look, undo; returns whether it was found and whether the row was named."""
    try:
        connection.execute(attackers.SWITCH)
        trail = attackers.find(connection, UNIT)
        wanted = attackers.WAYS[way](closed(trail, connection) if way == "insert" else trail, chance)
        verdict = verify(connection, good, [], datetime.now(UTC))
        return not verdict.sound, bool(wanted & names_of(verdict))
    finally:
        connection.rollback()


async def test_every_falsification_is_found_and_four_are_named(sealed):
    connection, good = sealed
    assert verify(connection, good, [], datetime.now(UTC)).sound
    connection.rollback()
    chance = random.Random(SEED)
    found, named = Counter(), Counter()
    for way in attackers.WAYS:
        for _ in range(TIMES):
            seen, row = attack(connection, way, chance, good)
            found[way] += seen
            named[way] += row
    trial.report(
        "49",
        seed=SEED,
        n=TIMES * len(attackers.WAYS),
        expected={"found": TIMES * len(attackers.WAYS), "named": TIMES * len(NAMED)},
        got={
            "found": sum(found.values()),
            "named": sum(named[way] for way in NAMED),
            "missed": {way: TIMES - found[way] for way in attackers.WAYS if found[way] < TIMES},
        },
    )


@pytest.mark.parametrize("way", ["truncate", "rewrite"])
async def test_without_anchors_the_last_two_are_missed(sealed, way):
    """The sabotage: a chain alone does not see a tail that was cut or a history that was made anew."""
    connection, _ = sealed
    chance = random.Random(SEED)
    assert not any(attack(connection, way, chance, [])[0] for _ in range(3))


async def test_an_attack_with_the_triggers_on_is_refused(sealed):
    connection, _ = sealed
    trail = attackers.find(connection, UNIT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        attackers.edit(trail, random.Random(SEED))
    connection.rollback()
