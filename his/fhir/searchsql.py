"""From conditions to one SQL statement that carries its own tenancy context.

Shape: `WITH ctx AS MATERIALIZED (SELECT set_config(...)) SELECT ... FROM ctx CROSS JOIN LATERAL (... LIMIT n)`. The inner
query depends on the row of `ctx` and cannot be flattened because of its LIMIT, so the context is set before any tenant
row is looked at; if it were not, row-level security would show nothing. Everything compares with leakproof operators.

The most selective condition leads and gives the order of its index, so that a page stops after its rows; the others are
looked up for each candidate. The keyset cursor is the leading index position of the last row.
"""

from dataclasses import dataclass, field
from typing import Any

from his.fhir.conditions import COMMON, Condition, DateCondition, ValueCondition
from his.fhir.search import Query

CONTEXT = "WITH ctx AS MATERIALIZED (SELECT set_config('his.unit', %s, true)::int AS unit)"
_JOIN = "JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = i.type AND c.id = i.id"


@dataclass(slots=True)
class Sql:
    """A statement under construction: text and arguments in the same order."""

    parts: list[str] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)

    def add(self, text: str, *arguments: Any) -> "Sql":
        """Append text with its arguments."""
        self.parts.append(text)
        self.arguments += arguments
        return self

    @property
    def text(self) -> str:
        """The statement."""
        return " ".join(self.parts)


def page(query: Query, unit: int) -> Sql:
    """The statement of one page: columns id, version, content and the cursor position `p1, p2`; one row more than asked."""
    lead = leading(query)
    sql = Sql().add(CONTEXT, str(unit))
    sql.add("SELECT r.* FROM ctx CROSS JOIN LATERAL (")
    if lead is None:
        _from_current(sql, query)
    elif isinstance(lead, ValueCondition):
        _from_values(sql, query, lead)
    else:
        _from_dates(sql, query, lead)
    sql.add("LIMIT %s) r", query.count + 1)
    return sql


def total(query: Query, unit: int) -> Sql:
    """The statement that counts all matches."""
    sql = Sql().add(CONTEXT, str(unit))
    sql.add("SELECT r.n FROM ctx CROSS JOIN LATERAL (SELECT count(*) AS n FROM resource_current c")
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    _others(sql, query, None, "c")
    sql.add("LIMIT 1) r")
    return sql


def leading(query: Query) -> Condition | None:
    """The condition whose index is walked, or None for the table of current resources."""
    if query.sort or query.ids is not None or not query.conditions:
        return None
    return min(query.conditions, key=lambda c: c.rank)


def _from_current(sql: Sql, query: Query) -> None:
    sql.add("SELECT c.id, c.version, c.content, c.updated_at::text AS p1, c.id AS p2 FROM resource_current c")
    sql.add("WHERE c.unit_id = ctx.unit AND c.type = %s AND NOT c.deleted", query.type)
    _others(sql, query, None, "c")
    after = query.cursor
    if query.sort:
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
    _ranges(sql, lead, "i.value")
    single = len(lead.ranges) == 1 and lead.ranges[0].high is None
    if not single:
        sql.add("AND NOT EXISTS (SELECT 1 FROM resource_index e WHERE e.unit_id = ctx.unit AND e.type = i.type")
        sql.add("AND e.id = i.id AND e.param = i.param AND e.value < i.value AND")
        _ranges(sql, lead, "e.value")
        sql.add("OFFSET 0)")  # stays a look-up by id for each row of the page, never a join over the whole prefix
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
    _spans(sql, lead, "i.low", "i.high")
    sql.add("AND NOT EXISTS (SELECT 1 FROM resource_date e WHERE e.unit_id = ctx.unit AND e.type = i.type")
    sql.add(f"AND e.id = i.id AND e.param = i.param AND (e.{first}, e.{second}) < (i.{first}, i.{second}) AND")
    _spans(sql, lead, "e.low", "e.high")
    sql.add("OFFSET 0)")
    _others(sql, query, lead, "i")
    if query.cursor:
        one, _, two = query.cursor[0].partition(";")
        sql.add(
            f"AND (i.{first}, i.{second}, i.id) > (%s::timestamptz, %s::timestamptz, %s)", one, two, query.cursor[-1]
        )
    sql.add(f"ORDER BY i.{first}, i.{second}, i.id")


def _others(sql: Sql, query: Query, lead: Condition | None, alias: str) -> None:
    """Every condition but the leading one, looked up for the candidate `alias.id`."""
    if query.ids is not None:
        sql.add("AND c.id = ANY(%s)", list(query.ids))
    if query.updated is not None:
        sql.add("AND")
        _spans(sql, query.updated, "c.updated_at", "c.updated_at", instant=True)
    for found in query.conditions:
        if found is lead:
            continue
        name = "resource_index" if isinstance(found, ValueCondition) else "resource_date"
        sql.add(f"AND EXISTS (SELECT 1 FROM {name} o WHERE o.unit_id = ctx.unit AND o.type = %s", query.type)
        sql.add(f"AND o.id = {alias}.id AND o.param = %s AND", found.param)
        if isinstance(found, ValueCondition):
            _ranges(sql, found, "o.value")
        else:
            _spans(sql, found, "o.low", "o.high")
        sql.add("OFFSET 0)" if query.sort and found.rank == COMMON else ")")  # a common code is probed along the order


def _ranges(sql: Sql, found: ValueCondition, column: str) -> None:
    equal = [r.low for r in found.ranges if r.high is None]
    spans = [(r.low, r.high) for r in found.ranges if r.high is not None]
    sql.add("(")
    if len(equal) == 1:
        sql.add(f"{column} = %s", equal[0])
    elif equal:
        sql.add(f"{column} = ANY(%s)", equal)
    for n, (low, high) in enumerate(spans):
        sql.add(f"{'OR ' if n or equal else ''}({column} >= %s AND {column} < %s)", low, high)
    sql.add(")")


_SPAN = {
    "eq": "({low} >= %(low)s AND {low} < %(high)s AND {high} <= %(high)s)",
    "ne": "NOT ({low} >= %(low)s AND {high} <= %(high)s)",
    "gt": "({high} > %(high)s)",
    "ge": "({high} > %(low)s AND ({high} > %(high)s OR {low} >= %(low)s))",
    "lt": "({low} < %(low)s)",
    "le": "({low} < %(high)s AND ({low} < %(low)s OR {high} <= %(high)s))",
    "sa": "({low} >= %(high)s)",
    "eb": "({high} <= %(low)s)",
}
_INSTANT = {
    **_SPAN,
    "eq": "({low} >= %(low)s AND {low} < %(high)s)",
    "ne": "NOT ({low} >= %(low)s AND {low} < %(high)s)",
    "gt": "({low} >= %(high)s)",
    "ge": "({low} >= %(low)s)",
    "le": "({low} < %(high)s)",
    "eb": "({low} < %(low)s)",
}


def _spans(sql: Sql, found: DateCondition, low: str, high: str, *, instant: bool = False) -> None:
    """The comparison of an indexed interval with the one asked for (an instant has no length)."""
    sql.add("(")
    for n, (prefix, start, end) in enumerate(found.alternatives):
        text = (_INSTANT if instant else _SPAN)[prefix].format(low=low, high=high)
        arguments = []
        while "%(" in text:
            name = text.split("%(", 1)[1].split(")", 1)[0]
            text = text.replace(f"%({name})s", "%s::timestamptz", 1)
            arguments.append(start if name == "low" else end)
        sql.add(("OR " if n else "") + text, *arguments)
    sql.add(")")
