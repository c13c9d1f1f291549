"""A month as FHIR MeasureReport (http://hl7.org/fhir/R4/measurereport.html): one group an indicator, one stratifier a split.

A hidden figure keeps its place and says `masked`; a zero is a zero.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from his.fhir.build import concept, filled, identifier, moment, number, period
from his.fhir.systems import FACILITY, HIS, INDICATOR
from his.reporting.service.export import Row, rows, split_word
from his.reporting.terms import ALL, MonthFigures, Shown

SPLIT: Final = f"{HIS}:code:split"
MEASURE: Final = f"{HIS}/Measure/month"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def measure_report(figures: MonthFigures, identity: str, at: datetime) -> dict[str, Any]:
    """The resource without `meta`; numbers keep their digits (orjson writes them)."""
    return filled(
        resourceType="MeasureReport",
        id=identity,
        status="complete",
        type="summary",
        measure=f"{MEASURE}|{figures.definitions}",
        subject=filled(identifier=identifier(FACILITY, figures.place), display=figures.place_name),
        date=moment(at),
        period=period(figures.first, figures.last),
        group=[_group(code, list(found)) for code, found in groupby(_by_code(figures), key=lambda row: row.code)],
    )


def _by_code(figures: MonthFigures) -> list[Row]:
    """Rows of one indicator together: totals, then the splits in the order they come."""
    order = {code: number for number, code in enumerate(figures.figures)}
    return sorted(rows(figures), key=lambda row: order[row.code])


def _group(code: str, found: list[Row]) -> dict[str, Any]:
    total = next((row for row in found if row.split == ALL), None)
    divided = [row for row in found if row.split != ALL]
    return filled(
        code=concept(INDICATOR, code, found[0].title),
        measureScore=_score(total.value, total.unit) if total else None,
        stratifier=[_stratifier(split, parts) for split, parts in groupby(divided, key=lambda row: row.split)],
    )


def _stratifier(split: str, parts: Iterable[Row]) -> dict[str, Any]:
    strata = [
        filled(value=concept(f"{SPLIT}:{split}", row.part, row.label), measureScore=_score(row.value, row.unit))
        for row in parts
    ]
    return {"code": [concept(SPLIT, split, split_word(split))], "stratum": strata}


def _score(value: Shown, unit: str) -> dict[str, Any]:
    if value is None:
        return {"extension": [{"url": ABSENT, "valueCode": "masked"}], "unit": unit}
    return {"value": number(int(value) if value == value.to_integral_value() else value), "unit": unit}
