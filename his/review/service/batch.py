"""Batches: a unit's dossiers of a month. The inbox of months, the board of one batch, and its end by two officers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean
from his.review import store
from his.review.rules import refuse_same_person
from his.review.rules.warning import Comparison
from his.review.service.bench import Officer, writer
from his.review.service.quality import RuleFigures, compare_unit, rule_figures
from his.review.service.worklist import insurer_of
from his.review.tables import ReviewBatch, ReviewCase
from his.review.terms import DONE_STATES, OPEN_STATES, BatchState, CaseState, Figures, TallyKind

PAGE = 500


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A unit's month in the inbox; amounts in đồng."""

    unit_id: int
    unit_name: str
    level: str
    period: str
    received: int
    failed: int  # gave way to a corrected revision
    clean: int
    flagged: int
    decided: int
    agreed: int
    left: int
    asked: Decimal
    approved: Decimal
    reduced: Decimal
    state: str
    batch: ReviewBatch | None

    @property
    def clean_percent(self) -> int:
        """Per cent of the dossiers in which no rule found anything."""
        return self.clean * 100 // (self.clean + self.flagged) if self.clean + self.flagged else 0


@dataclass(frozen=True, slots=True)
class BatchBoard:
    """One batch: its funnel, the rules that cost most, the comparison with its own past and its peers."""

    row: BatchRow
    rules: list[RuleFigures]
    comparison: Comparison | None
    due_on: date | None


async def load_inbox(db: Db, period: str = "") -> tuple[list[BatchRow], list[str]]:
    """Every unit's batch of a month (the newest when none is named), as the worker counted it; and the months."""
    insurer_of(db)
    periods = await store.list_periods(db)
    wanted = check_period(period) or (periods[0] if periods else "")
    if not wanted:
        return [], periods
    by = ["unit_id", "unit_name", "unit_level", "value"]
    cells = await store.sum_tallies(db, TallyKind.STATE, [wanted], by)
    batches = {batch.unit_id: batch for batch in await store.list_batches(db, [wanted])}
    return _rows(wanted, cells, batches), periods


def check_period(text: str) -> str:
    """A month as `yyyy-mm`, or an empty text; raises INVALID."""
    period = clean(text)
    if period and not (len(period) == 7 and period[4] == "-" and (period[:4] + period[5:]).isdecimal()):
        raise invalid("period", "Tháng ghi như 2026-10.")
    if period and not (period[:4] >= "1900" and "01" <= period[5:] <= "12"):
        raise invalid("period", "Tháng ghi như 2026-10.")
    return period


def _rows(
    period: str, cells: Iterable[tuple[tuple[Any, ...], Figures]], batches: dict[int, ReviewBatch]
) -> list[BatchRow]:
    units: dict[tuple[int, str, str], dict[str, Figures]] = {}
    for (unit_id, name, level, state), figures in cells:
        units.setdefault((int(str(unit_id)), str(name), str(level)), {})[str(state)] = figures
    return [
        _row(period, key, states, batches.get(key[0])) for key, states in sorted(units.items(), key=lambda x: x[0][1])
    ]


def _row(period: str, unit: tuple[int, str, str], states: dict[str, Figures], batch: ReviewBatch | None) -> BatchRow:
    valid = [f for state, f in states.items() if state != CaseState.REPLACED]
    done = [f for state, f in states.items() if state in DONE_STATES]
    cases = sum(f.cases for f in valid)
    return BatchRow(
        *unit,
        period,
        received=sum(f.cases for f in states.values()),
        failed=states.get(CaseState.REPLACED, Figures()).cases,
        clean=cases - sum(f.flagged for f in valid),
        flagged=sum(f.flagged for f in valid),
        decided=sum(f.cases for f in done),
        agreed=states.get(CaseState.FINAL, Figures()).cases,
        left=sum(f.cases for state, f in states.items() if state in OPEN_STATES),
        asked=sum((f.asked for f in valid), start=Figures().asked),
        approved=sum((f.approved for f in done), start=Figures().approved),
        reduced=sum((f.reduced for f in done), start=Figures().reduced),
        state=batch.state if batch else BatchState.OPEN.value,
        batch=batch,
    )


async def load_batch(db: Db, unit_id: int, period: str, on: date) -> BatchBoard:
    """The board of a unit's month; raises NOT_FOUND when nothing of it was received."""
    rows, _ = await load_inbox(db, period)
    row = next((r for r in rows if r.unit_id == unit_id), None)
    if row is None:
        raise not_found()
    rules = await rule_figures(db, period, on, unit_id)
    found = await store.sum_cases(db, period, unit_id)
    due = found[0].due_on if found else None
    by_money = sorted(rules, key=lambda r: (r.figures.reduced, r.figures.asked), reverse=True)
    return BatchBoard(row, by_money[:10], await compare_unit(db, unit_id, period, on), due)


async def propose_batch(db: Db, officer: Officer, unit_id: int, period: str, now: datetime) -> ReviewBatch:
    """Say that the review of a unit's month is over; a second officer confirms.

    Raises CONFLICT while a dossier is open or may still be answered, or when somebody proposed it already.
    """
    insurer_of(db)
    sums, batch = await _settled(db, unit_id, check_period(period))
    if batch is not None and batch.state != BatchState.OPEN:
        raise HisError(Kind.CONFLICT, "Lô này đã được đề nghị kết thúc.")
    changes = Changes()
    fields = {
        **sums, "state": BatchState.PROPOSED.value, "proposed_at": now, "proposed_by": officer.account_id,
        "confirmed_at": None, "confirmed_by": None,
    }  # fmt: skip
    if batch is None:
        row = ReviewBatch(unit_id=unit_id, payer_id=insurer_of(db), period=period, **fields)
        changes.insert(row)
    else:
        row = changes.update(batch, **fields)
    return await _apply(db, changes, row, "batch-propose", now)


async def confirm_batch(db: Db, officer: Officer, unit_id: int, period: str, now: datetime) -> ReviewBatch:
    """The second officer confirms the end; raises FORBIDDEN for the first one, CONFLICT when figures moved meanwhile."""
    sums, batch = await _settled(db, unit_id, check_period(period))
    if batch is None or batch.state != BatchState.PROPOSED:
        raise HisError(Kind.CONFLICT, "Lô này không chờ xác nhận.")
    refuse_same_person(officer.account_id, [batch.proposed_by])
    if any(getattr(batch, key) != value for key, value in sums.items()):
        raise HisError(Kind.CONFLICT, "Số liệu của lô đã đổi sau khi đề nghị. Trả lại rồi đề nghị kết thúc lại.")
    changes = Changes()
    row = changes.update(batch, state=BatchState.FINISHED.value, confirmed_at=now, confirmed_by=officer.account_id)
    return await _apply(db, changes, row, "batch-confirm", now)


async def reopen_batch(db: Db, unit_id: int, period: str, now: datetime) -> ReviewBatch:
    """Take a proposed end back; a finished batch stays. Raises CONFLICT."""
    insurer_of(db)
    batch = await store.get_batch(db, unit_id, check_period(period))
    if batch is None or batch.state != BatchState.PROPOSED:
        raise HisError(Kind.CONFLICT, "Lô này không chờ xác nhận.")
    changes = Changes()
    row = changes.update(batch, state=BatchState.OPEN.value, proposed_at=None, proposed_by=None)
    return await _apply(db, changes, row, "batch-reopen", now)


async def _settled(db: Db, unit_id: int, period: str) -> tuple[dict[str, Any], ReviewBatch | None]:
    insurer_of(db)
    found = await store.sum_cases(db, period, unit_id) if period else ()
    if not found:
        raise not_found()
    row = found[0]
    if row.open or row.decided:
        waits = f", {row.decided} hồ sơ còn hạn giải trình" if row.decided else ""
        raise HisError(Kind.CONFLICT, f"Còn {row.open} hồ sơ chưa xong{waits}. Kết thúc lô sau.")
    sums = {"cases": row.final, "asked": row.asked, "approved": row.approved, "reduced": row.reduced}
    return sums, await store.get_batch(db, unit_id, period)


async def _apply(db: Db, changes: Changes, row: ReviewBatch, action: str, now: datetime) -> ReviewBatch:
    changes.audit(f"review:{action}", "ReviewBatch", row.id, period=row.period)
    await db.release()
    await writer(db, row.unit_id).apply(changes, now)
    return row


@dataclass(frozen=True, slots=True)
class UnitSums:
    """What was decided on a unit's dossiers of a month; amounts in đồng. `open` dossiers are not in the sums."""

    unit_id: int
    open: int
    decided: int
    final: int
    asked: Decimal
    approved: Decimal
    reduced: Decimal


async def sum_decided(db: Db, period: str, unit_id: int | None = None) -> list[UnitSums]:
    """Decided and final dossiers in scope of a month (`yyyy-mm`) by unit with their sums, read from the cases."""
    rows = await store.sum_cases(db, check_period(period), unit_id)
    return [UnitSums(r.unit_id, r.open, r.decided, r.final, r.asked, r.approved, r.reduced) for r in rows]


async def list_decided(
    db: Db, unit_id: int, period: str, after: UUID | None = None, limit: int = PAGE
) -> list[ReviewCase]:
    """Decided and final dossiers of a unit and month in the order of receipt, a page of at most 500."""
    return await store.list_done(db, unit_id, check_period(period), after, min(limit, PAGE))


async def find_batch(db: Db, unit_id: int, period: str) -> ReviewBatch | None:
    """The end of the review of a unit's month, if somebody proposed it (`state` finished: two officers agreed)."""
    return await store.get_batch(db, unit_id, check_period(period))


__all__: Sequence[str] = [
    "BatchBoard", "BatchRow", "UnitSums", "check_period", "confirm_batch", "find_batch", "list_decided", "load_batch",
    "load_inbox", "propose_batch", "reopen_batch", "sum_decided",
]  # fmt: skip
