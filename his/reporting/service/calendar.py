"""Days of rest in Viet Nam."""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=16)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=year))


def is_rest_day(day: date) -> bool:
    """A Sunday or a public holiday (Bộ luật Lao động 2019, Điều 111 and 112)."""
    return day.isoweekday() == 7 or day in _public_holidays(day.year)
