"""A dossier that the gateway accepted becomes a case of its insurer, with findings and evidence on every line."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from his.claims import service as claims
from his.claims.rules import Place, assess_claim
from his.claims.tables import Claim
from his.claims.terms import ClaimFacts, DrugLine, Line, ServiceLine
from his.identity.tables import Unit
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db, Scope
from his.kit.errors import Finding, HisError, Kind
from his.kit.money import ZERO, r2
from his.review import store
from his.review.rules import GivenLot, assess_review, detail, due_on, trace
from his.review.tables import ReviewCase, ReviewEvent, ReviewLine
from his.review.terms import OPEN_STATES, CaseState, ResponseView, ReviewFacts

SUBMITTED = ("accepted", "in-review", "decided")
LOOK_BACK = timedelta(days=90)
_facts = TypeAdapter(ClaimFacts)


def read_facts(stated: Mapping[str, Any]) -> ClaimFacts:
    """The facts of a sealed claim as they were stored with it; raises pydantic.ValidationError when they are not."""
    return _facts.validate_python(stated)


async def receive(db: Db, claim_id: UUID, now: datetime) -> ReviewCase | None:
    """Make the case of an accepted claim of the unit in scope; nothing when it exists or the unit has no insurer.

    An undecided case of an earlier revision is replaced; after a decision the revision opens the next round.
    """
    claim = await store.get_claim(db, claim_id)
    unit = await store.get_unit(db, db.unit_id)
    if claim is None or claim.state not in SUBMITTED or unit is None or unit.payer_id is None:
        return None
    if await store.case_of_claim(db, claim_id) is not None:
        return None
    earlier = await store.earlier_cases(db, claim.dossier_code)
    facts = read_facts(claim.facts)
    pack = await claims.rule_pack(db)
    findings = assess_claim(facts, clock.day_of(facts.ended_at or now), pack, place=Place.REVIEW)
    findings += await _review_findings(db, unit.payer_id, facts)
    replaced = [c for c in earlier if c.state in OPEN_STATES]
    number = replaced[-1].round if replaced else 1 + max((c.round for c in earlier), default=0)
    case = _case(claim, unit, facts, findings, number, now)
    lines = await _lines(db, case, claim, facts, findings)
    for line in lines:
        case.asked += line.asked
    case.undecided, case.line_count, case.open_lines = case.asked, len(lines), len(lines)
    case.finding_count = sum(bool(line.findings) for line in lines) + bool(case.findings)
    changes = Changes().insert(case, *lines)
    for old in await store.full_cases(db, [c.id for c in replaced]) if replaced else []:
        changes.update(old, state=CaseState.REPLACED.value)
    changes.insert(
        ReviewEvent(unit_id=case.unit_id, payer_id=case.payer_id, case_id=case.id, at=now, action="receive", before=[])
    )
    changes.audit("review:receive", "ReviewCase", case.id, revision=claim.revision, findings=case.finding_count)
    changes.version(ResponseView(case, lines), op="create")
    try:
        await db.apply(changes, now)
    except HisError as error:
        if error.kind is Kind.CONFLICT:  # another worker received the same claim
            return None
        raise
    return case


async def _review_findings(db: Db, payer_id: int, facts: ClaimFacts) -> list[Finding]:
    """The insurer compares with what it has from every unit; this handle only reads."""
    day = facts.arrived_at.date()
    codes = sorted({x.code for x in facts.services if x.code})
    past = []
    if facts.cards and codes:
        insurer = Db(db.database, Scope(db.scope.unit_id, db.scope.actor, db.scope.role, payer_id=payer_id))
        try:
            past = await store.past_lines(insurer, payer_id, facts.cards[0].number, codes, day - LOOK_BACK)
        finally:
            await insurer.release()
    return assess_review(ReviewFacts(facts.lines, day, past), day)


def _case(
    claim: Claim, unit: Unit, facts: ClaimFacts, findings: Iterable[Finding], round_number: int, now: datetime
) -> ReviewCase:
    assert unit.payer_id is not None
    received = claim.received_at or now
    rates = [line.benefit_rate for line in facts.lines if line.insurer_share]
    return ReviewCase(
        unit_id=claim.unit_id,
        payer_id=unit.payer_id,
        claim_id=claim.id,
        dossier_code=claim.dossier_code,
        revision=claim.revision,
        round=round_number,
        number=claim.number,
        unit_code=unit.code,
        unit_name=unit.name,
        period=claim.period,
        patient_name=facts.patient_name,
        birth_date=_birth(facts.birth_date),
        gender=facts.gender,
        card_number=facts.cards[0].number if facts.cards else "",
        entitlement_code=facts.entitlement,
        benefit_rate=max(rates, default=ZERO),
        main_diagnosis=facts.main_diagnosis_code,
        diagnosis_text=facts.final_diagnosis,
        care_setting=facts.care_setting,
        arrived_at=facts.arrived_at,
        ended_at=facts.ended_at or now,
        received_at=received,
        due_on=due_on(clock.day_of(received)),
        total_hospital=claim.total_hospital,
        total_covered=claim.total_covered,
        copayment=claim.copayment,
        asked=r2(ZERO),
        findings=[asdict(f) for f in findings if f.line is None],
        stated=claim.facts,
    )


def _birth(text: str) -> date:
    """FHIR date of one to three parts as the first day it can mean."""
    year, month, day = (*text.split("-"), "1", "1")[:3]
    return date(int(year), int(month), int(day))


async def _lines(
    db: Db, case: ReviewCase, claim: Claim, facts: ClaimFacts, findings: Iterable[Finding]
) -> list[ReviewLine]:
    staff = await store.staff_names(db)
    lots = await store.given_lots(db, claim.encounter_id) if facts.drugs else {}
    source = await store.charge_sources(db, claim.encounter_id)
    said: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.line is not None:
            said.setdefault(finding.line, []).append(finding)
    in_order = sorted(facts.lines, key=lambda line: (isinstance(line, DrugLine), line.ordered_at))
    return [
        _line(case, number, line, facts, said.get(line.key, []), lots.get(source.get(line.key, case.id)), staff)
        for number, line in enumerate(in_order, 1)
    ]


def _line(
    case: ReviewCase,
    position: int,
    line: Line,
    facts: ClaimFacts,
    findings: list[Finding],
    lot: GivenLot | None,
    staff: Mapping[str, str],
) -> ReviewLine:
    drug = line if isinstance(line, DrugLine) else None
    service = line if isinstance(line, ServiceLine) else None
    steps = trace(line, facts, lot, staff)
    return ReviewLine(
        unit_id=case.unit_id,
        payer_id=case.payer_id,
        case_id=case.id,
        charge_id=UUID(line.key),
        position=position,
        claim_table="XML2" if drug else "XML3",
        code=drug.drug_code if drug else service.code if service else "",
        name=drug.drug_name if drug else service.name if service else "",
        detail=detail(line, staff),
        unit=line.unit_name,
        cost_group=line.group_code,
        quantity=line.quantity,
        unit_price=drug.unit_price if drug else service.unit_price_covered if service else ZERO,
        service_rate=service.service_rate if service else Decimal(100),
        cover_rate=line.cover_rate,
        amount_covered=line.amount_covered,
        benefit_rate=line.benefit_rate,
        asked=line.insurer_share,
        findings=[asdict(f) for f in findings],
        evidence=[{"at": s.at.isoformat() if s.at else "", "text": s.text, "state": s.state} for s in steps],
    )
