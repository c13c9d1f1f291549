"""Loads a whole list in one transaction: COPY into a temporary table, then set-based merging; all of the list or nothing.

Beside `kit/db.py` this is the only place that commits. It is for lists shared by all units, never for tenant tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal
from psycopg.types.json import Jsonb

STAGING = Identifier("incoming")


@dataclass(frozen=True, slots=True)
class Target:
    """A table that is loaded whole.

    `key` identifies an entry without its date. `dated` tables have `valid_from` in their key and `valid_to`; a changed entry
    closes the row in force and opens a new one. `inherit` are columns that an entry in force keeps, because the list does not
    know them (a price list of medicines without prices). `keep` leaves existing entries untouched. `scope` limits what
    `complete` may close to rows with these values.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    dated: bool = False
    ends: bool = True
    inherit: tuple[str, ...] = ()
    keep: bool = False
    scope: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> tuple[str, ...]:
        """The columns that say what an entry is, without its key and its dates."""
        return tuple(c for c in self.columns if c not in (*self.key, "valid_from", "valid_to"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: entries not known before, entries changed, entries equal to what stood there, entries closed."""

    new: int
    changed: int
    unchanged: int
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a list came from, for the version row: `name` of the list, file, SHA-256 in hex, first day, rows in the file."""

    name: str
    source: str
    sha256: str
    valid_from: date
    rows_read: int
    rows_bad: int
    at: datetime


def bulk_load(
    conninfo: str, target: Target, rows: Iterable[Sequence[Any]], origin: Origin, *, complete: bool = False
) -> Loaded:
    """Merge the rows (values in the order of `target.columns`) into the table and write the version row; one transaction.

    `complete` closes entries in force that the list no longer has. Raises psycopg.Error: then nothing was changed.
    """
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"bulk {target.table}",))
        _copy(cursor, target, rows)
        total = _one(cursor, SQL("SELECT count(*) FROM {}").format(STAGING))
        closed = _close_missing(cursor, target, origin.valid_from) if complete and target.dated else 0
        unchanged = _drop_unchanged(cursor, target)
        known = _one(cursor, _known(target))
        if target.dated and target.ends:
            _close_replaced(cursor, target)
        _insert(cursor, target)
        loaded = Loaded(total - unchanged - known, known, unchanged, closed)
        _record(cursor, origin, loaded)
    _settle(conninfo, target.table)
    return loaded


def _names(columns: Iterable[str], prefix: str = "") -> Composable:
    return SQL(", ").join(Identifier(prefix, c) if prefix else Identifier(c) for c in columns)


def _same_key(target: Target) -> Composable:
    return SQL(" AND ").join(SQL("t.{0} = s.{0}").format(Identifier(c)) for c in target.key)


def _one(cursor: psycopg.Cursor[Any], statement: Composed) -> int:
    row = cursor.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def _copy(cursor: psycopg.Cursor[Any], target: Target, rows: Iterable[Sequence[Any]]) -> None:
    """Stage the rows; the same key twice on one day is refused by the unique index."""
    table, columns = Identifier(target.table), _names(target.columns)
    cursor.execute(
        SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WHERE false").format(STAGING, columns, table)
    )
    with cursor.copy(SQL("COPY {} ({}) FROM STDIN").format(STAGING, columns)) as copy:
        for row in rows:
            copy.write_row([Jsonb(value) if isinstance(value, dict | list) else value for value in row])
    unique = (*target.key, "valid_from") if target.dated else target.key
    cursor.execute(SQL("CREATE UNIQUE INDEX ON {} ({})").format(STAGING, _names(unique)))
    cursor.execute(SQL("ANALYZE {}").format(STAGING))


def _in_force(target: Target) -> Composable:
    """The row `t` that holds when the staged row `s` begins."""
    same = _same_key(target)
    if not target.dated:
        return same
    if not target.ends:
        return SQL(
            "{} AND t.valid_from = (SELECT max(o.valid_from) FROM {} o WHERE {} AND o.valid_from <= s.valid_from)"
        ).format(
            same,
            Identifier(target.table),
            SQL(" AND ").join(SQL("o.{0} = s.{0}").format(Identifier(c)) for c in target.key),
        )
    return SQL("{} AND t.valid_from <= s.valid_from AND (t.valid_to IS NULL OR t.valid_to >= s.valid_from)").format(
        same
    )


def _drop_unchanged(cursor: psycopg.Cursor[Any], target: Target) -> int:
    """Take from the staging table what already stands; returns how many."""
    table, force = Identifier(target.table), _in_force(target)
    if target.inherit:
        sets = SQL(", ").join(SQL("{0} = t.{0}").format(Identifier(c)) for c in target.inherit)
        cursor.execute(SQL("UPDATE {} s SET {} FROM {} t WHERE {}").format(STAGING, sets, table, force))
    equal: Composable = SQL("true")
    if target.content and not target.keep:
        equal = SQL("({}) IS NOT DISTINCT FROM ({})").format(_names(target.content, "t"), _names(target.content, "s"))
    if target.dated and target.ends and "valid_to" in target.columns:
        equal = SQL("{} AND (s.valid_to IS NULL OR t.valid_to IS NOT DISTINCT FROM s.valid_to)").format(equal)
    cursor.execute(SQL("DELETE FROM {} s USING {} t WHERE {} AND {}").format(STAGING, table, force, equal))
    return cursor.rowcount


def _known(target: Target) -> Composed:
    return SQL("SELECT count(*) FROM {} s WHERE EXISTS (SELECT 1 FROM {} t WHERE {})").format(
        STAGING, Identifier(target.table), _same_key(target)
    )


def _close_missing(cursor: psycopg.Cursor[Any], target: Target, on: date) -> int:
    conditions = [SQL("t.valid_to IS NULL"), SQL("t.valid_from < {}").format(Literal(on))]
    conditions += [SQL("t.{} = {}").format(Identifier(c), Literal(v)) for c, v in target.scope.items()]
    conditions.append(SQL("NOT EXISTS (SELECT 1 FROM {} s WHERE {})").format(STAGING, _same_key(target)))
    cursor.execute(
        SQL("UPDATE {} t SET valid_to = {}::date - 1 WHERE {}").format(
            Identifier(target.table), Literal(on), SQL(" AND ").join(conditions)
        )
    )
    return cursor.rowcount


def _close_replaced(cursor: psycopg.Cursor[Any], target: Target) -> None:
    """End the rows in force the day before their successor, and end a staged row before a later one that already stands."""
    table, same = Identifier(target.table), _same_key(target)
    cursor.execute(
        SQL(
            "UPDATE {t} t SET valid_to = (SELECT min(s.valid_from) - 1 FROM {s} s WHERE {same} AND s.valid_from > t.valid_from) "
            "WHERE EXISTS (SELECT 1 FROM {s} s WHERE {same} AND s.valid_from > t.valid_from "
            "AND (t.valid_to IS NULL OR t.valid_to >= s.valid_from))"
        ).format(t=table, s=STAGING, same=same)
    )
    cursor.execute(
        SQL(
            "UPDATE {s} s SET valid_to = (SELECT min(t.valid_from) - 1 FROM {t} t WHERE {same} AND t.valid_from > s.valid_from) "
            "WHERE s.valid_to IS NULL AND EXISTS (SELECT 1 FROM {t} t WHERE {same} AND t.valid_from > s.valid_from)"
        ).format(t=table, s=STAGING, same=same)
    )


def _insert(cursor: psycopg.Cursor[Any], target: Target) -> None:
    key = (*target.key, "valid_from") if target.dated else target.key
    rest = [c for c in target.columns if c not in key]
    sets = SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(Identifier(c)) for c in rest)
    action = SQL("DO UPDATE SET {}").format(sets) if rest and not target.keep else SQL("DO NOTHING")
    cursor.execute(
        SQL("INSERT INTO {} ({c}) SELECT {c} FROM {} ON CONFLICT ({}) {}").format(
            Identifier(target.table), STAGING, _names(key), action, c=_names(target.columns)
        )
    )


def _record(cursor: psycopg.Cursor[Any], origin: Origin, loaded: Loaded) -> None:
    """One row a version: the same file loaded again without effect is no new version."""
    same = cursor.execute(
        "SELECT sha256 = %s AND valid_from = %s FROM catalog_version WHERE name = %s ORDER BY id DESC LIMIT 1",
        (origin.sha256, origin.valid_from, origin.name),
    ).fetchone()
    if same is not None and same[0] and loaded.new + loaded.changed + loaded.closed == 0:
        return
    cursor.execute(
        "INSERT INTO catalog_version (name, source, sha256, valid_from, loaded_at, rows_read, rows_new, rows_changed, rows_bad) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(origin.name, origin.source, origin.sha256, origin.valid_from, origin.at),
            *(origin.rows_read, loaded.new, loaded.changed, origin.rows_bad),
        ),
    )


def _settle(conninfo: str, table: str) -> None:
    """Empty the index's waiting list and renew the statistics, so that the first search is fast; only its owner may."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        owner = connection.execute(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)", (table,)
        ).fetchone()
        if owner is not None and owner[0]:
            connection.execute(SQL("VACUUM (ANALYZE) {}").format(Identifier(table)))
