"""What the doctor's page needs beyond the record slices: every SELECT of the slice."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, and_, false, func, literal, or_, select, union_all
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import UUID as PgUuid

from his.catalog.tables import Diagnosis10
from his.encounters.tables import Diagnosis, Draft, Encounter, Note
from his.encounters.terms import DiagnosisEntry
from his.identity.tables import Room
from his.kit.columns import table
from his.kit.db import Db
from his.kit.rights import Right, is_open
from his.orders.tables import CriticalNotice
from his.pharmacy.tables import MedicationDispense
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest
from his.scheduling.tables import Ticket

_diagnosis, _icd, _note, _draft = table(Diagnosis), table(Diagnosis10), table(Note), table(Draft)
_encounter, _room, _notice, _ticket = table(Encounter), table(Room), table(CriticalNotice), table(Ticket)
_allergy, _line, _dispense = table(AllergyIntolerance), table(MedicationRequest), table(MedicationDispense)


@dataclass(frozen=True, slots=True)
class OpenThing:
    """Something of a visit that the rules before signing look at.

    `what` is notice, note, draft or drug; `label` the name of the value, the kind of the note, the form of the draft,
    the name of the drug; `detail` the critical value, the text of the note, the fields of the draft as JSON, or payer
    and days of the drug (`insurance:28`); `by` who wrote the note; `signed` whether the note is.
    """

    what: str
    id: UUID | None
    label: str
    detail: str
    by: UUID | None
    signed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class PastVisit:
    """One line of the list of earlier visits; `codes` main first."""

    id: UUID
    arrived_at: datetime
    room: str
    codes: tuple[str, ...]
    drugs: int


async def list_diagnosis_entries(db: Db, encounter_id: UUID, on: date) -> list[DiagnosisEntry]:
    """Diagnoses of a visit with the flags of ICD-10 on the day, main first; one query."""
    query = (
        select(
            _diagnosis.c.id,
            _diagnosis.c.code,
            _diagnosis.c.name,
            _diagnosis.c.role,
            _icd.c.code.label("known"),
            _icd.c.not_primary,
            _icd.c.discouraged_primary,
            _icd.c.has_more_specific,
            _icd.c.death_cause_only,
            _icd.c.sex,
        )
        .select_from(
            _diagnosis.outerjoin(
                _icd,
                and_(
                    _icd.c.code == _diagnosis.c.code,
                    _icd.c.valid_from <= on,
                    or_(_icd.c.valid_to.is_(None), _icd.c.valid_to >= on),
                ),
            )
        )
        .where(_diagnosis.c.encounter_id == encounter_id)
        .order_by(_diagnosis.c.role != "main", _diagnosis.c.position, _diagnosis.c.id)
        .limit(50)
    )
    return [
        DiagnosisEntry(
            r.code,
            r.name,
            r.role,
            known=r.known is not None,
            not_primary=bool(r.not_primary),
            discouraged_primary=bool(r.discouraged_primary),
            has_more_specific=bool(r.has_more_specific),
            death_cause_only=bool(r.death_cause_only),
            sex=r.sex or "",
            id=r.id,
        )
        for r in await db.all(query)
    ]


async def list_open_things(db: Db, encounter_id: UUID, account_id: UUID) -> list[OpenThing]:
    """Critical notices nobody acknowledged, notes, this account's drafts, drug lines of the visit; one query."""
    nobody = sql_cast(None, PgUuid(as_uuid=True))
    notices = select(
        literal("notice").label("what"),
        _notice.c.id.label("id"),
        _notice.c.name.label("label"),
        _notice.c.value.label("detail"),
        nobody.label("by"),
        false().label("signed"),
        _notice.c.raised_at.label("at"),
    ).where(_notice.c.encounter_id == encounter_id, _notice.c.acknowledged_at.is_(None))
    notes = select(
        literal("note"),
        _note.c.id,
        _note.c.kind,
        _note.c.content,
        _note.c.practitioner_id,
        _note.c.signed_at.is_not(None),
        _note.c.written_at,
    ).where(_note.c.encounter_id == encounter_id, _note.c.content != "")
    drafts = select(
        literal("draft"),
        nobody,
        _draft.c.form,
        sql_cast(_draft.c.content, Text),
        nobody,
        false(),
        _draft.c.saved_at,
    ).where(_draft.c.account_id == account_id, _draft.c.subject == str(encounter_id))
    drugs = select(
        literal("drug"),
        _line.c.id,
        _line.c.drug_name,
        _line.c.payer + literal(":") + sql_cast(_line.c.days, Text),
        nobody,
        false(),
        _line.c.ordered_at,
    ).where(_line.c.encounter_id == encounter_id, _line.c.status != "cancelled")
    rows = await db.all(union_all(notices, notes, drafts, drugs).limit(400))
    return [OpenThing(*tuple(row)) for row in rows]


async def list_allergies(db: Db, patient_id: UUID) -> list[AllergyIntolerance]:
    """Active allergies of a patient."""
    query = select(_allergy).where(_allergy.c.patient_id == patient_id, _allergy.c.status == "active")
    return await db.models(AllergyIntolerance, query.order_by(_allergy.c.recorded_at).limit(50))


async def list_drug_lines(db: Db, encounter_id: UUID) -> list[MedicationRequest]:
    """Drug lines of a visit that are not cancelled."""
    query = select(_line).where(_line.c.encounter_id == encounter_id, _line.c.status != "cancelled")
    return await db.models(MedicationRequest, query.order_by(_line.c.position, _line.c.id).limit(200))


async def list_current_drugs(db: Db, patient_id: UUID, since: datetime, right: Right) -> list[MedicationRequest]:
    """Drugs prescribed to a patient since a moment, latest first (what matters to a critical value), of visits that are seen."""
    query = select(_line).where(
        _line.c.patient_id == patient_id, _line.c.status != "cancelled", _line.c.ordered_at >= since
    )
    query = query.where(is_open(_line.c.encounter_id, db.unit_id, right))
    return await db.models(MedicationRequest, query.order_by(_line.c.ordered_at.desc()).limit(60))


async def list_past_visits(db: Db, patient_id: UUID, but: UUID, right: Right, limit: int = 6) -> list[PastVisit]:
    """The patient's other visits that are seen, latest first, with their codes and the number of drugs; one query."""
    last = (
        select(_encounter.c.unit_id, _encounter.c.id, _encounter.c.arrived_at, _encounter.c.room_id)
        .where(_encounter.c.patient_id == patient_id, _encounter.c.id != but, _encounter.c.status != "cancelled")
        .where(is_open(_encounter.c.id, db.unit_id, right))
        .order_by(_encounter.c.arrived_at.desc())
        .limit(limit)
        .subquery()
    )
    codes = (
        select(func.array_agg(_diagnosis.c.code).label("codes"))
        .where(_diagnosis.c.unit_id == last.c.unit_id, _diagnosis.c.encounter_id == last.c.id)
        .scalar_subquery()
    )
    main = (
        select(_diagnosis.c.code)
        .where(
            _diagnosis.c.unit_id == last.c.unit_id,
            _diagnosis.c.encounter_id == last.c.id,
            _diagnosis.c.role == "main",
        )
        .limit(1)
        .scalar_subquery()
    )
    drugs = (
        select(func.count())
        .select_from(_line)
        .where(_line.c.unit_id == last.c.unit_id, _line.c.encounter_id == last.c.id, _line.c.status != "cancelled")
        .scalar_subquery()
    )
    query = (
        select(last.c.id, last.c.arrived_at, _room.c.code, main, codes, drugs)
        .select_from(last.outerjoin(_room, and_(_room.c.unit_id == last.c.unit_id, _room.c.id == last.c.room_id)))
        .order_by(last.c.arrived_at.desc())
    )
    found = []
    for visit_id, arrived_at, room, first, others, count in map(tuple, await db.all(query)):
        rest = sorted(code for code in others or () if code != first)
        found.append(PastVisit(visit_id, arrived_at, room or "", tuple([first, *rest] if first else rest), count))
    return found


async def find_current_visit(db: Db, room_id: UUID, day: date) -> UUID | None:
    """The visit that is in the room now (else the one being called), for the menu entry without a number."""
    query = (
        select(_ticket.c.encounter_id)
        .where(_ticket.c.room_id == room_id, _ticket.c.day == day, _ticket.c.state.in_(("in-room", "calling")))
        .order_by(_ticket.c.state != "in-room", _ticket.c.called_at.desc())
        .limit(1)
    )
    found: UUID | None = await db.scalar(query)
    return found


async def count_open_dispenses(db: Db, encounter_id: UUID) -> int:
    """Drug lots reserved for the visit and not handed out yet."""
    query = (
        select(func.count())
        .select_from(_dispense)
        .where(_dispense.c.encounter_id == encounter_id, _dispense.c.status == "prepared")
    )
    return int(await db.scalar(query))


async def lock_visit(db: Db, encounter_id: UUID) -> Encounter | None:
    """The visit, locked until the commit, so that it is signed or closed once; call it inside `db.locking()`."""
    return await db.model(Encounter, select(_encounter).where(_encounter.c.id == encounter_id).with_for_update())
