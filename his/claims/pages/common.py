"""What every page of the desk reads from its address: the month, the filters."""

from datetime import date
from typing import Annotated, Any

from his.claims import desk, view
from his.claims.desk import Filters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import invalid
from his.kit.text import clean

Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
LAST_PAGE = 200
NO_DEPARTMENT = "-"
MOST_WORDS = 60


def read_period(text: str, caller: Caller) -> str:
    """The month asked for, else the present one; raises INVALID."""
    period = text or desk.month_of(day_of(caller.now))
    try:
        first, _ = desk.month_bounds(period)
    except (ValueError, OverflowError) as error:
        raise invalid("period", "Tháng ghi như 2026-10.") from error
    if not 2000 <= first.year <= 2100:
        raise invalid("period", "Tháng ghi như 2026-10.")
    return desk.month_of(first.date())


def read_filters(
    state: str = "",
    cause: str = "",
    department: str = "",
    since: str = "",
    until: str = "",
    q: str = "",
) -> Filters:
    """The filters of an address; raises INVALID naming the field."""
    states = view.states_of(state)
    if states is None:
        raise invalid("state", "Trạng thái này không có trong danh sách.")
    return Filters(
        states,
        clean(cause)[:MOST_WORDS],
        None if not department else "" if department == NO_DEPARTMENT else clean(department)[:MOST_WORDS],
        _day("since", since),
        _day("until", until),
        clean(q)[:MOST_WORDS],
    )


def _day(field: str, text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise invalid(field, "Ngày ghi như 2026-10-17.") from error
    if not 2000 <= found.year <= 2100:
        raise invalid(field, "Ngày từ năm 2000 đến 2100.")
    return found


def asked(filters: dict[str, Any]) -> dict[str, Any]:
    """The parts of an address that say something."""
    return {name: value for name, value in filters.items() if value}
