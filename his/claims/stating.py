"""States a visit in the words of the claim: rows in, `ClaimFacts` out; shares are copied, never computed again."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.rules.bed_days import count_treatment_days
from his.billing.tables import Charge
from his.billing.terms import FacilityFacts, RouteFacts, VisitFacts
from his.catalog.rules import claim_code
from his.claims.store import Dossier, GivenDrug
from his.claims.terms import Card, ClaimFacts, DrugLine, FirstOrder, ProgressNote, ResultLine, ServiceLine, sum_totals
from his.encounters.tables import Encounter
from his.kit.clock import local
from his.kit.money import ZERO, plain
from his.orders.tables import ServiceRequest
from his.prescriptions.rules import dose_text
from his.prescriptions.terms import Dose
from his.registration.tables import Coverage, Patient

GENDER = {"male": "male", "female": "female"}
COURSE_KINDS = ("history", "exam", "progress", "conclusion")


def state_claim(dossier: Dossier, now: datetime) -> ClaimFacts:
    """Everything the dossier says of the visit, at the moment `now` of sealing."""
    e, p = dossier.encounter, dossier.patient
    drugs = tuple(
        _drug(c, dossier.drugs[c.source_id], dossier) for c in dossier.charges if c.source_id in dossier.drugs
    )
    services = tuple(_service(c, dossier) for c in dossier.charges if c.source_id not in dossier.drugs)
    main = next((d for d in dossier.diagnoses if d.role == "main"), None)
    others = [d for d in dossier.diagnoses if d.role != "main"]
    cards = _cards(dossier.coverages, e.arrived_at, e.ended_at or now)
    ended = local(e.ended_at) if e.ended_at else None
    period = local(e.closed_at or now)
    first = next((c for c in cards), None)
    return ClaimFacts(
        **_person(p),
        **_stay(e),
        dossier_code=e.dossier_code,
        facility_code=dossier.unit.code,
        arrived_at=e.arrived_at,
        care_setting=e.care_setting,
        entitlement=e.entitlement_code,
        cards=tuple(
            Card(
                number=c.card_number,
                primary_facility_code=c.primary_facility_code,
                valid_from=c.valid_from,
                valid_to=c.valid_to,
            )
            for c in cards
        ),
        copay_exempt_from=first.copay_exempt_on if first else None,
        reason=e.reason,
        admission_diagnosis=e.initial_diagnosis or e.reason,
        final_diagnosis="; ".join(d.name for d in ([main] if main else []) + others),
        main_diagnosis_code=main.code if main else "",
        secondary_diagnosis_codes=tuple(d.code for d in others),
        referred_from=str(e.route.get("referred_from", "")),
        referral_paper=str(e.route.get("referral_paper", "")),
        treatment_days=_treatment_days(e.arrived_at, e.ended_at, e.care_setting),
        paid_at=max((x.paid_at for x in dossier.payments), default=e.ended_at),
        totals=sum_totals(drugs, services),
        settlement_year=period.year,
        settlement_month=period.month,
        department_codes=_departments(e.department_code, dossier.charges),
        area_code=first.area_code if first else "",
        weight_kg=_weight(dossier),
        five_years_on=first.five_years_on if first else None,
        record_number=e.dossier_code,
        head_number=dossier.unit.head_number,
        drugs=drugs,
        services=services,
        results=tuple(_results(dossier)),
        notes=tuple(_notes(dossier)),
        first_order=_first_order(dossier),
        attached_tables=_papers(e.discharge_code, e.follow_up_on),
        assessed_at=now if ended else None,
    )


def _stay(encounter: Encounter) -> dict[str, Any]:
    """How the visit went and ended."""
    return {
        "admitted_at": encounter.admitted_at,
        "ended_at": encounter.ended_at,
        "referred_to": encounter.destination_code,
        "treatment_method": encounter.treatment,
        "outcome": encounter.outcome_code,
        "discharge_type": encounter.discharge_code,
        "note": encounter.advice,
        "follow_up_on": (encounter.follow_up_on,) if encounter.follow_up_on else (),
    }


def _person(patient: Patient) -> dict[str, Any]:
    """Who the claim is about."""
    return {
        "patient_code": patient.code,
        "patient_name": patient.name,
        "birth_date": _birth(patient),
        "gender": GENDER.get(patient.gender, "unknown"),
        "citizen_number": patient.citizen_number,
        "nationality_code": patient.nationality_code,
        "ethnicity_code": patient.ethnicity_code,
        "occupation_code": patient.occupation_code,
        "address": patient.address,
        "province_code": patient.province_code,
        "ward_code": patient.ward_code,
        "phone": patient.phone,
    }


def _papers(discharge_code: str, follow_up_on: date | None) -> tuple[str, ...]:
    """Papers that exist beside the five tables (referral, follow-up slip)."""
    return (*(("XML13",) if discharge_code in ("2", "5") else ()), *(("XML14",) if follow_up_on else ()))


def _birth(patient: Patient) -> str:
    shape = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[patient.birth_precision]
    return patient.birth_date.strftime(shape)


def _cards(coverages: Iterable[Coverage], start: datetime, end: datetime) -> list[Coverage]:
    """Cards that hold on some day of the stay and were not refused, in the order of their days."""
    first, last = local(start).date(), local(end).date()
    held = [c for c in coverages if c.valid_from <= last and c.valid_to >= first and c.state != "refused"]
    return sorted(held, key=lambda c: (c.valid_from, c.card_number))


def _treatment_days(arrived: datetime, ended: datetime | None, setting: str) -> int | None:
    if ended is None:
        return None
    facts = VisitFacts(
        arrived_at=arrived, ended_at=ended, care_setting=setting, facility=FacilityFacts(), route=RouteFacts()
    )
    return count_treatment_days(facts)


def _departments(first: str, charges: Iterable[Charge]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in (first, *(c.department_code for c in charges)) if code))


def _weight(dossier: Dossier) -> Decimal | None:
    return (dossier.vitals.weight_kg if dossier.vitals else None) or dossier.encounter.weight_kg


def _codes(dossier: Dossier, *ids: UUID | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dossier.licenses[i] for i in ids if i is not None and i in dossier.licenses))


def _drug(charge: Charge, drug: GivenDrug, dossier: Dossier) -> DrugLine:
    m = drug.request
    dose = Dose(m.morning, m.noon, m.afternoon, m.evening, m.days)
    return DrugLine(
        key=str(charge.id),
        group_code=charge.cost_group,
        unit_name=charge.unit or m.unit,
        quantity=charge.quantity,
        cover_rate=Decimal(charge.cover_rate),
        amount_hospital=charge.amount_hospital,
        amount_covered=charge.amount_covered,
        benefit_rate=charge.benefit_rate,
        insurer_share=charge.insurer_share,
        copayment=charge.copayment,
        self_paid=charge.self_paid,
        other_remaining=charge.other_sources,
        other_sources=charge.other_sources,
        department_code=charge.department_code or dossier.encounter.department_code,
        practitioner_codes=_codes(dossier, charge.ordered_by or m.practitioner_id),
        ordered_at=charge.ordered_at,
        performed_at=drug.dispense.prepared_at,  # the order is carried out at signing; handing out may follow the visit's end
        cover_scope=str(charge.cover_scope),
        tender=drug.lot.tender,
        drug_code=m.ingredient_code,
        drug_name=m.drug_name,
        strength=m.strength,
        route_code=m.route_code,
        dose=dose_text(dose, m.unit),
        unit_price=charge.unit_price,
        usage=m.instruction or m.route,
        registration_number=m.drug_code,
    )


def _service(charge: Charge, dossier: Dossier) -> ServiceLine:
    order = dossier.services.get(charge.source_id)
    return ServiceLine(
        key=str(charge.id),
        group_code=charge.cost_group,
        unit_name=charge.unit or "Lần",
        quantity=charge.quantity,
        cover_rate=Decimal(charge.cover_rate),
        amount_hospital=charge.amount_hospital,
        amount_covered=charge.amount_covered,
        benefit_rate=charge.benefit_rate,
        insurer_share=charge.insurer_share,
        copayment=charge.copayment,
        self_paid=charge.self_paid,
        other_remaining=charge.other_sources,
        other_sources=charge.other_sources,
        department_code=charge.department_code or dossier.encounter.department_code,
        practitioner_codes=_codes(dossier, charge.ordered_by or dossier.encounter.practitioner_id),
        ordered_at=charge.ordered_at,
        performed_at=charge.performed_at or (order.performed_at if order else None),
        cover_scope=str(charge.cover_scope),
        unit_price_hospital=charge.unit_price,
        unit_price_covered=charge.insured_unit_price,
        service_rate=charge.service_rate,
        service_code=claim_code(charge.code),
        service_name=charge.name,
        performer_codes=_codes(
            dossier, charge.performed_by or (order.performed_by if order else None) or dossier.encounter.practitioner_id
        ),
        diagnosis_codes=tuple(d.code for d in dossier.diagnoses if d.role == "main"),
        result_at=order.resulted_at if order else None,
        device_codes=(order.device_code,) if order and order.device_code else (),
    )


def _results(dossier: Dossier) -> Iterable[ResultLine]:
    """XML4: each measured value of an ordered test, and each described result."""
    measured = set()
    for value in dossier.observations:
        order = dossier.services.get(value.service_request_id)
        if order is None or order.status == "revoked":
            continue
        measured.add(order.id)
        yield ResultLine(
            key=str(value.id),
            service_code=claim_code(order.service_code),
            index_name=value.name,
            index_code=value.code,
            value=plain(value.value_number) if value.value_number is not None else value.value_text,
            unit_name=value.unit,
            conclusion=order.conclusion,
            result_at=order.resulted_at or value.issued_at,
            reader_code=_reader(order, dossier),
        )
    for order in dossier.services.values():
        if (
            order.id not in measured
            and order.resulted_at
            and (order.description or order.conclusion)
            and order.status != "revoked"
        ):
            yield ResultLine(
                key=str(order.id),
                service_code=claim_code(order.service_code),
                index_name=order.service_name,
                description=order.description,
                conclusion=order.conclusion,
                result_at=order.resulted_at,
                reader_code=_reader(order, dossier),
            )


def _reader(order: ServiceRequest, dossier: Dossier) -> str:
    found = _codes(dossier, order.read_by or order.performed_by or dossier.encounter.practitioner_id)
    return found[0] if found else ""


def _notes(dossier: Dossier) -> Iterable[ProgressNote]:
    for note in dossier.notes:
        if note.kind in COURSE_KINDS and note.content:
            authors = _codes(dossier, note.practitioner_id or dossier.encounter.practitioner_id)
            yield ProgressNote(
                key=str(note.id), course=note.content, noted_at=note.signed_at or note.written_at, author_codes=authors
            )


def _first_order(dossier: Dossier) -> FirstOrder | None:
    first = min(
        (s for s in dossier.services.values() if s.status != "revoked"), key=lambda s: s.ordered_at, default=None
    )
    if first is None:
        return None
    return FirstOrder(
        kind="service", code=claim_code(first.service_code), name=first.service_name, ordered_at=first.ordered_at
    )


def difference(charges: Iterable[Charge], facts: ClaimFacts) -> Decimal:
    """What the header of the dossier and the charge rows disagree by, in đồng; zero, or a defect."""
    rows = tuple(charges)
    sums = (
        (sum((c.insurer_share for c in rows), ZERO), facts.totals.insurer_share),
        (sum((c.copayment for c in rows), ZERO), facts.totals.copayment),
        (sum((c.self_paid for c in rows), ZERO), facts.totals.self_paid),
        (sum((c.other_sources for c in rows), ZERO), facts.totals.other_sources),
        (sum((c.amount_hospital for c in rows), ZERO), facts.totals.total_hospital),
        (sum((c.amount_covered for c in rows), ZERO), facts.totals.total_covered),
    )
    return sum((abs(a - b) for a, b in sums), ZERO)
