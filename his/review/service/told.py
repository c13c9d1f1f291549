"""Telling the unit: what it was told last is kept beside what the officer writes now; both sides seal their steps."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from his.claims.tables import ClaimEvent
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.money import vnd
from his.review import store
from his.review.rules import answer_due, facets_of, seal_reply, told_state
from his.review.service.bench import Bench, Officer, is_spoken, totals_of
from his.review.tables import ReviewCase, ReviewEvent, ReviewFacet, ReviewLine, ReviewReply
from his.review.terms import NEEDS_REASON, OPEN_STATES, CaseState, Decision, ReplyKind, ResponseView

TOLD = ("decision", "approved", "approved_quantity", "approved_price", "approved_rate", "reason_code", "reason")
CLAIM_STATE = {
    CaseState.ASKING: "in-review",
    CaseState.APPEALED: "in-review",
    CaseState.DECIDED: "decided",
    CaseState.FINAL: "decided",
}


def event_of(case: ReviewCase, action: str, now: datetime, actor: UUID | None = None) -> ReviewEvent:
    """A step of the case that is written down and cannot be taken back."""
    return ReviewEvent(
        unit_id=case.unit_id, payer_id=case.payer_id, case_id=case.id, at=now, actor=actor, action=action, before=[]
    )


def facet_rows(case: ReviewCase, lines: Iterable[ReviewLine]) -> list[ReviewFacet]:
    """The facets of a case as rows."""
    return [
        ReviewFacet(
            unit_id=case.unit_id, case_id=case.id, kind=f.kind.value, value=f.value, payer_id=case.payer_id,
            period=case.period, open=case.open, lines=f.lines, decided=f.decided, accepted=f.accepted, asked=f.asked,
            taken=f.taken,
        )
        for f in facets_of(case.findings, lines)
    ]  # fmt: skip


def reply_row(
    line: ReviewLine, previous: str, side: str, kind: str, words: str, officer: Officer, now: datetime,
    papers: Sequence[str] = (),
) -> ReviewReply:  # fmt: skip
    """A step of the dispute, sealed with the step before; `papers` are the SHA-256 of what was attached."""
    decided = side == "insurer"
    return ReviewReply(
        unit_id=line.unit_id, payer_id=line.payer_id, case_id=line.case_id, line_id=line.id, at=now, side=side,
        kind=kind, reason_code=line.reason_code if decided else "", words=words,
        approved=line.approved if decided else None, actor=officer.account_id, signer=officer.name,
        previous_sha256=previous,
        sha256=seal_reply(previous, line.id, now, side, kind, words, officer.name, papers),
    )  # fmt: skip


def tell(
    changes: Changes, bench: Bench, officer: Officer, replies: Sequence[ReviewReply], now: datetime, **fields: Any
) -> tuple[ReviewCase, list[ReviewLine]]:
    """Put into `changes` what the unit is told: state, sums, the decision on every line, and until when it may answer."""
    case, totals = bench.case, totals_of(bench.lines)
    day = clock.day_of(now)
    cut = sum(x.decision in (Decision.REDUCE, Decision.REJECT) for x in bench.lines)
    state = told_state(totals.asked_lines, cut, case.disputes, day)
    last = {reply.line_id: reply.sha256 for reply in replies}
    lines = []
    for line in bench.lines:
        spoken = case.answer_due_on is None or is_spoken(case, line)
        needs = Decision(line.decision) in NEEDS_REASON
        agreed = line.reply == ReplyKind.AGREE and not spoken
        new: dict[str, Any] = {"told": {key: getattr(line, key) for key in TOLD}, "disputed": False}
        new["waiting"] = needs and not agreed and state is not CaseState.FINAL
        if spoken and line.reply:
            new |= {"answer": "", "answered_at": None, "answered_by": None, "reply": ""}
        lines.append(changes.update(line, **new))
        if needs and spoken:
            changes.insert(reply_row(line, last.get(line.id, ""), "insurer", line.decision, line.reason, officer, now))
    told = changes.update(
        case,
        state=state.value,
        open=state in OPEN_STATES,
        decided_at=now,
        decided_by=case.proposed_by or officer.account_id,
        started_at=case.started_at or now,
        answer_due_on=answer_due(day),
        told={"approved": totals.approved, "reduced": totals.reduced, "asking": totals.asking},
        **fields,
    )
    changes.upsert(*facet_rows(told, lines))
    changes.version(ResponseView(told, lines)).dirty("review", case.period)
    return told, lines


def sentence(bench: Bench) -> str:
    """What the unit reads in the history of its claim."""
    totals = totals_of(bench.lines)
    said = f"Chấp nhận {vnd(totals.approved)} trên {vnd(totals.asked)} đề nghị"
    if totals.reduced:
        said += f", giảm {vnd(totals.reduced)}"
    return said + (f", hỏi hồ sơ {totals.asked_lines} dòng ({vnd(totals.asking)})" if totals.asked_lines else "")


async def mark_claim(out: Db, changes: Changes, case: ReviewCase, words: str, now: datetime, actor: str) -> None:
    """The claim of a case takes the state that belongs to the case's."""
    claim = await store.get_claim(out, case.claim_id)
    assert claim is not None, "a case belongs to a claim"
    state = CLAIM_STATE[CaseState(case.state)]
    if claim.state != "reopened":  # the unit is correcting it: a replacement is on its way
        changes.update(claim, state=state)
    changes.insert(ClaimEvent(unit_id=claim.unit_id, claim_id=claim.id, at=now, state=state, actor=actor, detail=words))
