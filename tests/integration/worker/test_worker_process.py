"""The worker as a process: woken by a change, not stopped by a broken tick, ending when it is told."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import asyncio
import os
import signal
import subprocess
import sys
import time
from uuid import uuid4

import psycopg
import pytest

from his.exchange import service as exchange
from his.kit.changes import Changes
from his.kit.db import Scope
from his.worker import GRACE_SECONDS, backlog
from tests.integration.worker.queues import (
    NOW,
    SILENT,
    TOPIC,
    database,
    prepare_parcel,
    queue,
    wait_for_beat,
    wait_until_sending,
    worker_of,
)

from ..supervision import free_port


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
