"""Registrations of practice: every SELECT of the slice."""

from uuid import UUID

from sqlalchemy import select

from his.identity.tables import Practitioner
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part, part_or_none
from his.practice.tables import Practice

EACH = 50
"""Registrations of one person that are read; more than a working life needs."""
MOST = 3000
"""Staff of one unit that are read; the largest hospital of the country employs fewer who practise in one place."""
_practice, _person = table(Practice), table(Practitioner)


async def get_practice(db: Db, practice_id: UUID) -> Practice | None:
    """One registration."""
    return await db.model(Practice, select(_practice).where(_practice.c.id == practice_id))


async def list_people(db: Db) -> list[Practitioner]:
    """Staff of the unit in scope who hold a certificate, by name."""
    query = select(_person).where(_person.c.active, _person.c.license_number != "")
    return await db.models(Practitioner, query.order_by(_person.c.name, _person.c.id).limit(MOST))


async def list_all(db: Db) -> list[Practice]:
    """Every registration of the unit in scope, the newest first."""
    query = select(_practice).order_by(_practice.c.valid_from.desc(), _practice.c.id)
    return await db.models(Practice, query.limit(2 * MOST))


async def find_practising(db: Db, practitioner_id: UUID) -> tuple[Practitioner | None, list[Practice]]:
    """A member of staff and the registrations, in one query."""
    joined = (_practice.c.unit_id == _person.c.unit_id) & (_practice.c.practitioner_id == _person.c.id)
    query = (
        select(*labelled(Practitioner, "w"), *labelled(Practice, "p"))
        .join_from(_person, _practice, joined, isouter=True)
        .where(_person.c.id == practitioner_id)
        .order_by(_practice.c.valid_from.desc())
        .limit(EACH)
    )
    rows = await db.all(query)
    found = [one for row in rows if (one := part_or_none(row, Practice, "p")) is not None]
    return (part(rows[0], Practitioner, "w") if rows else None), found
