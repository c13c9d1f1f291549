"""Writing as a value: everything one use-case changes, sent to the database in one round trip."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, TypeVar
from uuid import UUID

import orjson
from sqlmodel import SQLModel

from his.kit.columns import table
from his.kit.errors import HisError, Kind

Row = TypeVar("Row", bound=SQLModel)
LARGEST_DIGITS = 40
"""Digits before the comma that a number may have; no column holds more, and 1e999999 would be a text of a megabyte."""
_COLUMNS: dict[type[SQLModel], tuple[str, tuple[str, ...]]] = {}


def columns(model: type[SQLModel]) -> tuple[str, tuple[str, ...]]:
    """Table name and column names of a table class."""
    known = _COLUMNS.get(model)
    if known is None:
        core = table(model)
        known = _COLUMNS[model] = (core.name, tuple(core.columns.keys()))
    return known


def values(row: SQLModel) -> dict[str, Any]:
    """The columns of a row as plain values."""
    return {name: getattr(row, name) for name in columns(type(row))[1]}


def encode(value: object) -> str:
    """JSON for the database: Decimal as text, so that no digit is lost on the way.

    Raises HisError(INVALID) for half a surrogate pair, an integer beyond 64 bits, an infinite or absurdly large number.
    """
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError as error:
        if isinstance(error.__cause__, HisError):
            raise error.__cause__ from error
        if error.__cause__ is None:  # a value of a known type that JSON cannot hold; unknown types are our mistake
            raise _unfit() from error
        raise


def _unfit() -> HisError:
    return HisError(Kind.INVALID, "Có giá trị không hợp lệ. Kiểm lại các ô vừa nhập.")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() >= LARGEST_DIGITS:
            raise _unfit()
        return format(value, "f")
    raise TypeError(f"cannot store {type(value).__name__}")


class Changes:
    """Rows to insert, update, upsert and delete, resources to version, audit entries and wake-up calls.

    Nothing happens before `Db.apply`; then all of it happens, or none.
    """

    __slots__ = ("audits", "deletes", "dirt", "inserts", "notices", "resources", "subjects", "updates", "upserts")

    def __init__(self) -> None:
        self.inserts: dict[str, list[dict[str, Any]]] = {}
        self.updates: dict[str, list[dict[str, Any]]] = {}
        self.upserts: dict[str, list[dict[str, Any]]] = {}
        self.deletes: dict[str, list[dict[str, Any]]] = {}
        self.subjects: list[tuple[object, str]] = []
        self.resources: list[dict[str, Any]] = []
        self.audits: list[tuple[str, str, str, Mapping[str, Any]]] = []
        self.notices: set[str] = set()
        self.dirt: dict[tuple[str, str], None] = {}

    def insert(self, *rows: SQLModel) -> Self:
        """New rows; a second row with the same key is a conflict."""
        for row in rows:
            self.inserts.setdefault(columns(type(row))[0], []).append(values(row))
        return self

    def upsert(self, *rows: SQLModel) -> Self:
        """Rows that replace what stands under their primary key (drafts, figures), without a version check."""
        for row in rows:
            self.upserts.setdefault(columns(type(row))[0], []).append(values(row))
        return self

    def update(self, row: Row, **fields: Any) -> Row:
        """The row with new values and the next version; refused as stale if it changed in between."""
        new = {**values(row), **fields}
        if "version" in new:
            new["version"] = new["version"] + 1
        self.updates.setdefault(columns(type(row))[0], []).append(new)
        return type(row)(**new)

    def delete(self, *rows: SQLModel) -> Self:
        """Remove rows (drafts, basket lines); versioned rows only in the version that was read."""
        for row in rows:
            self.deletes.setdefault(columns(type(row))[0], []).append(values(row))
        return self

    def version(self, *subjects: object, op: str = "update") -> Self:
        """Render each subject as its FHIR resource and append it to the version store (`create` or `update`)."""
        self.subjects.extend((subject, op) for subject in subjects)
        return self

    def audit(self, action: str, entity_type: str = "", entity_id: UUID | str = "", **detail: Any) -> Self:
        """Who did this is known from the scope; `detail` never holds names, card or citizen numbers."""
        self.audits.append((action, entity_type, str(entity_id), detail))
        return self

    def dirty(self, topic: str, key: object) -> Self:
        """Queue a key for the worker: `stat` a day to recompute, `visit` an encounter that may be complete."""
        self.dirt[(topic, str(key))] = None
        return self

    def notify(self, channel: str) -> Self:
        """Wake the worker that listens on this channel (`parcel`, `card`) when the change is committed."""
        self.notices.add(channel)
        return self

    def merge(self, other: "Changes") -> Self:
        """Add another change set to this one."""
        for mine, theirs in (
            (self.inserts, other.inserts),
            (self.updates, other.updates),
            (self.upserts, other.upserts),
            (self.deletes, other.deletes),
        ):
            for name, rows in theirs.items():
                mine.setdefault(name, []).extend(rows)
        self.subjects.extend(other.subjects)
        self.resources.extend(other.resources)
        self.audits.extend(other.audits)
        self.notices |= other.notices
        self.dirt |= other.dirt
        return self

    def payload(self, context: Mapping[str, Any], at: datetime) -> str:
        """The argument of `his_apply` (kit/schema.py)."""
        body = {
            **context,
            "at": at,
            "i": self.inserts or None,
            "u": self.updates or None,
            "s": self.upserts or None,
            "d": self.deletes or None,
            "r": self.resources or None,
            "a": [{"action": a, "type": t, "id": i, "detail": d} for a, t, i, d in self.audits] or None,
            "k": list(self.dirt) or None,
            "n": sorted(self.notices | ({"dirty"} if self.dirt else set())) or None,
        }
        return encode({key: value for key, value in body.items() if value is not None})
