"""The server dies under an open transaction: the caller hears `come back`, and the pool hands out whole connections again."""

import psycopg
import pytest
from sqlalchemy import text

from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from tests.integration.kit.conftest import AT


@pytest.fixture
async def one(clone):
    database = Database(clone["his_app"], size=1)
    await database.open()
    yield database
    await database.close()


def end_sessions(owner):
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'his_app'"
        )


@pytest.mark.parametrize("deed", ["apply", "read", "leave"])
async def test_a_session_ended_in_a_locked_transaction_is_busy_not_broken(one, clone, deed):
    async def work():
        async with one.scoped(Scope(2)) as db:
            async with db.locking():
                await db.scalar(text("SELECT 1"))
                end_sessions(clone["owner"])
                if deed == "apply":
                    await db.apply(Changes().audit("test:gone"), AT)
                elif deed == "read":
                    await db.scalar(text("SELECT 1"))

    if deed == "leave":
        await work()
    else:
        with pytest.raises(HisError) as caught:
            await work()
        assert caught.value.kind is Kind.BUSY
    for _ in range(3):
        async with one.scoped(Scope(2)) as db:
            assert await db.scalar(text("SELECT 1")) == 1
            await db.apply(Changes().audit("test:back"), AT)
