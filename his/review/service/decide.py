"""Decisions on lines, alone or together, and taking one back; each is one change set of one unit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from his.claims.tables import ClaimEvent
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.text import clean_lines
from his.review import store
from his.review.rules import check_verdict, sameness
from his.review.service.bench import (
    Bench,
    Officer,
    audited,
    facts_of,
    fields_of,
    is_locked,
    is_spoken,
    list_reasons,
    open_case,
    totals_fields,
    totals_of,
    writer,
)
from his.review.tables import ReviewCase, ReviewEvent, ReviewLine
from his.review.terms import CaseState, Decision, ResponseView, Verdict

KEPT = (
    "decision", "approved", "approved_quantity", "approved_price", "approved_rate", "reason_code", "reason",
    "decided_at", "decided_by",
)  # fmt: skip
REASON_LENGTH = 1000
LOCKED = "Hồ sơ đã quyết và đã báo cơ sở, không sửa được nữa."
CHANGED = "Dòng này vừa được người khác quyết. Xem lại quyết định mới rồi làm tiếp."
NOTHING = "Không còn việc nào để hoàn tác trong hồ sơ này."


async def decide_line(
    db: Db, officer: Officer, case_id: UUID, line_id: UUID, verdict: Verdict, now: datetime, version: int | None = None
) -> Bench:
    """Decide one line; the same decision again changes nothing.

    Raises INVALID (field) when reason or figures are missing, STALE when `version` is not the line's (another officer
    was faster), CONFLICT when the case is locked.
    """
    bench = await open_case(db, case_id)
    line = bench.line(line_id)
    _refuse_locked(bench.case, line)
    if version is not None and version != line.version:
        raise HisError(Kind.STALE, CHANGED)
    checked = await _checked(db, line, verdict, now)
    same = all(getattr(line, key) == value for key, value in fields_of(line, checked).items())
    if same and (line.decided_at is None or is_spoken(bench.case, line)):
        return bench  # after an answer the same letter again is a new word
    return await _write(db, officer, bench, "decide", [(line, checked)], now)


async def decide_same(
    db: Db, officer: Officer, case_id: UUID, line_id: UUID, verdict: Verdict, now: datetime
) -> tuple[Bench, int]:
    """Decide a line and every undecided line identical to it; returns how many lines were decided.

    Lines without findings count as identical in this dossier only; with findings in all open dossiers of the unit and
    month. A reduction states the same approved figures on every line.
    """
    bench = await open_case(db, case_id)
    line = bench.line(line_id)
    _refuse_locked(bench.case, line)
    checked = await _checked(db, line, verdict, now)
    others = await find_same(db, bench, line)
    return await _write(db, officer, bench, "same", [(x, checked) for x in (line, *others)], now), 1 + len(others)


async def find_same(db: Db, bench: Bench, line: ReviewLine) -> list[ReviewLine]:
    """The other undecided lines that are identical to this one (same dossier, or unit and month when it has findings)."""
    key = sameness(line)
    found = bench.lines
    if line.findings:
        found = await store.open_lines_of_code(db, bench.case.unit_id, bench.case.period, line)
    return [x for x in found if x.id != line.id and x.decision == "" and sameness(x) == key]


async def accept_clean(db: Db, officer: Officer, case_id: UUID, now: datetime) -> tuple[Bench, int]:
    """Accept every undecided line of a case that has no finding; returns how many."""
    bench = await open_case(db, case_id)
    _refuse_locked(bench.case, None)
    clean = [x for x in bench.lines if not x.decision and not x.findings]
    if not clean:
        return bench, 0
    accepted = Verdict(Decision.ACCEPT)
    return await _write(db, officer, bench, "accept-clean", [(x, accepted) for x in clean], now), len(clean)


async def undo(db: Db, officer: Officer, case_id: UUID, now: datetime) -> tuple[Bench, list[UUID]]:
    """Take the officer's newest decision in the case back; returns the lines that stand as before.

    Raises CONFLICT when there is none, STALE when somebody decided one of its lines again.
    """
    bench = await open_case(db, case_id)
    _refuse_locked(bench.case, None)
    event = await store.last_deed(db, case_id, officer.account_id)
    told = bench.case.decided_at
    if event is None or (told is not None and event.at <= told):  # what the unit was told is not taken back
        raise HisError(Kind.CONFLICT, NOTHING)
    before = {UUID(row["line"]): row for row in event.before}
    cases = sorted({UUID(row["case"]) for row in event.before} | {case_id})
    lines = bench.lines if cases == [case_id] else await store.list_lines(db, cases)
    changes = Changes()
    new: list[ReviewLine] = []
    for line in lines:
        row = before.get(line.id)
        if row is not None and _kept(line) != _revived(row["after"]):
            raise HisError(Kind.STALE, CHANGED)
        new.append(line if row is None else changes.update(line, **_revived(row["fields"])))
    changes.update(event, undone=True)
    changes.insert(_event(bench.case, officer, "undo", [], now))
    audited(changes, "undo", bench.case, lines=len(before))
    return await _apply(db, bench, changes, new, now), list(before)


async def _checked(db: Db, line: ReviewLine, verdict: Verdict, now: datetime) -> Verdict:
    reasons = await list_reasons(db, clock.day_of(now))
    named = next((reason.name for reason in reasons if reason.code == verdict.reason_code), "")
    # the unit is never told a bare code: without words of the officer the list's own justify the cut
    tidy = replace(verdict, reason=(clean_lines(verdict.reason) or named)[:REASON_LENGTH])
    return check_verdict(facts_of(line), tidy, [reason.code for reason in reasons])


def _refuse_locked(case: ReviewCase, line: ReviewLine | None) -> None:
    if is_locked(case, line):
        raise HisError(Kind.CONFLICT, LOCKED)


def _kept(line: ReviewLine) -> dict[str, Any]:
    return {key: getattr(line, key) for key in KEPT}


def _snapshot(line: ReviewLine, after: ReviewLine) -> dict[str, Any]:
    """How a line stood before and after a step; what it is after tells later whether somebody else changed it."""
    return {"case": line.case_id, "line": line.id, "fields": _kept(line), "after": _kept(after)}


def _revived(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of a snapshot as values again (the database's JSON has numbers and instants as text)."""
    return _kept(ReviewLine.model_validate({**_BLANK, **fields}))


_BLANK: dict[str, Any] = {
    "unit_id": 0, "payer_id": 0, "case_id": UUID(int=0), "charge_id": UUID(int=0), "position": 0, "claim_table": "",
    "code": "",
}  # fmt: skip


def _event(case: ReviewCase, officer: Officer, action: str, before: list[dict[str, Any]], now: datetime) -> ReviewEvent:
    return ReviewEvent(
        unit_id=case.unit_id,
        payer_id=case.payer_id,
        case_id=case.id,
        at=now,
        actor=officer.account_id,
        action=action,
        before=before,
    )


async def _write(
    db: Db, officer: Officer, bench: Bench, action: str, verdicts: Sequence[tuple[ReviewLine, Verdict]], now: datetime
) -> Bench:
    changes = Changes()
    changed: dict[UUID, ReviewLine] = {}
    for line, verdict in verdicts:
        who = {"decided_at": now, "decided_by": officer.account_id} if verdict.decision else {}
        changed[line.id] = changes.update(line, **fields_of(line, verdict), **who)
    others = sorted({line.case_id for line, _ in verdicts} - {bench.case.id})
    lines = bench.lines + (await store.list_lines(db, others) if others else [])
    changes.insert(
        _event(bench.case, officer, action, [_snapshot(line, changed[line.id]) for line, _ in verdicts], now)
    )
    audited(changes, action, bench.case, lines=len(verdicts), decision=verdicts[0][1].decision.value)
    return await _apply(db, bench, changes, [changed.get(line.id, line) for line in lines], now)


async def _apply(db: Db, bench: Bench, changes: Changes, lines: list[ReviewLine], now: datetime) -> Bench:
    """Sum every case that the lines belong to, begin it when nobody had, and write all of it in the unit's scope."""
    others = {line.case_id for line in lines} - {bench.case.id}
    cases = [bench.case, *(await store.full_cases(db, sorted(others)) if others else [])]
    out = writer(db, bench.case.unit_id)
    new = bench.case
    try:
        for case in cases:
            own = [line for line in lines if line.case_id == case.id]
            fields = totals_fields(totals_of(own))
            begins = case.started_at is None
            if begins:
                fields |= {"started_at": now, "state": CaseState.IN_REVIEW.value}
                await _begin(out, changes, case, now)
            updated = changes.update(case, **fields)
            if begins:
                changes.version(ResponseView(updated, own)).dirty("review", case.period)
            new = updated if case.id == bench.case.id else new
        await db.release()
        await out.apply(changes, now)
    finally:
        await out.release()
    return Bench(new, sorted((x for x in lines if x.case_id == new.id), key=lambda x: x.position))


async def _begin(out: Db, changes: Changes, case: ReviewCase, now: datetime) -> None:
    claim = await store.get_claim(out, case.claim_id)
    if claim is None or claim.state != "accepted":
        return
    changes.update(claim, state="in-review")
    changes.insert(
        ClaimEvent(unit_id=case.unit_id, claim_id=claim.id, at=now, state="in-review", actor="insurer", detail="")
    )
