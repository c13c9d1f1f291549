"""MeasureReport: a month of a unit as it was sent. http://hl7.org/fhir/R4/measurereport.html.

One group an indicator; a hidden figure has no score. Each split is a stratifier.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from his.fhir.build import concept, filled, identifier, moment, number, period
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import FACILITY, INDICATOR
from his.reporting.terms import Figure, MonthFigures, Part, ReportView

SPLIT = "urn:his:code:split"
MEASURE = "urn:his/Measure/month"


def to_fhir(view: ReportView) -> dict[str, Any]:
    """The figures of the month with the version of their definitions."""
    month = view.figures
    return filled(
        resourceType="MeasureReport",
        id=view.id,
        status="complete",
        type="summary",
        measure=f"{MEASURE}|{month.definitions}",
        subject=filled(identifier=identifier(FACILITY, month.place), display=month.place_name),
        date=moment(view.sent_at),
        period=period(month.first, month.last),
        group=[_group(figure) for figure in month.figures.values()],
    )


def _group(figure: Figure) -> dict[str, Any]:
    return filled(
        code=concept(INDICATOR, figure.code, figure.title),
        measureScore=_score(figure.value, figure.unit),
        stratifier=[
            {"code": [concept(SPLIT, split)], "stratum": [_stratum(part, figure.unit) for part in parts]}
            for split, parts in figure.splits.items()
            if parts
        ],
    )


def _stratum(part: Part, unit: str) -> dict[str, Any]:
    return filled(value=concept(SPLIT, part.code, part.label), measureScore=_score(part.value, unit))


def _score(value: Decimal | None, unit: str) -> dict[str, Any] | None:
    return None if value is None else filled(value=number(value), unit=unit)


def example() -> ReportView:
    """An invented month."""
    sexes = (Part("F", "Nữ", Decimal(66)), Part("M", "Nam", Decimal(54)))
    figure = Figure("A01", "Lượt khám bệnh", "lượt", Decimal(120), splits={"sex": sexes})
    last = date(2026, 1, 31)
    month = MonthFigures(
        "00001", "Trạm y tế xã Mẫu", date(2026, 1, 1), last, last, "2026", 5, {"A01": figure}, {}
    )  # fmt: skip
    return ReportView("month-00001-2026-01", month, datetime(2026, 2, 1, 1, 0, tzinfo=UTC))


RESOURCE = Resource(
    type="MeasureReport",
    subject=ReportView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["status", "type", "measure", "subject", "date", "period", "group"]),
)
