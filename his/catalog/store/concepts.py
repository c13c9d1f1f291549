"""The lists as code systems: entries by code, entries that have all the words, and codes carried by another entry."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Date, Select, Table, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from his.catalog.tables import Code, Diagnosis10, Drug, LabTest, ServiceItem, SupplyItem, Ward
from his.catalog.terms import Concept, ListName, Translation
from his.kit.columns import table
from his.kit.db import Db

TABLES: dict[str, Table] = {
    "icd-10": table(Diagnosis10),
    "service": table(ServiceItem),
    "drug": table(Drug),
    "supply": table(SupplyItem),
    "analyte": table(LabTest),
    "ward": table(Ward),
}
CATEGORY = 3
"""Length of a category of ICD-10, such as B20."""
MOST_RELATED = 20_001
LISTS = frozenset(str(name) for name in ListName)
MOST_TRANSLATIONS = 100
_SHOWN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "icd-10": (
        ("chapter", "chapter", "code"),
        ("chapter_name", "chapter-name", "string"),
        ("block", "block", "code"),
        ("not_primary", "not-primary", "boolean"),
        ("has_more_specific", "has-more-specific", "boolean"),
        ("death_cause_only", "death-cause-only", "boolean"),
        ("sex", "sex", "code"),
    ),
    "service": (("kind", "kind", "code"), ("cost_group", "cost-group", "code"), ("chapter", "chapter", "string")),
    "drug": (
        ("ingredient_code", "ingredient-code", "code"),
        ("ingredient", "ingredient", "string"),
        ("atc", "atc", "code"),
        ("strength", "strength", "string"),
        ("dosage_form", "dosage-form", "string"),
        ("unit", "unit", "string"),
        ("route_code", "route", "code"),
        ("maker", "maker", "string"),
    ),
    "supply": (
        ("unit", "unit", "string"),
        ("cost_group", "cost-group", "code"),
        ("model_number", "model", "string"),
        ("maker", "maker", "string"),
    ),
    "analyte": (("service_code", "service", "code"), ("unit", "unit", "string")),
    "ward": (("province_code", "province", "code"),),
}
_NAMES = frozenset({"code", "valid_from", "valid_to", "name", "name_en", "extra"})


def _source(key: str) -> tuple[Table, list[ColumnElement[bool]]]:
    """The table of a list and the condition that picks the list in it."""
    if key in TABLES:
        return TABLES[key], []
    assert key in LISTS, key
    source = table(Code)
    return source, [source.c.list_name == key]


def _columns(key: str, source: Table) -> list[Any]:
    """The columns that a concept shows: the folded search text and prices stay in the database."""
    shown = _NAMES | {name for name, _, _ in _SHOWN.get(key, ())}
    return [column for column in source.columns if column.name in shown]


def _in_force(source: Table, on: date) -> ColumnElement[bool]:
    if "valid_from" not in source.c:
        return literal(True)
    return and_(source.c.valid_from <= on, or_(source.c.valid_to.is_(None), source.c.valid_to >= on))


async def get_concepts(db: Db, key: str, codes: Collection[str], on: date) -> dict[str, Concept]:
    """The entries with these codes by code; one that is not in force on the day is there and not active. One query."""
    source, picked = _source(key)
    force = _in_force(source, on)
    query = select(*_columns(key, source), force.label("active")).where(*picked, source.c.code.in_(list(codes)))
    if "valid_from" in source.c:
        query = query.order_by(force, source.c.valid_from)  # the last one counts: in force, then the newest
    return {row.code: _concept(key, row) for row in await db.all(query.limit(20 * max(len(codes), 1)))}


async def list_totals(db: Db, on: date) -> dict[str, tuple[int, date | None]]:
    """Of each list how many entries are in force on the day, and since when the newest of them is. One query."""
    parts = []
    for key, source in TABLES.items():
        newest = func.max(source.c.valid_from) if "valid_from" in source.c else cast(literal(None), Date)
        parts.append(select(literal(key), func.count(), newest).select_from(source).where(_in_force(source, on)))
    code = table(Code)
    grouped = select(code.c.list_name, func.count(), func.max(code.c.valid_from)).where(_in_force(code, on))
    rows: Sequence[Any] = await db.all(union_all(*parts, grouped.group_by(code.c.list_name)))
    return {str(row[0]): (int(row[1]), row[2]) for row in rows if row[1]}


async def list_codes(db: Db, key: str, on: date, limit: int) -> list[str]:
    """The codes of a list that are in force on the day, at most so many."""
    source, picked = _source(key)
    query = select(source.c.code).distinct().where(*picked, _in_force(source, on)).order_by(source.c.code)
    return [row.code for row in await db.all(query.limit(limit))]


async def related_codes(db: Db, code: str, *, below: bool) -> list[str]:
    """ICD-10 codes that a chapter, block or category holds (`below`), or the category, block and chapter of a code."""
    icd = TABLES["icd-10"]
    if below:
        finer = and_(icd.c.code.startswith(code, autoescape=True), func.length(literal(code)) >= CATEGORY)
        query = select(icd.c.code).distinct().where(or_(finer, icd.c.block == code, icd.c.chapter == code))
        return [row.code for row in await db.all(query.order_by(icd.c.code).limit(MOST_RELATED))]
    row = await db.first(select(icd.c.block, icd.c.chapter).where(icd.c.code == code).limit(1))
    wider = [code[:length].rstrip(".") for length in range(len(code) - 1, CATEGORY - 1, -1)]
    return [one for one in (*wider, *(row or ())) if one]


async def list_concepts(
    db: Db, key: str, words: Sequence[str], on: date, *, offset: int, limit: int
) -> tuple[int, list[Concept]]:
    """How many entries in force on the day have all the words, and one page of them by code. Two queries."""
    source, picked = _source(key)
    wanted = [*picked, _in_force(source, on), *(_has(source, word) for word in words)]
    count = await db.scalar(select(func.count()).select_from(source).where(*wanted))
    if not limit:
        return int(count), []
    query: Select[Any] = select(*_columns(key, source), literal(True).label("active")).where(*wanted)
    rows = await db.all(query.order_by(source.c.code).offset(offset).limit(limit))
    return int(count), [_concept(key, row) for row in rows]


def _has(source: Table, word: str) -> ColumnElement[bool]:
    """Has the entry this folded word (its beginning)? Analytes have no folded text: their code and name are compared."""
    if "search" in source.c:
        found: ColumnElement[bool] = source.c.search.like(f"% {word}%")
        return found
    return or_(source.c.code.ilike(f"{word}%"), source.c.name.ilike(f"%{word}%"))


def _concept(key: str, row: Any) -> Concept:
    values = row._mapping
    shown = [(name, kind, values[column]) for column, name, kind in _SHOWN.get(key, ()) if values[column] != ""]
    extra = values.get("extra") or {}
    shown += [(name, *_typed(value)) for name, value in sorted(extra.items()) if value not in (None, "")]
    return Concept(row.code, row.name, values.get("name_en", ""), bool(row.active), tuple(shown))


def _typed(value: Any) -> tuple[str, str | bool | int]:
    if isinstance(value, bool):
        return "boolean", value
    return ("integer", value) if isinstance(value, int) else ("string", str(value))


async def translate(
    db: Db, key: str, column: str, code: str, on: date, *, reverse: bool, names: str = ""
) -> list[Translation]:
    """What the entry with this code carries in `column`, or with `reverse` the entries that carry it, at most a hundred.

    `names` is the list in which the carried code has its name, "" when it is of a foreign system. One query.
    """
    source, picked = _source(key)
    carried = source.c[column]
    display: Any = literal("")
    if names:
        other, also = _source(names)
        named = select(other.c.name).where(*also, other.c.code == carried, _in_force(other, on)).limit(1)
        display = func.coalesce(named.scalar_subquery(), "")
    query = (
        select(source.c.code, source.c.name, carried.label("target"), display.label("target_name"))
        .where(*picked, _in_force(source, on), carried != "", (carried if reverse else source.c.code) == code)
        .order_by(source.c.code)
        .limit(MOST_TRANSLATIONS)
    )
    return [Translation(row.code, row.name, row.target, row.target_name) for row in await db.all(query)]
