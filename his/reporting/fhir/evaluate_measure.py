"""`Measure/$evaluate-measure`: a month of the unit, or the published month of a province, from the figures as they stand.

http://hl7.org/fhir/R4/measure-operation-evaluate-measure.html. One measure is known, `urn:his/Measure/month`; the period is a
calendar month, because the indicators are defined by month.
"""

from datetime import date

from his.fhir.access import check
from his.fhir.build import Json
from his.fhir.http import Response
from his.fhir.operations.answers import resource
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError, not_found
from his.fhir.reader import Seen
from his.kit.clock import day_of
from his.kit.db import Db
from his.reporting import store
from his.reporting.rules import month_of
from his.reporting.service import load_figures, load_own_figures
from his.reporting.service.measure import MEASURE, measure_report
from his.reporting.store import Place
from his.reporting.terms import MonthFigures, UnitRef

SUMMARIES = ("population", "summary")


async def evaluate(call: Call) -> Response:
    """The MeasureReport of the month; nothing is stored."""
    check(call.caller, call.engine.registry, "read", "MeasureReport")
    _check_measure(call)
    kind = call.inputs.get("reportType", SUMMARIES[0])
    if kind not in SUMMARIES:
        raise refused(call.inputs.place("reportType"), f"Chỉ lập được báo cáo {SUMMARIES[0]}.", "not-supported")
    first = _month(call)
    at = call.engine.now()
    async with call.engine.database.scoped(call.caller.scope) as db:
        figures = await _figures(call, db, first)
    await call.engine.reader.audit(
        Seen("evaluate-measure", "Measure", "month", call.caller.scope, {"month": f"{first:%Y-%m}"})
    )
    report: Json = measure_report(figures, "", at)
    return resource({name: value for name, value in report.items() if name != "id"})


def _check_measure(call: Call) -> None:
    """The measure that is named is ours: by id in the path, by `measure` as id or canonical address."""
    if call.identity:
        if call.identity != "month" or call.inputs.first("measure"):
            raise not_found()
        return
    named = call.inputs.get("measure")
    if named is None:
        raise refused(call.inputs.place("measure"), "Thiếu measure.", "required")
    if str(named).partition("|")[0].removeprefix("Measure/") not in ("month", MEASURE):
        raise FhirError(404, "not-found", f"Hệ thống không có chỉ số {str(named)[:200]}.", call.inputs.place("measure"))


def _month(call: Call) -> date:
    """The first day of the month that the period is."""
    start, end = str(call.inputs.get("periodStart")), str(call.inputs.get("periodEnd"))
    try:
        first = date.fromisoformat((start + "-01")[:10] if len(start) == 7 else start[:10])
    except ValueError:
        raise refused(call.inputs.place("periodStart"), "periodStart cần ngày đầu tháng.", "value") from None
    if first.day != 1:
        raise refused(call.inputs.place("periodStart"), "periodStart cần ngày đầu tháng.", "value")
    if end[:10] not in (f"{first:%Y-%m}", f"{month_of(first)[1]:%Y-%m-%d}"):
        raise refused(call.inputs.place("periodEnd"), "periodEnd cần ngày cuối của tháng đó.", "value")
    if first > day_of(call.engine.now()):
        raise refused(call.inputs.place("periodStart"), "Tháng này chưa tới.", "value")
    return first


async def _figures(call: Call, db: Db, first: date) -> MonthFigures:
    """The province's published month for a health department, the unit's own exact month for everybody else."""
    scope, now = call.caller.scope, call.engine.now()
    assert scope.unit_id is not None
    unit = await store.get_unit(db, scope.unit_id)
    assert unit is not None
    if scope.province:
        return (await load_figures(db, scope.province, unit.name, first, now))[0]
    place = Place(unit.province_code, unit.id)
    return await load_own_figures(db, place, UnitRef(unit.id, unit.code, unit.name, unit.kind), first, now)


OPERATIONS = [
    Operation(
        name="evaluate-measure",
        run=evaluate,
        types=("Measure",),
        levels=(TYPE, INSTANCE),
        inputs=(
            Input("periodStart", "date", required=True),
            Input("periodEnd", "date", required=True),
            Input("measure", "string"),
            Input("reportType", "code"),
        ),
        needs="",
        definition="http://hl7.org/fhir/OperationDefinition/Measure-evaluate-measure",
        documentation="Chỉ số hoạt động của một tháng (Measure/month), tính từ số liệu hiện có.",
    )
]
