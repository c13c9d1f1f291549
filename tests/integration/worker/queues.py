"""Queues of keys and parcels for the tests of the worker."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from his.exchange import service as exchange
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.kit import clock
from his.kit.changes import Changes, encode, values
from his.kit.db import Database, Scope
from his.worker import Worker, backlog

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
