"""Rows of two units to write and to reach for, and a way to make the database refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from his.identity.tables import Department
from his.kit.ids import new_id

AT = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)


def department(unit_id: int = 2, code: str = "", **fields: object) -> Department:
    """A new department with a code of its own."""
    made = new_id()
    return Department(**{"unit_id": unit_id, "id": made, "code": code or f"T{made.hex[-10:]}", "name": "Thử", **fields})


@contextmanager
def striking(owner: str, table: str, body: str, *, deferred: bool = False) -> Iterator[None]:
    """While this is open every insert into the table runs `body`; at the commit when `deferred`."""
    timing = "DEFERRABLE INITIALLY DEFERRED" if deferred else "NOT DEFERRABLE"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE strikes")
        connection.execute("GRANT USAGE ON strikes TO his_app, his_worker")
        connection.execute(
            f"CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NEW; END$$"
        )
        connection.execute(
            f"CREATE CONSTRAINT TRIGGER strike AFTER INSERT ON {table} {timing} FOR EACH ROW EXECUTE FUNCTION strike()"
        )
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION strike() CASCADE")
            connection.execute("DROP SEQUENCE strikes")


def count(owner: str, table: str, where: str = "true") -> int:
    """Rows of a table as its owner counts them, row-level security aside."""
    with psycopg.connect(owner) as connection:
        connection.execute("SET row_security = off")
        row = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def known_id() -> UUID:
    """An id nobody has."""
    return new_id()
