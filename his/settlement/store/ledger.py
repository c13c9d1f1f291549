"""What belongs into a month: the dossiers that should stand minus those that stand in locked months, in one statement.

Read in the scope of the unit. `:unit`, `:period` and `:open` (are undecided dossiers of the month listed?) are its parameters;
a month that is locked is read from its frozen entries instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row as SqlRow

from his.kit.db import Db
from his.settlement.tables import Settlement
from his.settlement.terms import SUM_FIELDS, Bucket, EntryKind, GroupCost, Sums

SHOWN_UNEVEN: Final = 20
LEDGER: Final = """
WITH standing AS (
  SELECT e.case_id, min(e.dossier_code) AS dossier_code FROM settlement_entry e WHERE e.unit_id = :unit
  GROUP BY e.case_id HAVING sum(e.sign) > 0),
newest AS (
  SELECT DISTINCT ON (c.dossier_code) c.id, c.dossier_code, c.claim_id, c.entitlement_code
  FROM review_case c WHERE c.unit_id = :unit AND c.period <= :period AND c.state = 'decided'
  ORDER BY c.dossier_code, c.round DESC, c.id DESC),
wanted AS (
  SELECT n.id, n.dossier_code FROM newest n JOIN claim cl ON cl.unit_id = :unit AND cl.id = n.claim_id
  WHERE cl.state <> 'recalled' AND n.entitlement_code <> '8'),
moved AS (
  SELECT coalesce(w.id, s.case_id) AS case_id, CASE WHEN s.case_id IS NULL THEN 1 ELSE -1 END AS sign,
    coalesce(w.dossier_code, s.dossier_code) AS dossier_code
  FROM wanted w FULL JOIN standing s ON s.case_id = w.id WHERE w.id IS NULL OR s.case_id IS NULL),
kinds AS (
  SELECT m.case_id, m.sign, CASE
    WHEN m.sign > 0 AND s.case_id IS NOT NULL THEN 'adjust' WHEN m.sign > 0 THEN 'claim'
    WHEN w.id IS NOT NULL THEN 'adjust' ELSE 'recall' END AS kind
  FROM moved m LEFT JOIN standing s ON m.sign > 0 AND s.dossier_code = m.dossier_code
  LEFT JOIN wanted w ON m.sign < 0 AND w.dossier_code = m.dossier_code
  UNION ALL
  SELECT c.id, 1, 'open' FROM review_case c
  WHERE :open AND c.unit_id = :unit AND c.period = :period AND c.state IN ('received', 'in-review', 'asking')),
ledger AS (
  SELECT k.case_id, k.sign, CASE WHEN k.kind = 'claim' AND c.period <> :period THEN 'carried' ELSE k.kind END AS kind,
    c.claim_id, c.dossier_code, c.number, c.period, c.care_setting, c.payer_id,
    k.sign * c.total_hospital AS total_hospital, k.sign * c.total_covered AS total_covered, k.sign * c.asked AS asked,
    k.sign * cl.copayment AS copayment, k.sign * cl.self_paid AS self_paid, k.sign * cl.other_sources AS other_sources,
    k.sign * c.approved AS approved, k.sign * c.reduced AS reduced
  FROM kinds k JOIN review_case c ON c.unit_id = :unit AND c.id = k.case_id
  JOIN claim cl ON cl.unit_id = :unit AND cl.id = c.claim_id)
"""
FROZEN: Final = """
WITH ledger AS (
  SELECT e.* FROM settlement_entry e JOIN settlement s ON s.unit_id = e.unit_id AND s.id = e.settlement_id
  WHERE s.unit_id = :unit AND s.period = :period AND NOT :open)
"""
AMOUNTS: Final = tuple(name for name in SUM_FIELDS if name != "cases")
_SUMS: Final = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in AMOUNTS)
CELL: Final = "case_id || ':' || sign || ':' || asked || ':' || approved || ':' || total_hospital"
HASH: Final = f"encode(sha256(convert_to(coalesce(string_agg({CELL}, ',' ORDER BY case_id, sign), ''), 'UTF8')), 'hex')"


@dataclass(frozen=True, slots=True)
class Counted:
    """Entries counted by care setting and kind, the dossiers of the month that nobody decided, the hash of the entries."""

    buckets: list[Bucket]
    left_cases: int
    left_asked: Decimal


def parameters(db: Db, period: str, *, undecided: bool = False) -> dict[str, Any]:
    """The parameters of the ledger."""
    return {"unit": db.unit_id, "period": period, "open": undecided}


def source(row: Settlement | None) -> str:
    """Where the entries of a month are read from: frozen ones once it is locked."""
    return FROZEN if row is not None and row.state in ("locked", "paid") else LEDGER


async def count_entries(db: Db, period: str, row: Settlement | None, *, undecided: bool) -> Counted:
    """The sums of a month by care setting and kind, and what is left undecided."""
    frozen = source(row) is FROZEN
    query = f"{source(row)} SELECT care_setting, kind, sum(sign)::int AS cases, {_SUMS} FROM ledger GROUP BY 1, 2 ORDER BY 1, 2"
    found = await db.all(text(query), parameters(db, period, undecided=undecided and not frozen))
    buckets = [
        Bucket(r.care_setting, EntryKind(r.kind), Sums(r.cases, *(getattr(r, name) for name in AMOUNTS))) for r in found
    ]
    if frozen:
        assert row is not None
        return Counted(buckets, row.left_cases, row.left_asked)
    left = await db.first(
        text(
            "SELECT count(*) AS cases, coalesce(sum(asked), 0) AS asked FROM review_case WHERE unit_id = :unit "
            "AND period = :period AND state IN ('received', 'in-review', 'asking')"
        ),
        {"unit": db.unit_id, "period": period},
    )
    assert left is not None
    return Counted(buckets, left.cases, left.asked)


async def count_groups(db: Db, period: str, row: Settlement | None, *, undecided: bool) -> list[GroupCost]:
    """The lines of a month's entries by cost group, with the entry's sign."""
    undecided = undecided and source(row) is LEDGER
    query = f"""{source(row)} SELECT l.cost_group, sum(g.sign)::int AS lines, sum(g.sign * l.asked) AS asked,
      sum(g.sign * coalesce(l.approved, 0)) AS approved
    FROM ledger g JOIN review_line l ON l.unit_id = :unit AND l.case_id = g.case_id GROUP BY 1 ORDER BY 1"""
    found = await db.all(text(query), parameters(db, period, undecided=undecided))
    return [GroupCost(r.cost_group, r.lines, r.asked, r.approved) for r in found]


async def source_hash(db: Db, period: str) -> str:
    """SHA-256 over every entry that the month would have: the case, its sign, asked, approved, total."""
    found = await db.scalar(text(f"{LEDGER} SELECT {HASH} FROM ledger"), parameters(db, period))
    return str(found)


async def list_uneven(db: Db, period: str) -> list[str]:
    """Numbers of dossiers whose covered part is not fund and co-payment together (at most 20)."""
    query = f"""{LEDGER} SELECT number FROM ledger WHERE total_covered <> asked + copayment ORDER BY number
    LIMIT {SHOWN_UNEVEN}"""
    return [row.number for row in await db.all(text(query), parameters(db, period, undecided=True))]


LISTED: Final = """
SELECT g.case_id, g.kind, g.sign, g.number, g.dossier_code, g.period, g.care_setting, c.patient_name, c.birth_date, c.gender,
  c.card_number, c.main_diagnosis, c.arrived_at, c.ended_at, c.revision, c.state AS case_state,
  c.stated->>'treatment_days' AS treatment_days, c.stated->'cards'->0->>'primary_facility_code' AS first_facility,
  g.total_hospital, g.total_covered, g.asked, g.copayment, g.self_paid, g.other_sources, g.approved, g.reduced
FROM ledger g JOIN review_case c ON c.unit_id = :unit AND c.id = g.case_id
"""
GROUPED: Final = """
SELECT l.case_id, l.cost_group, l.cover_rate < 100 AS rated, sum(l.amount_covered) AS covered
FROM ledger g JOIN review_line l ON l.unit_id = :unit AND l.case_id = g.case_id GROUP BY 1, 2, 3
"""


async def list_entries(
    db: Db, period: str, row: Settlement | None, *, undecided: bool, limit: int, after: str = ""
) -> Sequence[SqlRow[Any]]:
    """The dossiers of a month with the person's data, ordered by number and sign; `after` is the last number seen."""
    undecided = undecided and source(row) is LEDGER
    query = f"{source(row)} {LISTED} WHERE g.number > :after ORDER BY g.number, g.sign DESC, g.case_id LIMIT :limit"
    values = {**parameters(db, period, undecided=undecided), "limit": limit, "after": after}
    return await db.all(text(query), values)


async def list_groups(db: Db, period: str, row: Settlement | None, *, undecided: bool) -> Sequence[SqlRow[Any]]:
    """Covered cost of each entry's case by cost group, lines paid by rate apart (the columns of C79a-HD and C80a-HD)."""
    undecided = undecided and source(row) is LEDGER
    return await db.all(text(f"{source(row)} {GROUPED}"), parameters(db, period, undecided=undecided))
