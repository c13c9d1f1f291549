"""What the pages of the province have in common: the month asked for, and the months around it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.reporting.rules import month_of, parse_month

Province = Annotated[Caller, needs(Capability.PROVINCE)]


@dataclass(frozen=True, slots=True)
class Month:
    """The month shown, with its neighbours as `yyyy-mm`; there is no next month after the present one."""

    first: date
    previous: str
    next: str

    @property
    def key(self) -> str:
        """`yyyy-mm`."""
        return f"{self.first:%Y-%m}"

    @property
    def word(self) -> str:
        """`11/2026`."""
        return f"{self.first:%m/%Y}"


def asked_month(text: str, caller: Caller) -> Month:
    """The month of the address, or the present one; raises INVALID when the text is no month."""
    today = day_of(caller.now)
    first = parse_month(text) if text else today.replace(day=1)
    last = month_of(first)[1]
    following = f"{last + timedelta(days=1):%Y-%m}" if last < today else ""
    return Month(first, f"{first - timedelta(days=1):%Y-%m}", following)
