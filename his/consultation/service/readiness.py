"""What stands between a visit and its signature: one list of findings from the rules of every slice concerned."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from his.consultation import store
from his.consultation.rules import SIGN_RULES
from his.consultation.store import OpenThing
from his.consultation.terms import CriticalValue, DrugLine, OpenOrder, SignFacts, Unsaved
from his.encounters import service as encounters
from his.encounters.rules import DIAGNOSIS_RULES, age_days, age_months, sex_letter
from his.encounters.service import Visit
from his.encounters.terms import NOTE_KINDS, DiagnosesFacts, DiagnosisEntry
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import Finding, Severity
from his.kit.rulebook import assess
from his.kit.text import clean_lines
from his.orders import service as orders
from his.orders.tables import ServiceRequest
from his.orders.terms import AWAITED_KINDS
from his.pharmacy import service as pharmacy
from his.prescriptions import service as prescriptions
from his.prescriptions.rules import RULES as DRUG_RULES

WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFORMATION: 2}


@dataclass(frozen=True, slots=True)
class Who:
    """On whose behalf the doctor's page works."""

    account_id: UUID
    practitioner_id: UUID | None
    unit_code: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The visit, its orders and drug lines, and every finding, the heaviest first."""

    visit: Visit
    requests: tuple[ServiceRequest, ...]
    findings: tuple[Finding, ...]
    drugs: int = 0

    @property
    def errors(self) -> int:
        """How many findings stop the signature."""
        return sum(f.severity is Severity.ERROR for f in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings ask for a correction."""
        return sum(f.severity is Severity.WARNING for f in self.findings)


def sign_facts(
    visit: Visit,
    entries: Sequence[DiagnosisEntry],
    requests: Sequence[ServiceRequest],
    things: Sequence[OpenThing],
    who: Who,
    *,
    today: date,
) -> SignFacts:
    """The facts of the signing rules out of rows; pure."""
    encounter, patient = visit.encounter, visit.patient
    notes = [t for t in things if t.what == "note"]
    signed = encounter.signed_at is not None
    return SignFacts(
        today=today,
        status="signed" if signed else encounter.status,
        insured=encounter.coverage_id is not None,
        card_state=visit.coverage.state if visit.coverage else "",
        age_months=age_months(patient.birth_date, today),
        weight_kg=encounter.weight_kg,
        diagnoses=len(entries),
        outcome_code=encounter.outcome_code,
        discharge_code=encounter.discharge_code,
        destination_code=encounter.destination_code,
        treatment=encounter.treatment,
        follow_up_on=encounter.follow_up_on,
        orders=tuple(OpenOrder(str(r.id), r.service_name, r.status, r.kind in AWAITED_KINDS) for r in requests),
        critical=tuple(CriticalValue(str(t.id), t.label, t.detail) for t in things if t.what == "notice"),
        drugs=tuple(_drug(t) for t in things if t.what == "drug"),
        has_exam_note=any(t.label == "exam" for t in notes),
        foreign_notes=sum(not t.signed and t.by != who.practitioner_id for t in notes),
        unsaved=tuple(Unsaved(t.label, f"{local(t.at):%H:%M:%S}") for t in things if _is_unsaved(t, notes)),
    )


def _is_unsaved(thing: OpenThing, notes: Sequence[OpenThing]) -> bool:
    """A draft that says the same as the record is no loss when it is thrown away."""
    if thing.what != "draft":
        return False
    if thing.label != "notes":
        return True
    saved: dict[str, str] = {}
    for note in notes:
        if not note.signed:
            saved.setdefault(note.label, note.detail)
    fields = json.loads(thing.detail)
    return any(clean_lines(str(fields.get(kind, ""))) != saved.get(kind, "") for kind in fields if kind in NOTE_KINDS)


def _drug(thing: OpenThing) -> DrugLine:
    payer, _, days = thing.detail.partition(":")
    return DrugLine(str(thing.id), thing.label, payer, int(days or 0))


async def assess_record(db: Db, encounter_id: UUID, who: Who, now: datetime) -> Readiness:
    """Everything but the drug safety rules: diagnoses, orders, notes, conclusion; at most six queries."""
    visit = await encounters.get_visit(db, encounter_id)
    on = day_of(visit.encounter.arrived_at)
    entries = await store.list_diagnosis_entries(db, encounter_id, on)
    things = await store.list_open_things(db, encounter_id, who.account_id)
    requests = await orders.list_requests(db, encounter_id)
    facts = sign_facts(visit, entries, requests, things, who, today=day_of(now))
    patient = visit.patient
    diagnoses = DiagnosesFacts(
        tuple(entries),
        sex_letter(patient.gender),
        age_days(patient.birth_date, on),
        closing=True,
        died=visit.encounter.outcome_code == "5",
    )
    findings = [
        *assess(DIAGNOSIS_RULES, diagnoses, on=on),
        *assess(SIGN_RULES, facts, on=day_of(now)),
        *await orders.assess_orders(db, visit.encounter, requests, on),
    ]
    return Readiness(visit, tuple(requests), sorted_findings(findings), len(facts.drugs))


async def assess_drugs(db: Db, visit: Visit, now: datetime) -> tuple[Finding, ...]:
    """The drug safety and stock rules over the basket: the same rules that run while the doctor prescribes."""
    facts = await prescriptions.load_facts(db, visit.encounter.id, visit.patient, now)
    if not facts.lines:
        return ()
    lines = [row for row in await store.list_drug_lines(db, visit.encounter.id) if row.status == "draft"]
    stock = await pharmacy.stock_findings(db, lines, now)
    return sorted_findings([*assess(DRUG_RULES, facts, on=facts.on), *stock])


async def assess_visit(db: Db, encounter_id: UUID, who: Who, now: datetime) -> Readiness:
    """Every finding of the visit; signing runs this and nothing else."""
    ready = await assess_record(db, encounter_id, who, now)
    drugs = await assess_drugs(db, ready.visit, now)
    return Readiness(ready.visit, ready.requests, sorted_findings([*ready.findings, *drugs]), ready.drugs)


def sorted_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What stops first, then what should be corrected, then reminders; the order of the rules within each."""
    return tuple(sorted(findings, key=lambda f: WEIGHT[Severity(f.severity)]))
