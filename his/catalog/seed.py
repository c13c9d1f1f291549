"""Loads the starter set into an empty installation; an installation that has lists is left alone."""

import asyncio

from sqlalchemy import select

from his.catalog.importer import import_directory
from his.catalog.importing.starter import FOLDER, STARTER
from his.catalog.tables import Diagnosis10
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db


async def seed(db: Db) -> bool:
    """Load the starter lists when there are no diagnoses yet; False when there was nothing to do.

    Raises AssertionError when a starter file has a bad line: it comes with the system, so that is a defect of the system.
    """
    if await db.first(select(table(Diagnosis10).c.code).limit(1)) is not None:
        return False
    await db.release()
    reports = await asyncio.to_thread(import_directory, db.database.dsn, FOLDER, clock.now(), sources=STARTER)
    wrong = [report.fatal or str(report.bad[0]) for report in reports if report.fatal or report.bad]
    assert not wrong, wrong
    assert len(reports) == len(STARTER), "a starter file is missing"
    return True
