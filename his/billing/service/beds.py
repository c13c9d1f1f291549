"""Bed days of a visit as lines of its bill: computed from the stays at any moment, never typed."""

from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_OID, UUID, uuid5

from his.billing.rules.bed_charges import BedDay, bed_day_charges
from his.billing.rules.readings import settings_on
from his.billing.service.facts import SELF_PAID_SCOPE, Source, visit_facts
from his.billing.store import BillFacts
from his.billing.terms import ChargeFacts, LineKind
from his.encounters.tables import Encounter
from his.kit.clock import VIETNAM, day_of

SOURCE = "bed_stay"


def bed_sources(facts: BillFacts, now: datetime) -> list[Source]:
    """A line for each bed day; while the visit goes on, `now` stands for its end."""
    if not facts.beds or facts.encounter.admitted_at is None:
        return []
    visit = visit_facts(facts, (), now)
    settings = settings_on(day_of(visit.ended_at))
    return [_source(one, facts.encounter) for one in bed_day_charges(facts.beds, visit, settings, operations(facts))]


def operations(facts: BillFacts) -> list[datetime]:
    """When the patient was operated in this visit: operations with a result; procedures do not count."""
    return [
        each.performed_at
        for each in facts.services
        if each.kind == LineKind.SURGERY and each.status == "completed" and each.performed_at is not None
    ]


def bed_day_id(encounter_id: UUID, one: BedDay) -> UUID:
    """The same bed day of a visit always has the same id, however often it is computed."""
    return uuid5(NAMESPACE_OID, f"{encounter_id}:{one.day.isoformat()}:{one.department}")


def _instant(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=VIETNAM)


def _source(one: BedDay, encounter: Encounter) -> Source:
    stay = one.stay
    key = bed_day_id(encounter.id, one)
    insured = encounter.coverage_id is not None
    line = ChargeFacts(
        key=str(key),
        kind=LineKind.BED,
        unit_price=stay.price,
        ordered_at=_instant(one.ordered_at),
        insured_unit_price=stay.fund_price,
        cover_scope=1 if insured and stay.fund_price else SELF_PAID_SCOPE,
        cover_rate=Decimal(stay.cover_rate),
        share=one.share,
        hours=one.hours,
        stretcher=stay.stretcher,
    )
    return Source(
        SOURCE, key, stay.code, stay.name, "Ngày", stay.cost_group, "insurance" if insured else "self", line,
        _instant(one.started_at), encounter.practitioner_id, stay.placed_by, one.department,
        ";".join(one.beds), _instant(one.ended_at),
    )  # fmt: skip
