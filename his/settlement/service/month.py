"""A month as both sides see it: its figures now, as they were agreed, or as they are locked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.identity.tables import Unit
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, invalid, not_found
from his.kit.text import clean_lines
from his.settlement import store
from his.settlement.rules import (
    Form,
    assess_month,
    blocked,
    build_figures,
    digest,
    form_of,
    minutes_due,
    month_of,
    pay_due,
    read_sums,
    send_due,
    written,
)
from his.settlement.tables import Settlement, SettlementEvent, SettlementPayment
from his.settlement.terms import CLOSED, SUM_FIELDS, Figures, MonthFacts, Move, State

NOTE_LENGTH = 2000
KEPT = frozenset({State.AGREED, *CLOSED})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: account and the name that the other side reads."""

    account_id: UUID
    name: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """A month: row (None while it was never sent), figures, findings, steps, payments, time limits."""

    period: str
    unit: Unit
    form: Form
    row: Settlement | None
    figures: Figures
    findings: Sequence[Finding] = ()
    events: Sequence[SettlementEvent] = ()
    payments: Sequence[SettlementPayment] = ()
    sent: Figures | None = None  # as it was sent, while it is not agreed
    due: dict[str, date | None] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The state; a month that was never sent is a draft."""
        return State(self.row.state) if self.row else State.DRAFT

    @property
    def remaining(self) -> Decimal:
        """What is still to be paid, đồng; negative when the unit owes the fund."""
        return self.figures.total.approved - (self.row.paid if self.row else Decimal(0))


def read_month(text: str, day: date) -> str:
    """A month `2026-10` that has begun and has a form. Raises INVALID (field `month`)."""
    try:
        form_of(text)
        late = month_of(text) > day
    except (ValueError, LookupError) as error:
        raise invalid("month", "Tháng ghi như 2026-10.") from error
    if late:
        raise invalid("month", "Tháng này chưa đến. Chọn tháng đã qua hoặc tháng này.")
    return text


async def compute(db: Db, period: str, *, undecided: bool) -> tuple[Figures, list[str]]:
    """The figures of a month from its rows as they stand now, and numbers of dossiers whose sums do not add up."""
    counted = await store.count_month(db, period, undecided=undecided)
    figures = build_figures(
        period, form_of(period), counted.buckets, counted.costs, left=(counted.left_cases, counted.left_asked),
        source_sha256=counted.source_sha256,
    )  # fmt: skip
    return figures, counted.uneven


async def load_month(db: Db, period: str, now: datetime) -> Month:
    """A month of the unit in scope. Raises NOT_FOUND when the unit is unknown."""
    unit = await store.get_unit(db, db.unit_id)
    if unit is None:
        raise not_found()
    row = await store.of_month(db, period)
    state = State(row.state) if row else State.DRAFT
    events = await store.list_events(db, row.id) if row else []
    payments = await store.list_payments(db, row.id) if row and state in CLOSED else []
    sent = read_sums(row.figures) if row and state not in (*KEPT, State.RETURNED) else None
    if row and state in KEPT:
        figures, findings = read_sums(row.figures), []
    else:
        figures, uneven = await compute(db, period, undecided=True)
        findings = await check(db, figures, uneven, now) if state in (State.DRAFT, State.RETURNED) else []
    return Month(period, unit, form_of(period), row, figures, findings, events, payments, sent, _due(row, period))


async def check(db: Db, figures: Figures, uneven: list[str], now: datetime) -> list[Finding]:
    """The findings of a month that is to be sent."""
    period = figures.period
    earlier = await store.earlier_open(db, period)
    closed = await store.last_closed(db)
    return assess_month(MonthFacts(figures, day_of(now), send_due(period), uneven, earlier, closed))


def _due(row: Settlement | None, period: str) -> dict[str, date | None]:
    found: dict[str, date | None] = {"send": send_due(period)}
    if row and row.agreed_at:
        found["minutes"] = minutes_due(day_of(row.agreed_at))
    if row and row.locked_at:
        found["pay"] = pay_due(day_of(row.locked_at))
    return found


def require(move: Move, row: Settlement | None) -> None:
    """Raise CONFLICT with the reason when the month's state does not allow the move."""
    reason = blocked(move, State(row.state) if row else State.DRAFT)
    if reason:
        raise HisError(Kind.CONFLICT, reason)


def sum_columns(figures: Figures) -> dict[str, Any]:
    """The columns of a month's row that hold its figures."""
    sums = {name: getattr(figures.total, name) for name in SUM_FIELDS}
    return {
        **sums,
        "left_cases": figures.left_cases,
        "left_asked": figures.left_asked,
        "figures": written(figures),
        "sha256": digest(figures),
        "source_sha256": figures.source_sha256,
        "definition": figures.definition,
        "form": figures.form,
    }


def step(
    changes: Changes, row: Settlement, move: Move, actor: Actor, now: datetime, *, note: str = "", basis: str = ""
) -> None:
    """Write a step with the figures as the row has them, and its audit entry."""
    changes.insert(
        SettlementEvent(
            unit_id=row.unit_id, payer_id=row.payer_id, settlement_id=row.id, at=now, actor=actor.account_id,
            actor_name=actor.name, action=move.value, note=note, basis=basis, revision=row.revision, sha256=row.sha256,
            source_sha256=row.source_sha256, definition=row.definition, figures=row.figures,
        )
    )  # fmt: skip
    changes.audit(f"settlement:{move.value}", "Settlement", row.id, period=row.period, state=row.state)


def words(field_name: str, given: str, empty: str) -> str:
    """A reason as people type it. Raises INVALID when it is missing or too long."""
    found = clean_lines(given)
    if not found:
        raise invalid(field_name, empty)
    if len(found) > NOTE_LENGTH:
        raise invalid(field_name, f"Chữ dài quá {NOTE_LENGTH} ký tự. Viết ngắn lại.")
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """A month in the unit's list: dossiers at the insurer, what they ask for, the settlement if it was sent."""

    period: str
    cases: int
    asked: Decimal
    row: Settlement | None


async def load_list(db: Db, now: datetime) -> list[Listed]:
    """Months of the unit in scope that have dossiers, newest first (two years), and the present one."""
    months = await store.months_with_cases(db)
    present = f"{day_of(now):%Y-%m}"
    if not any(period == present for period, _, _ in months):
        months.insert(0, (present, 0, Decimal(0)))
    rows = {row.period: row for row in await store.list_settlements(db, [m[0] for m in months])}
    return [Listed(period, cases, asked, rows.get(period)) for period, cases, asked in months]
