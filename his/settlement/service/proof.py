"""Does a locked month still say what its dossiers say? Every cell, every sum, the hash."""

from collections.abc import Sequence
from dataclasses import dataclass

from his.kit.db import Db
from his.settlement import store
from his.settlement.rules import digest, read_sums
from his.settlement.tables import Settlement
from his.settlement.terms import SUM_FIELDS, Difference


@dataclass(frozen=True, slots=True)
class Proof:
    """Differences found (at most 50 cells), and whether the two hashes are those of the lock."""

    differences: Sequence[Difference]
    entries_same: bool
    figures_same: bool

    @property
    def holds(self) -> bool:
        """Is the difference 0 đồng everywhere?"""
        return not self.differences and self.entries_same and self.figures_same


async def prove(db: Db, row: Settlement) -> Proof:
    """Compare a locked month of the unit in scope: entries with cases and lines, sums with entries, hashes with the lock's."""
    figures = read_sums(row.figures)
    sums = await store.frozen_sums(db, row.id)
    found = list(await store.list_changed(db, row.id))
    for name in SUM_FIELDS:
        for where, stated in (("figures", getattr(figures.total, name)), ("settlement", getattr(row, name))):
            if stated != sums[name]:
                found.append(Difference(where, name, stated, sums[name]))
    return Proof(found, await store.frozen_hash(db, row.id) == row.source_sha256, digest(figures) == row.sha256)
