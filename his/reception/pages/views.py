"""Builds what the page of the desk shows; at most twelve queries for the whole desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from his.billing.terms import Entitlement
from his.catalog import service as catalog
from his.identity.access import Caller
from his.kit.clock import VIETNAM, day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.reception import store
from his.reception.pages.fields import as_uuid, question_of, scan_of, sources, typed_card
from his.reception.rules.desk import (
    because,
    card_words,
    five_years_words,
    order_rooms,
    standing_cards,
    suggested_room,
)
from his.reception.rules.facts import appointment_of, facts_before_saving
from his.reception.rules.money import estimate_exam
from his.reception.rules.route import entitle
from his.reception.terms import WAY_NAMES, CardView, DeskFields, Estimate, Fact, FieldView, History, RoomChoice, Way
from his.registration import service as registration
from his.registration.rules.cards import card_on, question_number
from his.registration.rules.patient import CHILD_MONTHS, months_old
from his.registration.rules.scan import read_date
from his.registration.tables import CardCheck, Coverage, Patient
from his.registration.terms import BLOOD_GROUPS, CardQuestion, Checked, Match, Scan
from his.scheduling import service as scheduling
from his.scheduling.terms import PRIORITY_NAMES

LISTS = ("occupation", "ethnicity")


@dataclass(frozen=True, slots=True)
class CardPanel:
    """The card on the page: what is being asked or was answered, and the card that counts today."""

    question: CardQuestion | None
    checked: Checked | None
    card: CardView | None
    number: str = ""
    facility: str = ""
    five_years: str = ""
    seconds: str = ""
    others: Sequence[CardView] = ()


@dataclass(frozen=True, slots=True)
class VisitPanel:
    """The visit on the page: category with its reason, rooms, the money beforehand."""

    entitlement: Entitlement
    because: str
    rooms: Sequence[RoomChoice]
    room_id: UUID | None
    estimate: Estimate | None
    provisional: bool
    ways: Sequence[tuple[str, str]] = tuple((way.value, name) for way, name in WAY_NAMES.items())
    priorities: Sequence[tuple[str, str]] = tuple((p.value, n) for p, n in PRIORITY_NAMES.items())


@dataclass(slots=True)
class Desk:
    """Everything the templates see."""

    fields: DeskFields
    scan: Scan | None = None
    matches: Sequence[Match] = ()
    chosen: bool = False
    patient: Patient | None = None
    rows: dict[str, FieldView] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    card: CardPanel | None = None
    visit: VisitPanel | None = None
    lists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    child: bool = False
    blood_groups: Sequence[tuple[str, str]] = tuple((group, group) for group in BLOOD_GROUPS)

    @property
    def shown(self) -> str:
        """What the box shows after a scan: the number of a document instead of its whole text."""
        scan = self.scan
        if scan is None or not scan.is_document:
            return ""
        return scan.citizen_number or scan.card_number or scan.insurance_number


@dataclass(slots=True)
class _Read:
    """Rows behind a desk."""

    patient: Patient | None
    coverages: Sequence[Coverage]
    check: CardCheck | None
    history: History


def coverage_view(row: Coverage) -> CardView:
    """A stored card as the rules of the desk see it."""
    return CardView(
        row.card_number, row.valid_from, row.valid_to, row.primary_facility_code, row.area_code, row.five_years_on,
        row.copay_exempt_on, row.state,
    )  # fmt: skip


async def read_person(
    db: Db,
    fields: DeskFields,
    now: datetime,
    *,
    patient: Patient | None = None,
    coverages: Sequence[Coverage] | None = None,
) -> _Read:
    """The record of the person chosen, the cards, the check of this form, and what the person brings along."""
    patient_id = as_uuid(fields.patient_id)
    check_id = as_uuid(fields.check_id)
    if patient is None and patient_id is not None:
        patient = await registration.get_patient(db, patient_id)
    if coverages is None:
        coverages = await registration.list_coverages(db, patient_id) if patient_id else []
    history = await store.load_history(db, patient_id, now) if patient_id else History()
    check = await registration.get_check(db, check_id) if check_id else None
    return _Read(patient, coverages, check, history)


async def build_desk(
    caller: Caller,
    fields: DeskFields,
    *,
    matches: Sequence[Match] = (),
    patient: Patient | None = None,
    coverages: Sequence[Coverage] | None = None,
    choices: Mapping[str, str] | None = None,
    with_lists: bool = True,
) -> Desk:
    """The whole desk for a person who was chosen or is new."""
    db, now = caller.db, caller.now
    on, scan = day_of(now), scan_of(fields)
    read = await read_person(db, fields, now, patient=patient, coverages=coverages)
    views = [coverage_view(row) for row in read.coverages]
    birth = read_date(fields.birth)
    child = birth is not None and 0 <= months_old(birth[0], on) < CHILD_MONTHS
    visit, panel = await _panels(caller, fields, scan, read, views, child)
    reply = panel.checked.reply if panel.checked and not panel.checked.advice.pending else None
    days = {v.encounter_id: day_of(v.arrived_at) for v in read.history.visits}
    elsewhere = reply.history if reply else ()
    return Desk(
        fields=fields,
        scan=scan,
        matches=matches,
        chosen=True,
        patient=read.patient,
        rows=sources(scan, reply, read.patient, choices or {}),
        facts=facts_before_saving(
            read.history, on, unit_code=caller.user.unit_code, visit_day=days, elsewhere=elsewhere
        ),
        card=panel,
        visit=visit,
        lists=await store.list_lists(db, LISTS) if with_lists else {},
        child=child,
    )


async def _panels(
    caller: Caller, fields: DeskFields, scan: Scan | None, read: _Read, views: Sequence[CardView], child: bool
) -> tuple[VisitPanel, CardPanel]:
    db, now, on = caller.db, caller.now, day_of(caller.now)
    typed = typed_card(fields)
    checked = registration.summary_of(read.check, on) if read.check is not None else None
    asked = read.check.asked_number if read.check is not None else ""
    cards = standing_cards(views, checked, asked, typed, on)
    way = Way(fields.way) if fields.way in set(Way) else Way.AUTO
    card = None if way is Way.SELF else card_on(cards, on)
    places = await store.list_places(db)
    if not places:
        raise HisError(Kind.CONFLICT, "Đơn vị chưa có phòng khám nào mở. Báo quản trị khai phòng.")
    loads = await scheduling.load_rooms(db, now)
    appointment = appointment_of(read.history, on)
    usual = read.history.visits[0].room_id if read.history.visits else None
    wanted = appointment.room_id if appointment else None
    rooms = order_rooms(places, loads, appointment=wanted, usual=usual)
    room_id = as_uuid(fields.room_id) or suggested_room(rooms, appointment=wanted, usual=usual, child=child)
    place = next((p for p in places if p.room_id == room_id), places[0])
    entitlement, _ = entitle(way, card, place, on)
    estimate = None
    if room_id is not None:
        item = await catalog.get_service(db, place.service_code, on)
        if item is not None:
            estimate = estimate_exam(
                item.price_vnd, item.insured_price_vnd, item.cover_rate, entitlement, insured=card is not None
            )
    rate = entitlement.benefit_rate
    words = f"{rate.normalize():f} %" if rate is not None and card is not None else ""
    if read.check is not None:
        checked = registration.summary_of(read.check, on, words)
    number = question_number(scan, fields.card.upper().replace(" ", ""), fields.citizen, read.coverages, on)
    provisional = card is not None and card.state == "provisional"
    visit = VisitPanel(entitlement, because(entitlement.reason), rooms, room_id, estimate, provisional)
    elsewhere = card is not None and card.primary_facility_code not in ("", caller.user.unit_code)
    facility = await store.facility_name(db, card.primary_facility_code) if card is not None and elsewhere else ""
    return visit, _card_panel(caller, fields, checked, card, cards, number, facility, on)


def _card_panel(
    caller: Caller, fields: DeskFields, checked: Checked | None, card: CardView | None, cards: Sequence[CardView],
    number: str, elsewhere: str, on: date,
) -> CardPanel:  # fmt: skip
    facility = ""
    if card is not None:
        here = card.primary_facility_code == caller.user.unit_code
        facility = f"{caller.user.unit_name} (đúng nơi)" if here else f"{elsewhere or 'chưa rõ'} (nơi khác)"
    seconds = ""
    if checked is not None and checked.answered_at is not None:
        took = (checked.answered_at - checked.asked_at).total_seconds()
        seconds = f"{took:.1f}".replace(".", ",")
    return CardPanel(
        question_of(fields, number),
        checked,
        card,
        card_words(card.card_number) if card else "",
        facility,
        five_years_words(card.five_years_on, on) if card else "",
        seconds,
        [c for c in cards if c is not card],
    )


async def build_now(caller: Caller) -> dict[str, Any]:
    """Beside an empty desk: rooms with their queues, the visits registered last, cards that wait for the gateway."""
    db, now = caller.db, caller.now
    midnight = datetime.combine(local(now).date(), time.min, tzinfo=VIETNAM)
    places = await store.list_places(db)
    loads = await scheduling.load_rooms(db, now)
    return {
        "rooms": order_rooms(places, loads, appointment=None, usual=None),
        "today": await store.list_today(db, midnight),
        "pending": await registration.count_pending(db),
        "kept": await store.count_waiting(db),
        "late": [
            (c, registration.summary_of(c, day_of(now))) for c in await registration.list_late_answers(db, midnight)
        ],
    }
