"""Invented registrations of practice for the staff of the demonstration."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID, uuid5

from his.identity.tables import Unit
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.practice import store
from his.practice.tables import Practice

NAMESPACE = UUID("5d6d1a1e-8f0c-4c39-9a62-2d8c3a1f0b77")
HOURS = {"clinic": (time(6), time(21))}
"""Hospitals and stations have somebody on duty at every hour."""


async def seed(database: Database, units: Sequence[Unit], now: datetime) -> None:
    """Register everybody with a certificate in each unit that has no registration yet; safe to repeat."""
    for unit in units:
        async with database.scoped(Scope(unit.id, "seed")) as db:
            if await store.list_all(db):
                continue
            opens, closes = HOURS.get(unit.kind, (None, None))
            changes = Changes()
            for person in await store.list_people(db):
                row = Practice(
                    unit_id=unit.id,
                    id=uuid5(NAMESPACE, str(person.id)),
                    practitioner_id=person.id,
                    scope=SCOPES.get(person.title, ""),
                    opens_at=opens,
                    closes_at=closes,
                    valid_from=date(2024, 1, 1),
                )
                changes.insert(row).version(row, op="create")
            await db.apply(changes, now)


SCOPES = {"BS.": "Khám bệnh, chữa bệnh đa khoa", "ĐD.": "Điều dưỡng", "DS.": "Dược lâm sàng", "KTV.": "Kỹ thuật y"}
