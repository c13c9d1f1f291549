"""The officer's bench: a case with its lines, what is locked, and the reasons that a decision may state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.terms import ListName
from his.kit.changes import Changes
from his.kit.db import Db, Scope
from his.kit.errors import HisError, Kind, not_found
from his.kit.money import ZERO
from his.review import store
from his.review.rules import approved_amount, sum_case
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import (
    OPEN_STATES,
    Approval,
    CaseState,
    CaseTotals,
    Decision,
    LineFacts,
    ResponseView,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Officer:
    """Who decides: the account and the name that the other officers read."""

    account_id: UUID
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of the list: code, words, and the criterion of TT 12/2026/TT-BTC, article 10(1)."""

    code: str
    name: str
    criterion: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A case with its lines in order."""

    case: ReviewCase
    lines: list[ReviewLine]

    def line(self, line_id: UUID) -> ReviewLine:
        """A line of the case; raises NOT_FOUND."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise not_found()


async def open_case(db: Db, case_id: UUID) -> Bench:
    """A case of the officer's insurer with its lines; raises NOT_FOUND for any other, FORBIDDEN without an insurer."""
    if db.scope.payer_id is None:
        raise HisError(Kind.FORBIDDEN, "Chỉ giám định viên của cơ quan BHXH mở được hồ sơ giám định.")
    case = await store.get_case(db, case_id)
    if case is None or case.payer_id != db.scope.payer_id:
        raise not_found()
    return Bench(case, await store.list_lines(db, [case.id]))


async def list_reasons(db: Db, on: date) -> list[Reason]:
    """The reasons in force on the day."""
    rows = await catalog.list_codes(db, ListName.REVIEW_REASON, on)
    return [Reason(row.code, row.name, str(row.extra.get("criterion", ""))) for row in rows]


def is_locked(case: ReviewCase, line: ReviewLine | None = None) -> bool:
    """May nothing of the case (or of the line) be changed any more?

    While the unit's papers are waited for, only the lines that were asked about are open; after its answer only those
    that it disputed, and those that the officer asks about again: the others were told already. What waits for a second
    officer is locked for everybody.
    """
    if case.state not in OPEN_STATES or case.state == CaseState.CONFIRMING:
        return True
    if case.state not in (CaseState.ASKING, CaseState.APPEALED) or line is None:
        return False
    if line.disputed:
        return False
    told = line.decided_at is not None and case.decided_at is not None and line.decided_at <= case.decided_at
    return told and line.decision != Decision.ASK


def is_spoken(case: ReviewCase, line: ReviewLine) -> bool:
    """Has the officer decided the line after the unit was told last, and after it answered?"""
    if line.decided_at is None:
        return False
    since = max((x for x in (case.decided_at, line.answered_at) if x is not None), default=None)
    return since is None or line.decided_at > since


def count_silent(bench: Bench) -> int:
    """Lines that the unit answered and the officer has not decided again."""
    return sum(x.disputed and not is_spoken(bench.case, x) for x in bench.lines)


def facts_of(line: ReviewLine) -> LineFacts:
    """The figures of a row that decide its share."""
    return LineFacts(line.quantity, line.unit_price, line.benefit_rate, line.asked, line.service_rate, line.cover_rate)


def fields_of(line: ReviewLine, verdict: Verdict) -> dict[str, Any]:
    """The columns that a decision writes, without who and when."""
    approval = verdict.approval
    quantity = approval.quantity
    if verdict.decision in (Decision.ACCEPT, Decision.REJECT):
        approval = Approval()
        quantity = line.quantity if verdict.decision is Decision.ACCEPT else ZERO
    return {
        "decision": verdict.decision.value,
        "approved": approved_amount(facts_of(line), verdict),
        "approved_quantity": quantity,
        "approved_price": approval.unit_price,
        "approved_rate": approval.cover_rate,
        "reason_code": verdict.reason_code,
        "reason": verdict.reason,
    }


def totals_of(lines: list[ReviewLine]) -> CaseTotals:
    """The sums of a case; asserts that they add up."""
    totals = sum_case((line.asked, Decision(line.decision), line.approved) for line in lines)
    assert totals.balances, "the parts of a case must add up to what was asked"
    return totals


def totals_fields(totals: CaseTotals) -> dict[str, Any]:
    """The columns of a case that hold its sums."""
    return {
        "approved": totals.approved,
        "reduced": totals.reduced,
        "asking": totals.asking,
        "undecided": totals.undecided,
        "open_lines": totals.open_lines,
    }


def writer(db: Db, unit_id: int) -> Db:
    """A handle that writes rows of a unit on behalf of the officer."""
    scope = db.scope
    return Db(db.database, Scope(unit_id, scope.actor, scope.role, scope.payer_id, scope.province))


async def note_opening(db: Db, bench: Bench, now: datetime) -> None:
    """Write down that the officer saw the dossier with the patient's name."""
    out = writer(db, bench.case.unit_id)
    await db.release()
    await out.apply(audited(Changes(), "open", bench.case), now)


def shown(case: ReviewCase, lines: Sequence[ReviewLine]) -> ResponseView:
    """What becomes of a case as ClaimResponse."""
    return ResponseView(case, lines)


def audited(changes: Changes, action: str, case: ReviewCase, **detail: Any) -> Changes:
    """The audit entry of a step."""
    return changes.audit(f"review:{action}", "ReviewCase", case.id, **detail)
