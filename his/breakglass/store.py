"""Openings: every SELECT of the slice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from his.breakglass.tables import BreakGlass
from his.identity.tables import Account, WebSession
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part
from his.registration.tables import Patient

MOST = 100
_opening, _patient, _account, _session = table(BreakGlass), table(Patient), table(Account), table(WebSession)


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening with the names the privacy officer needs; the patient by code, not by name."""

    row: BreakGlass
    patient_code: str
    who: str
    role: str


async def get_patient(db: Db, patient_id: UUID) -> Patient | None:
    """A patient of the unit in scope."""
    return await db.model(Patient, select(_patient).where(_patient.c.id == patient_id))


async def lock_session(db: Db, session_sha256: str) -> WebSession | None:
    """The session, locked until the end of the transaction; call it inside `db.locking()`."""
    query = select(_session).where(_session.c.token_sha256 == session_sha256).with_for_update()
    return await db.model(WebSession, query)


async def find_running(db: Db, session_sha256: str, now: datetime) -> BreakGlass | None:
    """The opening of a session that is neither over nor closed."""
    query = select(_opening).where(
        _opening.c.session_sha256 == session_sha256, _opening.c.closed_at.is_(None), _opening.c.ends_at > now
    )
    return await db.model(BreakGlass, query.order_by(_opening.c.opened_at.desc()).limit(1))


async def get_opening(db: Db, opening_id: UUID) -> BreakGlass | None:
    """One opening."""
    return await db.model(BreakGlass, select(_opening).where(_opening.c.id == opening_id))


async def list_openings(db: Db, limit: int = MOST) -> list[Opening]:
    """Openings of the unit: those without a verdict first, then the newest."""
    query = (
        select(*labelled(BreakGlass, "b"), _patient.c.code, _account.c.display_name, _account.c.role)
        .join_from(
            _opening, _patient, (_patient.c.unit_id == _opening.c.unit_id) & (_patient.c.id == _opening.c.patient_id)
        )
        .join(_account, _account.c.id == _opening.c.account_id)
        .order_by(_opening.c.reviewed_at.is_not(None), _opening.c.opened_at.desc())
        .limit(limit)
    )
    return [Opening(part(row, BreakGlass, "b"), row.code, row.display_name, row.role) for row in await db.all(query)]
