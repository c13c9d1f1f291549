"""Until when a dossier is to be sent, corrected and closed: dated limits, pure counting on the calendar of Viet Nam.

Working days leave out weekends and public holidays (Tết with its exchanged days); a month closes on a calendar day.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from his.kit.rulebook import Dated
from his.kit.workdays import add_working_days, is_working_day

BASIS = "TT 12/2026/TT-BTC"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits of one law: working days to correct and sign after the visit, working days to repair what the gateway
    returned, and the day of the next month before which the month is closed.
    """

    correct_days: int
    reply_days: int
    month_day: int


# Before TT 12/2026 no limit is stated here, so none is shown: an old visit is never called late by a younger law.
LIMITS: tuple[Dated[Limits], ...] = (Dated(Limits(7, 2, 5), date(2026, 2, 10), None, BASIS),)


class Clock(StrEnum):
    """The three clocks of a dossier, and the one of a returned dossier."""

    SEND = "CLM-DUE-01"  # right after the visit
    CORRECT = "CLM-DUE-02"  # corrected and signed
    MONTH = "CLM-DUE-03"  # the month closes
    REPLY = "CLM-DUE-04"  # returned by the gateway


TITLES = {
    Clock.SEND: "Gửi ngay sau khi kết thúc lượt khám",
    Clock.CORRECT: "Sửa và ký trong 7 ngày làm việc",
    Clock.MONTH: "Chốt tháng trước ngày 05 tháng sau",
    Clock.REPLY: "Sửa hồ sơ cổng trả lại trong 2 ngày làm việc",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A time limit: which one, and the last day on which it is kept."""

    clock: Clock
    day: date

    def late(self, today: date) -> bool:
        """Is the limit over?"""
        return today > self.day


def limits_on(day: date) -> Limits | None:
    """The limits in force on the day the visit ended; None when no known law states any."""
    return next((d.value for d in LIMITS if d.valid_from <= day and (d.valid_to is None or day <= d.valid_to)), None)


def dues(ended: date, answered: date | None = None) -> tuple[Due, ...]:
    """Every clock of a dossier whose visit ended on a day, in the order of the law.

    `answered` is the day on which the gateway returned it.
    """
    limits = limits_on(ended)
    if limits is None:
        return ()
    month = (ended.replace(day=1) + timedelta(days=32)).replace(day=limits.month_day) - timedelta(days=1)
    found = [
        Due(Clock.SEND, ended),
        Due(Clock.CORRECT, add_working_days(ended, limits.correct_days)),
        Due(Clock.MONTH, month),
    ]
    if answered is not None:
        found.append(Due(Clock.REPLY, add_working_days(answered, limits.reply_days)))
    return tuple(found)


def due_of(ended: date, answered: date | None = None) -> Due | None:
    """The limit that matters for a dossier that is not accepted yet: after a return the days of the answer, else the
    earlier of correcting and closing the month. None when no law states one.
    """
    known = {due.clock: due for due in dues(ended, answered)}
    if Clock.REPLY in known:
        return known[Clock.REPLY]
    return min((known[c] for c in (Clock.CORRECT, Clock.MONTH) if c in known), key=lambda due: due.day, default=None)


def working_days_between(start: date, end: date) -> int:
    """Working days after `start` up to and with `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start)
    return sum(is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
