"""The end of a review: the unit learns what was decided and what is asked of it."""

from datetime import datetime
from uuid import UUID

from his.claims.tables import ClaimEvent
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.money import vnd
from his.review import store
from his.review.service.bench import Bench, Officer, audited, is_locked, open_case, totals_of, writer
from his.review.tables import ReviewEvent
from his.review.terms import CaseState, ResponseView

CLAIM_STATE = {CaseState.DECIDED: "decided", CaseState.ASKING: "in-review"}


async def finish_case(db: Db, officer: Officer, case_id: UUID, now: datetime, version: int | None = None) -> Bench:
    """Close a case whose lines are all decided; questions leave it open for the unit's answer (state `asking`).

    Raises CONFLICT when lines are undecided or the case is locked, STALE when somebody changed it after `version`.
    """
    bench = await open_case(db, case_id)
    case = bench.case
    if is_locked(case):
        raise HisError(Kind.CONFLICT, "Hồ sơ này đã xong.")
    if version is not None and version != case.version:
        raise HisError(Kind.STALE, "Hồ sơ vừa được người khác sửa. Tải lại rồi xem các dòng mới quyết.")
    totals = totals_of(bench.lines)
    if totals.open_lines:
        raise HisError(Kind.CONFLICT, f"Còn {totals.open_lines} dòng chưa quyết.")
    if totals.asked_lines and case.state == CaseState.ASKING:
        raise HisError(Kind.CONFLICT, f"Còn {totals.asked_lines} dòng đang hỏi hồ sơ. Quyết các dòng đó rồi mới xong.")
    state = CaseState.ASKING if totals.asked_lines else CaseState.DECIDED
    changes = Changes()
    new = changes.update(
        case,
        state=state.value,
        decided_at=now,
        decided_by=officer.account_id,
        started_at=case.started_at or now,
    )
    changes.insert(
        ReviewEvent(
            unit_id=case.unit_id,
            payer_id=case.payer_id,
            case_id=case.id,
            at=now,
            actor=officer.account_id,
            action="finish",
            before=[],
        )
    )
    audited(changes, "finish", case, state=state.value)
    changes.version(ResponseView(new, bench.lines))
    out = writer(db, case.unit_id)
    try:
        await _tell_unit(out, changes, new.claim_id, state, _sentence(bench), now)
        await db.release()
        await out.apply(changes, now)
    finally:
        await out.release()
    return Bench(new, bench.lines)


def _sentence(bench: Bench) -> str:
    totals = totals_of(bench.lines)
    said = f"Chấp nhận {vnd(totals.approved)} trên {vnd(totals.asked)} đề nghị"
    if totals.reduced:
        said += f", giảm {vnd(totals.reduced)}"
    return said + (f", hỏi hồ sơ {totals.asked_lines} dòng ({vnd(totals.asking)})" if totals.asked_lines else "")


async def _tell_unit(out: Db, changes: Changes, claim_id: UUID, state: CaseState, sentence: str, now: datetime) -> None:
    claim = await store.get_claim(out, claim_id)
    assert claim is not None, "a case belongs to a claim"
    if claim.state != "reopened":  # the unit is correcting it: a replacement is on its way
        changes.update(claim, state=CLAIM_STATE[state])
    changes.insert(
        ClaimEvent(
            unit_id=claim.unit_id,
            claim_id=claim.id,
            at=now,
            state=CLAIM_STATE[state],
            actor="insurer",
            detail=sentence,
        )
    )
