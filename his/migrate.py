"""Schema set-up: service roles, alembic migrations, and the functions generated from the table classes."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlmodel import SQLModel

from his.audit import schema as audit_schema
from his.breakglass import schema as breakglass_schema
from his.discovery import import_tables
from his.exchange.bulk import horizon
from his.fhir import viewschema
from his.fhir.reindex import REINDEX, bring_up_to_date
from his.fhir.schema import WRITE_RESOURCES
from his.kit.addresses import role_address
from his.kit.schema import APPLY_GROUP, apply_function
from his.standing import SERVICE_ROLES, ensure_roles, fingerprint, mark, scripts


def migrate(owner_dsn: str, data_dir: Path) -> dict[str, str]:
    """Bring the database up to date as its owner; returns the connection strings of the service roles by name.

    The roles own nothing and cannot bypass row-level security; their password stands in `data_dir` (mode 600).
    """
    made_of = fingerprint()
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7201)")
        password = ensure_roles(connection, data_dir)
        limited = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (viewschema.ROLE,)).fetchone()
        for statement in viewschema.create_role(limited is not None):
            connection.execute(statement.encode())
        known = connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", (audit_schema.RETENTION_ROLE,)
        ).fetchone()
        for statement in audit_schema.create_role(known is not None):
            connection.execute(statement.encode())
        upgrade(owner_dsn)
        import_tables()
        connection.execute(audit_schema.FUNCTIONS.encode())
        connection.execute(WRITE_RESOURCES)
        connection.execute(viewschema.FUNCTIONS.encode())
        connection.execute(breakglass_schema.FUNCTIONS.encode())
        connection.execute(horizon.FUNCTION)
        connection.execute(viewschema.policies(SQLModel.metadata).encode())
        connection.execute(REINDEX)
        connection.execute(apply_function(SQLModel.metadata))
        connection.execute(APPLY_GROUP)
        units = [row[0] for row in connection.execute("SELECT id FROM unit ORDER BY id").fetchall()]
        bring_up_to_date(connection, units)
        mark(connection, made_of)
    return {role: role_address(owner_dsn, role, password) for role in SERVICE_ROLES}


def upgrade(owner_dsn: str) -> None:
    """Run the alembic migrations to the newest revision."""
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    config.attributes["dsn"] = owner_dsn
    command.upgrade(config, "head")
