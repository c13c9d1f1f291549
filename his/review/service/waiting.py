"""The lines that wait for the unit's answer: a doctor sees what he ordered, the claims clerk everything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from his.identity.terms import Role, User
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.review import store

PAGE = 50
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of waiting lines, where the next page starts, and whose they are (None: everybody's)."""

    lines: list[Any]
    after: UUID | None
    doctor: str | None


async def doctor_of(db: Db, user: User) -> str | None:
    """The practice certificate that narrows what a doctor sees; None for the unit's clerks, who see all lines."""
    if user.role is not Role.DOCTOR:
        return None
    found = await store.certificate_of(db, user.practitioner_id) if user.practitioner_id else ""
    return found or NOBODY


async def load_queue(db: Db, user: User, now: datetime, after: UUID | None = None) -> Queue:
    """The waiting lines of the unit in scope; that their patients' names were shown is written down.

    Raises FORBIDDEN outside a medical unit.
    """
    if user.unit_kind in ("insurer", "health-department"):
        raise HisError(Kind.FORBIDDEN, "Chỉ cơ sở khám chữa bệnh có dòng chờ giải trình.")
    doctor = await doctor_of(db, user)
    found = await store.list_waiting(db, doctor, after, PAGE + 1)
    shown = found[:PAGE]
    if shown:
        await db.release()
        await db.apply(Changes().audit("review:queue", "ReviewLine", "", lines=len(shown)), now)
    return Queue(shown, shown[-1].id if len(found) > PAGE else None, doctor)
