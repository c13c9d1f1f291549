"""Tenancy in the schema (architecture section 5): the rules hold in the real catalogue and turn red on a bad table."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

OPEN = {
    "account",
    "web_session",
    "api_client",
    "access_token",
    "person",
    "smart_grant",
    "smart_launch",
}  # looked up before any unit is known

QUERIES = {
    "primary key starts with unit_id": """
        SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND i.indkey[0] <> a.attnum""",
    "row-level security is forced": """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""",
    "a policy on the unit": """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS
        (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'unit')""",
    "foreign keys carry the unit": """
        SELECT k.conname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attname = 'unit_id'
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attname = 'unit_id'
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
        AND NOT (a.attnum = ANY (k.conkey) AND b.attnum = ANY (k.confkey))""",
    "unique keys start with the unit": """
        SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id'
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND i.indkey[0] <> a.attnum""",
    "no triggers of ours": """
        SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
        AND tgname NOT IN ('audit_kept', 'audit_kept_whole')""",  # decision 0040
    "no views": "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace",
    "service roles own nothing": """
        SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname IN ('his_app', 'his_worker')""",
    "service roles bypass nothing": """
        SELECT rolname FROM pg_roles WHERE rolname IN ('his_app', 'his_worker') AND (rolsuper OR rolbypassrls OR rolcreaterole)""",
    "nobody may truncate": """
        SELECT table_name FROM information_schema.role_table_grants
        WHERE grantee IN ('his_app', 'his_worker') AND privilege_type = 'TRUNCATE'""",
}
BAD = {
    "primary key starts with unit_id": "CREATE TABLE bad (id int, unit_id int, PRIMARY KEY (id, unit_id))",
    "row-level security is forced": "CREATE TABLE bad (unit_id int PRIMARY KEY)",
    "a policy on the unit": "CREATE TABLE bad (unit_id int PRIMARY KEY)",
    "foreign keys carry the unit": "CREATE TABLE good (unit_id int, id int UNIQUE); "
    "CREATE TABLE bad (unit_id int, other int REFERENCES good (id))",
    "unique keys start with the unit": "CREATE TABLE bad (unit_id int, code text UNIQUE)",
    "no triggers of ours": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
    "CREATE TRIGGER bad BEFORE INSERT ON patient FOR EACH ROW EXECUTE FUNCTION f()",
    "no views": "CREATE VIEW bad AS SELECT * FROM patient",
    "service roles own nothing": "CREATE TABLE bad (); ALTER TABLE bad OWNER TO his_app",
    "service roles bypass nothing": "ALTER ROLE his_app BYPASSRLS",
    "nobody may truncate": "GRANT TRUNCATE ON patient TO his_app",
}


def offenders(connection: psycopg.Connection, rule: str) -> set[str]:
    return {row[0] for row in connection.execute(QUERIES[rule]).fetchall()} - OPEN


@pytest.mark.parametrize("rule", QUERIES)
def test_schema_rule_holds(rule, clone):
    with psycopg.connect(clone["owner"]) as connection:
        found = {name for name in offenders(connection, rule) if not name.startswith(tuple(f"{o}_" for o in OPEN))}
    assert found == set()


@pytest.mark.parametrize("rule", QUERIES)
def test_schema_rule_turns_red(rule, clone):
    with psycopg.connect(clone["owner"]) as connection:
        connection.execute(BAD[rule])
        assert offenders(connection, rule)
        connection.rollback()


def test_migrations_make_what_the_table_classes_say(clone):
    """The frozen SQL of the migrations and the table classes describe the same schema."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(clone["owner"]))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
