"""Recounting: the cells of dirty days are made anew from the rows, so that late edits can never drift."""

from collections.abc import Sequence
from datetime import date, datetime

from his.kit.changes import Changes
from his.kit.db import Db
from his.reporting import store
from his.reporting.rules import cells_of
from his.reporting.tables import StatCell


async def recount_days(db: Db, days: Sequence[date], now: datetime) -> int:
    """Make the cells of these days of the unit in scope equal to its rows; returns how many cells changed.

    One unit is counted by one worker at a time: the lock is taken before the rows are read, so the last to count has
    seen every committed visit. Days on which stays ended that began on `days` are counted as well.
    """
    if not days:
        return 0
    async with db.locking():
        await store.lock_counting(db)
        wanted = sorted({*days, *await store.list_ended_days(db, days)})
        unit = await store.get_unit(db, db.unit_id)
        if unit is None:
            return 0
        groups = await store.load_groups(db, wanted)
        standing = {(c.day, c.indicator, c.split, c.part): c for c in await store.list_cells(db, wanted)}
        changes, count = Changes(), 0
        for day in wanted:
            for (indicator, split, part), value in cells_of(groups.get(day, ())).items():
                known = standing.pop((day, indicator, split, part), None)
                if known is None or known.value != value or known.province_code != unit.province_code:
                    cell = StatCell(
                        unit_id=unit.id,
                        day=day,
                        indicator=indicator,
                        split=split,
                        part=part,
                        province_code=unit.province_code,
                        value=value,
                    )
                    changes.upsert(cell)
                    count += 1
        changes.delete(*standing.values())
        count += len(standing)
        if count:
            await db.apply(changes, now)
    return count
