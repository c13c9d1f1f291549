"""Change sets that arrive together share a commit: each is refused alone, and none waits behind another one's lock."""

import asyncio
import time
from uuid import UUID

import psycopg
import pytest

from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.grouping import LARGEST_GROUPED

from .conftest import AT, count, department

ACTOR = "11111111-1111-4111-8111-111111111111"


async def written(database: Database, changes: Changes) -> Kind | None:
    """What became of a change set: None when it was written."""
    async with database.scoped(Scope(2, ACTOR, "doctor")) as db:
        try:
            await db.apply(changes, AT)
        except HisError as error:
            return error.kind
    return None


def commits(owner: str, ids: list[UUID]) -> int:
    """In how many transactions these departments were inserted, subtransactions counted to the one they are of."""
    with psycopg.connect(owner) as connection:
        row = connection.execute(
            "SELECT count(DISTINCT xmin::text) FROM department WHERE id = ANY(%s)", (ids,)
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_all_of_a_crowd_are_written_and_each_answer_is_its_own(database, clone):
    rows = [department() for _ in range(70)]
    answers = await asyncio.gather(*(written(database, Changes().insert(row)) for row in rows))
    assert answers == [None] * len(rows)
    with psycopg.connect(clone["owner"]) as connection:
        found = connection.execute("SELECT id FROM department WHERE id = ANY(%s)", ([r.id for r in rows],)).fetchall()
    assert {row[0] for row in found} == {row.id for row in rows}


async def test_one_that_is_refused_takes_nothing_with_it(database, clone):
    standing = department()
    assert await written(database, Changes().insert(standing)) is None
    fine = [department() for _ in range(10)]
    stale = Changes()
    stale.update(type(standing)(**{**standing.model_dump(), "version": 7}), name="Khác")
    double = Changes().insert(department(id=standing.id)).audit("test:double", "Department", standing.id)
    asked = [Changes().insert(row) for row in fine]
    answers = await asyncio.gather(*(written(database, one) for one in (*asked[:5], stale, double, *asked[5:])))
    assert answers == [None] * 5 + [Kind.STALE, Kind.CONFLICT] + [None] * 5
    assert count(clone["owner"], "audit_entry", "action = 'test:double'") == 0
    with psycopg.connect(clone["owner"]) as connection:
        names = connection.execute("SELECT name FROM department WHERE id = %s", (standing.id,)).fetchall()
    assert names == [(standing.name,)]


async def test_nobody_waits_behind_a_lock_that_is_not_theirs(database, clone):
    held, free = department(), [department() for _ in range(8)]
    assert await written(database, Changes().insert(held)) is None
    changed = Changes()
    changed.update(held, name="Đổi tên")
    with psycopg.connect(clone["owner"]) as other:
        other.execute("SELECT 1 FROM department WHERE id = %s FOR UPDATE", (held.id,))
        waiting = asyncio.create_task(written(database, changed))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        answers = await asyncio.gather(*(written(database, Changes().insert(row)) for row in free))
        took = time.monotonic() - began
        assert answers == [None] * len(free)
        assert not waiting.done()
        assert took < 5
        other.rollback()
    assert await waiting is None
    with psycopg.connect(clone["owner"]) as connection:
        row = connection.execute("SELECT name FROM department WHERE id = %s", (held.id,)).fetchone()
    assert row == ("Đổi tên",)


async def test_a_large_change_set_goes_alone_and_whole(database, clone):
    rows = [department(name="x" * 500) for _ in range(LARGEST_GROUPED // 500)]
    small = department()
    answers = await asyncio.gather(
        written(database, Changes().insert(*rows)), written(database, Changes().insert(small))
    )
    assert answers == [None, None]
    assert commits(clone["owner"], [row.id for row in rows]) == 1


@pytest.mark.parametrize("many", [2, 33])
async def test_units_in_one_group_stay_apart(database, clone, many):
    """Each change set carries its own context: none writes or reads as the unit of the one before it."""
    mine, theirs = [department() for _ in range(many)], [department(unit_id=1) for _ in range(many)]

    async def of_unit(unit: int, changes: Changes) -> None:
        async with database.scoped(Scope(unit, ACTOR, "doctor")) as db:
            await db.apply(changes.audit(f"test:unit-{many}"), AT)

    pairs = zip(mine, theirs, strict=True)
    await asyncio.gather(*(of_unit(row.unit_id, Changes().insert(row)) for pair in pairs for row in pair))
    assert count(clone["owner"], "audit_entry", f"action = 'test:unit-{many}' AND unit_id = 1") == many
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await written(database, Changes().insert(department(unit_id=1)))
