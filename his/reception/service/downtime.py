"""Receiving what a desk kept while the server was away: each registration once, a sure person at once, the rest a question."""

import hashlib
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from typing import Final
from uuid import UUID

from his.kit.changes import Changes, encode
from his.kit.clock import VIETNAM, day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found, refuse_errors
from his.kit.text import clean
from his.reception import store
from his.reception.rules.desk import order_rooms
from his.reception.rules.downtime import (
    arrival,
    check_kept,
    fill_gaps,
    judge_kept,
    patient_of,
    room_for,
    scan_of_kept,
    tidy_kept,
)
from his.reception.service.register import register_visit
from his.reception.tables import DowntimeVisit
from his.reception.terms import Kept, Outcome, Registered, Verdict, VisitForm
from his.registration import service as registration
from his.registration.rules.cards import question_birth, question_number
from his.registration.rules.patient import CHILD_MONTHS, months_old
from his.registration.tables import Patient
from his.registration.terms import CardQuestion, PatientForm
from his.scheduling import service as scheduling

ATTEMPTS: Final = 3
FORM_FIELDS: Final = tuple(PatientForm.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Merged:
    """What the desk is told about a kept registration; `repeated`: it had been received before, nothing changed now."""

    id: UUID
    state: str
    why: str = ""
    dossier_code: str = ""
    ticket_number: int = 0
    room_code: str = ""
    repeated: bool = False


async def merge_kept(db: Db, kept: Kept, province: str, now: datetime) -> Merged:
    """Receive one kept registration: a visit of a sure person or of a new one, or a row of the page of questions.

    The same id is the same registration whoever sends it, however often. Raises RULES with what the clerk has to correct,
    CONFLICT when the id stands for another content.
    """
    kept = tidy_kept(kept)
    digest = hashlib.sha256(encode(asdict(kept)).encode()).hexdigest()
    said = ""
    for _ in range(ATTEMPTS):
        row = await store.find_kept(db, kept.id)
        if row is not None:
            return await _again(db, row, digest)
        refuse_errors(check_kept(kept, day_of(now)))
        try:
            return await _receive(db, kept, digest, province, now)
        except HisError as error:
            if error.kind not in (Kind.CONFLICT, Kind.STALE, Kind.RULES, Kind.INVALID):
                raise
            said = error.message  # sent twice at once, or the person was registered meanwhile: look again
    try:
        return await _ask(db, kept, digest, Verdict(Outcome.ASK, why="refused"), now, said)
    except HisError as error:
        row = await store.find_kept(db, kept.id) if error.kind is Kind.CONFLICT else None
        if row is None:
            raise
        return await _again(db, row, digest)


async def _again(db: Db, row: DowntimeVisit, digest: str) -> Merged:
    if row.digest != digest:
        raise HisError(
            Kind.CONFLICT, "Mã của phiếu tạm này đã dùng cho nội dung khác. Bỏ phiếu này rồi ghi phiếu mới.", field="id"
        )
    place = await store.load_place(db, row.encounter_id) if row.encounter_id else ("", 0, "")
    return Merged(row.id, row.state, row.why, *place, repeated=True)


async def _receive(db: Db, kept: Kept, digest: str, province: str, now: datetime) -> Merged:
    matches = await registration.find_people(db, scan_of_kept(kept))
    verdict = judge_kept(kept, matches, now)
    patient = None
    if verdict.outcome is Outcome.SAME:
        assert verdict.patient_id is not None
        patient = await registration.get_patient(db, verdict.patient_id)
        midnight = datetime.combine(local(now).date(), time.min, tzinfo=VIETNAM)
        if patient is None or patient.deceased_at is not None:
            verdict = Verdict(Outcome.ASK, why="deceased")
        elif await store.list_open_visits(db, patient.id, midnight):
            verdict = Verdict(Outcome.ASK, why="open-visit")
    if verdict.outcome is Outcome.ASK:
        return await _ask(db, kept, digest, verdict, now)
    room = await _room(db, kept, patient, now)
    if room is None:
        return await _ask(db, kept, digest, Verdict(Outcome.ASK, why="no-room"), now)

    def beside(done: Registered) -> Changes:
        row = _row(db, kept, digest, now)
        row.state, row.outcome, row.decided_at = "merged", verdict.outcome.value, now
        return Changes().insert(_emptied(row, done)).merge(_noted("downtime:merge", row, verdict.outcome.value))

    form = await _form(db, kept, patient, room, province, arrival(kept.arrived_at, now), now)
    return _told(kept.id, await register_visit(db, form, now, beside))


async def _ask(db: Db, kept: Kept, digest: str, verdict: Verdict, now: datetime, said: str = "") -> Merged:
    row = _row(db, kept, digest, now)
    row.why, row.said = verdict.why, said
    await db.apply(Changes().insert(row).merge(_noted("downtime:ask", row, verdict.why)), now)
    return Merged(row.id, row.state, row.why)


async def settle_kept(
    db: Db, kept_id: UUID, version: int, patient_id: UUID | None, room_id: UUID, province: str, now: datetime,
    *, without_number: bool = False,
) -> Merged:  # fmt: skip
    """A clerk's answer: the registration is a visit of `patient_id`, or of a new person (None) in this room.

    `without_number` leaves the number out, because it belongs to somebody else. Raises STALE when another clerk was faster,
    CONFLICT when a new person's number is on record already.
    """
    row = await _waiting(db, kept_id, version)
    kept = kept_of(row)
    if without_number:
        kept = replace(kept, number="")
    patient = None
    if patient_id is not None:
        patient = await registration.get_patient(db, patient_id)
        if patient is None:
            raise not_found()
    outcome = Outcome.SAME if patient else Outcome.NEW

    def beside(done: Registered) -> Changes:
        changes = Changes()
        ended = _emptied(DowntimeVisit(**row.model_dump()), done).model_dump(exclude={"unit_id", "id", "version"})
        ended |= {"state": "merged", "outcome": outcome.value, "decided_at": now, "decided_by": db.scope.actor}
        changes.update(row, **ended)
        return changes.merge(_noted("downtime:decide", row, outcome.value))

    form = await _form(db, kept, patient, room_id, province, arrival(row.arrived_at, row.received_at), now)
    return _told(row.id, await register_visit(db, form, now, beside))


async def discard_kept(db: Db, kept_id: UUID, version: int, reason: str, now: datetime) -> None:
    """No visit comes of it, with the reason; the row stays. Raises INVALID without a reason, STALE when it was decided."""
    reason = clean(reason)
    if not reason:
        raise invalid("discard_reason", "Ghi lý do bỏ phiếu này.")
    row = await _waiting(db, kept_id, version)
    changes = Changes()
    changes.update(
        row, state="discarded", outcome="discard", discard_reason=reason, decided_at=now, decided_by=db.scope.actor
    )
    await db.apply(changes.merge(_noted("downtime:discard", row, "discard")), now)


async def _waiting(db: Db, kept_id: UUID, version: int) -> DowntimeVisit:
    row = await store.find_kept(db, kept_id)
    if row is None:
        raise not_found()
    if row.state != "waiting" or row.version != version:
        raise HisError(Kind.STALE, "Phiếu này vừa được người khác xử lý. Mở lại danh sách.")
    return row


async def _room(db: Db, kept: Kept, patient: Patient | None, now: datetime) -> UUID | None:
    rooms = order_rooms(await store.list_places(db), await scheduling.load_rooms(db, now), appointment=None, usual=None)
    history = await store.load_history(db, patient.id, now) if patient else None
    usual = next((visit.room_id for visit in history.visits), None) if history else None
    typed = patient_of(kept)
    child = typed is not None and 0 <= months_old(typed.birth_date, day_of(now)) < CHILD_MONTHS
    return room_for(rooms, usual=usual, child=child)


async def _form(
    db: Db, kept: Kept, patient: Patient | None, room_id: UUID, province: str, arrived_at: datetime, now: datetime
) -> VisitForm:
    typed = patient_of(kept, province)
    if typed is None:
        raise invalid("birth", "Ghi ngày sinh dd/mm/yyyy, hoặc chỉ năm sinh.")
    cards = await registration.list_coverages(db, patient.id) if patient else []
    form = fill_gaps(kept, typed, _as_form(patient)) if patient else typed
    card = "" if kept.number == form.citizen_number else kept.number
    number = question_number(None, card, form.citizen_number, cards, day_of(now))
    return VisitForm(
        key=f"downtime:{kept.id}",
        patient=form,
        room_id=room_id,
        patient_id=patient.id if patient else None,
        patient_version=patient.version if patient else None,
        question=CardQuestion(number, form.name, question_birth(form)) if number else None,
        reason=kept.reason,
        arrived_at=arrived_at,
    )


def _as_form(patient: Patient) -> PatientForm:
    return PatientForm(**{name: getattr(patient, name) for name in FORM_FIELDS})


def _row(db: Db, kept: Kept, digest: str, now: datetime) -> DowntimeVisit:
    return DowntimeVisit(unit_id=db.unit_id, received_at=now, sent_by=db.scope.actor, digest=digest, **asdict(kept))


def kept_of(row: DowntimeVisit) -> Kept:
    """The registration of a row as it was typed."""
    return Kept(**{name: getattr(row, name) for name in Kept.__dataclass_fields__})


def _emptied(row: DowntimeVisit, done: Registered) -> DowntimeVisit:
    """The row of a registration that is a visit: what was typed stands in the record now, once."""
    row.name = row.birth = row.gender = row.phone = row.number = row.reason = ""
    row.encounter_id, row.patient_id = done.encounter_id, done.patient_id
    return row


def _noted(action: str, row: DowntimeVisit, outcome: str) -> Changes:
    """The audit entry: both clocks and the decision, no word of the person."""
    times = {"arrived_at": row.arrived_at.isoformat(), "received_at": row.received_at.isoformat()}
    return Changes().audit(action, "DowntimeVisit", row.id, outcome=outcome, **times)


def _told(kept_id: UUID, done: Registered) -> Merged:
    return Merged(kept_id, "merged", "", done.dossier_code, done.ticket_number, done.room_code, repeated=done.repeated)
