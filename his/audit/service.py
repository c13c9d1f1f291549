"""What the slices enter in the audit trail, and what the unit's administrator reads there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from his.audit import store
from his.audit.balp import Seen
from his.audit.tables import AuditEntry
from his.audit.terms import Wanted
from his.identity import service as identity
from his.identity.access import Caller
from his.identity.terms import ROLE_NAMES, Role
from his.kit.changes import Changes
from his.kit.db import Db

ROWS: Final = 100
WORKER: Final = "worker"


async def record(
    caller: Caller, action: str, entity_type: str, entity_id: UUID | str, **detail: str | int | bool
) -> None:
    """Enter an act that changes nothing (print, export); the entry is committed when this returns.

    `detail` holds codes and counts, never a name or a number of a person. Raises HisError(BUSY): then show nothing.
    """
    await caller.db.apply(Changes().audit(action, entity_type, entity_id, **detail), caller.now)


async def read(caller: Caller, entity_type: str, entity_id: UUID | str) -> None:
    """Enter that the caller opened a record whose id does not stand in the address (the guard enters the others)."""
    await record(caller, "read", entity_type, entity_id)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the administrator sees it; `who` is the display name of the account, or what kind of machine it was."""

    at: datetime
    who: str
    role: str
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class Trail:
    """Some entries, newest first; `before` is the cursor of the next page, None at the end."""

    lines: list[Line]
    before: UUID | None


async def load_trail(db: Db, *, actor: str = "", entity_id: str = "", before: UUID | None = None) -> Trail:
    """A page of the unit's trail: all of it, of one account, or of one record; three queries at most."""
    rows = await store.list_entries(db, actor=actor, entity_id=entity_id, before=before, limit=ROWS + 1)
    names = {str(a.id): a.display_name for a in await identity.list_accounts(db, db.unit_id)}
    lines = [Line(row.recorded_at, who_acted(row, names), _role(row.role), row) for row in rows[:ROWS]]
    return Trail(lines, rows[ROWS - 1].id if len(rows) > ROWS else None)


async def find_event(db: Db, identity: UUID) -> Seen | None:
    """An entry of the unit with its patient and the name of its account."""
    found = await search_events(db, Wanted(ids=[identity], count=1))
    return found[0] if found else None


async def search_events(db: Db, wanted: Wanted) -> list[Seen]:
    """Entries of the unit, newest first, one more than `wanted.count` when there are more; two queries."""
    rows = await store.search(db, wanted)
    names = {str(a.id): a.display_name for a in await identity.list_accounts(db, db.unit_id)} if rows else {}
    return [Seen(entry, patient, names.get(entry.actor, "")) for entry, patient in rows]


def who_acted(row: AuditEntry, names: dict[str, str]) -> str:
    """The person, the machine or the worker behind an entry, in words."""
    if row.actor == WORKER:
        return "Máy tự chạy"
    return names.get(row.actor) or (f"Máy khách {row.actor}" if row.role == "machine" else "Người ngoài đơn vị")


def _role(role: str) -> str:
    return ROLE_NAMES[Role(role)] if role in set(Role) else ""
