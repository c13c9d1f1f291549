"""The background worker on a real database: no key is lost, none waits for a broken one, and it stops when told."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import asyncio
import time
from datetime import timedelta

from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.worker import BATCH
from tests.integration.worker.queues import NOW, database, queue, waiting, worker_of


async def test_keys_are_handled_once_in_their_unit_and_removed(database):
    seen = []

    async def handler(db, keys, now):
        seen.append((db.scope.unit_id, sorted(keys), now))

    await queue(database, "a", "b")
    await queue(database, "a")
    await queue(database, "c", unit=3)
    assert await worker_of(database, handler).drain(NOW) == 4
    assert sorted(seen) == [(2, ["a", "b"], NOW), (3, ["c"], NOW)]
    assert await waiting(database) == 0


async def test_a_failure_loses_no_key(database):
    async def broken(db, keys, now):
        raise ZeroDivisionError

    async def refused(db, keys, now):
        raise HisError(Kind.BUSY, "Bận.")

    async def good(db, keys, now):
        seen.extend(keys)

    seen = []
    await queue(database, "a", "b")
    assert await worker_of(database, broken).drain(NOW) == 0
    assert await worker_of(database, refused).drain(NOW) == 0
    assert await waiting(database) == 2
    assert await worker_of(database, good).drain(NOW) == 2
    assert sorted(seen) == ["a", "b"]
    assert await waiting(database) == 0


async def test_a_topic_without_handler_is_dropped(database):
    async def handler(db, keys, now):
        raise AssertionError

    await queue(database, "a", topic="forgotten")
    assert await worker_of(database, handler).drain(NOW) == 1


async def test_a_key_queued_again_while_it_is_handled_is_kept(database):
    async def handler(db, keys, now):
        if not again:
            again.extend(keys)
            await queue(database, *keys)

    again = []
    await queue(database, "a")
    worker = worker_of(database, handler)
    assert await worker.drain(NOW) == 1
    assert await waiting(database) == 1, "the newer change would never be counted"
    assert await worker.drain(NOW) == 1
    assert await waiting(database) == 0


async def test_one_poisoned_key_holds_up_nobody(database):
    done, tried = [], []

    async def handler(db, keys, now):
        if "poison" in keys:
            tried.append(now)
            raise ZeroDivisionError
        done.extend(keys)

    await queue(database, "a", "poison", "b")
    worker = worker_of(database, handler)
    assert await worker.drain(NOW) == 2
    assert sorted(done) == ["a", "b"]
    assert await waiting(database) == 1
    await queue(database, "c", "poison")
    assert await worker.drain(NOW) == 1, "the poisoned key rests, also when it is queued again"
    assert sorted(done) == ["a", "b", "c"]
    tried.clear()
    for second in range(1, 120):
        await worker.drain(NOW + timedelta(seconds=second))
    assert 4 <= len(tried) <= 8, "attempts come further and further apart"


async def test_more_poisoned_keys_than_a_batch_starve_nobody(database):
    async def handler(db, keys, now):
        if any(key.startswith("poison") for key in keys):
            raise HisError(Kind.RULES, "Không được.")
        done.extend(keys)

    done = []
    await queue(database, *(f"poison-{n}" for n in range(BATCH + 20)))
    await queue(database, "a")
    worker = worker_of(database, handler)
    for _ in range(3):
        await worker.drain(NOW)
    assert done == ["a"]
    assert await waiting(database) == BATCH + 20


async def test_a_poisoned_key_is_done_when_it_is_healed(database):
    healed = []

    async def handler(db, keys, now):
        if not healed:
            raise ZeroDivisionError

    await queue(database, "poison")
    worker = worker_of(database, handler)
    await worker.drain(NOW)
    healed.append(True)
    assert await worker.drain(NOW) == 0
    assert await worker.drain(NOW + timedelta(seconds=1)) == 1
    assert worker.failed == {}
    assert await waiting(database) == 0


async def test_two_workers_side_by_side_do_everything(clone, database):
    counted = []

    async def handler(db, keys, now):
        await asyncio.sleep(0.01)
        counted.extend((db.scope.unit_id, key) for key in keys)

    other = Database(clone["his_worker"], size=4)
    await other.open()
    workers = [worker_of(d, handler) for d in (database, other)]
    running = [asyncio.create_task(w.run(0.05)) for w in workers]
    for number in range(30):
        await queue(database, f"k{number}", f"k{number + 1}", unit=2 + number % 2)
    deadline = time.monotonic() + 20
    while await waiting(database) and time.monotonic() < deadline:  # noqa: ASYNC110  # rows ring no bell
        await asyncio.sleep(0.02)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    await other.close()
    assert await waiting(database) == 0
    assert {key for _, key in counted} == {f"k{n}" for n in range(31)}
