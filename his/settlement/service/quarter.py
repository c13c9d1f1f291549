"""The quarter: 02/BH is the sum of its months' papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from his.identity.tables import Unit
from his.kit.db import Db
from his.kit.errors import not_found
from his.settlement import store
from his.settlement.rules import months_of_quarter, quarter_form, read_sums
from his.settlement.tables import Settlement
from his.settlement.terms import CLOSED, Figures, Row, State, Sums


@dataclass(frozen=True, slots=True)
class Quarter:
    """The locked months of a quarter and their sums; `missing` are its months that are not locked."""

    name: str  # 2026-Q2
    form: str
    unit: Unit
    months: Sequence[tuple[Settlement, Figures]]
    missing: Sequence[str]
    sections: Sequence[Row]
    kinds: Sequence[Row]
    total: Sums

    @property
    def final(self) -> bool:
        """Are all three months locked?"""
        return not self.missing


async def load_quarter(db: Db, period: str, now: datetime) -> Quarter:
    """The quarter in which a month lies, for the unit in scope. Months that are not locked are left out and named."""
    unit = await store.get_unit(db, db.unit_id)
    if unit is None:
        raise not_found()
    months = months_of_quarter(period)
    rows = sorted(await store.list_settlements(db, months), key=lambda r: r.period)
    locked = [(row, read_sums(row.figures)) for row in rows if State(row.state) in CLOSED]
    known = {row.period for row, _ in locked}
    first = months[0]
    name = f"{first[:4]}-Q{(int(first[5:]) + 2) // 3}"
    figures = [f for _, f in locked]
    return Quarter(
        name, quarter_form(period), unit, locked, [m for m in months if m not in known],
        _added([f.sections for f in figures]), _added([f.kinds for f in figures]),
        sum((f.total for f in figures), Sums()),
    )  # fmt: skip


def _added(parts: Sequence[Sequence[Row]]) -> list[Row]:
    found: dict[str, Row] = {}
    for rows in parts:
        for row in rows:
            known = found.get(row.key)
            found[row.key] = Row(row.key, row.title, known.sums + row.sums if known else row.sums)
    return list(found.values())
