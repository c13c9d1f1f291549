"""Writing a change set, and writing it again after it collided with another one: the whole of it, a few times, never twice."""

import asyncio
import random
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncConnection

RETRY = {"40001", "40P01"}
"""A serialization failure and a deadlock: the server has undone everything, the same again is right."""
RETRIES = 5
"""How often a change set that collided with another one is written again, as a whole."""
LONGEST_PAUSE_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Before each of them; the pause is drawn between nothing and this, so that two that collided do not meet again."""


async def _again(error: psycopg.Error, attempt: int) -> None:
    """Pause before the next attempt; raises the error when it is of another kind or there was the last one."""
    if error.sqlstate not in RETRY or attempt >= RETRIES:
        raise error
    await asyncio.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS[attempt]))  # noqa: S311  # no secret


async def apply_alone(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]], payload: str) -> Any:
    """The change set in a transaction of its own; the whole of it again after a collision."""
    for attempt in range(RETRIES + 1):
        try:
            async with pool.connection() as connection:
                row = await (await connection.execute("SELECT his_apply(%s::jsonb)", (payload,))).fetchone()
                return None if row is None else row[0]
        except psycopg.Error as error:
            await _again(error, attempt)
    raise AssertionError("unreachable")


async def apply_locked(connection: AsyncConnection, payload: str) -> Any:
    """The change set in the caller's transaction; after a collision again, with the caller's locks kept."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, psycopg.AsyncConnection)
    for attempt in range(RETRIES + 1):
        try:
            async with raw.pipeline():  # one round trip for both
                await raw.execute("SAVEPOINT his_apply")
                cursor = await raw.execute("SELECT his_apply(%s::jsonb)", (payload,))
            row = await cursor.fetchone()
            return None if row is None else row[0]
        except psycopg.Error as error:
            await _again(error, attempt)
            await raw.execute("ROLLBACK TO SAVEPOINT his_apply")
    raise AssertionError("unreachable")
