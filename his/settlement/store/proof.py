"""The proof of a locked month: its entries against their source, its sums against its entries."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from his.kit.db import Db
from his.settlement.store.ledger import AMOUNTS, HASH
from his.settlement.terms import Difference

SHOWN: Final = 50
_FOUND: Final = {
    "total_hospital": "c.total_hospital",
    "total_covered": "c.total_covered",
    "asked": "c.asked",
    "copayment": "cl.copayment",
    "self_paid": "cl.self_paid",
    "other_sources": "cl.other_sources",
    "approved": "c.approved",
    "reduced": "c.reduced",
}
_CELLS: Final = ", ".join(f"('{name}', e.{name}, e.sign * {source})" for name, source in _FOUND.items())
CHANGED: Final = f"""
SELECT e.number, v.name, v.stated, v.found FROM settlement_entry e
JOIN review_case c ON c.unit_id = e.unit_id AND c.id = e.case_id
JOIN claim cl ON cl.unit_id = e.unit_id AND cl.id = e.claim_id
CROSS JOIN LATERAL (VALUES {_CELLS}, ('lines', e.approved, e.sign * (SELECT coalesce(sum(l.approved), 0)
  FROM review_line l WHERE l.unit_id = e.unit_id AND l.case_id = e.case_id))) AS v (name, stated, found)
WHERE e.unit_id = :unit AND e.settlement_id = :id AND v.stated <> v.found ORDER BY e.position, v.name LIMIT {SHOWN}
"""


async def list_changed(db: Db, settlement_id: UUID) -> list[Difference]:
    """Cells of a locked month that do not say what their case says (at most 50)."""
    found = await db.all(text(CHANGED), {"unit": db.unit_id, "id": settlement_id})
    return [Difference(r.number, r.name, r.stated, r.found) for r in found]


async def frozen_sums(db: Db, settlement_id: UUID) -> dict[str, Any]:
    """The sums of a locked month's entries, by column."""
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in AMOUNTS)
    query = f"SELECT coalesce(sum(sign), 0)::int AS cases, {sums} FROM settlement_entry WHERE unit_id = :unit AND settlement_id = :id"
    row = await db.first(text(query), {"unit": db.unit_id, "id": settlement_id})
    assert row is not None
    return dict(row._mapping)


async def frozen_hash(db: Db, settlement_id: UUID) -> str:
    """SHA-256 over the entries of a locked month, as they stand now."""
    query = f"SELECT {HASH} FROM settlement_entry WHERE unit_id = :unit AND settlement_id = :id"
    return str(await db.scalar(text(query), {"unit": db.unit_id, "id": settlement_id}))
