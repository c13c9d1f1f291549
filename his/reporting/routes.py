"""Statistics as JSON: the month of a province with units and days, its MeasureReport, closing a day, sending a month."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import not_found
from his.reporting import service
from his.reporting.rules import in_month, parse_month
from his.reporting.service.measure import measure_report
from his.reporting.terms import ChapterRow, MonthFigures, Shown, UnitFigures

router = APIRouter(prefix="/api/reporting", tags=["reporting"])


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


Value = Annotated[Decimal | None, PlainSerializer(_number, return_type=int | float | None)]
Province = Annotated[Caller, needs(Capability.PROVINCE)]
Closer = Annotated[Caller, needs(Capability.CLOSE_DAY)]


class PartOut(BaseModel):
    """One part of a divided figure; `value` is null where it is hidden."""

    code: str
    label: str
    value: Value


class FigureOut(BaseModel):
    """One indicator; `hidden` tells a hidden total from a ratio of nothing."""

    code: str
    title: str
    unit: str
    value: Value
    hidden: bool
    splits: dict[str, list[PartOut]]


class CellOut(BaseModel):
    """A cell of a morbidity table."""

    sex: str
    age: str
    value: Value


class ChapterOut(BaseModel):
    """An ICD-10 chapter; `all` is the sum row."""

    code: str
    name: str
    total: Value
    sexes: dict[str, Value]
    cells: list[CellOut]


class UnitOut(BaseModel):
    """The month of one unit by indicator."""

    code: str
    name: str
    kind: str
    values: dict[str, Value]


class DayOut(BaseModel):
    """The plain totals of one day by indicator."""

    day: date
    values: dict[str, Value]


class MonthOut(BaseModel):
    """A month of a province; counts from 1 to `threshold` - 1 of groups of people are null, and others with them."""

    month: str
    place: str
    place_name: str
    until: date
    definitions: str
    threshold: int
    figures: list[FigureOut]
    chapters: dict[str, list[ChapterOut]]


class DefinitionOut(BaseModel):
    """What an indicator means and where it comes from."""

    code: str
    title: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    basis: str
    valid_from: date


class DayClosing(BaseModel):
    """The day to close."""

    model_config = ConfigDict(extra="forbid")
    day: date


class DayClosed(BaseModel):
    """A closed day."""

    day: date
    closed_at: datetime


class MonthSending(BaseModel):
    """The month to send, `yyyy-mm`."""

    model_config = ConfigDict(extra="forbid")
    month: str = Field(max_length=7)


class MonthSent(BaseModel):
    """A sent month report: its revision, the version of the definitions and the hash of the figures."""

    month: str
    revision: int
    definitions: str
    sha256: str
    sent_at: datetime


class Reminding(BaseModel):
    """The day and the facility codes of the units to remind."""

    model_config = ConfigDict(extra="forbid")
    day: date
    units: list[str] = Field(max_length=1000)


class Reminded(BaseModel):
    """How many units were reminded; those of the last hour are left in peace."""

    reminded: int


def _month_out(figures: MonthFigures) -> MonthOut:
    return MonthOut(
        month=figures.month,
        place=figures.place,
        place_name=figures.place_name,
        until=figures.until,
        definitions=figures.definitions,
        threshold=figures.threshold,
        figures=[
            FigureOut(
                code=f.code,
                title=f.title,
                unit=f.unit,
                value=f.value,
                hidden=f.hidden,
                splits={
                    s: [PartOut(code=p.code, label=p.label, value=p.value) for p in ps] for s, ps in f.splits.items()
                },
            )
            for f in figures.figures.values()
        ],
        chapters={code: [_chapter_out(row) for row in found] for code, found in figures.chapters.items()},
    )


def _chapter_out(row: ChapterRow) -> ChapterOut:
    cells = [CellOut(sex=sex, age=age, value=value) for (sex, age), value in row.cells.items()]
    return ChapterOut(code=row.code, name=row.name, total=row.total, sexes=dict(row.sexes), cells=cells)


def _unit_out(entry: UnitFigures) -> UnitOut:
    values: dict[str, Shown] = dict(entry.values)
    return UnitOut(code=entry.unit.code, name=entry.unit.name, kind=entry.unit.kind, values=values)


async def _figures(caller: Caller, month: str) -> MonthFigures:
    user = caller.user
    found, _ = await service.load_figures(caller.db, user.province, user.unit_name, parse_month(month), caller.now)
    return found


@router.get("/months/{month}")
async def get_month(month: str, caller: Province) -> MonthOut:
    """The month (`yyyy-mm`) of the province, small cells hidden."""
    return _month_out(await _figures(caller, month))


@router.get("/months/{month}/units")
async def list_month_units(month: str, caller: Province) -> list[UnitOut]:
    """The month by unit."""
    return [_unit_out(entry) for entry in (await _figures(caller, month)).units]


@router.get("/months/{month}/units/{code}")
async def get_month_unit(month: str, code: str, caller: Province) -> UnitOut:
    """The month of one unit of the province."""
    for entry in (await _figures(caller, month)).units:
        if entry.unit.code == code:
            return _unit_out(entry)
    raise not_found()


@router.get("/months/{month}/days")
async def list_month_days(month: str, caller: Province) -> list[DayOut]:
    """The plain totals of each day of the month."""
    return [DayOut(day=day, values=dict(values)) for day, values in (await _figures(caller, month)).days]


@router.get("/months/{month}/measure-report")
async def get_measure_report(month: str, caller: Province) -> Response:
    """The month as FHIR MeasureReport of type summary, the same figures."""
    figures = await _figures(caller, month)
    identity = f"month-{figures.place}-{figures.month}"
    return Response(orjson.dumps(measure_report(figures, identity, caller.now)), media_type="application/fhir+json")


@router.get("/indicators")
async def list_indicators(caller: Annotated[Caller, needs(Capability.HOME)]) -> list[DefinitionOut]:
    """The definitions in force today."""
    found = in_month(day_of(caller.now))
    return [
        DefinitionOut(
            code=i.code,
            title=i.title,
            definition=i.definition,
            numerator=i.numerator,
            denominator=i.denominator,
            unit=i.unit,
            basis=i.basis,
            valid_from=i.valid_from,
        )
        for i in found.values()
    ]


@router.post("/day-closings", status_code=201)
async def close_day(body: DayClosing, caller: Closer) -> DayClosed:
    """Close a day of the caller's unit."""
    row = await service.close_day(caller.db, caller.user, body.day, caller.now)
    return DayClosed(day=row.day, closed_at=row.closed_at)


@router.post("/month-reports", status_code=201)
async def send_month(body: MonthSending, caller: Closer) -> MonthSent:
    """Send the month report of the caller's unit."""
    row = await service.send_month(caller.db, caller.user, parse_month(body.month), caller.now)
    return MonthSent(
        month=f"{row.day:%Y-%m}",
        revision=row.revision,
        definitions=row.definitions,
        sha256=row.sha256,
        sent_at=row.sent_at,
    )


@router.post("/reminders", status_code=201)
async def remind(body: Reminding, caller: Province) -> Reminded:
    """Remind units of a day they have not closed."""
    count = await service.remind_units(caller.db, caller.user, body.day, body.units, caller.now)
    return Reminded(reminded=count)
