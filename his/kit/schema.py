"""Schema as text, generated from the table classes: tables, row-level security, grants, and the writing function."""

from collections.abc import Callable, Iterable

from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

UNIT = "nullif(current_setting('his.unit', true), '')::int"
PAYER = "nullif(current_setting('his.payer', true), '')::int"
PROVINCE = "nullif(current_setting('his.province', true), '')"
WORKER_TABLES = ("parcel", "dirty_key", "card_check", "bulk_job", "subscription", "subscription_event")


CHUNK = 9
"""Tables asked for together in `his_apply`: about the root of how many there are."""


def is_tenant(table: Table) -> bool:
    """A table is a tenant's when `unit_id` is part of its primary key."""
    return "unit_id" in table.primary_key.columns


def tables_ddl(metadata: MetaData) -> list[str]:
    """CREATE TABLE and CREATE INDEX of every table class, parents first."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    out: list[str] = []
    for table in metadata.sorted_tables:
        out.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        out += [
            str(CreateIndex(index).compile(dialect=dialect)).strip()
            for index in sorted(table.indexes, key=lambda i: str(i.name))
        ]
    return out


def policies_ddl(metadata: MetaData) -> list[str]:
    """Forced row-level security: a row is seen in the context of its unit, its insurer or its province, or not at all."""
    out: list[str] = []
    for table in metadata.sorted_tables:
        if not is_tenant(table):
            continue
        name = table.name
        out.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        out.append(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        out.append(f"CREATE POLICY unit ON {name} USING (unit_id = {UNIT})")
        if "payer_id" in table.columns:
            out.append(f"CREATE POLICY payer ON {name} USING (payer_id = {PAYER})")
        if "province_code" in table.columns and "day" in table.primary_key.columns:
            out.append(f"CREATE POLICY province ON {name} FOR SELECT USING (province_code = {PROVINCE})")
        if name in WORKER_TABLES:
            out.append(f"CREATE POLICY worker ON {name} FOR SELECT TO his_worker USING (true)")
    return out


def grants_ddl(metadata: MetaData, closed: Iterable[str] = ()) -> list[str]:
    """What the service roles may do: rows, never TRUNCATE, never DDL; `closed` tables are insert-only for them."""
    out = ["GRANT USAGE ON SCHEMA public TO his_app, his_worker"]
    for table in metadata.sorted_tables:
        rights = "INSERT" if table.name in closed else "SELECT, INSERT, UPDATE, DELETE"
        out.append(f"GRANT {rights} ON {table.name} TO his_app, his_worker")
    out.append("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO his_app, his_worker")
    return out


def apply_function(metadata: MetaData) -> str:
    """`his_apply(jsonb)`: sets the tenancy context and writes a whole change set in one round trip."""
    tables = [t for t in metadata.sorted_tables if not t.info.get("engine")]
    return f"""
CREATE OR REPLACE FUNCTION his_apply(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $his$
DECLARE
  o jsonb;
  n int;
  answer jsonb;
BEGIN
  PERFORM set_config('his.unit', coalesce(p->>'unit', ''), true),
          set_config('his.payer', coalesce(p->>'payer', ''), true),
          set_config('his.province', coalesce(p->>'province', ''), true);
  o := p->'d';
  IF o IS NOT NULL THEN
{_each(reversed(tables), _delete)}
  END IF;
  o := p->'i';
  IF o IS NOT NULL THEN
{_each(tables, _insert)}
  END IF;
  o := p->'s';
  IF o IS NOT NULL THEN
{_each(tables, _upsert)}
  END IF;
  o := p->'u';
  IF o IS NOT NULL THEN
{_each(tables, _update)}
  END IF;
  IF p ? 'r' THEN answer := his_write_resources(p); END IF;
  IF p ? 'a' THEN
    INSERT INTO audit_entry (unit_id, id, recorded_at, actor, role, action, entity_type, entity_id, outcome, detail,
                             request_id)
    SELECT (p->>'unit')::int, uuidv7(), (p->>'at')::timestamptz, coalesce(p->>'actor', ''), coalesce(p->>'role', ''),
           a->>'action', a->>'type', a->>'id', coalesce(a->'detail'->>'outcome', 'success'), (a->'detail') - 'outcome', coalesce(p->>'rid', '')
    FROM jsonb_array_elements(p->'a') a;
  END IF;
  IF p ? 'k' THEN
    INSERT INTO dirty_key (unit_id, id, topic, key, queued_at)
    SELECT (p->>'unit')::int, uuidv7(), k->>0, k->>1, clock_timestamp() FROM jsonb_array_elements(p->'k') k;
  END IF;
  IF p ? 'n' THEN PERFORM pg_notify('his_' || c, p->>'unit') FROM jsonb_array_elements_text(p->'n') c; END IF;
  RETURN answer;
END
$his$"""


# Several change sets in one transaction, each its own subtransaction. Of one that was refused, or that waited for a lock
# longer than the others shall wait for it, nothing is written: its answer is the SQLSTATE, that of the others `[answer]`.
APPLY_GROUP = """
CREATE OR REPLACE FUNCTION his_apply_group(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $his$
DECLARE
  item jsonb;
  answers jsonb := '[]';
BEGIN
  PERFORM set_config('lock_timeout', '100ms', true);
  FOR item IN SELECT value FROM jsonb_array_elements(p) LOOP
    BEGIN
      answers := answers || jsonb_build_array(jsonb_build_array(his_apply(item)));
    EXCEPTION WHEN OTHERS THEN
      answers := answers || to_jsonb(SQLSTATE);
    END;
  END LOOP;
  RETURN answers;
END
$his$"""


def _key(table: Table) -> str:
    return " AND ".join(f"t.{c.name} = r.{c.name}" for c in table.primary_key.columns)


def _each(tables: Iterable[Table], statement: Callable[[Table], str]) -> str:
    """The statement of each table that is named in `o`, asked for in groups: a change set names few of them."""
    found = [(table.name, made) for table in tables if (made := statement(table))]
    out = []
    for start in range(0, len(found), CHUNK):
        part = found[start : start + CHUNK]
        names = ",".join(name for name, _ in part)
        out.append(f"    IF o ?| '{{{names}}}' THEN")
        out += [f"      IF o ? '{name}' THEN {made} END IF;" for name, made in part]
        out.append("    END IF;")
    return "\n".join(out)


def _rows(table: Table) -> str:
    return f"jsonb_populate_recordset(NULL::{table.name}, o->'{table.name}')"


def _insert(table: Table) -> str:
    return f"INSERT INTO {table.name} SELECT * FROM {_rows(table)};"


def _update(table: Table) -> str:
    key = {c.name for c in table.primary_key.columns}
    sets = ", ".join(f"{c.name} = r.{c.name}" for c in table.columns if c.name not in key)
    if not sets:
        return ""
    version = " AND t.version = r.version - 1" if "version" in table.columns else ""
    return f"UPDATE {table.name} t SET {sets} FROM {_rows(table)} r WHERE {_key(table)}{version}; {_stale(table)}"


def _stale(table: Table) -> str:
    """Refuse the whole change set when fewer rows stood in the version that was read."""
    return (
        f"GET DIAGNOSTICS n = ROW_COUNT; IF n <> jsonb_array_length(o->'{table.name}') THEN "
        f"RAISE EXCEPTION 'stale {table.name}' USING ERRCODE = 'HS412'; END IF;"
    )


def _upsert(table: Table) -> str:
    key = [c.name for c in table.primary_key.columns]
    sets = ", ".join(f"{c.name} = EXCLUDED.{c.name}" for c in table.columns if c.name not in key)
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    return f"INSERT INTO {table.name} SELECT * FROM {_rows(table)} ON CONFLICT ({', '.join(key)}) {action};"


def _delete(table: Table) -> str:
    version = " AND t.version = r.version" if "version" in table.columns else ""
    stale = _stale(table) if version else ""
    return f"DELETE FROM {table.name} t USING {_rows(table)} r WHERE {_key(table)}{version}; {stale}"
