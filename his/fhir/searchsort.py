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
    sql.add(f"SELECT c.id, c.version, c.content, {_shown(names)}, c.id AS last FROM resource_current c")
    for n, key in enumerate(query.sorts):
        if key.table:
            _key(sql, query.type, n, key)
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    conditions()
    if query.cursor:
        _after(sql, query, names)
    order = [f"{name}{' DESC' if key.down else ''} NULLS LAST" for name, key in zip(names, query.sorts, strict=True)]
    sql.add("ORDER BY " + ", ".join([*order, "c.id"]))


def walkable(query: Query) -> bool:
    """Whether the index of the first key can be walked in its order."""
    return bool(query.sorts[0].table) and len(query.sorts[0].params) == 1


_ROW = {"resource_index": ("value",), "resource_date": ("low", "high"), "resource_number": ("low", "high", "unit")}


def walk_page(sql: Sql, query: Query, conditions: Callable[[], None]) -> None:
    """The same page when many match: the index of the first key is walked, then come those without a value."""
    first = query.sorts[0]
    names = ["w." + first.column, *(_expression(n, key) for n, key in enumerate(query.sorts) if n)]
    valued = query.cursor is None or query.cursor[0] != ""
    if valued:
        sql.add("SELECT * FROM ((")
        _walked(sql, query, names, conditions)
        sql.add("LIMIT %s) UNION ALL (", query.count + 1)
    _unvalued(sql, query, conditions, fresh=valued)
    if valued:
        sql.add("LIMIT %s)) b", query.count + 1)


def _walked(sql: Sql, query: Query, names: list[str], conditions: Callable[[], None]) -> None:
    first = query.sorts[0]
    sql.add(f"SELECT c.id, c.version, c.content, {_shown(names)}, c.id AS last FROM {first.table} w")
    sql.add("JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = w.type AND c.id = w.id")
    for n, key in enumerate(query.sorts):
        if n and key.table:
            _key(sql, query.type, n, key)
    sql.add(
        "WHERE w.unit_id = ctx.unit AND w.type = %s AND w.param = %s AND NOT c.deleted", query.type, first.params[0]
    )
    _only(sql, first, "w")
    mine, other = (", ".join(f"{alias}.{column}" for column in _ROW[first.table]) for alias in ("w", "e"))
    sql.add(f"AND NOT EXISTS (SELECT 1 FROM {first.table} e WHERE e.unit_id = ctx.unit AND e.type = w.type")
    sql.add(f"AND e.id = w.id AND e.param || '' = w.param AND ({other}) {'>' if first.down else '<'} ({mine})")
    _only(sql, first, "e")
    sql.add("OFFSET 0)")
    conditions()
    if query.cursor:
        _after(sql, query, names)
        sql.add(f"AND {names[0]} {'<=' if first.down else '>='} %s{_cast(first)}", query.cursor[0][1:])
    sql.add("ORDER BY " + ", ".join([*_order(query, names), "c.id"]))


def _unvalued(sql: Sql, query: Query, conditions: Callable[[], None], *, fresh: bool) -> None:
    """Those without a value of the first key, in the order of the others; `fresh` when none was shown yet."""
    first = query.sorts[0]
    names = ["NULL::text", *(_expression(n, key) for n, key in enumerate(query.sorts) if n)]
    sql.add(f"SELECT c.id, c.version, c.content, {_shown(names)}, c.id AS last FROM resource_current c")
    for n, key in enumerate(query.sorts):
        if n and key.table:
            _key(sql, query.type, n, key)
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    sql.add(f"AND NOT EXISTS (SELECT 1 FROM {first.table} e WHERE e.unit_id = ctx.unit AND e.type = c.type")
    sql.add("AND e.id = c.id AND e.param = %s", first.params[0])
    _only(sql, first, "e")
    sql.add("OFFSET 0)")
    conditions()
    if not fresh:
        _after(sql, query, names)
    sql.add("ORDER BY " + ", ".join([*_order(query, names)[1:], "c.id"]))


def _only(sql: Sql, key: SortKey, alias: str) -> None:
    """Of the rows of a key those that it sorts by."""
    if key.table == "resource_index":
        sql.add(f"AND {alias}.value <> ''")
    if key.text:
        sql.add(f"AND {alias}.value LIKE %s", f"%{SEPARATOR}%")
    if key.pattern:
        sql.add(f"AND {alias}.value LIKE %s", key.pattern)


def _shown(names: list[str]) -> str:
    return ", ".join(f"coalesce('=' || ({name})::text, '') AS p{n}" for n, name in enumerate(names))


def _order(query: Query, names: list[str]) -> list[str]:
    first = [f"{names[0]}{' DESC' if query.sorts[0].down else ''}"]
    return first + [
        f"{name}{' DESC' if key.down else ''} NULLS LAST"
        for name, key in list(zip(names, query.sorts, strict=True))[1:]
    ]


def _expression(n: int, key: SortKey) -> str:
    return f"k{n}.v" if key.table else f"c.{key.column}"


def _key(sql: Sql, kind: str, n: int, key: SortKey) -> None:
    best = "max" if key.down else "min"
    sql.add(f"LEFT JOIN LATERAL (SELECT {best}(s.{key.column}) AS v FROM {key.table} s")
    sql.add("WHERE s.unit_id = ctx.unit AND s.type = %s AND s.id = c.id AND", kind)
    named(sql, "s", key.params)
    _only(sql, key, "s")
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
