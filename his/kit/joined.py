"""Several table objects out of one joined row: columns are labelled by table and taken apart again."""

from typing import Any, TypeVar

from sqlalchemy.engine import Row
from sqlmodel import SQLModel

from his.kit.columns import table

Model = TypeVar("Model", bound=SQLModel)


def labelled(model: type[SQLModel], prefix: str) -> list[Any]:
    """The columns of a table for `select`, named `<prefix>__<column>`."""
    return [column.label(f"{prefix}__{column.key}") for column in table(model).columns]


def part(row: Row[Any], model: type[Model], prefix: str) -> Model:
    """The object of one table out of a joined row."""
    mark = f"{prefix}__"
    return model(**{key[len(mark) :]: value for key, value in row._mapping.items() if key.startswith(mark)})


def part_or_none(row: Row[Any], model: type[Model], prefix: str) -> Model | None:
    """As `part`; None when an outer join found nothing."""
    return part(row, model, prefix) if row._mapping[f"{prefix}__id"] is not None else None
