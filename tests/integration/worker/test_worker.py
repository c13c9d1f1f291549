"""The background worker on a real database: no key is lost, none waits for a broken one, and it stops when told."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from his.exchange import service as exchange
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.kit import clock
from his.kit.changes import Changes, encode, values
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.worker import BATCH, GRACE_SECONDS, Worker, backlog

from ..supervision import free_port

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TOPIC = "trial"


@pytest.fixture
async def database(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("DELETE FROM dirty_key")
        connection.execute("DELETE FROM parcel_event")
        connection.execute("DELETE FROM parcel")
    database = Database(clone["his_worker"], size=4)
    await database.open()
    yield database
    await database.close()


def worker_of(database, handler, topic=TOPIC):
    worker = Worker(database)
    worker.handlers, worker.ticks = {topic: handler}, []
    return worker


async def queue(database, *keys, unit=2, topic=TOPIC):
    async with database.scoped(Scope(unit, "test")) as db:
        changes = Changes()
        for key in keys:
            changes.dirty(topic, key)
        await db.apply(changes, NOW)


async def waiting(database):
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        return (await backlog(db)).get(TOPIC, 0)


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


async def test_a_change_wakes_the_worker_at_once(database):
    done = asyncio.Event()

    async def handler(db, keys, now):
        done.set()

    worker = worker_of(database, handler)
    running = asyncio.create_task(worker.run(idle_seconds=30))
    await asyncio.sleep(0.5)
    start = time.monotonic()
    await queue(database, "a")
    await asyncio.wait_for(done.wait(), 10)
    assert time.monotonic() - start < 5
    worker.stop()
    await running


async def test_a_tick_that_fails_or_hangs_stops_nothing_else(database):
    beats, thrice, done = [], asyncio.Event(), asyncio.Event()

    async def failing(database, now):
        beats.append(now)
        if len(beats) == 3:
            thrice.set()
        raise ZeroDivisionError

    async def hanging(database, now):
        await asyncio.sleep(3600)

    async def handler(db, keys, now):
        done.set()

    worker = worker_of(database, handler)
    worker.ticks = [hanging, failing]
    running = asyncio.create_task(worker.run(0.05))
    await queue(database, "a")
    await asyncio.wait_for(done.wait(), 10)
    await asyncio.wait_for(thrice.wait(), 10)
    start = time.monotonic()
    worker.stop()
    await running
    assert time.monotonic() - start < GRACE_SECONDS + 1


async def test_the_backlog_is_seen_by_topic(database):
    await queue(database, "a", "b")
    await queue(database, "c", unit=3, topic="other")
    async with database.scoped(Scope(2, "test")) as db:
        parcel = exchange.new_parcel(2, "dossier", "Test", uuid4(), "r", b"<x/>", NOW)
        await db.apply(exchange.queue(Changes(), parcel, NOW), NOW)
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        assert await backlog(db) == {TOPIC: 2, "other": 1, "parcel": 1}


@pytest.mark.parametrize("busy", [False, True])
def test_the_process_ends_within_three_seconds_of_the_request(clone, tmp_path, busy):
    """Busy: a gateway that takes the connection and never answers."""
    port = free_port()
    environment = {
        **os.environ,
        "HIS_DATA_DIR": str(tmp_path),
        "HIS_WORKER_DATABASE_URL": clone["his_worker"],
        "HIS_GATEWAY_URL": f"http://127.0.0.1:{port}",
    }
    silent = subprocess.Popen([sys.executable, "-c", SILENT, str(port)]) if busy else None
    if busy:
        prepare_parcel(clone, tmp_path)
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("DELETE FROM worker_beat")
    worker = subprocess.Popen(
        [sys.executable, "-m", "his", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for_beat(clone)
        if busy:
            wait_until_sending(clone)
        start = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert time.monotonic() - start < 3 * crowded
        assert "Traceback" not in worker.stderr.read()
    finally:
        worker.kill()
        worker.wait()
        worker.stderr.close()
        if silent:
            silent.kill()
            silent.wait()


SILENT = """
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
held = []
while True: held.append(s.accept())
"""


def prepare_parcel(clone, data_dir):
    from_now = "INSERT INTO parcel SELECT (jsonb_populate_record(NULL::parcel, %s::jsonb)).*"
    parcel = exchange.new_parcel(2, "dossier", "Test", uuid4(), "r", b"<x/>", clock.now())
    save_accounts(data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("pw"))})
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("DELETE FROM parcel_event")
        connection.execute("DELETE FROM parcel")
        connection.execute(from_now, (encode(values(parcel)),))


def until(clone, query):
    deadline = time.monotonic() + 60
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        while time.monotonic() < deadline:
            if connection.execute(query).fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError(query)


def wait_for_beat(clone):
    until(clone, "SELECT count(*) FROM worker_beat WHERE beaten_at > now() - interval '20 seconds'")


def wait_until_sending(clone):
    until(clone, "SELECT count(*) FROM parcel WHERE state = 'sending'")
