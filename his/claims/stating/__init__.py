"""States a visit in the words of the claim: rows in, `ClaimFacts` out; shares are copied, never computed again."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from his.billing.rules.bed_days import count_treatment_days
from his.billing.tables import Charge
from his.billing.terms import FacilityFacts, RouteFacts, VisitFacts
from his.claims.stating.lines import drug_line, first_order, progress_notes, result_lines
from his.claims.stating.papers import state_papers
from his.claims.stating.supplies import service_or_supply
from his.claims.store import Dossier
from his.claims.terms import Card, ClaimFacts, Papers, sum_totals
from his.encounters.tables import Encounter
from his.kit.clock import local
from his.kit.money import ZERO
from his.papers.terms import Paper, PaperKind
from his.registration.tables import Coverage, Patient

GENDER = {"male": "male", "female": "female"}


def state_claim(dossier: Dossier, now: datetime, issued: Iterable[tuple[PaperKind, Paper]] = ()) -> ClaimFacts:
    """Everything the dossier says of the visit, at the moment `now` of sealing; `issued` are the papers in force."""
    e, p = dossier.encounter, dossier.patient
    drugs = tuple(
        drug_line(c, dossier.drugs[c.source_id], dossier) for c in dossier.charges if c.source_id in dossier.drugs
    )
    services = tuple(service_or_supply(c, dossier) for c in dossier.charges if c.source_id not in dossier.drugs)
    main = next((d for d in dossier.diagnoses if d.role == "main"), None)
    others = [d for d in dossier.diagnoses if d.role != "main"]
    cards = _cards(dossier.coverages, e.arrived_at, e.ended_at or now)
    ended = local(e.ended_at) if e.ended_at else None
    period = local(e.closed_at or now)
    first = next((c for c in cards), None)
    stated = state_papers(issued)
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
        traditional_codes=_traditional(dossier),
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
        newborn_weights_g=_newborns(e.newborn_weights, stated),
        five_years_on=first.five_years_on if first else None,
        record_number=e.dossier_code,
        head_number=dossier.unit.head_number,
        drugs=drugs,
        services=services,
        results=tuple(result_lines(dossier)),
        notes=tuple(progress_notes(dossier)),
        first_order=first_order(dossier),
        papers=stated,
        assessed_at=now if ended else None,
    )


def _stay(encounter: Encounter) -> dict[str, Any]:
    """How the visit went and ended."""
    return {
        "admitted_at": encounter.admitted_at,
        "admission_reason": encounter.admission_reason,
        "accident_code": encounter.accident_code,
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
        "birth_time": patient.birth_time,
        "blood_group": patient.blood_group,
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


def _traditional(dossier: Dossier) -> tuple[str, ...]:
    """MA_BENH_YHCT in the order of the ICD-10 codes beside which the doctor gave them."""
    rows = sorted(dossier.diagnoses, key=lambda d: d.role != "main")
    return tuple(dict.fromkeys(d.traditional_code for d in rows if d.traditional_code))


def _newborns(typed: str, stated: Papers) -> tuple[int, ...]:
    """Weights of newborns in grams: as the doctor typed them, else those of the birth certificates."""
    if typed:
        return tuple(int(part) for part in typed.split(";"))
    return tuple(birth.weight_g for birth in stated.births if birth.weight_g)


def _departments(first: str, charges: Iterable[Charge]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in (first, *(c.department_code for c in charges)) if code))


def _weight(dossier: Dossier) -> Decimal | None:
    return (dossier.vitals.weight_kg if dossier.vitals else None) or dossier.encounter.weight_kg


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
