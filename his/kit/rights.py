"""Conditions of lists: rows whose subject is closed to somebody's right are not there. The database holds the judgement."""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, not_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array

Right = dict[str, Any]
"""What somebody may see, in the words of the database's judgement (his.identity.callers.right_of)."""


def given(value: Right) -> ColumnElement[Any]:
    """The value as a JSON parameter."""
    return literal(value, JSONB)


def is_closed(key: Any, unit_id: int | None, right: Right) -> ColumnElement[bool]:
    """Is the subject with this key closed to the right?"""
    nothing = cast(array([], type_=Text), ARRAY(Text))
    found: ColumnElement[bool] = func.his_closed(
        literal(unit_id), array([cast(key, Text)]), nothing, nothing, given(right)
    )
    return found


def is_open(key: Any, unit_id: int | None, right: Right) -> ColumnElement[bool]:
    """Rows whose subject is not closed to the right."""
    return not_(is_closed(key, unit_id, right))
