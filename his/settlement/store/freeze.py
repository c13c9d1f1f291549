"""The writes of a lock that touch every dossier of a month: one statement each, inside the transaction that `Db.apply` commits.

A month of 100,000 dossiers as a change set would be 60 MB of JSON; the rows are in the database already (decision 0020).
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from his.kit.db import Db
from his.settlement.store.ledger import LEDGER, WHOLE, parameters

COLUMNS: Final = (
    "sign, kind, case_id, claim_id, dossier_code, number, period, care_setting, total_hospital, total_covered, asked, "
    "copayment, self_paid, other_sources, approved, reduced"
)


async def freeze_entries(db: Db, settlement_id: UUID, payer_id: int, period: str) -> int:
    """Write the entries of a month in their order; how many. Only inside `db.locking()`."""
    await db.all(text(WHOLE))
    query = f"""INSERT INTO settlement_entry (unit_id, id, payer_id, settlement_id, position, {COLUMNS})
    {LEDGER} SELECT :unit, uuidv7(), :payer, :id, row_number() OVER (ORDER BY number, sign DESC, case_id), {COLUMNS}
    FROM ledger RETURNING 1"""
    counted = f"WITH written AS ({query}) SELECT count(*) FROM written"
    values = {**parameters(db, period), "id": settlement_id, "payer": payer_id}
    return int(await db.scalar(text(counted), values))


MOVE: Final = """
WITH moved AS (
  UPDATE claim c SET state = :state, version = c.version + 1
  FROM settlement_entry e WHERE e.unit_id = :unit AND e.settlement_id = :id AND e.sign > 0
  AND c.unit_id = :unit AND c.id = e.claim_id AND c.state = ANY(:known) RETURNING c.id),
told AS (
  INSERT INTO claim_event (unit_id, id, claim_id, at, state, actor, detail)
  SELECT :unit, uuidv7(), id, :at, :state, 'insurer', :detail FROM moved RETURNING 1)
SELECT count(*) FROM told
"""


async def mark_claims(db: Db, settlement_id: UUID, period: str, now: datetime) -> int:
    """The claims of a month that is being locked are settled, and their histories say so. Only inside `db.locking()`."""
    detail = f"Quyết toán tháng {period}"
    return await _mark(db, settlement_id, "settled", ["decided", "in-review", "accepted"], detail, now)


async def mark_paid(db: Db, settlement_id: UUID, period: str, now: datetime) -> int:
    """The claims of a month that is paid in full. Only inside `db.locking()`."""
    await db.all(text(WHOLE))
    return await _mark(db, settlement_id, "paid", ["settled"], f"Đã chi trả tháng {period}", now)


async def _mark(db: Db, settlement_id: UUID, state: str, known: list[str], detail: str, now: datetime) -> int:
    values = {"unit": db.unit_id, "id": settlement_id, "state": state, "known": known, "detail": detail, "at": now}
    return int(await db.scalar(text(MOVE), values))
