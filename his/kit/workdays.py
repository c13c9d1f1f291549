"""Working days in Viet Nam: Monday to Friday without public holidays (Bộ luật Lao động 2019, Điều 112).

Holidays come from the package `holidays` by year, with the days off that replace weekends; a working Saturday that the
Government exchanges for another day is not counted as a working day, so that a deadline is never stated too early.
"""

from datetime import date, timedelta
from functools import cache

import holidays

FRIDAY = 4


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=[year]))


def is_working_day(day: date) -> bool:
    """Is the day neither a weekend nor a public holiday?"""
    return day.weekday() <= FRIDAY and day not in _holidays(day.year)


def add_working_days(day: date, count: int) -> date:
    """The last day of a time limit of `count` (at least 1) working days that starts on the day after `day`."""
    assert count >= 1, "a time limit has at least one day"
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
