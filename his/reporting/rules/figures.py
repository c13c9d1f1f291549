"""From the cells of a month to what is published of it: totals, parts, morbidity tables, with small cells hidden.

Workload of units and days (A01, A05, C01, C02) is statutory and exact; everything that divides people by what they are
or have is hidden where it is small. Figures that say the same twice (A02 and the youngest age group of A01, the sum row
of the morbidity table and the parts of A01) are one cell here, so that one cannot give the other back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from his.encounters.terms import OUTCOMES
from his.reporting.rules.definitions import VERSION, in_month
from his.reporting.rules.suppression import Sum, suppress
from his.reporting.terms import (
    AGES,
    ALL,
    CHAPTERS,
    NO_CODE,
    PAYERS,
    REFERRALS,
    SEXES,
    THRESHOLD,
    Cells,
    ChapterRow,
    Figure,
    Indicator,
    MonthFigures,
    Part,
    Shown,
    UnitFigures,
    UnitRef,
)

EXACT: Final = ("A01", "A05", "C01", "C02")
MORBIDITY: Final = {"A01": "A07", "C01": "C06"}
OUTCOME_WORDS: Final = {**dict(OUTCOMES), NO_CODE: "Chưa ghi"}
Key = tuple[str, ...]
ZERO: Final = Decimal(0)
Look = Callable[..., Shown]  # a cell by its key, None where hidden


@dataclass(frozen=True, slots=True)
class MonthCells:
    """The cells of a month: sums of the place, sums of each unit (totals and age groups), plain totals of each day."""

    place: str
    place_name: str
    first: date
    last: date
    until: date
    totals: Cells
    units: Sequence[tuple[UnitRef, Cells]] = ()
    days: Sequence[tuple[date, Mapping[str, Decimal]]] = ()


class _Ledger:
    """Cells by key, the sums that are printed of them, and which are public."""

    def __init__(self) -> None:
        self.values: dict[Key, int] = {}
        self.sums: list[Sum] = []
        self.public: set[Key] = set()

    def put(self, key: Key, value: Decimal | int) -> Key:
        self.values[key] = int(value)
        return key

    def total(self, key: Key, parts: list[Key], *, public: bool = False) -> Key:
        self.values[key] = sum(self.values[part] for part in parts)
        self.sums.append(Sum(key, parts))
        if public:
            self.public.add(key)
        return key


def _morbidity(ledger: _Ledger, base: str, cells: Cells) -> None:
    code = MORBIDITY[base]
    for chapter in CHAPTERS:
        for sex in SEXES:
            for age in AGES:
                ledger.put((base, chapter, sex, age), cells.get((code, "chapter", f"{chapter}|{sex}|{age}"), ZERO))
    for sex in SEXES:
        for age in AGES:
            ledger.total((base, ALL, sex, age), [(base, chapter, sex, age) for chapter in CHAPTERS])
    for chapter in (*CHAPTERS, ALL):
        for sex in SEXES:
            ledger.total((base, chapter, sex, ALL), [(base, chapter, sex, age) for age in AGES])
        by_sex: list[Key] = [(base, chapter, sex, ALL) for sex in SEXES]
        ledger.total((base, chapter, ALL, ALL), by_sex, public=chapter == ALL)
    for sex in SEXES:
        ledger.sums.append(Sum((base, ALL, sex, ALL), [(base, chapter, sex, ALL) for chapter in CHAPTERS]))
    ledger.sums.append(Sum((base, ALL, ALL, ALL), [(base, chapter, ALL, ALL) for chapter in CHAPTERS]))
    for age in AGES:
        ledger.total((base, ALL, ALL, age), [(base, ALL, sex, age) for sex in SEXES])
    ledger.sums.append(Sum((base, ALL, ALL, ALL), [(base, ALL, ALL, age) for age in AGES]))


def _split(ledger: _Ledger, code: str, split: str, words: Mapping[str, str], cells: Cells, total: Key) -> None:
    parts = [ledger.put((code, split, part), cells.get((code, split, part), ZERO)) for part in words]
    ledger.sums.append(Sum(total, parts))


def _units(ledger: _Ledger, units: Sequence[tuple[UnitRef, Cells]]) -> None:
    if not units:
        return
    for unit, cells in units:
        name = str(unit.id)
        ages = [ledger.put(("unit", name, age), cells.get(("A01", "age", age), ZERO)) for age in AGES]
        ledger.total(("unit", name, ALL), ages, public=True)
        ledger.put(("unit-A04", name), cells.get(("A04", ALL, ALL), ZERO))
    for age in AGES:
        ledger.sums.append(Sum(("A01", ALL, ALL, age), [("unit", str(unit.id), age) for unit, _ in units]))
    ledger.sums.append(Sum(("A04", ALL), [("unit-A04", str(unit.id)) for unit, _ in units]))


def _ledger(cells: MonthCells) -> _Ledger:
    ledger = _Ledger()
    for base in MORBIDITY:
        _morbidity(ledger, base, cells.totals)
        _split(ledger, base, "payer", PAYERS, cells.totals, (base, ALL, ALL, ALL))
    reasons = [ledger.put(("A04", "reason", r), cells.totals.get(("A04", "reason", r), ZERO)) for r in REFERRALS]
    ledger.total(("A04", ALL), reasons)
    payers = [ledger.put(("A05", "payer", p), cells.totals.get(("A05", "payer", p), ZERO)) for p in PAYERS]
    ledger.total(("A05", ALL), payers, public=True)
    _split(ledger, "C04", "outcome", OUTCOME_WORDS, cells.totals, ("C01", ALL, ALL, ALL))
    _units(ledger, cells.units)
    return ledger


def publish(cells: MonthCells, threshold: int = THRESHOLD) -> MonthFigures:
    """Everything that may be shown of the month; `threshold` 0 shows all (the unit's own statutory report)."""
    ledger = _ledger(cells)
    hidden = suppress(ledger.values, ledger.sums, frozenset(ledger.public), threshold)

    def shown(*key: str) -> Shown:
        return None if key in hidden else Decimal(ledger.values[key])

    def parts(words: Mapping[str, str], *prefix: str) -> list[Part]:
        return [Part(code, word, shown(*prefix, code)) for code, word in words.items()]

    splits: dict[str, dict[str, list[Part]]] = {}
    for base in MORBIDITY:
        splits[base] = {"payer": parts(PAYERS, base, "payer"), "age": parts(AGES, base, ALL, ALL)}
        splits[base]["sex"] = [Part(sex, word, shown(base, ALL, sex, ALL)) for sex, word in SEXES.items()]
    splits["A04"] = {"reason": parts(REFERRALS, "A04", "reason")}
    splits["A05"] = {"payer": parts(PAYERS, "A05", "payer")}
    splits["C04"] = {"outcome": parts(OUTCOME_WORDS, "C04", "outcome")}
    days = cells.totals.get(("C02", ALL, ALL), ZERO)
    stays = ledger.values["C01", ALL, ALL, ALL]
    totals: dict[str, Shown] = {
        "A01": shown("A01", ALL, ALL, ALL),
        "A02": shown("A01", ALL, ALL, "0-5"),
        "A03": shown("A01", ALL, ALL, "60+"),
        "A04": shown("A04", ALL),
        "A05": shown("A05", ALL),
        "A07": shown("A01", ALL, ALL, ALL),
        "C01": shown("C01", ALL, ALL, ALL),
        "C02": days,
        "C03": average(days, stays),
        "C04": shown("C01", ALL, ALL, ALL),
        "C06": shown("C01", ALL, ALL, ALL),
    }
    definitions = in_month(cells.first)
    return MonthFigures(
        place=cells.place,
        place_name=cells.place_name,
        first=cells.first,
        last=cells.last,
        until=cells.until,
        definitions=VERSION,
        threshold=threshold,
        figures={c: _figure(i, totals[c], splits.get(c, {})) for c, i in definitions.items()},
        chapters={code: _chapters(base, shown) for base, code in MORBIDITY.items()},
        units=[UnitFigures(unit, _of_unit(unit, own, shown)) for unit, own in cells.units],
        days=[(day, {c: values.get(c, ZERO) for c in EXACT}) for day, values in cells.days],
    )


def average(days: Decimal, stays: int | Decimal) -> Shown:
    """Days per stay to one decimal (half up); None without a stay."""
    return (days / stays).quantize(Decimal("0.1"), ROUND_HALF_UP) if stays else None


def _figure(indicator: Indicator, value: Shown, splits: Mapping[str, Sequence[Part]]) -> Figure:
    hidden = value is None and indicator.code != "C03"
    return Figure(indicator.code, indicator.title, indicator.unit, value, hidden, splits)


def _of_unit(unit: UnitRef, own: Cells, shown: Look) -> dict[str, Shown]:
    name = str(unit.id)
    exact: dict[str, Shown] = {code: own.get((code, ALL, ALL), ZERO) for code in EXACT}
    return exact | {
        "A02": shown("unit", name, "0-5"),
        "A03": shown("unit", name, "60+"),
        "A04": shown("unit-A04", name),
        "C03": average(own.get(("C02", ALL, ALL), ZERO), own.get(("C01", ALL, ALL), ZERO)),
    }


def _chapters(base: str, shown: Look) -> list[ChapterRow]:
    return [
        ChapterRow(
            chapter,
            CHAPTERS.get(chapter, "Tổng"),
            shown(base, chapter, ALL, ALL),
            {sex: shown(base, chapter, sex, ALL) for sex in SEXES},
            {(sex, age): shown(base, chapter, sex, age) for sex in SEXES for age in AGES},
        )
        for chapter in (*CHAPTERS, ALL)
    ]
