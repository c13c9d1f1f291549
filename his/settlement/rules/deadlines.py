"""Time limits of a settlement, by the law of the day on which they start to run.

Sending: the first 15 days of the next month (Luật BHYT điều 32 khoản 2 điểm a). TT 12/2026/TT-BTC, from 10/02/2026: the unit signs the minutes
03/BH within 2 working days (điều 12 khoản 2), the fund pays within 3 working days (điều 15 khoản 1). Before: payment within 10 days of the
notice of the settled sum (Luật BHYT điều 32), no term for the minutes.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from his.kit.rulebook import Dated, on_day
from his.kit.workdays import add_working_days
from his.settlement.rules.forms import LAW_FROM, month_of

TT12_FROM: Final = date(2026, 2, 10)


@dataclass(frozen=True, slots=True)
class Term:
    """A time limit in days, counted from the day after its start."""

    days: int
    working: bool

    def ends(self, start: date) -> date:
        """The last day."""
        return add_working_days(start, self.days) if self.working else start + timedelta(days=self.days)


SEND_DAY: Final = (Dated(15, LAW_FROM, None, "Luật BHYT điều 32 khoản 2 điểm a"),)
MINUTES: Final[tuple[Dated[Term | None], ...]] = (
    Dated(None, LAW_FROM, date(2026, 2, 9), "TT 178/2012/TT-BTC"),
    Dated(Term(2, working=True), TT12_FROM, None, "TT 12/2026/TT-BTC điều 12 khoản 2"),
)
PAYMENT: Final = (
    Dated(Term(10, working=False), LAW_FROM, date(2026, 2, 9), "Luật BHYT điều 32"),
    Dated(Term(3, working=True), TT12_FROM, None, "TT 12/2026/TT-BTC điều 15 khoản 1"),
)


def send_due(period: str) -> date:
    """The last day on which the unit sends a month."""
    following = (month_of(period) + timedelta(days=32)).replace(day=1)
    return following.replace(day=on_day(SEND_DAY, following))


def minutes_due(agreed_on: date) -> date | None:
    """The last day on which the unit signs the minutes or states why not; None where no term was in force."""
    term = on_day(MINUTES, agreed_on)
    return term.ends(agreed_on) if term else None


def pay_due(locked_on: date) -> date:
    """The last day on which the fund pays a locked month."""
    return on_day(PAYMENT, locked_on).ends(locked_on)
