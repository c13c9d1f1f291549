"""The worklist of an insurer: filters, the month's funnel, and the dossiers around the open one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from his.kit import clock
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean
from his.review import store
from his.review.service.bench import Bench, Officer
from his.review.store import PAGE, Stage
from his.review.tables import ReviewCase
from his.review.terms import OPEN_STATES, CaseState, Filters

BEFORE, AROUND = 2, 10
STATES = {"open", "all", *(state.value for state in CaseState)}


@dataclass(frozen=True, slots=True)
class Board:
    """The worklist: the filters as read, one page of cases, where the next page starts, funnel, choices."""

    filters: Filters
    cases: list[ReviewCase]
    after: UUID | None
    stages: list[Stage]
    periods: list[str]
    units: list[tuple[int, str]]


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
    """Filters from an address: unit, period, state, findings, above (đồng), q, sample (per cent). Raises INVALID."""
    unit, above, sample = (query.get(name, "").strip() for name in ("unit", "above", "sample"))
    state = query.get("state", "") or "open"
    if state not in STATES:
        raise invalid("state", "Trạng thái này không có trong danh sách.")
    try:
        filters = Filters(
            unit_id=int(unit) if unit else None,
            period=query.get("period", ""),
            state=state,
            findings=query.get("findings", ""),
            above=Decimal(above.replace(".", "").replace(",", ".")) if above else None,
            search=clean(query.get("q", ""))[:60],
            sample=int(sample) if sample else None,
        )
    except (ValueError, InvalidOperation) as error:
        raise invalid("above", "Số trong bộ lọc chưa đúng. Ghi số đồng hoặc số phần trăm.") from error
    if filters.sample is not None and not 1 <= filters.sample <= 100:
        raise invalid("sample", "Tỷ lệ mẫu từ 1 đến 100 phần trăm.")
    if filters.above is not None and not filters.above.is_finite():
        raise invalid("above", "Số tiền trong bộ lọc chưa đúng.")
    return filters


def write_filters(filters: Filters) -> dict[str, str]:
    """The filters as query parameters, without those that let everything through."""
    pairs: dict[str, Any] = {
        "unit": filters.unit_id,
        "period": filters.period,
        "state": "" if filters.state == "open" else filters.state,
        "findings": filters.findings,
        "above": filters.above,
        "q": filters.search,
        "sample": filters.sample,
    }
    return {key: str(value) for key, value in pairs.items() if value not in (None, "")}


def insurer_of(db: Db) -> int:
    """The insurer in scope; raises FORBIDDEN when there is none."""
    if db.scope.payer_id is None:
        raise HisError(Kind.FORBIDDEN, "Chỉ giám định viên của cơ quan BHXH mở được danh sách giám định.")
    return db.scope.payer_id


async def load_board(db: Db, filters: Filters, after: UUID | None = None) -> Board:
    """The worklist of the insurer in scope, 50 cases a page in the order of receipt."""
    payer = insurer_of(db)
    periods = await store.list_periods(db)
    if not filters.period and periods and not filters.search:
        filters = replace(filters, period=periods[0])
    cases = await store.list_cases(db, filters, after, PAGE + 1)
    more = len(cases) > PAGE
    stages = await store.count_stages(db, filters.period, filters.unit_id) if filters.period else []
    units = await store.list_units(db, payer)
    return Board(filters, cases[:PAGE], cases[PAGE - 1].id if more else None, stages, periods, units)


async def load_lot(db: Db, bench: Bench, filters: Filters, officer: Officer, now: datetime) -> Lot:
    """The dossiers around the open one under the same filters (the month of the open one), and the officer's day."""
    case = bench.case
    around = replace(filters, period=case.period, search="", state="all" if filters.state == "open" else filters.state)
    before = await store.list_before(db, around, case.id, 30)
    behind = await store.list_cases(db, around, case.id, 30)
    stages = await store.count_stages(db, case.period, filters.unit_id)
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
        sum(s.cases for s in stages if s.state in OPEN_STATES),
        done,
        median,
    )
