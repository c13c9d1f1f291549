"""The end of a round: the unit learns what was decided and what is asked of it; a large case needs two officers."""

from datetime import datetime
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.review import store
from his.review.rules import needs_second, refuse_same_person
from his.review.service.bench import Bench, Officer, audited, is_locked, is_spoken, open_case, shown, totals_of, writer
from his.review.service.told import event_of, mark_claim, sentence, tell
from his.review.tables import ReviewCase
from his.review.terms import CaseState, Decision

CHANGED = "Hồ sơ vừa được người khác sửa. Tải lại rồi xem các dòng mới quyết."


async def finish_case(db: Db, officer: Officer, case_id: UUID, now: datetime, version: int | None = None) -> Bench:
    """Close the round of a case whose lines are all decided.

    Questions leave it open for the unit's papers (`asking`); above the amount of the house rule it waits for a second
    officer (`confirming`) and nothing is told yet. Raises CONFLICT when lines are undecided or the case is locked, STALE
    when somebody changed it after `version`.
    """
    bench = await open_case(db, case_id)
    case = bench.case
    if case.state == CaseState.CONFIRMING:
        raise HisError(Kind.CONFLICT, "Hồ sơ này đã xong, đang chờ người thứ hai xác nhận.")
    if is_locked(case):
        raise HisError(Kind.CONFLICT, "Hồ sơ này đã xong.")
    _check_version(case, version)
    _refuse_unfinished(bench)
    if not needs_second(case.asked, clock.day_of(now)):
        return await _tell(db, bench, officer, "finish", now)
    changes = Changes()
    new = changes.update(
        case,
        state=CaseState.CONFIRMING.value,
        proposed_at=now,
        proposed_by=officer.account_id,
        confirmed_at=None,
        confirmed_by=None,
    )
    changes.insert(event_of(case, "propose", now, officer.account_id))
    audited(changes, "propose", case)
    changes.version(shown(new, bench.lines)).dirty("review", case.period)
    await db.release()
    await writer(db, case.unit_id).apply(changes, now)
    return Bench(new, bench.lines)


def _check_version(case: ReviewCase, version: int | None) -> None:
    if version is not None and version != case.version:
        raise HisError(Kind.STALE, CHANGED)


def _refuse_unfinished(bench: Bench) -> None:
    case, totals = bench.case, totals_of(bench.lines)
    if totals.open_lines:
        raise HisError(Kind.CONFLICT, f"Còn {totals.open_lines} dòng chưa quyết.")
    silent = [x for x in bench.lines if x.disputed and not is_spoken(case, x)]
    if silent:
        raise HisError(Kind.CONFLICT, f"Còn {len(silent)} dòng cơ sở đã giải trình chưa quyết lại.")
    asking = [x for x in bench.lines if x.decision == Decision.ASK and not is_spoken(case, x)]
    if asking and case.state == CaseState.ASKING:
        raise HisError(Kind.CONFLICT, f"Còn {len(asking)} dòng đang hỏi hồ sơ. Quyết các dòng đó rồi mới xong.")


async def confirm_case(db: Db, officer: Officer, case_id: UUID, now: datetime, version: int | None = None) -> Bench:
    """The second officer confirms; only now the unit is told.

    Raises CONFLICT when nobody proposed the end, FORBIDDEN for whoever proposed it or decided one of its lines.
    """
    bench = await _proposed(db, case_id, version)
    deciders = [bench.case.proposed_by, *(line.decided_by for line in bench.lines)]
    refuse_same_person(officer.account_id, deciders)
    return await _tell(db, bench, officer, "confirm", now, confirmed_at=now, confirmed_by=officer.account_id)


async def return_case(db: Db, officer: Officer, case_id: UUID, now: datetime, version: int | None = None) -> Bench:
    """Give a proposed case back to its lines: the second officer disagrees, or the first one thought again."""
    bench = await _proposed(db, case_id, version)
    case = bench.case
    state = CaseState.IN_REVIEW
    if case.told:
        state = CaseState.APPEALED if any(x.disputed for x in bench.lines) else CaseState.ASKING
    changes = Changes()
    new = changes.update(case, state=state.value, proposed_at=None, proposed_by=None)
    changes.insert(event_of(case, "return", now, officer.account_id))
    audited(changes, "return", case)
    changes.version(shown(new, bench.lines)).dirty("review", case.period)
    await db.release()
    await writer(db, case.unit_id).apply(changes, now)
    return Bench(new, bench.lines)


async def _proposed(db: Db, case_id: UUID, version: int | None) -> Bench:
    bench = await open_case(db, case_id)
    if bench.case.state != CaseState.CONFIRMING:
        raise HisError(Kind.CONFLICT, "Hồ sơ này không chờ xác nhận.")
    _check_version(bench.case, version)
    return bench


async def _tell(db: Db, bench: Bench, officer: Officer, action: str, now: datetime, **fields: object) -> Bench:
    replies = await store.list_replies(db, bench.case.id)
    changes = Changes()
    told, lines = tell(changes, bench, officer, replies, now, **fields)
    changes.insert(event_of(told, action, now, officer.account_id))
    audited(changes, action, told, state=told.state)
    out = writer(db, told.unit_id)
    try:
        await mark_claim(out, changes, told, sentence(bench), now, "insurer")
        await db.release()
        await out.apply(changes, now)
    finally:
        await out.release()
    return Bench(told, lines)
