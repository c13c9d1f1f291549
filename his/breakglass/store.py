"""Openings: every SELECT of the slice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from his.breakglass.tables import BreakGlass
from his.encounters.tables import Encounter
from his.identity.tables import Account, Practitioner, WebSession
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part
from his.kit.rights import is_closed
from his.registration.tables import Patient, StaffPatient

MOST = 100
_opening, _patient, _account, _session = table(BreakGlass), table(Patient), table(Account), table(WebSession)
_visit, _mark, _staff = table(Encounter), table(StaffPatient), table(Practitioner)


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


async def list_closed_visits(db: Db, patient_id: UUID) -> list[tuple[UUID, datetime]]:
    """Visits of the patient that are sensitive to anybody without a right: id and arrival, newest first."""
    closed = is_closed(_visit.c.id, db.unit_id, {})
    query = select(_visit.c.id, _visit.c.arrived_at).where(_visit.c.patient_id == patient_id, closed)
    return [(row.id, row.arrived_at) for row in await db.all(query.order_by(_visit.c.arrived_at.desc()).limit(MOST))]


async def find_patient_by_number(db: Db, number: str) -> Patient | None:
    """The patient of exactly this code or personal identification number; never a search by parts."""
    query = select(_patient).where(or_(_patient.c.code == number, _patient.c.citizen_number == number))
    return await db.model(Patient, query.where(_patient.c.unit_id == db.unit_id).limit(1))


async def get_mark(db: Db, mark_id: UUID) -> StaffPatient | None:
    """One mark."""
    return await db.model(StaffPatient, select(_mark).where(_mark.c.id == mark_id))


async def find_mark(db: Db, patient_id: UUID) -> StaffPatient | None:
    """The mark of the patient that holds now."""
    return await db.model(
        StaffPatient, select(_mark).where(_mark.c.patient_id == patient_id, _mark.c.ended_at.is_(None))
    )


async def list_marks(db: Db) -> list[tuple[StaffPatient, str, str]]:
    """Marks that hold, with code and name of the patient, newest first."""
    query = (
        select(*labelled(StaffPatient, "m"), _patient.c.code, _patient.c.name)
        .join_from(_mark, _patient, (_patient.c.unit_id == _mark.c.unit_id) & (_patient.c.id == _mark.c.patient_id))
        .where(_mark.c.ended_at.is_(None))
        .order_by(_mark.c.marked_at.desc())
        .limit(MOST)
    )
    return [(part(row, StaffPatient, "m"), row.code, row.name) for row in await db.all(query)]


async def list_matched(db: Db) -> list[tuple[str, str]]:
    """Code and name of patients whose personal identification number is that of a member of staff."""
    query = (
        select(_patient.c.code, _patient.c.name)
        .join_from(
            _staff,
            _patient,
            (_patient.c.unit_id == _staff.c.unit_id) & (_patient.c.citizen_number == _staff.c.citizen_number),
        )
        .where(_staff.c.unit_id == db.unit_id, _staff.c.active, _staff.c.citizen_number != "")
        .order_by(_patient.c.code)
        .limit(MOST)
    )
    return [(row.code, row.name) for row in await db.all(query)]
