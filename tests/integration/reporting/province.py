"""A month of invented visits, and numbers read from the page."""

import re
from datetime import timedelta

import pytest_asyncio
from sqlalchemy import select

from his.audit.tables import AuditEntry
from his.fhir.tables import ResourceCurrent
from his.identity.tables import Unit
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Scope
from his.reporting.tables import DayClose
from tests.integration.finished_visits import fill_province

NOW = clock.now()
UNIT, AUDIT, CURRENT = table(Unit), table(AuditEntry), table(ResourceCurrent)


def today():
    """The day in Viet Nam, asked anew: a long run of the suite goes past midnight."""
    return clock.day_of(clock.now())


def month():
    return f"{today():%Y-%m}"


def last():
    """The last day of the month before."""
    return today().replace(day=1) - timedelta(days=1)


def past():
    return f"{last():%Y-%m}"


@pytest_asyncio.fixture
async def filled(database):
    """Four units with figures of the last weeks (once for the module)."""
    async with database.scoped(Scope(2)) as db:
        t = table(DayClose)
        known = await db.all(select(t.c.day).limit(1))
    if not known:
        await fill_province(database, NOW, 100, 0.6)
    return database


def number(page: str, pattern: str) -> int:
    found = re.search(pattern + r"[^>]*>([\d.]+)</a>", page)
    assert found is not None, pattern
    return int(found[1].replace(".", ""))
