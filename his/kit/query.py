"""SELECTs compiled once and sent together: many small reads in one round trip, without building them each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlmodel import SQLModel

from his.kit.columns import loaded

Model = TypeVar("Model", bound=SQLModel)
Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Query:
    """The text of one SELECT for the driver, the values fixed in it, and the names of its columns in order."""

    sql: str
    fixed: Mapping[str, Any]
    columns: tuple[str, ...]

    def models(self, model: type[Model], rows: Rows) -> list[Model]:
        """Rows of `select(table(Model))` as table objects."""
        return loaded(model, self.columns, rows)

    def part(self, model: type[Model], prefix: str, row: tuple[Any, ...]) -> Model:
        """The object of one table out of a row joined with `labelled`."""
        mark = f"{prefix}__"
        own = [(name[len(mark) :], place) for place, name in enumerate(self.columns) if name.startswith(mark)]
        return loaded(model, (name for name, _ in own), ([row[place] for _, place in own],))[0]


def compiled(statement: Select[Any]) -> Query:
    """The query of a statement; what is asked for is a `bindparam`, given when it is sent."""
    text = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed
    fixed = {name: value for name, value in text.params.items() if value is not None}
    return Query(text.string, fixed, tuple(str(column.key) for column in statement.selected_columns))
