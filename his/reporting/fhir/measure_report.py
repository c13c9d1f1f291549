"""MeasureReport: a month of a unit as it was sent. http://hl7.org/fhir/R4/measurereport.html.

One group an indicator; each split is a stratifier. Written by `service.measure`, as the province's own report is.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from his.fhir.registry import Resource, to_unit
from his.reporting.service.measure import measure_report
from his.reporting.terms import Figure, MonthFigures, Part, ReportView


def to_fhir(view: ReportView) -> dict[str, Any]:
    """The figures of the month with the version of their definitions."""
    return measure_report(view.figures, view.id, view.sent_at)


def example() -> ReportView:
    """An invented month."""
    sexes = (Part("female", "Nữ", Decimal(66)), Part("male", "Nam", Decimal(54)))
    figure = Figure("A01", "Lượt khám", "lượt", Decimal(120), splits={"sex": sexes})
    last = date(2026, 1, 31)
    month = MonthFigures(
        "00001", "Trạm y tế xã Mẫu", date(2026, 1, 1), last, last, "2026.1", 0, {"A01": figure}, {}
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
