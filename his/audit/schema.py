"""The trail's functions in the database: parts by month, the seal that chains entries, the refusal to change, retention.

`his_seal_audit` gives every committed entry its place in the chain of its unit (decision 0040). An entry is hashed over
`his_audit_text`, a block over its place, its entries and the block before it; rules.py computes the same from the rows.
`floor_at`: every entry whose id is older has its place; entries above it are compared with the blocks from `open_from`.
"""

from typing import Final

RETENTION_ROLE: Final = "his_retention"

_FLOOR = """
CREATE OR REPLACE FUNCTION his_uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $his$
  SELECT (lpad(to_hex(greatest(0, extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$his$"""

_TEXT = """
CREATE OR REPLACE FUNCTION his_audit_text(e audit_entry) RETURNS text LANGUAGE sql STABLE AS $his$
  SELECT string_agg(length(f)::text || ':' || f || ',', '' ORDER BY n) FROM unnest(ARRAY[
    e.unit_id::text, e.id::text, (extract(epoch FROM e.recorded_at) * 1000000)::bigint::text, e.actor, e.role, e.action,
    e.entity_type, e.entity_id, e.outcome, e.request_id, e.detail::text]) WITH ORDINALITY a(f, n)
$his$"""

_SEAL = """
CREATE OR REPLACE FUNCTION his_seal_audit(most int) RETURNS int LANGUAGE plpgsql AS $his$
DECLARE
  u int;
  last audit_block%ROWTYPE;
  began timestamptz;
  oldest bigint;
  beyond bigint;
  open_no int;
  ids uuid[];
  digests bytea;
  named bytea;
  passed boolean;
  first_seq bigint;
  low timestamptz;
  sealed int := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7202) THEN RETURN 0; END IF;
  FOR u IN SELECT id FROM unit ORDER BY id LOOP
    PERFORM set_config('his.unit', u::text, true);
    SELECT * INTO last FROM audit_block b WHERE b.unit_id = u ORDER BY b.number DESC LIMIT 1;
    IF last.number IS NULL THEN
      last.number := 0;
      last.first_seq := 1;
      last.entry_ids := '{}';
      last.sha256 := '';
      last.floor_at := '2000-01-01Z';
      last.mark_at := '2000-01-01Z';
      last.mark_xid := 0;
      last.open_from := 1;
    END IF;
    began := clock_timestamp();
    SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint INTO oldest, beyond
    FROM pg_current_snapshot() s;
    SELECT coalesce(min(b.number), last.number + 1) INTO open_no FROM audit_block b
    WHERE b.unit_id = u AND b.number >= last.open_from AND b.sealed_at >= last.floor_at;
    SELECT array_agg(x.id ORDER BY x.id), string_agg(x.digest, '' ORDER BY x.id), string_agg(uuid_send(x.id), '' ORDER BY x.id)
    INTO ids, digests, named FROM (
      SELECT e.id, sha256(convert_to(his_audit_text(e), 'UTF8')) AS digest FROM audit_entry e
      WHERE e.unit_id = u AND e.id >= his_uuid_floor(last.floor_at) AND NOT EXISTS (
        SELECT 1 FROM (SELECT unnest(b.entry_ids) AS id FROM audit_block b WHERE b.unit_id = u AND b.number >= open_no) s
        WHERE s.id = e.id)
      ORDER BY e.id LIMIT most) x;
    CONTINUE WHEN ids IS NULL;
    passed := oldest >= last.mark_xid;
    low := began - interval '1 hour';
    IF cardinality(ids) = most THEN
      low := least(low, to_timestamp(('x' || left(replace(ids[most]::text, '-', ''), 12))::bit(48)::bigint / 1000.0));
    ELSIF passed THEN
      low := greatest(low, last.mark_at - interval '5 seconds');
    END IF;
    low := greatest(low, last.floor_at);
    first_seq := last.first_seq + cardinality(last.entry_ids);
    INSERT INTO audit_block (unit_id, number, first_seq, entry_ids, digests, previous, sha256, sealed_at, floor_at, mark_at,
                             mark_xid, open_from)
    VALUES (u, last.number + 1, first_seq, ids, digests, last.sha256, sha256(last.sha256 || convert_to(concat_ws(':', u,
            last.number + 1, first_seq, cardinality(ids), (extract(epoch FROM began) * 1000000)::bigint,
            (extract(epoch FROM low) * 1000000)::bigint), 'UTF8') || named || digests), began, low,
            CASE WHEN passed THEN began ELSE last.mark_at END, CASE WHEN passed THEN beyond ELSE last.mark_xid END, open_no);
    sealed := sealed + cardinality(ids);
  END LOOP;
  PERFORM set_config('his.unit', '', true);
  RETURN sealed;
END
$his$"""

_HEADS = """
CREATE OR REPLACE FUNCTION his_audit_heads() RETURNS TABLE (unit int, number int, last_seq bigint, sha256 bytea)
LANGUAGE plpgsql AS $his$
DECLARE
  u int;
BEGIN
  FOR u IN SELECT id FROM unit ORDER BY id LOOP
    PERFORM set_config('his.unit', u::text, true);
    RETURN QUERY SELECT u, b.number, b.first_seq + cardinality(b.entry_ids) - 1, b.sha256 FROM audit_block b
    WHERE b.unit_id = u ORDER BY b.number DESC LIMIT 1;
  END LOOP;
  PERFORM set_config('his.unit', '', true);
END
$his$"""

_KEPT = f"""
CREATE OR REPLACE FUNCTION his_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $his$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME LIKE 'entry%' AND current_user = '{RETENTION_ROLE}' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit trail is never changed' USING ERRCODE = '42501';
END
$his$"""

_PARTS = """
CREATE OR REPLACE FUNCTION his_audit_parts(ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $his$
DECLARE
  month timestamp;
  part text;
  low uuid;
  high uuid;
  made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7203);
  FOR i IN 0..ahead LOOP
    month := date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') + make_interval(months => i);
    part := 'entry_' || to_char(month, 'YYYYMM');
    low := his_uuid_floor(month AT TIME ZONE 'Asia/Ho_Chi_Minh');
    high := his_uuid_floor((month + interval '1 month') AT TIME ZONE 'Asia/Ho_Chi_Minh');
    CONTINUE WHEN to_regclass('audit.' || part) IS NOT NULL
      OR EXISTS (SELECT 1 FROM audit.entry_other o WHERE o.id >= low AND o.id < high);
    EXECUTE format('CREATE TABLE audit.%I (LIKE audit_entry INCLUDING DEFAULTS)', part);
    EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE audit_entry ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)', part, low, high);
    made := made + 1;
  END LOOP;
  FOR part IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'audit'::regnamespace AND c.relkind = 'r'
              AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_kept_whole') LOOP
    EXECUTE format('CREATE TRIGGER audit_kept_whole BEFORE TRUNCATE ON audit.%I EXECUTE FUNCTION his_audit_kept()', part);
  END LOOP;
  RETURN made;
END
$his$"""

_FORGET = """
CREATE OR REPLACE FUNCTION his_audit_forget(u int, class text, system_kinds text[], before timestamptz, why text, most int)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $his$
DECLARE
  n int;
BEGIN
  IF before > clock_timestamp() - interval '12 months' OR class NOT IN ('system', 'record') THEN
    RAISE EXCEPTION 'kept at least twelve months' USING ERRCODE = '42501';
  END IF;
  PERFORM set_config('his.unit', u::text, true);
  WITH due AS MATERIALIZED (
    SELECT e.id FROM audit_entry e WHERE e.unit_id = u AND e.id < his_uuid_floor(before)
    AND (e.entity_type = ANY (system_kinds)) = (class = 'system') ORDER BY e.id LIMIT most)
  DELETE FROM audit_entry e USING due WHERE e.unit_id = u AND e.id = due.id;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n > 0 THEN
    INSERT INTO audit_entry (unit_id, id, recorded_at, actor, role, action, entity_type, entity_id, outcome, detail)
    VALUES (u, uuidv7(), clock_timestamp(), 'worker', 'worker', 'audit:forget', 'AuditEvent', class, 'success',
            jsonb_build_object('before', before, 'entries', n, 'rule', why));
  END IF;
  RETURN n;
END
$his$"""


def _triggers() -> str:
    out = []
    for table in ("audit_entry", "audit_block"):
        for name, event in (("audit_kept", "UPDATE OR DELETE"), ("audit_kept_whole", "TRUNCATE")):
            each = "FOR EACH ROW " if name == "audit_kept" else ""
            out.append(
                f"IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgname = '{name}') THEN "
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} {each}EXECUTE FUNCTION his_audit_kept(); END IF;"
            )
    return "DO $do$ BEGIN\n" + "\n".join(out) + "\nEND $do$"


_FORGET_NAME = "his_audit_forget(int, text, text[], timestamptz, text, int)"
_RIGHTS = f"""
GRANT SELECT, INSERT, DELETE ON audit_entry TO {RETENTION_ROLE};
GRANT USAGE, CREATE ON SCHEMA public TO {RETENTION_ROLE};
ALTER FUNCTION {_FORGET_NAME} OWNER TO {RETENTION_ROLE};
REVOKE CREATE ON SCHEMA public FROM {RETENTION_ROLE};
REVOKE ALL ON FUNCTION {_FORGET_NAME}, his_audit_parts(int), his_seal_audit(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {_FORGET_NAME}, his_audit_parts(int), his_seal_audit(int) TO his_worker"""

MONTHS_AHEAD: Final = 3
FUNCTIONS: Final = ";\n".join(
    (
        *(_FLOOR, _TEXT, _SEAL, _HEADS, _KEPT, _PARTS, _FORGET, _triggers(), _RIGHTS),
        f"SELECT his_audit_parts({MONTHS_AHEAD})",
    )
)


def create_role(known: bool) -> list[str]:
    """Statements that make the role that owns the retention function; nobody signs in as it, the owner may replace it."""
    return [
        f"{'ALTER' if known else 'CREATE'} ROLE {RETENTION_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
        f"GRANT {RETENTION_ROLE} TO CURRENT_USER",
    ]
