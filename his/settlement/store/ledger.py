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
# Entries that were written a moment ago have no statistics: a nested loop over a month that the planner takes for one row is
# quadratic. The memory is for one month of a large hospital, sorted once.
WHOLE: Final = (
    "SELECT set_config('statement_timeout', '120s', true), set_config('enable_nestloop', 'off', true), "
    "set_config('work_mem', '96MB', true), set_config('random_page_cost', '4', true)"
)
_CASE: Final = "claim_id, dossier_code, number, period, care_setting, payer_id, total_hospital, total_covered, asked, approved, reduced"
_COLUMNS: Final = ", ".join(f"c.{name.strip()}" for name in _CASE.split(","))
_CLAIM: Final = "cl.copayment, cl.self_paid, cl.other_sources"
LEDGER: Final = f"""
WITH standing AS (
  SELECT e.case_id, min(e.dossier_code) AS dossier_code FROM settlement_entry e WHERE e.unit_id = :unit
  GROUP BY e.case_id HAVING sum(e.sign) > 0),
wanted AS (
  SELECT c.id AS case_id, {_COLUMNS}, {_CLAIM}
  FROM (SELECT DISTINCT ON (c.dossier_code) c.id, c.entitlement_code, {_COLUMNS} FROM review_case c
    WHERE c.unit_id = :unit AND c.period <= :period AND c.state = 'decided'
    ORDER BY c.dossier_code, c.round DESC, c.id DESC) c
  JOIN claim cl ON cl.unit_id = :unit AND cl.id = c.claim_id
  WHERE cl.state <> 'recalled' AND c.entitlement_code <> '8'),
moved AS (
  SELECT w.*, 1 AS sign,
    CASE WHEN d.dossier_code IS NOT NULL THEN 'adjust' WHEN w.period <> :period THEN 'carried' ELSE 'claim' END AS kind
  FROM wanted w LEFT JOIN standing s ON s.case_id = w.case_id
  LEFT JOIN (SELECT DISTINCT dossier_code FROM standing) d ON d.dossier_code = w.dossier_code
  WHERE s.case_id IS NULL
  UNION ALL
  SELECT c.id, {_COLUMNS}, {_CLAIM}, -1, CASE WHEN d.dossier_code IS NOT NULL THEN 'adjust' ELSE 'recall' END
  FROM standing s LEFT JOIN wanted w ON w.case_id = s.case_id
  LEFT JOIN (SELECT DISTINCT dossier_code FROM wanted) d ON d.dossier_code = s.dossier_code
  JOIN review_case c ON c.unit_id = :unit AND c.id = s.case_id
  JOIN claim cl ON cl.unit_id = :unit AND cl.id = c.claim_id
  WHERE w.case_id IS NULL
  UNION ALL
  SELECT c.id, {_COLUMNS}, {_CLAIM}, 1, 'open'
  FROM review_case c JOIN claim cl ON cl.unit_id = :unit AND cl.id = c.claim_id
  WHERE :open AND c.unit_id = :unit AND c.period = :period AND c.state IN ('received', 'in-review', 'asking')),
ledger AS (
  SELECT case_id, sign, kind, claim_id, dossier_code, number, period, care_setting, payer_id,
    sign * total_hospital AS total_hospital, sign * total_covered AS total_covered, sign * asked AS asked,
    sign * copayment AS copayment, sign * self_paid AS self_paid, sign * other_sources AS other_sources,
    sign * approved AS approved, sign * reduced AS reduced FROM moved)
"""
FROZEN: Final = """
WITH ledger AS (
  SELECT e.* FROM settlement_entry e JOIN settlement s ON s.unit_id = e.unit_id AND s.id = e.settlement_id
  WHERE s.unit_id = :unit AND s.period = :period AND NOT :open)
"""
AMOUNTS: Final = tuple(name for name in SUM_FIELDS if name != "cases")
CELL: Final = "case_id || ':' || sign || ':' || asked || ':' || approved || ':' || total_hospital"
HASH: Final = f"encode(sha256(convert_to(coalesce(string_agg({CELL}, ',' ORDER BY case_id, sign), ''), 'UTF8')), 'hex')"


@dataclass(frozen=True, slots=True)
class Counted:
    """A month counted: entries by care setting and kind, lines by cost group, the dossiers of the month that nobody decided,
    numbers of dossiers whose covered part is not fund and co-payment together (at most 20), SHA-256 over every entry (the
    case, its sign, asked, approved, total)."""

    buckets: list[Bucket]
    costs: list[GroupCost]
    left_cases: int
    left_asked: Decimal
    uneven: list[str]
    source_sha256: str


def parameters(db: Db, period: str, *, undecided: bool = False) -> dict[str, Any]:
    """The parameters of the ledger."""
    return {"unit": db.unit_id, "period": period, "open": undecided}


def source(row: Settlement | None) -> str:
    """Where the entries of a month are read from: frozen ones once it is locked."""
    return FROZEN if row is not None and row.state in ("locked", "paid") else LEDGER


_TEXTS: Final = ", ".join(f"sum({name})::text AS {name}" for name in AMOUNTS)
MONTH: Final = f"""
SELECT
  (SELECT json_agg(b) FROM (SELECT care_setting, kind, sum(sign)::int AS cases, {_TEXTS} FROM ledger
    GROUP BY 1, 2 ORDER BY 1, 2) b) AS buckets,
  (SELECT json_agg(c) FROM (SELECT l.cost_group, sum(g.sign)::int AS lines, sum(g.sign * l.asked)::text AS asked,
      sum(g.sign * coalesce(l.approved, 0))::text AS approved
    FROM ledger g JOIN review_line l ON l.unit_id = :unit AND l.case_id = g.case_id GROUP BY 1 ORDER BY 1) c) AS costs,
  (SELECT json_agg(number) FROM (SELECT number FROM ledger WHERE total_covered <> asked + copayment ORDER BY number
    LIMIT {SHOWN_UNEVEN}) u) AS uneven,
  (SELECT {HASH} FROM ledger WHERE kind <> 'open') AS sha256, l.cases AS left_cases, l.asked AS left_asked
FROM (SELECT count(*) AS cases, coalesce(sum(asked), 0) AS asked FROM review_case WHERE unit_id = :unit
  AND period = :period AND state IN ('received', 'in-review', 'asking')) l
"""


async def count_month(db: Db, period: str, *, undecided: bool) -> Counted:
    """A month that is not locked, in one pass over its entries; `undecided` lists its open dossiers beside the decided."""
    await db.all(text(WHOLE))
    found = await db.first(text(LEDGER + MONTH), parameters(db, period, undecided=undecided))
    assert found is not None
    return Counted(
        buckets=[
            Bucket(b["care_setting"], EntryKind(b["kind"]), Sums(b["cases"], *(Decimal(b[name]) for name in AMOUNTS)))
            for b in found.buckets or ()
        ],
        costs=[
            GroupCost(c["cost_group"], c["lines"], Decimal(c["asked"]), Decimal(c["approved"]))
            for c in found.costs or ()
        ],
        left_cases=found.left_cases,
        left_asked=found.left_asked,
        uneven=list(found.uneven or ()),
        source_sha256=found.sha256,
    )


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
