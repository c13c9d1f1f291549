"""The instant up to which an export is complete: what its manifest says as `transactionTime`.

A write carries the instant at which its request began and becomes visible when it commits, so a walk may pass the id of a
resource whose older instant appears a moment later. The next export asks `_since` this one's `transactionTime`; to miss
nothing, that instant lies before every write that was under way when the walk began.
"""

from datetime import datetime, timedelta

from his.fhir.reader import Reader
from his.fhir.searchcompare import Sql

GRACE = timedelta(seconds=1)
"""The walk begins this long after the kick-off: a request that took its instant before has opened its transaction by then."""
MARGIN = timedelta(seconds=60)
"""A transaction under way may carry an instant this much older than its own beginning (waiting for a connection, a job's tick)."""
UNKNOWN = timedelta(minutes=10)
"""How far back to go when the database does not say since when a transaction is under way: longer than any may take."""

FUNCTION = """
CREATE OR REPLACE FUNCTION his_writing_since() RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $his$
  SELECT CASE
    WHEN pg_snapshot_xmin(s.now) = pg_snapshot_xmax(s.now) THEN NULL
    ELSE least(
      coalesce((SELECT min(coalesce(a.xact_start, '-infinity')) FROM pg_stat_activity a
                WHERE a.pid <> pg_backend_pid() AND (a.backend_xid IS NOT NULL OR a.state IS NULL AND a.backend_type = 'client backend')),
               clock_timestamp()),
      (SELECT min(p.prepared) FROM pg_prepared_xacts p))
  END FROM (SELECT pg_current_snapshot() AS now) s
$his$"""
"""Since when transactions that write are under way: NULL for none, -infinity when this role is not shown it."""


async def complete_until(reader: Reader, asked_at: datetime, now: datetime) -> datetime:
    """Up to which instant a walk that begins now finds everything; `asked_at` when no write is under way."""
    sql = Sql().add("SELECT extract(epoch FROM his_writing_since())::float8")
    since = (await reader.rows(sql))[0][0]
    if since is None:
        return asked_at
    if since == float("-inf"):
        return min(asked_at, now - UNKNOWN)
    return min(asked_at, datetime.fromtimestamp(since, tz=asked_at.tzinfo) - MARGIN)
