"""A dossier that the gateway accepted becomes a case of its insurer, with findings and evidence on every line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from his.catalog import service as catalog
from his.catalog.tables import Drug, ServiceItem, SupplyItem
from his.claims.rules import Place, assess_claim
from his.claims.tables import Claim
from his.claims.terms import ClaimFacts, DrugLine, Line, ServiceLine
from his.identity.tables import Unit
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db, Scope
from his.kit.errors import Finding, HisError, Kind, Severity
from his.kit.money import ZERO, r2
from his.review import store
from his.review.rules import (
    REPEAT_WINDOW_DAYS,
    Certificate,
    GivenLot,
    PriceRow,
    UsedSupply,
    assess_review,
    band_of,
    detail,
    deviation_of,
    draw_of,
    due_on,
    prove,
    prove_supply,
    trace,
    trace_supply,
)
from his.review.rules.warning import like_mean
from his.review.service.told import event_of, facet_rows
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import OPEN_STATES, CaseState, Figures, PastLine, ResponseView, ReviewFacts, TallyKind

SUBMITTED = ("accepted", "in-review", "decided")
LOOK_BACK = timedelta(days=90)
_facts = TypeAdapter(ClaimFacts)


def read_facts(stated: Mapping[str, Any]) -> ClaimFacts:
    """The facts of a sealed claim as they were stored with it; raises pydantic.ValidationError when they are not."""
    return _facts.validate_python(stated)


async def receive(db: Db, claim_id: UUID, now: datetime) -> ReviewCase | None:
    """Make the case of an accepted claim of the unit in scope; nothing when it exists or the unit has no insurer.

    An undecided case of an earlier revision is replaced; once something was told the revision opens the next round.
    """
    claim = await store.get_claim(db, claim_id)
    unit = await store.get_unit(db, db.unit_id)
    if claim is None or claim.state not in SUBMITTED or unit is None or unit.payer_id is None:
        return None
    if await store.case_of_claim(db, claim_id) is not None:
        return None
    earlier = await store.earlier_cases(db, claim.dossier_code)
    facts = read_facts(claim.facts)
    # the law as it is: what a unit switched off for itself still concerns its insurer
    findings = assess_claim(facts, clock.day_of(facts.ended_at or now), place=Place.REVIEW)
    seen = await _look_around(db, unit, facts)
    findings += assess_review(ReviewFacts(facts.lines, facts.arrived_at.date(), seen.past), facts.arrived_at.date())
    replaced = [c for c in earlier if c.state in OPEN_STATES]
    case = _case(claim, unit, facts, findings, _round(earlier, replaced), now)
    lines = await _lines(db, case, claim, facts, findings)
    _complete(case, lines, findings, seen)
    changes = Changes().insert(case, *lines, *facet_rows(case, lines))
    await _replace(db, changes, [c.id for c in replaced], lines)
    changes.insert(event_of(case, "receive", now))
    changes.audit("review:receive", "ReviewCase", case.id, revision=claim.revision, findings=case.finding_count)
    changes.version(ResponseView(case, lines), op="create").dirty("review", case.period)
    try:
        await db.apply(changes, now)
    except HisError as error:
        if error.kind is Kind.CONFLICT:  # another worker received the same claim
            return None
        raise
    return case


def _round(earlier: Sequence[ReviewCase], replaced: Sequence[ReviewCase]) -> int:
    if replaced and all(c.decided_at is None for c in replaced):
        return replaced[-1].round
    return 1 + max((c.round for c in earlier), default=0)


async def _replace(db: Db, changes: Changes, ids: Sequence[UUID], lines: Sequence[ReviewLine]) -> None:
    """Earlier revisions that nobody finished give way, with everything that waited in them."""
    if not ids:
        return
    cases = await store.full_cases(db, ids)
    before = await store.list_lines(db, ids)
    for case in cases:
        new = changes.update(case, state=CaseState.REPLACED.value, open=False)
        own = [x for x in before if x.case_id == case.id]
        own = [changes.update(x, waiting=False, disputed=False) if x.waiting or x.disputed else x for x in own]
        changes.upsert(*facet_rows(new, own)).version(ResponseView(new, own)).dirty("review", new.period)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the insurer knows beyond the dossier: earlier services and visits of the card, the mean of like visits."""

    past: Sequence[PastLine] = ()
    visits: int = 0
    like_cases: int = 0
    like_asked: Decimal = ZERO


async def _look_around(db: Db, unit: Unit, facts: ClaimFacts) -> Seen:
    """The insurer compares with what it has from every unit; this handle only reads."""
    assert unit.payer_id is not None
    day = facts.arrived_at.date()
    codes = sorted({x.code for x in facts.services if x.code})
    insurer = Db(database=db.database, scope=Scope(db.scope.unit_id, db.scope.actor, db.scope.role, unit.payer_id))
    try:
        past: list[PastLine] = []
        visits = 0
        if facts.cards:
            card, since = facts.cards[0].number, facts.arrived_at - timedelta(days=REPEAT_WINDOW_DAYS)
            if codes:
                past = await store.past_lines(insurer, unit.payer_id, card, codes, day - LOOK_BACK)
            visits = await store.count_visits(insurer, unit.payer_id, card, since, facts.arrived_at)
        group = f"{facts.care_setting}|{facts.main_diagnosis_code[:3]}"
        sums = await store.sum_tallies(insurer, TallyKind.GROUP, _months_before(day), ["unit_level"], value=group)
    finally:
        await insurer.release()
    like = next((figures for (level,), figures in sums if level == unit.level), Figures())
    return Seen(past, visits, like.cases, like.asked)


def _months_before(day: date) -> list[str]:
    """The month of a day and the three before it, `yyyy-mm`."""
    index = day.year * 12 + day.month - 1
    return [f"{(index - n) // 12:04d}-{(index - n) % 12 + 1:02d}" for n in range(4)]


def _complete(case: ReviewCase, lines: Sequence[ReviewLine], findings: Iterable[Finding], seen: Seen) -> None:
    """What the worklist looks for: sums, counts, band, draw, deviation from like visits."""
    for line in lines:
        case.asked += line.asked
    case.undecided, case.line_count, case.open_lines = case.asked, len(lines), len(lines)
    case.finding_count = sum(bool(line.findings) for line in lines) + bool(case.findings)
    case.flagged = case.finding_count > 0
    case.error_count = sum(f.severity == Severity.ERROR for f in findings)
    case.asked_vnd, case.band = int(case.asked), band_of(case.asked)
    case.draw = draw_of(case.id, case.period)
    case.deviation = deviation_of(case.asked, like_mean(seen.like_cases, seen.like_asked))
    case.visits_before = seen.visits


def _case(
    claim: Claim, unit: Unit, facts: ClaimFacts, findings: Iterable[Finding], round_number: int, now: datetime
) -> ReviewCase:
    assert unit.payer_id is not None
    received = claim.received_at or now
    rates = [line.benefit_rate for line in facts.lines if line.insurer_share]
    return ReviewCase(
        unit_id=claim.unit_id, payer_id=unit.payer_id, claim_id=claim.id, dossier_code=claim.dossier_code,
        revision=claim.revision, round=round_number, number=claim.number, unit_code=unit.code, unit_name=unit.name,
        unit_level=unit.level, period=claim.period, patient_name=facts.patient_name, birth_date=_birth(facts.birth_date),
        gender=facts.gender, card_number=facts.cards[0].number if facts.cards else "",
        entitlement_code=facts.entitlement, benefit_rate=max(rates, default=ZERO),
        main_diagnosis=facts.main_diagnosis_code, category=facts.main_diagnosis_code[:3],
        diagnosis_text=facts.final_diagnosis, care_setting=facts.care_setting, arrived_at=facts.arrived_at,
        ended_at=facts.ended_at or now, received_at=received, due_on=due_on(clock.day_of(received)),
        total_hospital=claim.total_hospital, total_covered=claim.total_covered, copayment=claim.copayment,
        asked=r2(ZERO), findings=[asdict(f) for f in findings if f.line is None], stated=claim.facts,
        proofs=_sealed(claim, unit, received),
    )  # fmt: skip


def _sealed(claim: Claim, unit: Unit, received: datetime) -> list[dict[str, Any]]:
    """Signature and receipt of the dossier."""
    signed = f"{unit.name} ký số lúc {clock.local(claim.sealed_at):%H:%M %d/%m/%Y}, chuẩn {claim.standard}"
    receipt = f"{claim.receipt or 'không số'}, cổng nhận lúc {clock.local(received):%H:%M %d/%m/%Y}"
    return [
        {"label": "Chữ ký", "text": signed, "state": "ok"},
        {"label": "Biên nhận", "text": receipt, "state": "ok" if claim.receipt else "missing"},
    ]


def _birth(text: str) -> date:
    """FHIR date of one to three parts as the first day it can mean."""
    year, month, day = (*text.split("-"), "1", "1")[:3]
    return date(int(year), int(month), int(day))


@dataclass(frozen=True, slots=True)
class _Sources:
    """What lines are traced to, fetched once for a dossier."""

    staff: Mapping[str, Certificate]
    lots: Mapping[UUID, GivenLot]
    charges: Mapping[str, UUID]
    services: Mapping[str, ServiceItem]
    drugs: Mapping[str, Drug]
    supplies: Mapping[str, SupplyItem]
    uses: Mapping[UUID, UsedSupply]

    def prices(self) -> dict[str, PriceRow]:
        """The price list rows of the day, by service, registration or supply number."""
        services = {
            code: PriceRow(code, s.name, s.insured_price_vnd, Decimal(s.cover_rate), s.valid_from, s.valid_to)
            for code, s in self.services.items()
        }
        drugs = {
            code: PriceRow(code, d.name, d.price_vnd, Decimal(d.cover_rate), d.valid_from, d.valid_to)
            for code, d in self.drugs.items()
        }
        supplies = {
            code: PriceRow(code, s.name, s.insured_price_vnd, Decimal(s.cover_rate), s.valid_from, s.valid_to)
            for code, s in self.supplies.items()
        }
        return {**services, **drugs, **supplies}


async def _sources(db: Db, claim: Claim, facts: ClaimFacts) -> _Sources:
    day = facts.arrived_at.date()
    supplies = {x.supply_code for x in facts.services if x.supply_code}
    return _Sources(
        staff=await store.list_certificates(db),
        lots=await store.given_lots(db, claim.encounter_id) if facts.drugs else {},
        charges=await store.charge_sources(db, claim.encounter_id),
        services=await catalog.get_services(db, {x.service_code for x in facts.services if x.service_code}, day),
        drugs=await catalog.get_drugs(db, {x.registration_number for x in facts.drugs if x.registration_number}, day),
        supplies=await catalog.get_supplies(db, supplies, day) if supplies else {},
        uses=await store.used_supplies(db, claim.encounter_id) if supplies else {},
    )


async def _lines(
    db: Db, case: ReviewCase, claim: Claim, facts: ClaimFacts, findings: Iterable[Finding]
) -> list[ReviewLine]:
    sources = await _sources(db, claim, facts)
    prices, names = sources.prices(), {code: c.name for code, c in sources.staff.items()}
    said: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.line is not None:
            said.setdefault(finding.line, []).append(finding)
    in_order = sorted(facts.lines, key=lambda line: (isinstance(line, DrugLine), line.ordered_at))
    made = []
    for number, line in enumerate(in_order, 1):
        row = _line(case, number, line, said.get(line.key, []))
        source = sources.charges.get(line.key, case.id)
        supply = line if isinstance(line, ServiceLine) and line.supply_code else None
        used = sources.uses.get(source)
        steps = (
            trace_supply(supply, facts, used, names) if supply else trace(line, facts, sources.lots.get(source), names)
        )
        row.detail = detail(line, names)
        row.evidence = [{"at": s.at.isoformat() if s.at else "", "text": s.text, "state": s.state} for s in steps]
        row.proofs = prove(line, prices, sources.staff) + (prove_supply(supply, used) if supply else [])
        if isinstance(line, DrugLine) and line.registration_number in sources.drugs:
            row.atc = sources.drugs[line.registration_number].atc
        made.append(row)
    return made


def _line(case: ReviewCase, position: int, line: Line, findings: list[Finding]) -> ReviewLine:
    drug = line if isinstance(line, DrugLine) else None
    service = line if isinstance(line, ServiceLine) else None
    return ReviewLine(
        unit_id=case.unit_id, payer_id=case.payer_id, case_id=case.id, charge_id=UUID(line.key), position=position,
        claim_table="XML2" if drug else "XML3", code=drug.drug_code if drug else service.code if service else "",
        name=drug.drug_name if drug else service.name if service else "", unit=line.unit_name,
        cost_group=line.group_code, quantity=line.quantity,
        unit_price=drug.unit_price if drug else service.unit_price_covered if service else ZERO,
        service_rate=service.service_rate if service else Decimal(100), cover_rate=line.cover_rate,
        amount_covered=line.amount_covered, benefit_rate=line.benefit_rate, asked=line.insurer_share,
        doctor=line.practitioner_codes[0] if line.practitioner_codes else "", findings=[asdict(f) for f in findings],
        evidence=[],
    )  # fmt: skip
