"""JSON of the review: worklist, dossier, decisions."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.kit.clock import day_of
from his.review import service
from his.review.service import Bench, Officer
from his.review.terms import Approval, Decision, Verdict

router = APIRouter(prefix="/api/review", tags=["review"])
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
Period = Annotated[str, Query(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")]
Figure = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=3)]


class DecisionIn(Body):
    """A decision on a line; `version` is the one that the officer saw, 412 when it is no longer the line's."""

    decision: Literal["", "accept", "reduce", "reject", "ask"]
    version: int | None = None
    approved_quantity: Figure | None = None
    approved_price: Figure | None = None
    approved_rate: Figure | None = None
    reason_code: Annotated[str, Field(max_length=20)] = ""
    reason: Annotated[str, Field(max_length=1000)] = ""

    def verdict(self) -> Verdict:
        """As the service wants it."""
        approval = Approval(self.approved_quantity, self.approved_price, self.approved_rate)
        return Verdict(Decision(self.decision), approval, self.reason_code, self.reason)


class FinishIn(Body):
    """The version of the case that the officer saw."""

    version: int | None = None


class CaseOut(BaseModel):
    """A dossier in the list: no name, no card. Amounts in đồng."""

    id: UUID
    unit_id: int
    unit_name: str
    number: str
    dossier_code: str
    revision: int
    round: int
    period: str
    main_diagnosis: str
    arrived_at: datetime
    received_at: datetime
    due_on: date
    state: str
    finding_count: int
    line_count: int
    open_lines: int
    asked: Decimal
    approved: Decimal
    reduced: Decimal
    asking: Decimal
    undecided: Decimal
    deviation: int | None
    visits_before: int
    assigned_to: UUID | None
    answer_due_on: date | None
    disputes: int
    version: int


class LineOut(BaseModel):
    """A line with what was decided."""

    id: UUID
    position: int
    claim_table: str
    code: str
    name: str
    detail: str
    quantity: Decimal
    unit_price: Decimal
    service_rate: Decimal
    cover_rate: Decimal
    benefit_rate: Decimal
    amount_covered: Decimal
    asked: Decimal
    decision: str
    approved: Decimal | None
    approved_quantity: Decimal | None
    approved_price: Decimal | None
    approved_rate: Decimal | None
    reason_code: str
    reason: str
    answer: str
    reply: str
    disputed: bool
    proofs: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    decided_at: datetime | None
    version: int


class OpenedOut(CaseOut):
    """The opened dossier."""

    patient_name: str
    birth_date: date
    gender: str
    card_number: str
    entitlement_code: str
    benefit_rate: Decimal
    diagnosis_text: str
    lines: list[LineOut]


class ListOut(BaseModel):
    """A page of the worklist; ask for the next one with `after`."""

    cases: list[CaseOut]
    after: UUID | None


class ReasonOut(BaseModel):
    """A reason of the list, with the criterion of TT 12/2026/TT-BTC, article 10(1)."""

    code: str
    name: str
    criterion: str


class CountOut(BaseModel):
    """How many lines a step touched, and the dossier after it."""

    lines: int
    case: OpenedOut


def _opened(bench: Bench) -> OpenedOut:
    lines = [LineOut.model_validate(line, from_attributes=True) for line in bench.lines]
    return OpenedOut.model_validate({**bench.case.model_dump(), "lines": lines})


def _officer(caller: Caller) -> Officer:
    return Officer(caller.user.account_id, caller.user.display_name)


@router.get("/cases")
async def list_cases(request: Request, caller: Reviewer, after: UUID | None = None) -> ListOut:
    """The worklist: unit, period, state, findings (with, none), above (đồng), q, sample (per cent)."""
    board = await service.load_board(caller.db, service.read_filters(request.query_params), _officer(caller), after)
    return ListOut(cases=[CaseOut.model_validate(c, from_attributes=True) for c in board.cases], after=board.after)


@router.get("/reasons")
async def list_reasons(caller: Reviewer) -> list[ReasonOut]:
    """The reasons that a reduction, refusal or question may state."""
    found = await service.list_reasons(caller.db, day_of(caller.now))
    return [ReasonOut(code=r.code, name=r.name, criterion=r.criterion) for r in found]


@router.get("/cases/{case_id}")
async def open_case(case_id: UUID, caller: Reviewer) -> OpenedOut:
    """One dossier with its lines; the opening is written down."""
    bench = await service.open_case(caller.db, case_id)
    await service.note_opening(caller.db, bench, caller.now)
    return _opened(bench)


@router.post("/cases/{case_id}/lines/{line_id}")
async def decide(case_id: UUID, line_id: UUID, body: DecisionIn, caller: Reviewer) -> OpenedOut:
    """Decide one line."""
    bench = await service.decide_line(
        caller.db, _officer(caller), case_id, line_id, body.verdict(), caller.now, body.version
    )
    return _opened(bench)


@router.post("/cases/{case_id}/lines/{line_id}/same")
async def decide_same(case_id: UUID, line_id: UUID, body: DecisionIn, caller: Reviewer) -> CountOut:
    """Decide the line and every identical one."""
    bench, count = await service.decide_same(caller.db, _officer(caller), case_id, line_id, body.verdict(), caller.now)
    return CountOut(lines=count, case=_opened(bench))


@router.post("/cases/{case_id}/accept-clean")
async def accept_clean(case_id: UUID, caller: Reviewer) -> CountOut:
    """Accept the undecided lines without findings."""
    bench, count = await service.accept_clean(caller.db, _officer(caller), case_id, caller.now)
    return CountOut(lines=count, case=_opened(bench))


@router.post("/cases/{case_id}/undo")
async def undo(case_id: UUID, caller: Reviewer) -> CountOut:
    """Take the officer's newest decision back."""
    bench, undone = await service.undo(caller.db, _officer(caller), case_id, caller.now)
    return CountOut(lines=len(undone), case=_opened(bench))


@router.post("/cases/{case_id}/confirm")
async def confirm(case_id: UUID, body: FinishIn, caller: Reviewer) -> OpenedOut:
    """Confirm as the second officer what another one finished; the unit is told."""
    return _opened(await service.confirm_case(caller.db, _officer(caller), case_id, caller.now, body.version))


@router.post("/cases/{case_id}/return")
async def give_back(case_id: UUID, body: FinishIn, caller: Reviewer) -> OpenedOut:
    """Give a finished dossier back to its lines instead of confirming it."""
    return _opened(await service.return_case(caller.db, _officer(caller), case_id, caller.now, body.version))


@router.post("/cases/{case_id}/finish")
async def finish(case_id: UUID, body: FinishIn, caller: Reviewer) -> OpenedOut:
    """Finish the dossier; the unit is told."""
    return _opened(await service.finish_case(caller.db, _officer(caller), case_id, caller.now, body.version))


class RuleOut(BaseModel):
    """A rule with the share of its decided lines that were accepted all the same; None while too few are decided."""

    code: str
    cases: int
    lines: int
    decided: int
    accepted: int
    asked: Decimal
    reduced: Decimal
    false_alarm_percent: Decimal | None
    noisy: bool


class CostOut(BaseModel):
    """A unit's mean cost of a month (đồng) beside its three months before and its peers of the same level."""

    unit_id: int
    unit_name: str
    level: str
    cases: int
    mean: Decimal | None
    mean_before: Decimal | None
    mean_peers: Decimal | None
    above_before_percent: Decimal | None
    above_peers_percent: Decimal | None
    warning: str
    warned: bool


@router.get("/rules")
async def rule_quality(caller: Reviewer, period: Period) -> list[RuleOut]:
    """False alarms by rule of a month (yyyy-mm)."""
    found = await service.rule_figures(caller.db, service.check_period(period), day_of(caller.now))
    return [
        RuleOut(
            code=r.code, cases=r.figures.cases, lines=r.figures.lines, decided=r.figures.decided,
            accepted=r.figures.accepted, asked=r.figures.asked, reduced=r.figures.reduced, false_alarm_percent=r.rate,
            noisy=r.noisy,
        )
        for r in found
    ]  # fmt: skip


@router.get("/costs")
async def unit_costs(caller: Reviewer, period: Period) -> list[CostOut]:
    """Mean costs of a month (yyyy-mm) with the level of warning."""
    found = await service.compare_units(caller.db, service.check_period(period), day_of(caller.now))
    return [
        CostOut(
            unit_id=u.unit_id, unit_name=u.unit_name, level=u.unit_level, cases=u.comparison.cases,
            mean=u.comparison.mean, mean_before=u.comparison.mean_before, mean_peers=u.comparison.mean_peers,
            above_before_percent=u.comparison.above_before, above_peers_percent=u.comparison.above_peers,
            warning=u.comparison.level, warned=u.warning is not None,
        )
        for u in found
    ]  # fmt: skip
