"""Result forms as pages show them: groups of orders, rows with range and trend. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup

from his.encounters.terms import Flag
from his.kit.clock import day_of
from his.orders.rules import report_title
from his.orders.store import WorkItem
from his.orders.tables import Observation, ServiceRequest
from his.orders.terms import CHAPTERS, RESULT_KINDS
from his.web import charts
from his.web.filters import number
from his.web.i18n import gettext as _

WORDS = {Flag.NORMAL: "normal", Flag.LOW: "low", Flag.HIGH: "high"}


@dataclass
class Report:
    """Orders of one visit that make one result form: laboratory orders of a chapter, or a single other order."""

    key: str
    encounter_id: UUID
    kind: str
    title: str
    requests: list[ServiceRequest] = field(default_factory=list)
    values: list[Observation] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Is everything on it signed?"""
        return all(r.status == "completed" for r in self.requests)

    @property
    def signed_at(self) -> datetime | None:
        """When the last result was signed."""
        return max((r.resulted_at for r in self.requests if r.resulted_at), default=None)

    @property
    def begun_at(self) -> datetime | None:
        """When the sample was taken or the procedure begun."""
        return min((r.performed_at for r in self.requests if r.performed_at), default=None)

    @property
    def signed_by(self) -> UUID | None:
        """Who signed."""
        return next((r.read_by for r in self.requests if r.read_by), None)

    @property
    def critical(self) -> int:
        """How many values alarm."""
        return sum(Flag(v.flag).critical for v in self.values)

    @property
    def outside(self) -> int:
        """How many values are out of range, without the alarming ones."""
        return sum(bool(v.flag) and not Flag(v.flag).critical for v in self.values)

    @property
    def conclusion(self) -> str:
        """What was concluded, one line."""
        return "; ".join(r.conclusion for r in self.requests if r.conclusion)


def report_key(request: ServiceRequest) -> str:
    """Orders with the same key stand on one form."""
    chapter = request.service_code[:2]
    if request.kind == "lab" and chapter in CHAPTERS:
        return f"{request.encounter_id}:{chapter}:{'done' if request.status == 'completed' else 'open'}"
    return str(request.id)


def group_reports(requests: Iterable[ServiceRequest], values: Iterable[Observation] = ()) -> list[Report]:
    """Result forms of orders with a result, in the order given; revoked orders are left out."""
    by_request: dict[UUID, list[Observation]] = {}
    for value in values:
        by_request.setdefault(value.service_request_id, []).append(value)
    found: dict[str, Report] = {}
    for request in requests:
        if request.kind not in RESULT_KINDS or request.status == "revoked":
            continue
        key = report_key(request)
        if key not in found:
            title = report_title(request.kind, [request.service_code], [request.service_name])
            found[key] = Report(key, request.encounter_id, request.kind, title)
        found[key].requests.append(request)
        found[key].values += by_request.get(request.id, [])
    return list(found.values())


def order_reports(reports: Iterable[Report], visit_id: UUID) -> list[Report]:
    """This visit first: alarming, then signed by time, then waiting; earlier visits after it, latest first."""

    def place(report: Report) -> tuple[bool, bool, bool, float]:
        at = report.signed_at
        return (
            report.encounter_id != visit_id,
            not report.critical,
            at is None,
            -at.timestamp() if at else 0.0,
        )

    return sorted(reports, key=place)


def range_text(low: Decimal | None, high: Decimal | None) -> str:
    """`3,5 – 5,0`, `dưới 40`, `từ 60`, or a dash."""
    if low is not None and low > 0 and high is not None:
        return f"{_plain(low)} – {_plain(high)}"
    if high is not None:
        return f"{_('dưới')} {_plain(high)}"
    return f"{_('từ')} {_plain(low)}" if low is not None else "–"


def _plain(value: Decimal) -> str:
    text = number(value.normalize() if value % 1 else value.to_integral_value())
    return text.replace(".", "")


def value_rows(
    values: Sequence[Observation], history: Mapping[str, Sequence[Observation]], devices: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """Rows of a laboratory form: the alarming first, then in the order of the form."""
    rows = []
    for value in sorted(values, key=lambda v: not Flag(v.flag).critical):
        earlier = [o for o in history.get(value.code, ()) if o.issued_at < value.issued_at]
        flag = Flag(value.flag)
        rows.append(
            {
                "name": value.name,
                "value": value.value_text.replace(".", ","),
                "unit": "" if value.unit == "định tính" else value.unit,
                "flag": "critical" if flag.critical else WORDS.get(flag, "high"),
                "abnormal": flag is Flag.ABNORMAL,
                "range": range_text(value.low, value.high),
                "bar": _bar(value),
                "previous": earlier[-1].value_text.replace(".", ",") if earlier else "–",
                "spark": _spark(value, earlier, flag),
                "device": devices.get(value.service_request_id, ""),
            }
        )
    return rows


def _bar(value: Observation) -> Markup:
    if value.value_number is None or (value.low is None and value.high is None):
        return Markup("")
    label = f"{value.name} {value.value_text}, {_('khoảng')} {range_text(value.low, value.high)}"
    return charts.range_bar(value.value_number, value.low, value.high, label)


def _spark(value: Observation, earlier: Sequence[Observation], flag: Flag) -> Markup:
    points = [o.value_number for o in [*earlier[-4:], value] if o.value_number is not None]
    if len(points) < 2:
        return Markup("")
    band = (value.low, value.high) if value.low is not None and value.high is not None else None
    tone = "stop" if flag is not Flag.NORMAL else ""
    label = f"{_('Xu hướng')} {value.name}: {', '.join(number(p) for p in points)}"
    return charts.sparkline(points, label, band, tone=tone, width=78)


def compare_table(history: Mapping[str, Sequence[Observation]], codes: Sequence[str], most: int = 5) -> dict[str, Any]:
    """Values of the same analytes side by side by time of signing, latest first: the columns and a row for each."""
    every = {o.issued_at.replace(second=0, microsecond=0) for code in codes for o in history.get(code, ())}
    columns = sorted(every, reverse=True)[:most]
    rows = []
    for code in codes:
        values = list(history.get(code, ()))
        if not values:
            continue
        last = values[-1]
        by_time = {o.issued_at.replace(second=0, microsecond=0): o for o in values}
        cells = [
            {"text": by_time[at].value_text.replace(".", ","), "flag": by_time[at].flag}
            if at in by_time
            else {"text": "", "flag": ""}
            for at in columns
        ]
        rows.append(
            {
                "name": last.name,
                "unit": "" if last.unit == "định tính" else last.unit,
                "cells": cells,
                "range": range_text(last.low, last.high),
                "spark": _spark(last, values[:-1], Flag(last.flag)),
            }
        )
    return {"columns": columns, "rows": rows}


@dataclass
class WorkGroup:
    """What a room does for one person at once: the orders of one form."""

    key: str
    item: WorkItem
    title: str
    requests: list[ServiceRequest] = field(default_factory=list)

    @property
    def begun(self) -> bool:
        """Was a sample taken?"""
        return any(r.status == "in-progress" for r in self.requests)


def group_work(items: Iterable[WorkItem]) -> list[WorkGroup]:
    """The worklist of a room by person and form, oldest order first."""
    found: dict[str, WorkGroup] = {}
    for item in items:
        request = item.request
        key = report_key(request)
        if key not in found:
            title = report_title(request.kind, [request.service_code], [request.service_name])
            found[key] = WorkGroup(key, item, title)
        found[key].requests.append(request)
    return list(found.values())


def age_on(birth: date, now: datetime) -> int:
    """Whole years on the day, for narrow lists."""
    on = day_of(now)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
