"""The engine's functions in the database: `his_write_resources` with the outbox of subscriptions, `his_read`, `his_audit`.

Payload of a resource in `p->'r'` (made by registry.py and writer.py):
`type`, `id`, `op` create|update|delete, `head` and `tail` (the text before and after the version number),
`index` [[param, value]], `dates` [[param, low, high]], `numbers` [[param, low, high, unit]], `engine` true when no domain row stands behind it,
`must` the version it replaces (0: nothing may stand there; absent: whatever stands there), `fresh` true when the id
is new, so that nobody has to look,
`unless` {key, all: [[param, low, high]]} the condition of a conditional create (`high` null: equality),
`modelled`, `keep`, `own` of a rendered subject: elements and search parameters that stay as they were, see README.md.

Errors: HS412 the version is not the one expected; HS428 something stands there and no version was named; HS404 there is
nothing to delete; HS409 the condition of a conditional create is met (DETAIL: the id,
or empty when several match); HS423 a domain row stands behind the resource.
"""

from his.fhir.labels import KEEP_LABELS
from his.fhir.noted import NOTE

_CLAIM_KEY = """
CREATE OR REPLACE FUNCTION his_claim_key(u int, kind text, new_id text, unless jsonb) RETURNS void
LANGUAGE plpgsql AS $his$
DECLARE
  holder text;
  matches text[];
BEGIN
  INSERT INTO resource_key (unit_id, type, key, id) VALUES (u, kind, unless->>'key', new_id) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT id INTO holder FROM resource_key WHERE unit_id = u AND type = kind AND key = unless->>'key';
    RAISE EXCEPTION 'exists' USING ERRCODE = 'HS409', DETAIL = coalesce(holder, '');
  END IF;
  SELECT array_agg(m.id) INTO matches FROM (
    SELECT DISTINCT i.id FROM jsonb_array_elements(unless->'all') WITH ORDINALITY f(c, n)
    JOIN resource_index i ON i.unit_id = u AND i.type = kind AND i.param = f.c->>0 AND i.value >= (f.c->>1)
      AND i.value < coalesce(f.c->>2, (f.c->>1) || E'\\x01')
    WHERE f.n = 1 AND NOT EXISTS (
      SELECT 1 FROM jsonb_array_elements(unless->'all') o WHERE NOT EXISTS (
        SELECT 1 FROM resource_index j WHERE j.unit_id = u AND j.type = kind AND j.id = i.id AND j.param = o->>0
          AND j.value >= (o->>1) AND j.value < coalesce(o->>2, (o->>1) || E'\\x01')))
    LIMIT 2) m;
  IF matches IS NOT NULL THEN
    RAISE EXCEPTION 'exists' USING ERRCODE = 'HS409', DETAIL = CASE WHEN cardinality(matches) = 1 THEN matches[1] ELSE '' END;
  END IF;
END
$his$"""

_MERGE = """
CREATE OR REPLACE FUNCTION his_keep_elements(fresh text, old text, r jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $his$
DECLARE
  kept text;
  own record;
BEGIN
  FOR own IN SELECT key, value FROM jsonb_each(r->'own') LOOP
    SELECT string_agg(e.value::text, ',') INTO kept FROM json_array_elements(old::json->own.key) e
    WHERE NOT own.value ? coalesce(e.value->>'system', e.value->>'url', '');
    IF kept IS NOT NULL THEN
      IF fresh::json->own.key IS NULL THEN
        fresh := left(fresh, -1) || ',' || to_json(own.key)::text || ':[' || kept || ']}';
      ELSE
        SELECT '{' || string_agg(to_json(e.key)::text || ':' ||
                 CASE WHEN e.key = own.key THEN left(e.value::text, -1) || ',' || kept || ']' ELSE e.value::text END, ',')
               || '}' INTO fresh FROM json_each(fresh::json) e;
      END IF;
    END IF;
  END LOOP;
  SELECT string_agg(',' || to_json(e.key)::text || ':' || e.value::text, '') INTO kept
  FROM json_each(old::json) e WHERE NOT r->'modelled' ? e.key;
  RETURN left(fresh, -1) || coalesce(kept, '') || '}';
END
$his$"""

_MOVE = """
CREATE OR REPLACE FUNCTION his_move_index(u int, kind text, key text, r jsonb) RETURNS void
LANGUAGE plpgsql AS $his$
DECLARE
  ruled boolean := r ? 'modelled';
  keep jsonb := coalesce(r->'keep', '[]');
  own jsonb := coalesce(r->'own'->'identifier', '[]');
BEGIN
  DELETE FROM resource_index i WHERE i.unit_id = u AND i.type = kind AND i.id = key
    AND (i.param, i.value) NOT IN (SELECT e->>0, (e->>1) COLLATE "C" FROM jsonb_array_elements(r->'index') e)
    AND NOT (ruled AND (keep ? split_part(i.param, ':', 1) OR i.param = 'identifier:text'
                        OR (i.param = 'identifier' AND NOT own ? split_part(i.value, E'\\x1f', 2))));
  INSERT INTO resource_index (unit_id, type, param, value, id)
  SELECT u, kind, f.param, f.value, key
  FROM (SELECT e->>0 AS param, (e->>1) COLLATE "C" AS value FROM jsonb_array_elements(r->'index') e
        EXCEPT SELECT i.param, i.value FROM resource_index i WHERE i.unit_id = u AND i.type = kind AND i.id = key) f;
  DELETE FROM resource_date d WHERE d.unit_id = u AND d.type = kind AND d.id = key AND NOT (ruled AND keep ? d.param)
    AND (d.param, d.low, d.high) NOT IN (SELECT e->>0, (e->>1)::timestamptz, (e->>2)::timestamptz
                                         FROM jsonb_array_elements(r->'dates') e);
  INSERT INTO resource_date (unit_id, type, param, low, high, id)
  SELECT u, kind, f.param, f.low, f.high, key
  FROM (SELECT e->>0 AS param, (e->>1)::timestamptz AS low, (e->>2)::timestamptz AS high
        FROM jsonb_array_elements(r->'dates') e
        EXCEPT SELECT d.param, d.low, d.high FROM resource_date d WHERE d.unit_id = u AND d.type = kind AND d.id = key) f;
  IF r ? 'numbers' THEN
    DELETE FROM resource_number n WHERE n.unit_id = u AND n.type = kind AND n.id = key AND NOT keep ? n.param;
    PERFORM his_add_numbers(u, kind, key, r->'numbers');
  END IF;
END
$his$"""

_NUMBERS = """
CREATE OR REPLACE FUNCTION his_add_numbers(u int, kind text, key text, found jsonb) RETURNS void
LANGUAGE sql AS $his$
  INSERT INTO resource_number (unit_id, type, param, low, high, unit, id)
  SELECT u, kind, e->>0, coalesce((e->>1)::float8, '-infinity'), coalesce((e->>2)::float8, 'infinity'), e->>3, key
  FROM jsonb_array_elements(found) e ON CONFLICT DO NOTHING
$his$"""

_MATCH = """
CREATE OR REPLACE FUNCTION his_json_match(content text, path text, named jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE COST 5000 AS $his$
BEGIN
  RETURN jsonb_path_exists(content::jsonb, path::jsonpath, named, true);
END
$his$"""

_INSERT = """
CREATE OR REPLACE FUNCTION his_insert_resources(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $his$
DECLARE
  u int := (p->>'unit')::int;
  stamp timestamptz := (p->>'at')::timestamptz;
BEGIN
  WITH made AS (
    INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content)
    SELECT u, r->>'type', r->>'id', 1, stamp, false, (r->>'engine')::boolean,
           encode(sha256(convert_to(b.body, 'UTF8')), 'hex'), b.body
    FROM jsonb_array_elements(p->'r') r, LATERAL (SELECT (r->>'head') || '1' || (r->>'tail') AS body OFFSET 0) b
    RETURNING type, id, sha256, content)
  INSERT INTO resource_version (unit_id, type, id, version, recorded_at, actor, op, content, sha256, previous_sha256)
  SELECT u, m.type, m.id, 1, stamp, coalesce(p->>'actor', ''), 'create', m.content, m.sha256, '' FROM made m;
  INSERT INTO resource_index (unit_id, type, param, value, id)
  SELECT u, k.kind, e->>0, e->>1, k.key
  FROM jsonb_array_elements(p->'r') r, LATERAL (SELECT r->>'type' AS kind, r->>'id' AS key OFFSET 0) k,
       jsonb_array_elements(r->'index') e;
  INSERT INTO resource_date (unit_id, type, param, low, high, id)
  SELECT u, r->>'type', e->>0, (e->>1)::timestamptz, (e->>2)::timestamptz, r->>'id'
  FROM jsonb_array_elements(p->'r') r, jsonb_array_elements(r->'dates') e;
  IF jsonb_path_exists(p, '$.r[*].numbers[0]') THEN
    PERFORM his_add_numbers(u, r->>'type', r->>'id', r->'numbers') FROM jsonb_array_elements(p->'r') r
    WHERE r ? 'numbers';
  END IF;
  RETURN to_jsonb(array_fill(1, ARRAY[jsonb_array_length(p->'r')]));
END
$his$"""

_WRITE = """
CREATE OR REPLACE FUNCTION his_write_resources(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $his$
DECLARE
  u int := (p->>'unit')::int;
  stamp timestamptz := (p->>'at')::timestamptz;
  who text := coalesce(p->>'actor', '');
  r jsonb;
  kind text;
  key text;
  must int;
  ver int;
  standing boolean;
  old resource_current%ROWTYPE;
  body text;
  digest text;
  written int[] := '{}';
BEGIN
  IF EXISTS (SELECT 1 FROM subscription s WHERE s.unit_id = u AND s.state IN ('active', 'error')) THEN
    PERFORM his_note_events(u, stamp, p);
  END IF;
  IF NOT jsonb_path_exists(p, '$.r[*] ? (!exists(@.fresh) || exists(@.unless))') THEN
    RETURN his_insert_resources(p);
  END IF;
  FOR r IN SELECT value FROM jsonb_array_elements(p->'r') LOOP
    kind := r->>'type';
    key := r->>'id';
    must := (r->>'must')::int;
    standing := false;
    IF r ? 'unless' THEN PERFORM his_claim_key(u, kind, key, r->'unless'); END IF;
    IF NOT r ? 'fresh' THEN
      SELECT * INTO old FROM resource_current WHERE unit_id = u AND type = kind AND id = key FOR UPDATE;
      standing := FOUND;
      IF must > 0 AND (NOT standing OR old.version <> must) THEN
        RAISE EXCEPTION 'stale %/%', kind, key USING ERRCODE = 'HS412';
      ELSIF must = 0 AND standing AND NOT old.deleted THEN
        RAISE EXCEPTION 'version needed %/%', kind, key USING ERRCODE = 'HS428';
      ELSIF r->>'op' = 'delete' AND NOT standing AND r ? 'modelled' THEN
        CONTINUE;
      ELSIF r->>'op' = 'delete' AND NOT standing THEN
        RAISE EXCEPTION 'nothing to delete' USING ERRCODE = 'HS404';
      ELSIF r->>'op' = 'delete' AND old.deleted THEN
        written := written || old.version;
        CONTINUE;
      END IF;
    END IF;
    IF standing AND NOT old.deleted AND NOT old.engine AND (r->>'engine')::boolean THEN
      RAISE EXCEPTION 'owned %/%', kind, key USING ERRCODE = 'HS423';
    END IF;
    ver := CASE WHEN standing THEN old.version + 1 ELSE 1 END;
    body := CASE WHEN r->>'op' = 'delete' THEN '' ELSE (r->>'head') || ver || (r->>'tail') END;
    IF standing THEN
      IF r ? 'modelled' AND r->>'op' <> 'delete' AND NOT old.deleted THEN SELECT k.body, k.kept INTO body, r FROM his_keep(body, old.content, r) k; END IF;
      digest := encode(sha256(convert_to(old.sha256 || body, 'UTF8')), 'hex');
      UPDATE resource_current
      SET version = ver, updated_at = stamp, deleted = (r->>'op' = 'delete'), engine = (r->>'engine')::boolean,
          sha256 = digest, content = body
      WHERE unit_id = u AND type = kind AND id = key;
      IF r->>'op' = 'delete' THEN
        DELETE FROM resource_index WHERE unit_id = u AND type = kind AND id = key;
        DELETE FROM resource_date WHERE unit_id = u AND type = kind AND id = key;
        DELETE FROM resource_number WHERE unit_id = u AND type = kind AND id = key;
      END IF;
      IF NOT r ? 'unless' THEN DELETE FROM resource_key k WHERE k.unit_id = u AND k.type = kind AND k.id = r->>'id'; END IF;
    ELSE
      digest := encode(sha256(convert_to(body, 'UTF8')), 'hex');
      INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content)
      VALUES (u, kind, key, 1, stamp, false, (r->>'engine')::boolean, digest, body);
    END IF;
    INSERT INTO resource_version (unit_id, type, id, version, recorded_at, actor, op, content, sha256, previous_sha256)
    VALUES (u, kind, key, ver, stamp, who, CASE WHEN ver = 1 THEN 'create' ELSE r->>'op' END, body, digest,
            CASE WHEN standing THEN old.sha256 ELSE '' END);
    IF r->>'op' <> 'delete' THEN
      IF NOT standing OR old.deleted THEN
        INSERT INTO resource_index (unit_id, type, param, value, id)
        SELECT u, kind, e->>0, e->>1, key FROM jsonb_array_elements(r->'index') e;
        IF r ? 'dates' THEN
          INSERT INTO resource_date (unit_id, type, param, low, high, id)
          SELECT u, kind, e->>0, (e->>1)::timestamptz, (e->>2)::timestamptz, key FROM jsonb_array_elements(r->'dates') e;
        END IF;
        IF r ? 'numbers' THEN PERFORM his_add_numbers(u, kind, key, r->'numbers'); END IF;
      ELSE
        PERFORM his_move_index(u, kind, key, r);
      END IF;
    END IF;
    written := written || ver;
  END LOOP;
  RETURN to_jsonb(written);
END
$his$"""

_READ = """
CREATE OR REPLACE FUNCTION his_read(u int, stamp timestamptz, kinds text[], keys text[], actors text[], roles text[],
                                    requests text[])
RETURNS TABLE (n int, version int, updated_at timestamptz, deleted boolean, content text) LANGUAGE plpgsql AS $his$
BEGIN
  PERFORM set_config('his.unit', u::text, true);
  INSERT INTO audit_entry (unit_id, id, recorded_at, actor, role, action, entity_type, entity_id, outcome, detail, request_id)
  SELECT u, uuidv7(), stamp, a.actor, a.role, 'read', a.kind, a.key, 'success', '{}', a.request
  FROM unnest(kinds, keys, actors, roles, requests) a(kind, key, actor, role, request);
  RETURN QUERY SELECT (a.n - 1)::int, c.version, c.updated_at, c.deleted, c.content
  FROM unnest(kinds, keys) WITH ORDINALITY a(kind, key, n)
  JOIN resource_current c ON c.unit_id = u AND c.type = a.kind AND c.id = a.key;
END
$his$"""

_AUDIT = """
CREATE OR REPLACE FUNCTION his_audit(u int, stamp timestamptz, acts text[], kinds text[], keys text[], actors text[],
                                     roles text[], details text[], outcomes text[], requests text[])
RETURNS void LANGUAGE plpgsql AS $his$
BEGIN
  PERFORM set_config('his.unit', u::text, true);
  INSERT INTO audit_entry (unit_id, id, recorded_at, actor, role, action, entity_type, entity_id, outcome, detail, request_id)
  SELECT u, uuidv7(), stamp, a.actor, a.role, a.act, a.kind, a.key, a.outcome, a.detail::jsonb, a.request
  FROM unnest(acts, kinds, keys, actors, roles, details, outcomes, requests)
       a(act, kind, key, actor, role, detail, outcome, request);
END
$his$"""

# What the planner is told of tables that were never analysed: without it, it takes any index whose first columns match,
# and keeps that plan. Shape: distinct values of each column (negative: share of the rows).
_SHAPE = {
    "resource_index": {"unit_id": 20, "type": 30, "param": 100, "value": -0.2, "id": -0.05},
    "resource_date": {"unit_id": 20, "type": 30, "param": 20, "low": -0.5, "high": -0.5, "id": -0.8},
    "resource_number": {"unit_id": 20, "type": 30, "param": 20, "low": -0.2, "high": -0.2, "unit": 50, "id": -0.8},
    "resource_current": {"unit_id": 20, "type": 30, "updated_at": -0.9, "id": -1},
    "resource_version": {"unit_id": 20, "type": 30, "recorded_at": -0.9, "id": -0.7, "version": 20},
}
_PAGES, _ROWS = 20_000, 1_000_000


def _expectations() -> str:
    lines = []
    for name, distinct in _SHAPE.items():
        relation = f"'schemaname', 'public', 'relname', '{name}'"
        lines.append(
            f"IF NOT EXISTS (SELECT 1 FROM pg_stats WHERE schemaname = 'public' AND tablename = '{name}') THEN"
        )
        lines.append(
            f"PERFORM pg_restore_relation_stats({relation}, 'relpages', {_PAGES}, 'reltuples', {_ROWS}::real, "
            "'relallvisible', 0);"
        )
        lines += [
            f"PERFORM pg_restore_attribute_stats({relation}, 'attname', '{column}', 'inherited', false, "
            f"'null_frac', 0::real, 'avg_width', 20, 'n_distinct', ({count})::real);"
            for column, count in distinct.items()
        ]
        lines.append("END IF;")
    return "DO $his$ BEGIN\n" + "\n".join(lines) + "\nEND $his$"


WRITE_RESOURCES = ";\n".join(
    (_CLAIM_KEY, _MERGE, KEEP_LABELS, _NUMBERS, _MATCH, _MOVE, _INSERT, NOTE, _WRITE, _READ, _AUDIT, _expectations())
)
