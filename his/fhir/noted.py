"""The function that notes events for live subscriptions inside the write of a resource (decision 0032)."""

NOTE = """
CREATE OR REPLACE FUNCTION his_note_events(u int, stamp timestamptz, p jsonb) RETURNS void LANGUAGE plpgsql AS $his$
BEGIN
  INSERT INTO subscription_event (unit_id, id, subscription_id, resource_id, op, recorded_at)
  SELECT u, uuidv7(), s.id, r->>'id', r->>'op', stamp
  FROM jsonb_array_elements(p->'r') r
  JOIN subscription s ON s.unit_id = u AND s.kind = r->>'type' AND s.state IN ('active', 'error')
  WHERE r->>'op' <> 'delete';
  IF FOUND THEN PERFORM pg_notify('his_subscription', u::text); END IF;
END
$his$"""
