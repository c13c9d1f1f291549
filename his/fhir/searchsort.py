"""`_sort` by several keys: each candidate's keys are looked up, and the page stops at its rows.

A parameter with several values sorts by the smallest of them, downwards by the largest; resources without a value come
last either way. The position of a page holds each key as text: "" for none, "=" and the value otherwise, then the id.
"""

from collections.abc import Callable
from datetime import datetime

from his.fhir.conditions import SortKey, bad_cursor
from his.fhir.extract import SEPARATOR
from his.fhir.search import Query
from his.fhir.searchcompare import Sql, named


def keys_page(sql: Sql, query: Query, conditions: Callable[[], None]) -> None:
    """The inner query of a page in the order of the keys; `conditions` appends what else must hold."""
    names = [_expression(n, key) for n, key in enumerate(query.sorts)]
    shown = ", ".join(f"coalesce('=' || ({name})::text, '') AS p{n}" for n, name in enumerate(names))
    sql.add(f"SELECT c.id, c.version, c.content, {shown}, c.id AS last FROM resource_current c")
    for n, key in enumerate(query.sorts):
        if key.table:
            _key(sql, query.type, n, key)
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    conditions()
    if query.cursor:
        _after(sql, query, names)
    order = [f"{name}{' DESC' if key.down else ''} NULLS LAST" for name, key in zip(names, query.sorts, strict=True)]
    sql.add("ORDER BY " + ", ".join([*order, "c.id"]))


def _expression(n: int, key: SortKey) -> str:
    return f"k{n}.v" if key.table else f"c.{key.column}"


def _key(sql: Sql, kind: str, n: int, key: SortKey) -> None:
    best = "max" if key.down else "min"
    sql.add(f"LEFT JOIN LATERAL (SELECT {best}(s.{key.column}) AS v FROM {key.table} s")
    sql.add("WHERE s.unit_id = ctx.unit AND s.type = %s AND s.id = c.id AND", kind)
    named(sql, "s", key.params)
    if key.table == "resource_index":
        sql.add("AND s.value <> ''")
    if key.text:
        sql.add("AND s.value LIKE %s", f"%{SEPARATOR}%")
    if key.pattern:
        sql.add("AND s.value LIKE %s", key.pattern)
    sql.add(f") k{n} ON true")


def _after(sql: Sql, query: Query, names: list[str]) -> None:
    """What comes after the position: the first key beyond it, or equal and the next key beyond it, or the id."""
    assert query.cursor is not None
    *values, last = query.cursor
    if len(values) != len(names):
        raise bad_cursor()
    sql.add("AND (")
    for n in range(len(names) + 1):
        sql.add("OR (" if n else "(")
        for name, key, value in list(zip(names, query.sorts, values, strict=True))[:n]:
            _compare(sql, name, key, value, "=")
            sql.add("AND")
        if n == len(names):
            sql.add("c.id > %s)", last)
        elif values[n] == "":
            sql.add("false)")
        else:
            sql.add("(")
            _compare(sql, names[n], query.sorts[n], values[n], "<" if query.sorts[n].down else ">")
            sql.add(f"OR {names[n]} IS NULL))")
    sql.add(")")


def _compare(sql: Sql, name: str, key: SortKey, value: str, sign: str) -> None:
    if value == "":
        sql.add(f"{name} IS NULL")
        return
    text = value[1:]
    if value[0] != "=" or not _fits(key, text):
        raise bad_cursor()
    sql.add(f"{name} {sign} %s{_cast(key)}", text)


def _cast(key: SortKey) -> str:
    if key.table == "resource_date" or key.column == "updated_at":
        return "::timestamptz"
    return "::float8" if key.table == "resource_number" else "::text"


def _fits(key: SortKey, text: str) -> bool:
    """Whether the text of a position is a value of the key."""
    cast = _cast(key)
    try:
        if cast == "::timestamptz":
            return text in ("infinity", "-infinity") or bool(datetime.fromisoformat(text))
        return cast == "::text" or abs(float(text)) >= 0
    except ValueError:
        return False
