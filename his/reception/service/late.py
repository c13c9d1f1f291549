"""A card answer that came after the visit was registered: the visit follows the card, the queue row tells it."""

from datetime import datetime, timedelta
from uuid import UUID

from his.encounters import service as encounters
from his.encounters.service import update_changes
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.text import clean
from his.reception import store
from his.reception.rules.paper import KEPT
from his.reception.rules.route import entitle, route_document
from his.reception.service.register import payer_text
from his.reception.terms import Way
from his.registration import service as registration
from his.registration.rules.cards import card_on
from his.scheduling import service as scheduling

SINCE = timedelta(hours=24)
WAY_OF_FACT = {
    "referral": Way.REFERRAL,
    "emergency": Way.EMERGENCY,
    "follow_up": Way.FOLLOW_UP,
    "moved": Way.MOVED,
    "organ_donor": Way.ORGAN_DONOR,
    "newborn": Way.NEWBORN,
    "pickup": Way.MEDICINE,
}


def way_of(route: dict[str, object]) -> Way:
    """How the person came, from the facts kept with the visit."""
    if route.get("insured") is False:
        return Way.SELF
    return next((way for name, way in WAY_OF_FACT.items() if route.get(name)), Way.AUTO)


async def settle_late_answer(db: Db, check_id: UUID, now: datetime) -> int:
    """Category, card and payer of the person's open visits after a late answer; returns how many changed.

    Nothing is changed in a visit that a doctor signed: the claim rules name the card there.
    """
    check = await registration.get_check(db, check_id)
    if check is None or check.patient_id is None or check.state != "answered":
        return 0
    advice = registration.summary_of(check, day_of(now)).advice
    cards = await registration.list_coverages(db, check.patient_id)
    changed = 0
    for visit in await store.list_open_visits(db, check.patient_id, now - SINCE):
        if visit.room_id is None:
            continue
        on = day_of(visit.arrived_at)
        way = way_of(visit.route)
        card = None if way is Way.SELF else card_on(cards, on)
        entitlement, route = entitle(way, card, await store.get_place(db, visit.room_id), on)
        kept: dict[str, object] = {name: visit.route[name] for name in KEPT if name in visit.route}
        values = {
            "coverage_id": card.id if card is not None else None,
            "entitlement_code": entitlement.category,
            "entitlement_reason": clean(entitlement.reason),
            "route": {**route_document(route), **kept},
        }
        changes = Changes()
        if any(getattr(visit, name) != value for name, value in values.items()):
            update_changes(changes, visit, await encounters.list_diagnoses(db, visit.id), **values)
        ticket = await scheduling.ticket_of_visit(db, visit.id)
        payer = payer_text(card, entitlement)
        if ticket is not None and ticket.payer != payer:
            tone = "ok" if advice.usable else "warn"
            word = "Thẻ BHYT đã xác nhận" if advice.usable else "Thẻ BHYT bị từ chối, thu như tự trả"
            changes.update(ticket, payer=payer, fact=word, fact_tone=tone)
        if changes.updates:
            await db.apply(changes.audit("visit:card-answer", "Encounter", visit.id, code=check.code), now)
            changed += 1
    await _wake_signed(db, check.patient_id, now)
    return changed


async def _wake_signed(db: Db, patient_id: UUID, now: datetime) -> None:
    """Signed visits that waited for this answer are looked at again, so that they can close."""
    changes = Changes()
    for visit_id in await store.list_signed_visits(db, patient_id, now - SINCE):
        changes.dirty("visit", visit_id).audit("visit:card-answer", "Encounter", visit_id)
    if changes.dirt:
        await db.apply(changes, now)
