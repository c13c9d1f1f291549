"""A signed visit that owes money, and people who take it."""

import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import pytest_asyncio

from his.kit.db import Database, Db, Scope

sys.path.insert(0, str(Path(__file__).parents[2] / "properties" / "billing"))

from random_visits import random_visit, sign


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    async with database.scoped(Scope(2, "cashier", "cashier")) as handle:
        yield handle


@pytest_asyncio.fixture
async def owing(db: Db, request):
    """A signed visit whose patient's part is above zero; every test has its own."""
    seed = crc32(request.node.nodeid.encode()) % 1_000_000 + 100_000
    while True:
        visit = random_visit(seed, insured=True)
        if any(line.payer == "self" for line in visit.services) and visit.dispenses:
            break
        seed += 1
    await db.apply(visit.arrive(), visit.now)
    await sign(db, visit, visit.now + timedelta(minutes=45))
    return visit
