"""Visits, diagnoses, vital signs, notes and drafts: every SELECT of the slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlmodel import SQLModel

from his.catalog.tables import Diagnosis10
from his.encounters.rules import age_days, sex_letter
from his.encounters.tables import Diagnosis, Draft, Encounter, Note, VitalSigns
from his.encounters.terms import DiagnosesFacts, DiagnosisEntry
from his.identity.tables import Room
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.joined import labelled, part_or_none
from his.registration.tables import Coverage, Patient

Model = TypeVar("Model", bound=SQLModel)
_encounter, _diagnosis, _vitals, _note, _draft = (
    table(Encounter),
    table(Diagnosis),
    table(VitalSigns),
    table(Note),
    table(Draft),
)
_patient, _coverage, _room = table(Patient), table(Coverage), table(Room)
RECENT_DIAGNOSES = 400  # how many of a doctor's last diagnoses are counted for the favourites


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit with the person, the card and the room: what every page and rule about it needs first."""

    encounter: Encounter
    patient: Patient
    coverage: Coverage | None
    room: Room | None


@dataclass(frozen=True, slots=True)
class EarlierVisit:
    """One line of the list of earlier visits; `codes` main first."""

    id: UUID
    arrived_at: datetime
    room: str
    codes: tuple[str, ...]


def _visit_query() -> Select[Any]:
    return select(
        *labelled(Encounter, "e"), *labelled(Patient, "p"), *labelled(Coverage, "c"), *labelled(Room, "r")
    ).select_from(
        _encounter.join(
            _patient, and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id)
        )
        .outerjoin(
            _coverage, and_(_coverage.c.unit_id == _encounter.c.unit_id, _coverage.c.id == _encounter.c.coverage_id)
        )
        .outerjoin(_room, and_(_room.c.unit_id == _encounter.c.unit_id, _room.c.id == _encounter.c.room_id))
    )


async def find_visit(db: Db, encounter_id: UUID) -> Visit | None:
    """The visit with patient, card and room in one query, or None."""
    row = await db.first(_visit_query().where(_encounter.c.id == encounter_id))
    if row is None:
        return None
    encounter, patient = part_or_none(row, Encounter, "e"), part_or_none(row, Patient, "p")
    assert encounter is not None, "inner join without a row"
    assert patient is not None, "inner join without a row"
    return Visit(encounter, patient, part_or_none(row, Coverage, "c"), part_or_none(row, Room, "r"))


async def get_visit(db: Db, encounter_id: UUID) -> Visit:
    """As `find_visit`; raises NOT_FOUND."""
    visit = await find_visit(db, encounter_id)
    if visit is None:
        raise not_found()
    return visit


async def get_encounter(db: Db, encounter_id: UUID) -> Encounter:
    """The visit alone; raises NOT_FOUND."""
    found = await db.model(Encounter, select(_encounter).where(_encounter.c.id == encounter_id))
    if found is None:
        raise not_found()
    return found


async def list_diagnoses(db: Db, encounter_id: UUID) -> list[Diagnosis]:
    """Diagnoses of a visit, main first, then in the order given."""
    query = select(_diagnosis).where(_diagnosis.c.encounter_id == encounter_id)
    return await db.models(
        Diagnosis, query.order_by(_diagnosis.c.role != "main", _diagnosis.c.position, _diagnosis.c.id).limit(50)
    )


def diagnosis_facts(
    visit: Visit, diagnoses: Sequence[Diagnosis], icd: dict[str, Diagnosis10], *, on: date, closing: bool = False
) -> DiagnosesFacts:
    """The facts of the diagnosis rules out of rows; pure."""
    entries = []
    for row in diagnoses:
        item = icd.get(row.code)
        entries.append(
            DiagnosisEntry(
                row.code,
                row.name,
                row.role,
                known=item is not None,
                not_primary=bool(item and item.not_primary),
                discouraged_primary=bool(item and item.discouraged_primary),
                has_more_specific=bool(item and item.has_more_specific),
                death_cause_only=bool(item and item.death_cause_only),
                sex=item.sex if item else "",
                id=row.id,
            )
        )
    patient = visit.patient
    return DiagnosesFacts(
        tuple(entries),
        sex_letter(patient.gender),
        age_days(patient.birth_date, on),
        closing=closing,
        died=visit.encounter.outcome_code == "5",
    )


async def list_favourites(db: Db, practitioner_id: UUID, limit: int = 20) -> list[tuple[str, str]]:
    """The doctor's own diagnoses, most used first, counted over the last RECENT_DIAGNOSES: (code, name)."""
    recent = (
        select(_diagnosis.c.code, _diagnosis.c.name, _diagnosis.c.recorded_at)
        .where(_diagnosis.c.practitioner_id == practitioner_id)
        .order_by(_diagnosis.c.recorded_at.desc())
        .limit(RECENT_DIAGNOSES)
        .subquery()
    )
    query = (
        select(recent.c.code, func.max(recent.c.name))
        .group_by(recent.c.code)
        .order_by(func.count().desc(), func.max(recent.c.recorded_at).desc())
        .limit(limit)
    )
    return [(code, name) for code, name in map(tuple, await db.all(query))]


async def list_vitals(db: Db, encounter_id: UUID, limit: int = 20) -> list[VitalSigns]:
    """Sets of vital signs of a visit, latest first."""
    query = select(_vitals).where(_vitals.c.encounter_id == encounter_id)
    return await db.models(VitalSigns, query.order_by(_vitals.c.taken_at.desc(), _vitals.c.id.desc()).limit(limit))


async def list_notes(db: Db, encounter_id: UUID) -> list[Note]:
    """Notes of a visit, latest first."""
    query = select(_note).where(_note.c.encounter_id == encounter_id)
    return await db.models(Note, query.order_by(_note.c.written_at.desc(), _note.c.id.desc()).limit(200))


async def get_note(db: Db, note_id: UUID) -> Note:
    """A note; raises NOT_FOUND."""
    found = await db.model(Note, select(_note).where(_note.c.id == note_id))
    if found is None:
        raise not_found()
    return found


async def list_drafts(db: Db, account_id: UUID, subject: str) -> list[Draft]:
    """What this account is typing about a subject."""
    query = select(_draft).where(_draft.c.account_id == account_id, _draft.c.subject == subject)
    return await db.models(Draft, query.limit(50))


async def find_draft(db: Db, account_id: UUID, form: str, subject: str) -> Draft | None:
    """One draft of this account, or None."""
    query = select(_draft).where(_draft.c.account_id == account_id, _draft.c.form == form, _draft.c.subject == subject)
    return await db.model(Draft, query)


async def list_earlier(db: Db, patient_id: UUID, but: UUID, limit: int = 6) -> list[EarlierVisit]:
    """The patient's other visits, latest first, with their codes (main first)."""
    last = (
        select(_encounter.c.unit_id, _encounter.c.id, _encounter.c.arrived_at, _encounter.c.room_id)
        .where(_encounter.c.patient_id == patient_id, _encounter.c.id != but, _encounter.c.status != "cancelled")
        .order_by(_encounter.c.arrived_at.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        select(last.c.id, last.c.arrived_at, _room.c.code, _diagnosis.c.code)
        .select_from(
            last.outerjoin(_room, and_(_room.c.unit_id == last.c.unit_id, _room.c.id == last.c.room_id)).outerjoin(
                _diagnosis, and_(_diagnosis.c.unit_id == last.c.unit_id, _diagnosis.c.encounter_id == last.c.id)
            )
        )
        .order_by(last.c.arrived_at.desc(), last.c.id, _diagnosis.c.role != "main", _diagnosis.c.position)
        .limit(limit * 20)
    )
    found: dict[UUID, EarlierVisit] = {}
    for visit_id, arrived_at, room, code in map(tuple, await db.all(query)):
        known = found.get(visit_id)
        codes = (*(known.codes if known else ()), *((code,) if code else ()))
        found[visit_id] = EarlierVisit(visit_id, arrived_at, room or "", codes)
    return list(found.values())
