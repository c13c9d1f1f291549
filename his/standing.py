"""What stands in a database already, asked before the heavy programs that would build it are read.

A second start finds the schema of this very program and the sample data: then nothing is built, and the start waits for
nothing but the web service. The mark is a comment on alembic's table, written last, so that a broken build leaves none.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from his.kit.addresses import service_password
from his.kit.config import get_settings
from his.kit.pools import clinic, jobs

SERVICE_ROLES: Final = ("his_app", "his_worker")
ROLES_WITHOUT_SIGN_IN: Final = ("his_limited", "his_retention")
"""Those of the FHIR view and of the retention of the audit trail."""
_PACKAGE: Final = Path(__file__).parent
_MARKED: Final = "SELECT obj_description(to_regclass('public.alembic_version'), 'pg_class')"


def scripts() -> Path:
    """Where the migrations lie: inside the wheel, or beside the package in a checkout."""
    inside = _PACKAGE / "_migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations"


def fingerprint() -> str:
    """Changes with every line of the program: tables, migrations, generated functions all come from it (about 20 ms)."""
    digest = hashlib.sha256()
    for root in (_PACKAGE, scripts()):
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".sql", ".txt"):
                digest.update(f"{path.relative_to(root)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def mark(connection: psycopg.Connection[Any], print_of_program: str) -> None:
    """Write down, as the database's owner, that the schema is that of the program with this fingerprint."""
    connection.execute(
        sql.SQL("COMMENT ON TABLE public.alembic_version IS {}").format(sql.Literal(f"his {print_of_program}"))
    )


def has_schema(connection: psycopg.Connection[Any], print_of_program: str) -> bool:
    """Is the schema that of this program, and are all roles of the service there?"""
    marked = connection.execute(_MARKED).fetchone()
    if marked is None or marked[0] != f"his {print_of_program}":
        return False
    wanted = [*SERVICE_ROLES, *ROLES_WITHOUT_SIGN_IN]
    known = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", (wanted,)).fetchone()
    return known == (len(wanted),)


def ensure_roles(connection: psycopg.Connection[Any], data_dir: Path) -> str:
    """Give the service roles the password of `data_dir` (made up at the first call), which is returned.

    The roles own nothing and cannot bypass row-level security. Raises `psycopg.errors.InsufficientPrivilege`.
    """
    password = service_password(data_dir)
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'his%'").fetchall()}
    for role in SERVICE_ROLES:
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                sql.SQL("ALTER" if role in known else "CREATE"), sql.Identifier(role), sql.Literal(password)
            )
        )
        patience = jobs if role == "his_worker" else clinic
        connection.execute(patience(get_settings()).role(role).encode())
    return password


def stands(owner_dsn: str, data_dir: Path) -> bool:
    """Is there nothing to build in this database? The service roles then have the password of `data_dir`."""
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        if not has_schema(connection, fingerprint()):
            return False
        ensure_roles(connection, data_dir)
        return True


def has_sample(owner_dsn: str, demo_file: Path) -> bool:
    """Has the demonstration whose sign-ins stand in `demo_file` been written to its end? Its machine client comes last."""
    try:
        client = json.loads(demo_file.read_text())["client"]["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        return connection.execute("SELECT 1 FROM api_client WHERE id = %s", (client,)).fetchone() is not None
