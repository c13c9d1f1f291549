"""The stock page: lots with their drugs, and the balance of a period."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from his.catalog.rules import query_words
from his.catalog.tables import Drug
from his.kit.columns import table
from his.kit.db import Db
from his.pharmacy.tables import StockLot, StockMove
from his.pharmacy.terms import MoveKind

_lot, _move, _drug = table(StockLot), table(StockMove), table(Drug)


@dataclass(frozen=True, slots=True)
class StockRow:
    """A lot with the name and unit of its drug."""

    lot: StockLot
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Balance:
    """In and out of a drug in a period, in units of the drug; closing = opening + received + returned + adjusted - handed."""

    drug_code: str
    name: str
    unit: str
    opening: Decimal
    received: Decimal
    handed: Decimal
    returned: Decimal
    adjusted: Decimal
    closing: Decimal


def _named(on: date) -> ColumnElement[bool]:
    valid = and_(_drug.c.valid_from <= on, or_(_drug.c.valid_to.is_(None), _drug.c.valid_to >= on))
    return and_(_drug.c.code == _lot.c.drug_code, valid)


def _matching(query: Select, on: date, q: str, state: str, soon: date) -> Select:  # type: ignore[type-arg]
    for word in query_words(q):
        query = query.where(or_(_drug.c.search.like(f"% {word}%"), func.lower(_lot.c.lot_number).like(f"{word}%")))
    if state == "expired":
        return query.where(_lot.c.expires_on < on, _lot.c.on_hand > 0)
    if state == "soon":
        return query.where(_lot.c.expires_on.between(on, soon), _lot.c.on_hand > 0)
    if state == "short":
        return query.where(_lot.c.on_hand - _lot.c.reserved <= 0)
    return query.where(_lot.c.on_hand > 0)


async def list_stock(db: Db, on: date, soon: date, q: str, state: str, page: int, size: int = 50) -> list[StockRow]:
    """A page of lots by drug and expiry; `state` is "", expired, soon (until the day `soon`) or short."""
    query = select(_lot, _drug.c.name, _drug.c.unit).join(_drug, _named(on), isouter=True)
    query = _matching(query, on, q, state, soon).order_by(_drug.c.name, _lot.c.expires_on, _lot.c.lot_number)
    rows = await db.all(query.limit(size).offset((page - 1) * size))
    names = _lot.columns.keys()
    return [
        StockRow(
            StockLot(**{key: row._mapping[_lot.c[key]] for key in names}),
            row._mapping[_drug.c.name] or "",
            row.unit or "",
        )
        for row in rows
    ]


async def count_stock(db: Db, on: date, soon: date, q: str, state: str) -> int:
    """How many lots there are on all pages."""
    query = select(func.count()).select_from(_lot.join(_drug, _named(on), isouter=True))
    return int(await db.scalar(_matching(query, on, q, state, soon)))


async def get_stock_row(db: Db, lot_id: UUID, on: date) -> StockRow | None:
    """One lot with its drug, or None."""
    query = select(_lot, _drug.c.name, _drug.c.unit).join(_drug, _named(on), isouter=True).where(_lot.c.id == lot_id)
    row = await db.first(query)
    if row is None:
        return None
    names = _lot.columns.keys()
    lot = StockLot(**{key: row._mapping[_lot.c[key]] for key in names})
    return StockRow(lot, row._mapping[_drug.c.name] or "", row.unit or "")


async def list_balance(db: Db, since: datetime, until: datetime, on: date, limit: int = 1000) -> list[Balance]:
    """In, out and balance of every drug between two instants (the second not included), from the ledger alone."""

    def total(*kinds: MoveKind) -> ColumnElement[Decimal]:
        inside = and_(_move.c.moved_at >= since, _move.c.kind.in_([kind.value for kind in kinds]))
        return func.coalesce(func.sum(case((inside, _move.c.quantity), else_=0)), 0)

    opening = func.coalesce(func.sum(case((_move.c.moved_at < since, _move.c.quantity), else_=0)), 0)
    query = (
        select(
            _lot.c.drug_code,
            func.max(_drug.c.name).label("name"),
            func.max(_drug.c.unit).label("unit"),
            opening.label("opening"),
            total(MoveKind.RECEIPT).label("received"),
            total(MoveKind.DISPENSE).label("handed"),
            total(MoveKind.RETURN).label("returned"),
            total(MoveKind.ADJUST).label("adjusted"),
            func.sum(_move.c.quantity).label("closing"),
        )
        .join(_lot, and_(_lot.c.unit_id == _move.c.unit_id, _lot.c.id == _move.c.lot_id))
        .join(_drug, _named(on), isouter=True)
        .where(_move.c.moved_at < until)
        .group_by(_lot.c.drug_code)
        .order_by(func.max(_drug.c.name), _lot.c.drug_code)
        .limit(limit)
    )
    return [
        Balance(
            row.drug_code, row.name or row.drug_code, row.unit or "", row.opening, row.received,
            -row.handed, row.returned, row.adjusted, row.closing,
        )
        for row in await db.all(query)
    ]  # fmt: skip
