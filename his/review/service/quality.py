"""False alarms by rule, a unit's mean cost beside its peers, and the warning about it (TT 12/2026/TT-BTC, article 13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean_lines
from his.review import store
from his.review.rules.warning import Comparison, compare, false_alarm_rate, is_noisy, warn_by, warning_due
from his.review.service.bench import Officer, writer
from his.review.service.worklist import insurer_of
from his.review.tables import ReviewWarning
from his.review.terms import Figures, TallyKind

ANSWER_LENGTH = 2000
PAST_MONTHS = 3


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """A rule with what it flagged; `rate` is the per cent of its decided lines that were accepted all the same."""

    code: str
    figures: Figures
    rate: Decimal | None
    noisy: bool


@dataclass(frozen=True, slots=True)
class UnitCost:
    """A unit's mean cost of a month with its comparison and the warning that was sent, if any."""

    unit_id: int
    unit_name: str
    unit_level: str
    comparison: Comparison
    warning: ReviewWarning | None


async def rule_figures(db: Db, period: str, on: date, unit_id: int | None = None) -> list[RuleFigures]:
    """Every rule that spoke in a month, the noisiest first, as the worker counted it."""
    insurer_of(db)
    rows = await store.sum_tallies(db, TallyKind.RULE, [period], ["value"], unit_id=unit_id)
    found = []
    for (code,), figures in rows:
        rate = false_alarm_rate(figures)
        found.append(RuleFigures(str(code), figures, rate, is_noisy(rate, on)))
    return sorted(found, key=lambda r: (r.rate is None, -(r.rate or 0), r.code))


async def compare_units(db: Db, period: str, on: date) -> list[UnitCost]:
    """Every unit's mean cost of a month beside its own three months before and its peers of the same level."""
    insurer_of(db)
    months = months_before(period)
    by = ["unit_id", "unit_name", "unit_level", "period"]
    rows = await store.sum_tallies(db, TallyKind.GROUP, [period, *months], by)
    warned = {warning.unit_id: warning for warning in await store.list_warnings(db, period)}
    now = {(unit, name, level): f for (unit, name, level, month), f in rows if month == period}
    found = []
    for (unit, name, level), figures in now.items():
        before = _added(f for (u, _, _, month), f in rows if u == unit and month != period)
        peers = [f for (u, _, same), f in now.items() if u != unit and same == level]
        comparison = compare(figures, before, _added(peers), len(peers), on)
        found.append(UnitCost(unit, name, level, comparison, warned.get(unit)))
    return sorted(
        found, key=lambda u: (u.comparison.above_peers is None, -(u.comparison.above_peers or 0), u.unit_name)
    )


async def compare_unit(db: Db, unit_id: int, period: str, on: date) -> Comparison | None:
    """One unit's comparison; None when nothing of the month was counted."""
    found = await compare_units(db, period, on)
    return next((u.comparison for u in found if u.unit_id == unit_id), None)


def _added(figures: Iterable[Figures]) -> Figures:
    cases, asked = 0, Decimal(0)
    for f in figures:
        cases, asked = cases + f.cases, asked + f.asked
    return Figures(cases=cases, asked=asked)


def months_before(period: str, count: int = PAST_MONTHS) -> list[str]:
    """The months before a month, nearest first."""
    index = int(period[:4]) * 12 + int(period[5:]) - 1
    return [f"{(index - n) // 12:04d}-{(index - n) % 12 + 1:02d}" for n in range(1, count + 1)]


async def warn_unit(db: Db, officer: Officer, unit_id: int, period: str, now: datetime) -> ReviewWarning:
    """Send the warning about a month's mean cost to the unit; it explains within the legal time.

    Raises NOT_FOUND without figures, CONFLICT when the comparison gives no reason or the warning was sent before.
    """
    day = clock.day_of(now)
    found = next((u for u in await compare_units(db, period, day) if u.unit_id == unit_id), None)
    if found is None:
        raise not_found()
    if found.warning is not None:
        raise HisError(Kind.CONFLICT, "Đã cảnh báo cơ sở về tháng này.")
    c = found.comparison
    if not c.level or c.mean is None:
        raise HisError(Kind.CONFLICT, "Chi bình quân của cơ sở chưa tới mức cảnh báo.")
    row = ReviewWarning(
        unit_id=unit_id, payer_id=insurer_of(db), period=period, level=c.level, cases=c.cases, mean=c.mean,
        mean_before=c.mean_before, mean_peers=c.mean_peers, sent_at=now, sent_by=officer.account_id,
        due_on=warning_due(day),
    )  # fmt: skip
    changes = Changes().insert(row).audit("review:warn", "ReviewWarning", row.id, period=period, level=c.level)
    await db.release()
    await writer(db, unit_id).apply(changes, now)
    return row


async def list_own_warnings(db: Db) -> list[ReviewWarning]:
    """The newest warnings to the unit in scope."""
    return await store.latest_warnings(db)


async def answer_warning(db: Db, period: str, text: str, by: UUID, now: datetime) -> ReviewWarning:
    """The unit explains its mean cost of a month; raises NOT_FOUND, INVALID (answer), CONFLICT after the last day."""
    words = clean_lines(text)
    if not words or len(words) > ANSWER_LENGTH:
        raise invalid("answer", f"Ghi lời giải trình, nhiều nhất {ANSWER_LENGTH} chữ.")
    warning = next((w for w in await store.latest_warnings(db) if w.period == period), None)
    if warning is None:
        raise not_found()
    if clock.day_of(now) > warning.due_on:
        raise HisError(Kind.CONFLICT, f"Hạn giải trình là {warning.due_on:%d/%m/%Y}, nay đã qua.")
    changes = Changes()
    new = changes.update(warning, answer=words, answered_at=now, answered_by=by)
    changes.audit("review:answer-warning", "ReviewWarning", warning.id, period=period)
    await db.apply(changes, now)
    return new


__all__ = [
    "RuleFigures", "UnitCost", "answer_warning", "compare_unit", "compare_units", "list_own_warnings", "months_before",
    "rule_figures", "warn_by", "warn_unit",
]  # fmt: skip
