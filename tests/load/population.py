"""Many patients in minutes: a few hundred are made through the interface, the others are their twins, row by row.

Every row of a twin is that of its template with ids, numbers and texts of its own, so tables, index and plans look as
after so many real writes. The tables without foreign keys lose their indexes while they are filled.
"""

import json
from pathlib import Path

import psycopg

_TWINS = """
CREATE UNLOGGED TABLE bench_twin AS
SELECT t.id AS old, uuidv7() AS new, uuidv7() AS person, t.citizen_number AS old_citizen, t.code AS old_code,
       lpad((600000000000 + g)::text, 12, '0') AS citizen, 'B-' || g AS code
FROM generate_series(%(start)s + 1, %(start)s + %(size)s) g
JOIN (SELECT id, citizen_number, code, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS total
      FROM (SELECT * FROM patient WHERE unit_id = %(unit)s AND citizen_number <> '' AND code !~ '^B-' ORDER BY id LIMIT 400) p) t ON t.n = g %% t.total
"""
_TEXT = "replace(replace({0}, w.old::text, w.new::text), w.old_citizen, w.citizen)"
_FILL = (
    "INSERT INTO person SELECT r.* FROM bench_twin w JOIN patient t ON t.unit_id = %(unit)s AND t.id = w.old "
    "JOIN person p ON p.id = t.person_id CROSS JOIN LATERAL jsonb_populate_record(p, "
    "jsonb_build_object('id', w.person, 'citizen_number', w.citizen)) r",
    "INSERT INTO patient SELECT r.* FROM bench_twin w JOIN patient t ON t.unit_id = %(unit)s AND t.id = w.old "
    "CROSS JOIN LATERAL jsonb_populate_record(t, jsonb_build_object('id', w.new, 'person_id', w.person, 'code', w.code, "
    "'citizen_number', w.citizen)) r",
    "INSERT INTO patient_token (unit_id, id, token) SELECT t.unit_id, w.new, t.token FROM bench_twin w "
    "JOIN patient_token t ON t.unit_id = %(unit)s AND t.id = w.old",
    "INSERT INTO resource_current (unit_id, type, id, version, updated_at, deleted, engine, sha256, content) "
    "SELECT c.unit_id, c.type, w.new::text, 1, c.updated_at, false, c.engine, encode(sha256(convert_to(b.body, 'UTF8')), 'hex'), "
    "b.body FROM bench_twin w JOIN resource_current c ON c.unit_id = %(unit)s AND c.type = 'Patient' AND c.id = w.old::text "
    f"CROSS JOIN LATERAL (SELECT {_TEXT.format('c.content')} AS body OFFSET 0) b",
    "INSERT INTO resource_version (unit_id, type, id, version, recorded_at, actor, op, content, sha256, previous_sha256) "
    "SELECT c.unit_id, c.type, c.id, 1, c.updated_at, 'bench', 'create', c.content, c.sha256, '' "
    "FROM bench_twin w JOIN resource_current c ON c.unit_id = %(unit)s AND c.type = 'Patient' AND c.id = w.new::text",
    "INSERT INTO resource_index (unit_id, type, param, value, id) SELECT i.unit_id, i.type, i.param, "
    "CASE WHEN i.param = 'identifier' THEN replace(replace(i.value, w.old_citizen, w.citizen), w.old_code, w.code) ELSE i.value END, "
    "w.new::text FROM bench_twin w JOIN resource_index i ON i.unit_id = %(unit)s AND i.type = 'Patient' AND i.id = w.old::text",
    "INSERT INTO resource_date (unit_id, type, param, low, high, id) SELECT d.unit_id, d.type, d.param, d.low, d.high, "
    "w.new::text FROM bench_twin w JOIN resource_date d ON d.unit_id = %(unit)s AND d.type = 'Patient' AND d.id = w.old::text",
)
_BARE = ("resource_index", "resource_date", "resource_version")


def grow(owner_dsn: str, unit: int, size: int, seed_file: Path, start: int = 0) -> None:
    """Add so many twins of the unit's patients; `seed_file` gets ids and citizen numbers of some, for the load generator.

    `start` is how many twins stand already: their numbers go on from there.
    """
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET row_security = off")
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("SET synchronous_commit = off")
        values = {"size": size, "unit": unit, "start": start}
        connection.execute("DROP TABLE IF EXISTS bench_twin")
        connection.execute(_TWINS, values)
        connection.execute("CREATE INDEX ON bench_twin (old)")
        connection.execute("ANALYZE bench_twin, patient, person, resource_current, resource_index, resource_date")
        again = _without_indexes(connection)
        for statement in _FILL:
            connection.execute(statement.encode(), values)
        for statement in again:
            connection.execute(statement.encode())
        rows = connection.execute(
            "SELECT new::text, citizen FROM bench_twin ORDER BY md5(citizen) LIMIT 2000"
        ).fetchall()
        seed_file.write_text(json.dumps(rows), encoding="utf-8")
        connection.execute("DROP TABLE bench_twin")
        connection.execute("VACUUM ANALYZE")


def _without_indexes(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Take the indexes off the tables that nothing refers to; what makes them again. The one by id serves the joins."""
    again: list[str] = []
    for table in _BARE:
        found = connection.execute(
            "SELECT i.indexrelid::regclass::text, i.indisprimary, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(c.oid), c.conname "
            "FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid WHERE i.indrelid = %s::regclass",
            (table,),
        ).fetchall()
        for name, primary, definition, constraint, constraint_name in found:
            if str(name).endswith("_id"):
                continue
            if primary:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint_name}".encode())
                again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint_name} {constraint}")
            else:
                connection.execute(f"DROP INDEX {name}".encode())
                again.append(str(definition))
    return again
