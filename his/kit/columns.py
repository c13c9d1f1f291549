"""Column kinds and keys shared by all table classes: the unit in every key, aware instants, exact money."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Numeric, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import class_mapper
from sqlalchemy.orm.instrumentation import manager_of_class
from sqlmodel import Field, SQLModel

from his.kit.ids import new_id

__all__ = [
    "Row",
    "Shared",
    "Tenant",
    "Versioned",
    "belongs_to",
    "decimal3",
    "document",
    "instant",
    "loaded",
    "money",
    "table",
    "text",
    "unique",
]

Model = TypeVar("Model", bound=SQLModel)


@cache
def _defaults(model: type[SQLModel]) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
    """Default values of a table class, and the factories of those that are made anew for each row."""
    plain: dict[str, Any] = {}
    made: list[tuple[str, Any]] = []
    for name, column in model.model_fields.items():
        if column.default_factory is not None:
            made.append((name, column.default_factory))
        elif not column.is_required():
            plain[name] = column.default
    return plain, tuple(made)


class Row(SQLModel):
    """A row as a plain value: filled in one step, because nothing here tracks changes (13 us for 27 columns, not 86)."""

    def __init__(self, **data: Any) -> None:
        plain, made = _defaults(type(self))
        filled = self.__dict__
        filled.update(plain)
        for name, factory in made:
            if name not in data:
                filled[name] = factory()
        filled.update(data)
        object.__setattr__(self, "__pydantic_fields_set__", set(data))


@cache
def _maker(model: type[Model]) -> Callable[[], Model]:
    """An empty object of a table class; its attributes can be read once SQLAlchemy has set the class up."""
    class_mapper(model)
    return manager_of_class(model).new_instance


def loaded(model: type[Model], columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> list[Model]:
    """Objects of a table class from whole rows of the database, whose values need no defaults (7 us each, not 41)."""
    names = tuple(columns)
    new, made = _maker(model), []
    for row in rows:
        found = new()
        found.__dict__.update(zip(names, row, strict=True))
        object.__setattr__(found, "__pydantic_fields_set__", set(names))
        made.append(found)
    return made


class Tenant(Row):
    """A row of one medical unit: `unit_id` first in the primary key, row-level security forced by the migration."""

    unit_id: int = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)


class Versioned(Tenant):
    """A tenant row that changes: an update states the next version and fails when someone else was faster."""

    version: int = 1


class Shared(Row):
    """A row of the installation (code lists, units): no unit, no row-level security, changed by administrators."""


def instant(optional: bool = False) -> Any:
    """`timestamptz`."""
    kind: Any = DateTime(timezone=True)
    return Field(default=None, sa_type=kind) if optional else Field(sa_type=kind)


def money(default: Decimal | None = Decimal(0)) -> Any:
    """`numeric(18,2)`, đồng."""
    kind: Any = Numeric(18, 2)
    return Field(default=default, sa_type=kind)


def decimal3(default: Decimal | None = Decimal(0)) -> Any:
    """`numeric(14,3)`: quantities, doses, unit prices and rates."""
    kind: Any = Numeric(14, 3)
    return Field(default=default, sa_type=kind)


def text(default: str | None = "") -> Any:
    """`text` without a length."""
    return Field(default=default, sa_type=Text)


def document(optional: bool = False) -> Any:
    """`jsonb`."""
    kind: Any = JSONB(none_as_null=True)
    return Field(default=None, sa_type=kind, nullable=True) if optional else Field(default_factory=dict, sa_type=kind)


def belongs_to(column: str, parent: str) -> ForeignKeyConstraint:
    """A composite key `(unit_id, column)` into a tenant table: a row of another unit can never be referenced."""
    return ForeignKeyConstraint(["unit_id", column], [f"{parent}.unit_id", f"{parent}.id"])


def unique(table_name: str, *columns: str) -> UniqueConstraint:
    """A unique key within the unit, named `uq_<table>_<columns>`."""
    return UniqueConstraint("unit_id", *columns, name=f"uq_{table_name}_{'_'.join(columns)}")


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy Core table of a table class, for typed `select(table(Patient).c.name)`."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found
