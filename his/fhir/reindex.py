"""Brings the search index of stored resources to the present generation: after an update that extracts more or otherwise.

`migrate` calls it as the owner, before the service starts. What the text does not say is not in the index: a search finds
and sorts by what it returns. It goes unit by unit, each batch commits, and a run that was broken off is repeated from the
start without harm.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson
import psycopg

from his.fhir.extract import extract

GENERATION = 3
BATCH = 500

REINDEX = """
CREATE OR REPLACE FUNCTION his_reindex(u int, p jsonb) RETURNS void LANGUAGE plpgsql AS $his$
BEGIN
  DELETE FROM resource_index i USING jsonb_array_elements(p) r
  WHERE i.unit_id = u AND i.type = r->>'type' AND i.id = r->>'id';
  INSERT INTO resource_index (unit_id, type, param, value, id)
  SELECT u, r->>'type', e->>0, e->>1, r->>'id'
  FROM jsonb_array_elements(p) r, jsonb_array_elements(r->'index') e ON CONFLICT DO NOTHING;
  DELETE FROM resource_date d USING jsonb_array_elements(p) r
  WHERE d.unit_id = u AND d.type = r->>'type' AND d.id = r->>'id';
  INSERT INTO resource_date (unit_id, type, param, low, high, id)
  SELECT u, r->>'type', e->>0, (e->>1)::timestamptz, (e->>2)::timestamptz, r->>'id'
  FROM jsonb_array_elements(p) r, jsonb_array_elements(r->'dates') e ON CONFLICT DO NOTHING;
  DELETE FROM resource_number n USING jsonb_array_elements(p) r
  WHERE n.unit_id = u AND n.type = r->>'type' AND n.id = r->>'id';
  PERFORM his_add_numbers(u, r->>'type', r->>'id', r->'numbers') FROM jsonb_array_elements(p) r;
END
$his$"""

_NEXT = """
SELECT type, id, content FROM resource_current
WHERE unit_id = %s AND (type, id) > (%s, %s) AND NOT deleted ORDER BY type, id LIMIT %s
"""


def bring_up_to_date(connection: psycopg.Connection[Any], units: Iterable[int]) -> int:
    """Rewrite the index rows of all units when they are of an older generation; returns the resources looked at."""
    newest = connection.execute("SELECT max(generation) FROM resource_index_generation").fetchone()
    if newest is not None and newest[0] is not None and newest[0] >= GENERATION:
        return 0
    count = sum(_unit(connection, unit) for unit in units)
    connection.execute("INSERT INTO resource_index_generation VALUES (%s) ON CONFLICT DO NOTHING", (GENERATION,))
    return count


def _unit(connection: psycopg.Connection[Any], unit: int) -> int:
    count, last = 0, ("", "")
    while True:
        with connection.transaction():
            connection.execute("SELECT set_config('his.unit', %s, true)", (str(unit),))
            rows = connection.execute(_NEXT, (unit, *last, BATCH)).fetchall()
            if not rows:
                return count
            payload = [_rows(kind, identity, content) for kind, identity, content in rows]
            connection.execute("SELECT his_reindex(%s, %s::jsonb)", (unit, orjson.dumps(payload).decode()))
        count, last = count + len(rows), (rows[-1][0], rows[-1][1])


def _rows(kind: str, identity: str, content: str) -> dict[str, Any]:
    found = extract(kind, json.loads(content, parse_float=Decimal))
    return {"type": kind, "id": identity, "index": found.rows, "dates": found.dates, "numbers": found.numbers}
