"""Figures of a unit's month, counted anew whenever one of its cases changed, and cases that nobody answered in time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.review import store
from his.review.service.answer import close_silent
from his.review.tables import ReviewTally
from his.review.terms import TallyKind

AT_ONCE = 25


async def recount(db: Db, period: str, now: datetime) -> int:
    """Count the cases, rules and groups of the unit in scope and a month; returns how many cells there are."""
    unit = await store.get_unit(db, db.unit_id)
    if unit is None or unit.payer_id is None:
        return 0
    fixed = {
        "unit_id": unit.id, "period": period, "payer_id": unit.payer_id, "unit_name": unit.name,
        "unit_level": unit.level,
    }  # fmt: skip
    cells = [
        *_cells(fixed, TallyKind.STATE, await store.count_states(db, period)),
        *_cells(fixed, TallyKind.GROUP, await store.count_groups(db, period)),
        *_cells(fixed, TallyKind.RULE, await store.count_rules(db, period)),
    ]
    known = {(cell.kind, cell.value) for cell in cells}
    changes = Changes().upsert(*cells)
    changes.delete(*(old for old in await store.list_tallies(db, period) if (old.kind, old.value) not in known))
    await db.apply(changes, now)
    return len(cells)


def _cells(fixed: dict[str, Any], kind: TallyKind, rows: Iterable[Any]) -> list[ReviewTally]:
    return [ReviewTally(**fixed, kind=kind.value, **row._mapping) for row in rows]


async def close_expired(database: Database, now: datetime) -> int:
    """Make final every decided case whose unit let the time for an answer pass; returns how many."""
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        payers = await store.list_payers(db)
    due: list[Any] = []
    for payer in payers:
        async with database.scoped(Scope(None, "worker", "worker", payer_id=payer)) as db:
            due += await store.list_silent(db, payer, clock.day_of(now))
    done = 0
    for unit_id, rows in groupby(sorted((row.unit_id, row.id) for row in due), key=lambda pair: pair[0]):
        ids: Sequence[UUID] = [case_id for _, case_id in rows][:AT_ONCE]
        async with database.scoped(Scope(unit_id, "worker", "worker")) as db:
            done += await close_silent(db, ids, now)
    return done
