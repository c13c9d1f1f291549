"""How numbers, money, dates and ages are written for a Vietnamese reader. Pure: the day is always an argument.

Conventions: a dot groups thousands, a comma starts the decimals, a missing value is an en dash, dates are dd/mm/yyyy,
times are shown on the wall clock of Viet Nam.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from his.kit import clock, text
from his.kit.money import NBSP
from his.kit.money import vnd as write_vnd

NONE = "–"
MINUS = "−"
Amount = Decimal | int | float | str | None


def vnd(amount: Decimal | int | None, unit: str = "đ") -> str:
    """`1.234.500 đ`; `unit=""` for table cells whose head carries the unit; None is an en dash."""
    return write_vnd(amount, unit)


def _group(digits: str) -> str:
    return f"{int(digits):,}".replace(",", ".")


def number(value: Amount, places: int | None = None) -> str:
    """`6,4`, `1.234,5`: comma decimals, no trailing zeros unless `places` asks for a fixed count; None is an en dash."""
    if value is None or value == "":
        return NONE
    exact = Decimal(str(value))
    plain = format(abs(exact), "f") if places is None else f"{abs(exact):.{places}f}"
    whole, _, fraction = plain.partition(".")
    if places is None:
        fraction = fraction.rstrip("0")
    return (MINUS if exact < 0 else "") + _group(whole) + (f",{fraction}" if fraction else "")


def percent(value: Amount, places: int | None = None) -> str:
    """`80 %` from 80 (not from 0.8); None is an en dash."""
    return NONE if value is None else number(value, places) + NBSP + "%"


def change(value: Amount) -> str:
    """A signed percentage for "so với trung bình": `+19 %`, `−31 %`, `0 %`."""
    if value is None:
        return NONE
    return ("+" if Decimal(str(value)) > 0 else "") + percent(value)


def _local(value: datetime) -> datetime:
    return clock.local(value) if value.tzinfo else value


def day(value: date | datetime | None) -> str:
    """`23/11/2026`; an aware instant is shown on its day in Viet Nam; None is an en dash."""
    if value is None:
        return NONE
    return f"{_local(value) if isinstance(value, datetime) else value:%d/%m/%Y}"


def time(value: datetime | None, seconds: bool = False) -> str:
    """`08:12`, with `seconds` `08:12:04` (saves only), on the wall clock of Viet Nam; None is an en dash."""
    return NONE if value is None else f"{_local(value):{'%H:%M:%S' if seconds else '%H:%M'}}"


def datetime_vi(value: datetime | None, now: datetime | None = None) -> str:
    """`08:12 23/11/2026`; with `now`, the same day is written `hôm nay 08:12`; None is an en dash."""
    if value is None:
        return NONE
    moment = _local(value)
    if now is not None and _local(now).date() == moment.date():
        return f"hôm nay {moment:%H:%M}"
    return f"{moment:%H:%M %d/%m/%Y}"


def duration(span: timedelta | int | None) -> str:
    """Waiting time from a timedelta or minutes: `12 phút`, `1 giờ 38 phút`; None is an en dash."""
    if span is None:
        return NONE
    minutes = int(span.total_seconds() // 60) if isinstance(span, timedelta) else span
    hours, rest = divmod(max(minutes, 0), 60)
    parts = ([f"{hours} giờ"] if hours else []) + ([f"{rest} phút"] if rest or not hours else [])
    return NBSP.join(" ".join(parts).split(" "))


def _months_between(birth: date, on: date) -> int:
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def age(birth: date | int | None, on: date) -> str:
    """Age on a day: days under one month, months under six years (`4 tuổi 3 tháng`), then years.

    A bare year (int) gives `sinh 1960`, because the age is then not known exactly; a birth after `on` raises ValueError.
    """
    if birth is None:
        return NONE
    if isinstance(birth, int):
        return f"sinh {birth}"
    if birth > on:
        raise ValueError(f"birth {birth} is after {on}")
    months = _months_between(birth, on)
    if months < 1:
        return f"{(on - birth).days} ngày tuổi"
    if months < 12:
        return f"{months} tháng tuổi"
    years, rest = divmod(months, 12)
    return f"{years} tuổi {rest} tháng" if years < 6 and rest else f"{years} tuổi"


def mask(identifier: str | None) -> str:
    """`034168••••12`: a citizen or card number outside registration; None is an en dash."""
    return text.mask(identifier) if identifier else NONE


FILTERS = {
    "vnd": vnd,
    "number": number,
    "percent": percent,
    "change": change,
    "date": day,
    "time": time,
    "datetime_vi": datetime_vi,
    "duration": duration,
    "age": age,
    "mask": mask,
}
