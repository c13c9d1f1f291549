"""From conditions to one SQL statement that carries its own tenancy context.

Shape: `WITH ctx AS MATERIALIZED (SELECT set_config(...)) SELECT ... FROM ctx CROSS JOIN LATERAL (... LIMIT n)`. The inner
query depends on the row of `ctx` and cannot be flattened because of its LIMIT, so the context is set before any tenant
row is looked at; if it were not, row-level security would show nothing. Everything compares with leakproof operators.

The most selective condition leads and gives the order of its index, so that a page stops after its rows; the others are
looked up for each candidate. The keyset cursor is the leading index position of the last row.
"""

from his.fhir.conditions import (
    COMMON,
    Condition,
    DateCondition,
    IdCondition,
    PatternCondition,
    ValueCondition,
)
from his.fhir.search import Query
from his.fhir.searchcompare import CONTEXT, Place, Sql, ranges, spans
from his.fhir.searchsort import keys_page, walk_page, walkable
from his.fhir.searchwhere import along, behind, fixed, predicate

_JOIN = "JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = i.type AND c.id = i.id"
ESTIMATED = 10_000
__all__ = ["CONTEXT", "Sql", "few", "leading", "page", "planned", "total"]


def page(query: Query, unit: int) -> Sql:
    """The statement of one page: columns id, version, content and the cursor position `p1, p2`; one row more than asked."""
    lead = leading(query)
    sql = Sql().add(CONTEXT, str(unit))
    sql.add("SELECT r.* FROM ctx CROSS JOIN LATERAL (")
    if query.sorts and query.crowded and walkable(query):
        walk_page(sql, query, lambda: _others(sql, query, None, "c"))
    elif query.sorts:
        keys_page(sql, query, lambda: _others(sql, query, None, "c"))
    elif lead is None:
        _from_current(sql, query)
    elif isinstance(lead, ValueCondition):
        _from_values(sql, query, lead)
    elif isinstance(lead, DateCondition):
        _from_dates(sql, query, lead)
    sql.add("LIMIT %s) r", query.count + 1)
    return sql


def total(query: Query, unit: int, most: int | None = None) -> Sql:
    """The statement that counts all matches, or no more than `most`."""
    sql = Sql().add(CONTEXT, str(unit))
    sql.add("SELECT r.n FROM ctx CROSS JOIN LATERAL (SELECT count(*) AS n FROM")
    if most is not None:
        sql.add("(SELECT 1 FROM")
    _matches(sql, query)
    if most is not None:
        sql.add("LIMIT %s) f", most)
    return sql.add("LIMIT 1) r")


def planned(query: Query, unit: int) -> Sql:
    """The statement whose answer is the planner's expectation of the matches, as JSON."""
    sql = Sql().add("EXPLAIN (FORMAT JSON)").add(CONTEXT, str(unit))
    sql.add("SELECT r.* FROM ctx CROSS JOIN LATERAL (SELECT c.id FROM")
    _matches(sql, query)
    return sql.add("OFFSET 0) r")


def _matches(sql: Sql, query: Query) -> None:
    sql.add("resource_current c WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    _others(sql, query, None, "c", paged=False)


def leading(query: Query) -> Condition | None:
    """The condition whose index is walked, or None for the table of current resources."""
    if query.sort or query.ids is not None:
        return None
    able = [
        c for c in query.conditions if isinstance(c, DateCondition) or (isinstance(c, ValueCondition) and not c.more)
    ]
    return min(able, key=lambda c: c.rank, default=None)


def _from_current(sql: Sql, query: Query) -> None:
    sql.add("SELECT c.id, c.version, c.content, c.updated_at::text AS p1, c.id AS p2 FROM resource_current c")
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    _others(sql, query, None, "c")
    after = query.cursor
    if query.sort in ("id", "-id"):
        sign, way = ("<", " DESC") if query.sort[0] == "-" else (">", "")
        if after:
            sql.add(f"AND c.id {sign} %s", after[-1])
        sql.add(f"ORDER BY c.id{way}")
    elif query.sort:
        sign, way = ("<", " DESC") if query.sort[0] == "-" else (">", "")
        if after:
            sql.add(f"AND (c.updated_at, c.id) {sign} (%s::timestamptz, %s)", after[0], after[-1])
        sql.add(f"ORDER BY c.updated_at{way}, c.id{way}")
    else:
        if after:
            sql.add("AND c.id > %s", after[-1])
        sql.add("ORDER BY c.id")


def _from_values(sql: Sql, query: Query, lead: ValueCondition) -> None:
    sql.add(f"SELECT c.id, c.version, c.content, i.value AS p1, i.id AS p2 FROM resource_index i {_JOIN}")
    sql.add("WHERE i.unit_id = ctx.unit AND i.type = %s AND i.param = %s", query.type, lead.param)
    sql.add("AND")
    ranges(sql, lead.ranges, "i.value")
    single = len(lead.ranges) == 1 and lead.ranges[0].high is None
    if not single:
        sql.add("AND NOT EXISTS (SELECT 1 FROM resource_index e WHERE e.unit_id = ctx.unit AND e.type = i.type")
        sql.add("AND e.id = i.id AND e.param || '' = i.param AND e.value < i.value AND")
        ranges(sql, lead.ranges, "e.value")
        # stays a look-up by id for each row of the page, never a join; by the name of the parameter as an expression,
        # because the index of values would be read from the beginning of the prefix for each row
        sql.add("OFFSET 0)")
    _others(sql, query, lead, "i")
    if query.cursor:
        if single:
            sql.add("AND i.id > %s", query.cursor[-1])
        else:
            sql.add("AND (i.value, i.id) > (%s, %s)", query.cursor[0], query.cursor[-1])
    sql.add("ORDER BY i.id" if single else "ORDER BY i.value, i.id")


def _from_dates(sql: Sql, query: Query, lead: DateCondition) -> None:
    upward = all(prefix in ("gt", "ge") for prefix, _, _ in lead.alternatives)
    first, second = ("high", "low") if upward else ("low", "high")
    sql.add(f"SELECT c.id, c.version, c.content, i.{first}::text || ';' || i.{second}::text AS p1, i.id AS p2")
    sql.add(f"FROM resource_date i {_JOIN}")
    sql.add("WHERE i.unit_id = ctx.unit AND i.type = %s AND i.param = %s AND", query.type, lead.param)
    spans(sql, lead, "i.low", "i.high")
    sql.add("AND NOT EXISTS (SELECT 1 FROM resource_date e WHERE e.unit_id = ctx.unit AND e.type = i.type")
    sql.add(f"AND e.id = i.id AND e.param || '' = i.param AND (e.{first}, e.{second}) < (i.{first}, i.{second}) AND")
    spans(sql, lead, "e.low", "e.high")
    sql.add("OFFSET 0)")
    _others(sql, query, lead, "i")
    if query.cursor:
        one, _, two = query.cursor[0].partition(";")
        sql.add(
            f"AND (i.{first}, i.{second}, i.id) > (%s::timestamptz, %s::timestamptz, %s)", one, two, query.cursor[-1]
        )
    sql.add(f"ORDER BY i.{first}, i.{second}, i.id")


def _others(sql: Sql, query: Query, lead: Condition | None, alias: str, *, paged: bool = True) -> None:
    """Every condition but the leading one, looked up for the candidate `alias.id`."""
    if query.ids is not None:
        sql.add("AND c.id = ANY(%s)", list(query.ids))
    if query.updated is not None:
        sql.add("AND")
        spans(sql, query.updated, "c.updated_at", "c.updated_at", instant=True)
    if lead is not None and len(query.conditions) == 1:
        return
    probing = query.crowded and bool(lead or paged)
    drives = lead is None or (isinstance(lead, ValueCondition) and [r.high for r in lead.ranges] == [None])
    at = Place(query.type, f"{alias}.id", "c", 0, few(query) or probing, drives, paged=paged)
    at = along(at, query.conditions)
    for found in query.conditions:
        if found is lead:
            continue
        sql.add("AND")
        predicate(sql, found, at)
        common = (query.sort and isinstance(found, ValueCondition) and found.rank == COMMON) or (
            paged and isinstance(found, PatternCondition) and found.common
        )
        if common or probing or at.beside or (at.few and not _selective(query, found)):
            fixed(sql, found)  # stays a look-up for each candidate along the order, or of those that are left
        at = behind(found, at)


def _selective(query: Query, found: Condition) -> bool:
    """Whether the condition is one of those that leave few, so that the search may start from its rows."""
    return query.ids is None and isinstance(found, ValueCondition) and found.rank <= 1


def few(query: Query) -> bool:
    """Whether a condition leaves so few resources that the others are looked up for each of them."""
    return query.ids is not None or any(
        isinstance(c, IdCondition) or (isinstance(c, ValueCondition) and c.rank <= 1) for c in query.conditions
    )
