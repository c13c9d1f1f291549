"""Registering a visit: person, cards, visit, examination fee and queue number in one change set, once per form."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from his.billing.terms import Entitlement, RouteFacts
from his.catalog.tables import ServiceItem
from his.encounters import service as encounters
from his.encounters.tables import Draft, Encounter
from his.exchange.tables import IdempotencyKey
from his.identity.service import next_number
from his.kit.changes import Changes, encode
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, refuse_errors
from his.orders import service as orders
from his.reception import store
from his.reception.rules.facts import fact_for_doctor
from his.reception.rules.paper import WITH_PAPER, check_paper, paper_document, paper_words, used_before
from his.reception.rules.route import check_way, entitle, route_document
from his.reception.service.ward import find_ward_code
from his.reception.terms import History, Place, Registered, VisitForm, Way
from his.registration import service as registration
from his.registration.rules.cards import card_on
from his.registration.rules.patient import check_card, check_patient, tidy
from his.registration.service import PatientFacts
from his.registration.tables import CardCheck, Coverage, Patient
from his.scheduling import service as scheduling
from his.scheduling.tables import Ticket

KEY_SPACE: Final = UUID("0c3f6f57-5b0e-4f4e-8a0b-9f4be1c1d0f3")
KEY_TAKEN: Final = "idempotency_key_pkey"
ATTEMPTS: Final = 3
Beside = Callable[[Registered], Changes]
"""What is written together with a visit, once it has its numbers."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything read before the numbers are locked."""

    patient: PatientFacts
    place: Place
    item: ServiceItem
    coverages: Sequence[Coverage]
    check: CardCheck | None
    history: History


async def register_visit(db: Db, form: VisitForm, now: datetime, beside: Beside | None = None) -> Registered:
    """Register the person (new or known), the cards shown, the visit, its examination fee and its queue number.

    The same `form.key` of the same account is the same visit, however often it is sent. Raises RULES for mistakes,
    CONFLICT when the person is on record already (finding REG-PAT-08) or the key was used for another visit, STALE when
    the record changed meanwhile. What `beside` gives is written with the visit or not at all.
    """
    if not 8 <= len(form.key) <= 100:
        raise invalid("key", "Biểu mẫu thiếu mã. Tải lại trang rồi lưu.")
    form = replace(form, patient=tidy(form.patient))
    if not form.patient.ward_code:
        ward_code = await find_ward_code(db, form.patient.address, form.patient.province_code)
        form = replace(form, patient=replace(form.patient, ward_code=ward_code))
    on = day_of(now)
    findings = [*check_patient(form.patient, on), *check_way(form.way, form.way_reason)]
    if form.way in WITH_PAPER:
        findings += check_paper(form.way, form.paper, on, await store.unit_code(db))
    if form.card is not None:
        findings += check_card(form.card)
    refuse_errors(findings)
    digest = hashlib.sha256(encode(asdict(form)).encode()).hexdigest()
    key_id = uuid5(KEY_SPACE, f"{db.scope.actor}:{form.key}")
    for attempt in range(ATTEMPTS):
        if done := await _done(db, key_id, digest):
            return done
        try:
            return await _write(db, form, await _load(db, form, now), (key_id, digest), now, beside)
        except HisError as error:
            if error.kind not in (Kind.CONFLICT, Kind.STALE):
                raise
            if done := await _done(db, key_id, digest):
                return done  # the same form, sent before, was written meanwhile: that is what stands in the way
            key_taken = error.kind is Kind.CONFLICT and error.field == KEY_TAKEN
            if not key_taken and (not registration.is_person_race(error) or attempt == ATTEMPTS - 1):
                raise
    raise HisError(Kind.BUSY, "Máy chủ đang bận. Bấm lưu lại, lượt khám không bị tạo hai lần.")


async def _done(db: Db, key_id: UUID, digest: str) -> Registered | None:
    row = await store.find_key(db, key_id)
    if row is None:
        return None
    if row.request_sha256 != digest:
        code = row.response.get("dossier_code", "")
        raise HisError(Kind.RULES, f"Biểu mẫu này đã lưu thành lượt {code}. Quét lại để tạo lượt khác.", field="key")
    values: dict[str, Any] = dict(row.response)
    for name in ("encounter_id", "patient_id", "ticket_id"):
        values[name] = UUID(values[name])
    return Registered(**{**values, "repeated": True})


async def _load(db: Db, form: VisitForm, now: datetime) -> _Facts:
    place, item = await store.get_place_and_fee(db, form.room_id, day_of(now))
    if item is None:
        raise HisError(
            Kind.CONFLICT, f"Phòng {place.room_code} chưa có giá khám hôm nay. Chọn phòng khác, báo quản trị danh mục."
        )
    check = await registration.get_check(db, form.check_id) if form.check_id else None
    known: Sequence[Coverage] = ()
    history = History()
    if form.patient_id is not None:
        if form.way is Way.FOLLOW_UP and form.paper is not None:
            refuse_errors(used_before(form.way, form.paper, await store.find_paper(db, form.patient_id, form.paper)))
        known = await registration.list_coverages(db, form.patient_id)
        history = await store.load_history(db, form.patient_id, now)
    insurance = _insurance_number(form, check, known)
    patient = await registration.load_patient_facts(
        db, form.patient, patient_id=form.patient_id, version=form.patient_version, insurance_number=insurance
    )
    return _Facts(patient, place, item, known, check, history)


def _insurance_number(form: VisitForm, check: CardCheck | None, known: Sequence[Coverage]) -> str:
    """The ten digits that identify the person: of the answered card, the typed one, or one on record."""
    if check is not None:
        told = registration.summary_of(check, day_of(check.asked_at))
        if told.reply is not None and told.advice.state == "confirmed" and told.reply.card_number:
            return told.reply.card_number[-10:]
    if form.card is not None:
        return form.card.card_number[-10:]
    return known[0].insurance_number if known else ""


async def _write(
    db: Db, form: VisitForm, facts: _Facts, key: tuple[UUID, str], now: datetime, beside: Beside | None
) -> Registered:
    unit_id = db.scope.unit_id
    assert unit_id is not None
    day = day_of(now)
    async with db.locking():  # always in this order: patient, room, dossier; two desks can never wait for each other
        number = 0
        if form.patient_id is None:
            number = await next_number(db, "patient", registration.patient_code_period(now))
        patient, changes = registration.patient_changes(facts.patient, unit_id, number, now)
        coverage = _cards(changes, form, facts, patient, now)
        if form.question is not None and facts.check is None and form.way is not Way.SELF:
            account = UUID(db.scope.actor) if len(db.scope.actor) == 36 else None
            registration.queue_check(changes, unit_id, form.question, patient.id, account, now)
        entitlement, route = entitle(form.way, coverage, facts.place, day)
        ticket_number = await scheduling.lock_ticket_number(db, form.room_id, day)
        dossier = f"{day:%y%m%d}{await next_number(db, 'dossier', day.isoformat()):04d}"
        visit = _visit(form, facts.place, patient, coverage, entitlement, route, dossier, now)
        changes.merge(encounters.open_changes(visit))
        fee = orders.exam_request(visit, facts.item, practitioner_id=facts.place.practitioner_id, now=now)
        changes.merge(orders.request_changes([fee]))
        ticket = _ticket(form, facts, patient, visit, coverage, entitlement, ticket_number, now)
        changes.insert(ticket).audit("visit:register", "Encounter", visit.id, room=facts.place.room_code)
        if coverage is not None:
            changes.dirty("check-in", visit.id)  # the examination is the first cost: the gateway is told at once
        answer = Registered(
            visit.id, dossier, patient.id, patient.code, patient.name, ticket.id, ticket_number,
            facts.place.room_code, facts.place.room_name, visit.entitlement_code,
        )  # fmt: skip
        changes.insert(_key_row(unit_id, key, form.key, answer, now))
        if beside is not None:
            changes.merge(beside(answer))
        if form.draft:
            changes.delete(
                Draft(
                    unit_id=unit_id,
                    account_id=UUID(db.scope.actor),
                    form=form.draft[0],
                    subject=form.draft[1],
                    saved_at=now,
                )
            )
        await db.apply(changes, now)
    return answer


def _cards(changes: Changes, form: VisitForm, facts: _Facts, patient: Patient, now: datetime) -> Coverage | None:
    """Write the cards that were answered and typed; gives the card that counts today, None when the person pays alone."""
    day = day_of(now)
    stand = list(facts.coverages)
    refused = False
    if facts.check is not None and facts.check.patient_id in (None, patient.id):
        more, stand = registration.answer_changes(facts.check, stand, patient.id, day, now)
        changes.merge(more)
        registration.link_check(changes, facts.check, patient.id)
        refused = registration.summary_of(facts.check, day).advice.state == "refused"
    typed = form.card
    if typed is not None and not any(c.card_number == typed.card_number for c in stand):
        asked = facts.check.asked_number if facts.check is not None else ""
        if not (refused and asked in (typed.card_number, typed.card_number[-10:])):
            more, rows = registration.coverage_changes(patient.unit_id, patient.id, stand, [typed])
            changes.merge(more)
            stand += rows
    return None if form.way is Way.SELF else card_on(stand, day)


def _visit(
    form: VisitForm, place: Place, patient: Patient, coverage: Coverage | None, entitlement: Entitlement,
    route: RouteFacts, dossier: str, now: datetime,
) -> Encounter:  # fmt: skip
    return encounters.new_encounter(
        unit_id=patient.unit_id,
        patient_id=patient.id,
        dossier_code=dossier,
        now=form.arrived_at or now,
        coverage_id=coverage.id if coverage is not None else None,
        room_id=place.room_id,
        practitioner_id=place.practitioner_id,
        department_code=place.department_code,
        entitlement_code=entitlement.category,
        entitlement_reason=entitlement.reason,
        override_reason=_way_words(form),
        route={**route_document(route), **paper_document(form.way, form.paper)},
        reason=form.reason,
        weight_kg=form.weight_kg,
    )


def _way_words(form: VisitForm) -> str:
    """Why the category is not the card's own: the paper, and what the desk wrote."""
    if form.way is Way.AUTO:
        return ""
    return ". ".join(word for word in (paper_words(form.way, form.paper), form.way_reason.strip()) if word)


def _ticket(
    form: VisitForm, facts: _Facts, patient: Patient, visit: Encounter, coverage: Coverage | None,
    entitlement: Entitlement, number: int, now: datetime,
) -> Ticket:  # fmt: skip
    provisional = coverage is not None and coverage.state == "provisional"
    fact, tone = fact_for_doctor(facts.history, day_of(now), provisional, form.papers_later)
    return scheduling.new_ticket(
        visit.unit_id,
        facts.place.room_id,
        patient.id,
        visit.id,
        number,
        now,
        birth_date=patient.birth_date,
        priority="emergency" if form.way is Way.EMERGENCY else form.priority,
        reason=visit.reason,
        payer=payer_text(coverage, entitlement),
        fact=fact,
        fact_tone=tone,
    )


def payer_text(coverage: Coverage | None, entitlement: Entitlement) -> str:
    """`BHYT 80 %, 1.1` or `Tự trả`: who pays, in the words of the queue and the slip."""
    if coverage is None:
        return "Tự trả"
    rate = entitlement.benefit_rate
    later = ", tạm tính" if coverage.state == "provisional" else ""
    return f"BHYT {rate.normalize():f} %, {entitlement.category}{later}" if rate is not None else "BHYT"


def _key_row(unit_id: int, key: tuple[UUID, str], text: str, answer: Registered, now: datetime) -> IdempotencyKey:
    response = {name: str(v) if isinstance(v, UUID) else v for name, v in asdict(answer).items() if name != "repeated"}
    return IdempotencyKey(
        unit_id=unit_id, id=key[0], key=text, request_sha256=key[1], response=response, created_at=now
    )
