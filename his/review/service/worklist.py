"""The worklist of an insurer: filters, the month's funnel, and the dossiers around the open one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean
from his.review import store
from his.review.rules import BANDS
from his.review.service.bench import Bench, Officer
from his.review.store import PAGE
from his.review.tables import ReviewCase, ReviewFilter
from his.review.terms import OPEN_STATES, CaseState, Figures, Filters, TallyKind

BEFORE, AROUND = 2, 10
STATES = {"open", "all", *(state.value for state in CaseState)}
FINDINGS = {"", "with", "none"}
MOST_FILTERS = 20
WHOLE = {"unit": 1_000_000_000, "deviation": 10_000, "visits": 1_000, "band": len(BANDS) - 1, "sample": 100}
"""Whole-number filters with their largest sensible value."""


@dataclass(frozen=True, slots=True)
class Board:
    """The worklist: the filters as read, one page of cases, where the next page starts, choices, figures of the month."""

    filters: Filters
    cases: list[ReviewCase]
    after: UUID | None
    stages: dict[str, Figures]
    periods: list[str]
    units: list[tuple[int, str]]
    officers: list[tuple[UUID, str]]
    kept: list[ReviewFilter]


@dataclass(frozen=True, slots=True)
class Lot:
    """The month's lot around a case: the cases in order, the next and the previous one, how many wait."""

    cases: list[ReviewCase]
    following: ReviewCase | None
    previous: ReviewCase | None
    waiting: int
    done_today: int
    median_seconds: int | None


def read_filters(query: Mapping[str, str]) -> Filters:
    """Filters from an address, each by the name that `write_filters` gives it. Raises INVALID with the field."""
    given = {key: clean(str(value))[:60] for key, value in query.items()}
    state = given.get("state") or "open"
    if state not in STATES:
        raise invalid("state", "Trạng thái này không có trong danh sách.")
    if given.get("findings", "") not in FINDINGS:
        raise invalid("findings", "Lọc phát hiện chỉ có: có, không.")
    whole = {name: _whole(name, given.get(name, "")) for name in WHOLE}
    if whole["sample"] == 0:
        raise invalid("sample", "Tỷ lệ mẫu từ 1 đến 100 phần trăm.")
    return Filters(
        unit_id=whole["unit"],
        period=given.get("period", ""),
        state=state,
        findings=given.get("findings", ""),
        above=_amount(given.get("above", "")),
        search=given.get("q", ""),
        sample=whole["sample"],
        seed=given.get("seed", ""),
        deviation=whole["deviation"],
        visits=whole["visits"],
        band=whole["band"],
        setting=given.get("setting", ""),
        icd=given.get("icd", "").upper(),
        rule=given.get("rule", "").upper(),
        doctor=given.get("doctor", ""),
        drug=given.get("drug", "").upper(),
        reviewer=_reviewer(given.get("reviewer", "")),
    )


def _whole(name: str, text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not text.isascii() or int(text[:12]) > WHOLE[name]:
        raise invalid(name, f"Ghi số nguyên từ 0 đến {WHOLE[name]}.")
    return int(text)


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text.replace(".", "").replace(",", "."))
    except InvalidOperation as error:
        raise invalid("above", "Số trong bộ lọc chưa đúng. Ghi số đồng, như 500.000.") from error
    if not amount.is_finite() or not 0 <= amount < 10**15:
        raise invalid("above", "Số tiền trong bộ lọc chưa đúng. Ghi số đồng, như 500.000.")
    return amount


def _reviewer(text: str) -> str:
    if text in ("", "none"):
        return text
    try:
        return str(UUID(text))
    except ValueError as error:
        raise invalid("reviewer", "Người giám định này không có trong danh sách.") from error


def write_filters(filters: Filters) -> dict[str, str]:
    """The filters as query parameters, without those that let everything through."""
    pairs: dict[str, Any] = {
        "unit": filters.unit_id, "period": filters.period, "state": "" if filters.state == "open" else filters.state,
        "findings": filters.findings, "above": filters.above, "q": filters.search, "sample": filters.sample,
        "seed": filters.seed, "deviation": filters.deviation, "visits": filters.visits, "band": filters.band,
        "setting": filters.setting, "icd": filters.icd, "rule": filters.rule, "doctor": filters.doctor,
        "drug": filters.drug, "reviewer": filters.reviewer,
    }  # fmt: skip
    return {key: str(value) for key, value in pairs.items() if value not in (None, "")}


def insurer_of(db: Db) -> int:
    """The insurer in scope; raises FORBIDDEN when there is none."""
    if db.scope.payer_id is None:
        raise HisError(Kind.FORBIDDEN, "Chỉ giám định viên của cơ quan BHXH mở được danh sách giám định.")
    return db.scope.payer_id


async def load_stages(db: Db, period: str, unit_id: int | None = None) -> dict[str, Figures]:
    """Figures of a month by state, as the worker counted them last."""
    rows = await store.sum_tallies(db, TallyKind.STATE, [period], ["value"], unit_id=unit_id)
    return {state: figures for (state,), figures in rows}


async def load_board(db: Db, filters: Filters, officer: Officer, after: UUID | None = None) -> Board:
    """The worklist of the insurer in scope, 50 cases a page."""
    payer = insurer_of(db)
    periods = await store.list_periods(db)
    if not filters.period and periods and not filters.search:
        filters = replace(filters, period=periods[0])
    cases = await store.list_cases(db, filters, after, PAGE + 1)
    more = len(cases) > PAGE
    return Board(
        filters,
        cases[:PAGE],
        cases[PAGE - 1].id if more else None,
        await load_stages(db, filters.period, filters.unit_id) if filters.period else {},
        periods,
        await store.list_units(db, payer),
        await store.list_officers(db, payer),
        await store.list_filters(db, officer.account_id),
    )


async def assign_cases(
    db: Db, officer: Officer, filters: Filters, to: UUID | None, count: int, now: datetime
) -> list[ReviewCase]:
    """Give the first open cases under the filters to an officer of the insurer (None: to nobody); returns them.

    Raises INVALID when the count is not from 1 to 50 or the officer is not one of the insurer's.
    """
    payer = insurer_of(db)
    if not 1 <= count <= PAGE:
        raise invalid("count", f"Mỗi lần giao từ 1 đến {PAGE} hồ sơ.")
    if to is not None and to not in {account for account, _ in await store.list_officers(db, payer)}:
        raise invalid("reviewer", "Người giám định này không có trong danh sách.")
    chosen = await store.list_cases(db, filters, None, count)
    full = await store.full_cases(db, [c.id for c in chosen if c.state in OPEN_STATES]) if chosen else []
    changes = Changes()
    given = [changes.update(case, assigned_to=to) for case in full if case.assigned_to != to]
    if given:
        changes.audit("review:assign", "ReviewCase", "", count=len(given), to=str(to or ""))
        await db.apply(changes, now)
    return given


async def keep_filter(db: Db, officer: Officer, name: str, filters: Filters, now: datetime) -> list[ReviewFilter]:
    """Keep a narrowing under a name, replacing one of the same name; returns all that the officer keeps."""
    insurer_of(db)
    words = clean(name)[:60]
    if not words:
        raise invalid("name", "Đặt tên cho bộ lọc, như “Trên 5 triệu, nội soi”.")
    kept = await store.list_filters(db, officer.account_id)
    query = _joined(replace(filters, period="", search=""))
    changes = Changes()
    known = next((f for f in kept if f.name == words), None)
    if known is None and len(kept) >= MOST_FILTERS:
        raise invalid("name", f"Giữ nhiều nhất {MOST_FILTERS} bộ lọc. Xóa bớt một bộ lọc cũ.")
    row = ReviewFilter(unit_id=db.unit_id, account_id=officer.account_id, name=words, query=query)
    if known is None:
        changes.insert(row)
    else:
        row = changes.update(known, query=query)
    await db.apply(changes, now)
    return sorted([*(f for f in kept if f.name != words), row], key=lambda f: f.name)


async def drop_filter(db: Db, officer: Officer, filter_id: UUID, now: datetime) -> Sequence[ReviewFilter]:
    """Forget a narrowing; raises NOT_FOUND when the officer does not keep it."""
    kept = await store.list_filters(db, officer.account_id)
    found = next((f for f in kept if f.id == filter_id), None)
    if found is None:
        raise not_found()
    await db.apply(Changes().delete(found), now)
    return [f for f in kept if f.id != filter_id]


def _joined(filters: Filters) -> str:
    return urlencode(write_filters(filters))


async def load_lot(db: Db, bench: Bench, filters: Filters, officer: Officer, now: datetime) -> Lot:
    """The dossiers around the open one under the same filters (the month of the open one), and the officer's day."""
    case = bench.case
    around = replace(filters, period=case.period, search="", state="all" if filters.state == "open" else filters.state)
    before = await store.list_before(db, around, case.id, 30)
    behind = await store.list_cases(db, around, case.id, 30)
    stages = await load_stages(db, case.period, filters.unit_id)
    local = clock.local(now)
    midnight = now - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    done, median = await store.measure_day(db, officer.account_id, midnight)
    following = next((c for c in behind if c.state in OPEN_STATES), None)
    previous = next((c for c in reversed(before) if c.state in OPEN_STATES), None)
    shown_before = before[-BEFORE:]
    return Lot(
        [*shown_before, case, *behind[: AROUND - len(shown_before)]],
        following or (behind[0] if behind else None),
        previous or (before[-1] if before else None),
        sum(figures.cases for state, figures in stages.items() if state in OPEN_STATES),
        done,
        median,
    )
