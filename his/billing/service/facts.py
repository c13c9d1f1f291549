"""From rows to the facts of the benefit rules: unit, cards, route, lines."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from his.billing.rules.cards import digit_on
from his.billing.service.supplies import first_uses, pack, packages_of
from his.billing.store import BillFacts, Medicine
from his.billing.tables import Donation
from his.billing.terms import (
    CardFacts,
    ChargeFacts,
    CopayHistory,
    DonorFacts,
    DonorMode,
    FacilityFacts,
    LineKind,
    OtherSources,
    RouteFacts,
    VisitFacts,
)
from his.encounters.tables import Encounter
from his.identity.tables import Unit
from his.kit.clock import day_of
from his.orders.tables import ServiceRequest
from his.registration.tables import Coverage

DRUG_GROUP = "4"  # MA_NHOM of medicines, QĐ 5937/QĐ-BYT
SELF_PAID_SCOPE = 2  # PHAM_VI of what the fund does not pay
_KINDS = {
    "exam": LineKind.EXAM,
    "bed": LineKind.BED,
    "surgery": LineKind.SURGERY,
    "procedure": LineKind.PROCEDURE,
    "transport": LineKind.TRANSPORT,
}
_LEVELS: dict[str, Literal["initial", "basic", "intensive"]] = {
    "initial": "initial", "basic": "basic", "intensive": "intensive"
}  # fmt: skip
_TIERS: dict[str, Literal["district", "provincial", "central"]] = {
    "district": "district", "provincial": "provincial", "central": "central"
}  # fmt: skip
_ROUTE = {item.name for item in fields(RouteFacts)}


@dataclass(frozen=True, slots=True)
class Source:
    """One line before it is priced: the row it comes from, what a charge keeps of it, and the facts of the rules."""

    source_type: str
    source_id: UUID
    code: str
    name: str
    unit: str
    cost_group: str
    payer: str
    facts: ChargeFacts
    performed_at: datetime | None
    ordered_by: UUID | None
    performed_by: UUID | None
    department_code: str
    bed_codes: str = ""
    finished_at: datetime | None = None
    package_code: str = ""

    @property
    def origin(self) -> tuple[str, UUID]:
        """The row it comes from; a written charge is found again by it."""
        return self.source_type, self.source_id


def facility_facts(unit: Unit) -> FacilityFacts:
    """Level, score and former tier of a unit."""
    return FacilityFacts(
        _LEVELS.get(unit.level, "initial"),
        Decimal(unit.points) if unit.points else None,
        _TIERS.get(unit.former_tier),
        unit.is_station,
    )


def card_facts(coverage: Coverage) -> CardFacts:
    """A card with its days."""
    return CardFacts(coverage.card_number, coverage.valid_from, coverage.valid_to)


def route_facts(route: Mapping[str, Any], *, insured: bool = True) -> RouteFacts:
    """How the patient came, from `encounter.route`; names that the rules do not know are left aside."""
    known = {name: value for name, value in route.items() if name in _ROUTE and value not in ("", None)}
    return RouteFacts(**{**known, "insured": insured and known.get("insured", True) is not False})


def usable_cards(facts: BillFacts, ended_at: datetime) -> tuple[list[Coverage], bool]:
    """Cards that may pay the visit, and whether one was left out because nobody knows its benefit digit yet."""
    if facts.encounter.coverage_id is None:
        return [], False
    day = day_of(ended_at)
    held = [card for card in facts.coverages if card.state != "refused"]
    known = [card for card in held if digit_on(card_facts(card), day) is not None]
    return known, len(known) < len(held)


def visit_facts(facts: BillFacts, sources: Iterable[Source], now: datetime) -> VisitFacts:
    """The facts of the whole visit; while it has no end, `now` stands for it."""
    encounter = facts.encounter
    ended_at = max(encounter.ended_at or now, encounter.arrived_at)
    cards, _ = usable_cards(facts, ended_at)
    chosen = next((card for card in facts.coverages if card.id == encounter.coverage_id), None)
    year = day_of(encounter.arrived_at).year
    lines = tuple(source.facts for source in sources)
    packed = pack(facts.supplies)
    return VisitFacts(
        arrived_at=encounter.arrived_at,
        ended_at=ended_at,
        care_setting=encounter.care_setting,
        facility=facility_facts(facts.unit),
        route=route_facts(encounter.route, insured=encounter.coverage_id is not None),
        cards=tuple(card_facts(card) for card in cards),
        lines=tuple(line for line in lines if line.key not in packed or not packed[line.key].bounded),
        packages=packages_of(lines, packed, first_uses(facts.supplies, packed)),
        copay=CopayHistory(chosen.five_years_on, *facts.copay, year) if chosen else None,
        exempt_from=chosen.copay_exempt_on if chosen else None,
        admitted_at=encounter.admitted_at,
        outcome=int(encounter.outcome_code) if encounter.outcome_code.isdigit() else None,
        discharge=int(encounter.discharge_code) if encounter.discharge_code.isdigit() else None,
    )


def sources_of(facts: BillFacts, beds: Iterable[Source] = ()) -> list[Source]:
    """Every line of the visit: services that were not revoked, `beds` (bed days); before signing drug lines, afterwards
    what has a lot."""
    signed = facts.encounter.signed_at is not None
    found: list[Source] = [*(_service(row, facts.encounter) for row in facts.services), *beds]
    for medicine in facts.medicines:
        if medicine.dispense is not None:
            found.append(_dispensed(medicine, facts.encounter))
        elif not signed:
            found.append(_planned(medicine, facts.encounter))
    found += _supplies(facts)
    given = {row.source_id: donor_facts(row) for row in facts.donations}
    return [
        replace(source, facts=replace(source.facts, donor=given[source.source_id]))
        if source.source_id in given
        else source
        for source in found
    ]


def donor_facts(row: Donation) -> DonorFacts:
    """What others pay for a line, as the rules see it."""
    sources = OtherSources(row.state_budget, row.foreign_aid, row.domestic_donors, row.remaining)
    return DonorFacts(DonorMode(row.mode), sources)


def _service(row: ServiceRequest, encounter: Encounter) -> Source:
    kind = _KINDS.get(row.kind, LineKind.SERVICE)
    own = row.payer == "self"
    line = ChargeFacts(
        key=str(row.id),
        kind=kind,
        unit_price=row.price_vnd,
        ordered_at=row.ordered_at,
        quantity=row.quantity,
        insured_unit_price=row.insured_price_vnd,
        cover_scope=SELF_PAID_SCOPE if own or not row.insured_price_vnd else 1,
        cover_rate=Decimal(row.cover_rate),
    )
    unit = "Ngày" if kind is LineKind.BED else "Chuyến" if row.kind == "transport" else "Lần"
    department = row.department_code or encounter.department_code
    return Source(
        "service_request", row.id, row.service_code, row.service_name, unit, row.cost_group, row.payer, line,
        row.performed_at, row.ordered_by, row.performed_by, department,
    )  # fmt: skip


def _supplies(facts: BillFacts) -> Iterator[Source]:
    """Supplies that were used: ordered with their service, done when they were used."""
    packed, orders = pack(facts.supplies), {row.id: row for row in facts.services}
    for use in facts.supplies:
        order = orders.get(use.service_request_id)
        line = ChargeFacts(
            key=str(use.id),
            kind=LineKind.SUPPLY,
            unit_price=use.price_vnd,
            ordered_at=order.ordered_at if order else use.used_at,
            quantity=use.quantity,
            insured_unit_price=use.insured_price_vnd,
            cover_scope=SELF_PAID_SCOPE if use.payer == "self" or not use.insured_price_vnd else 1,
            cover_rate=Decimal(use.cover_rate),
        )
        yield Source(
            "supply_use", use.id, use.supply_code, use.supply_name, use.unit, use.cost_group, use.payer, line,
            use.used_at, order.ordered_by if order else use.recorded_by, use.recorded_by,
            use.department_code or facts.encounter.department_code, package_code=packed[line.key].code,
        )  # fmt: skip


def _drug(medicine: Medicine, key: UUID, quantity: Decimal, price: Decimal) -> ChargeFacts:
    request = medicine.request
    return ChargeFacts(
        key=str(key),
        kind=LineKind.DRUG,
        unit_price=price,
        ordered_at=request.ordered_at,
        quantity=quantity,
        cover_scope=SELF_PAID_SCOPE if request.payer == "self" else request.cover_scope,
        cover_rate=Decimal(request.cover_rate),
    )


def _dispensed(medicine: Medicine, encounter: Encounter) -> Source:
    request, dispense = medicine.request, medicine.dispense
    assert dispense is not None
    line = _drug(medicine, dispense.id, dispense.quantity, dispense.unit_price_vnd)
    return Source(
        "medication_dispense", dispense.id, request.drug_code, request.drug_name, request.unit, DRUG_GROUP,
        request.payer, line, dispense.dispensed_at, request.practitioner_id, dispense.picked_by,
        encounter.department_code,
    )  # fmt: skip


def _planned(medicine: Medicine, encounter: Encounter) -> Source:
    request = medicine.request
    line = _drug(medicine, request.id, request.quantity, request.price_vnd)
    return Source(
        "medication_request", request.id, request.drug_code, request.drug_name, request.unit, DRUG_GROUP,
        request.payer, line, None, request.practitioner_id, None, encounter.department_code,
    )  # fmt: skip
