"""The evidence of a line as a timeline: ordered, done, read, handed out; a step out of order is marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from his.claims.terms import ClaimFacts, DrugLine, Line, ResultLine, ServiceLine
from his.kit.money import plain


@dataclass(frozen=True, slots=True)
class GivenLot:
    """The lot from which a drug line was handed out."""

    number: str
    expires_on: date
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of the timeline; `state` is done, waiting (it should be there) or wrong (before what it follows)."""

    at: datetime | None
    text: str
    state: str = "done"


def trace(line: Line, facts: ClaimFacts, lot: GivenLot | None, staff: Mapping[str, str]) -> list[Step]:
    """The steps of a line; `staff` gives a name to a practice certificate."""
    steps = [Step(facts.arrived_at, "Đến khám"), Step(line.ordered_at, _ordered(line, staff))]
    steps += _given(line, lot) if isinstance(line, DrugLine) else _performed(line, facts, staff)
    return list(in_order(steps))


def detail(line: Line, staff: Mapping[str, str]) -> str:
    """The small line under a name: `17/10 08:05 · BS. Phạm Quốc Huy`, for a drug the dose."""
    if isinstance(line, DrugLine):
        return line.dose.split(" [")[0]
    if isinstance(line, ServiceLine) and line.bed_codes:
        return bed_times(line)
    moment = line.performed_at or line.ordered_at
    devices = line.device_codes if isinstance(line, ServiceLine) else ()
    who = f"máy {devices[0].rpartition('.')[2]}" if devices else names_of(line.practitioner_codes[:1], staff)
    return " · ".join(part for part in (f"{moment:%d/%m %H:%M}", who) if part)


def bed_times(line: ServiceLine) -> str:
    """The bed and its time as one small line: `H001 · K03 · 02/11 09:30 – 03/11 00:00`."""
    start, end = line.performed_at or line.ordered_at, line.result_at
    until = f" – {end:%d/%m %H:%M}" if end else ""
    return f"{', '.join(line.bed_codes)} · {line.department_code} · {start:%d/%m %H:%M}{until}"


def _ordered(line: Line, staff: Mapping[str, str]) -> str:
    verb = "Kê đơn" if isinstance(line, DrugLine) else "Khám" if line.group_code == "13" else "Chỉ định"
    return ", ".join(part for part in (verb, names_of(line.practitioner_codes, staff)) if part)


def _given(line: DrugLine, lot: GivenLot | None) -> Iterator[Step]:
    source = f"lô {lot.number}, hạn {lot.expires_on:%d/%m/%Y}" if lot else ""
    tender = f"thầu {line.tender}" if line.tender else ""
    words = ", ".join(part for part in ("Phát thuốc", source, tender) if part)
    given = (lot.given_at if lot else None) or line.performed_at
    yield Step(given, words if given else "Chưa có giờ phát thuốc", "done" if given else "waiting")


def _performed(line: Line, facts: ClaimFacts, staff: Mapping[str, str]) -> Iterator[Step]:
    if not isinstance(line, ServiceLine) or line.group_code == "13":
        return
    if line.bed_codes:
        yield from _lain(line)
        return
    who = names_of(line.performer_codes, staff)
    devices = f"máy {', '.join(line.device_codes)}" if line.device_codes else ""
    if line.performed_at:
        yield Step(line.performed_at, ", ".join(part for part in ("Làm xong", devices, who) if part))
    else:
        yield Step(None, "Chưa có giờ thực hiện", "waiting")
    results = [r for r in facts.results if r.service_code == line.service_code]
    for result in results[:6]:
        yield Step(result.result_at or line.result_at, _said(result, staff))
    if not results and line.result_at:
        yield Step(line.result_at, "Có kết quả")
    if len(results) > 6:
        yield Step(results[6].result_at, f"và {len(results) - 6} chỉ số khác")


def _lain(line: ServiceLine) -> Iterator[Step]:
    """Which bed of which department, from when to when, and what part of a day is paid at which rate."""
    where = f"giường {', '.join(line.bed_codes)}, khoa {line.department_code}"
    start, end = line.performed_at or line.ordered_at, line.result_at
    yield Step(start, f"Nằm {where}, {plain(line.quantity)} ngày × {plain(line.service_rate)} %")
    yield Step(
        end,
        f"Hết ngày giường {', '.join(line.bed_codes)}" if end else "Chưa có giờ rời giường",
        "done" if end else "waiting",
    )


def _said(result: ResultLine, staff: Mapping[str, str]) -> str:
    value = " ".join(part for part in (result.value, result.unit_name) if part)
    said = f"{result.index_name}: {value}" if value else result.conclusion or result.index_name
    reader = names_of((result.reader_code,) if result.reader_code else (), staff)
    return f"{said}, {reader} đọc" if reader else said


def names_of(codes: Sequence[str], staff: Mapping[str, str]) -> str:
    """The people behind practice certificates; a code that nobody has stays a code."""
    return ", ".join(staff.get(code, code) for code in codes)


def in_order(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps with those marked that come before what they follow."""
    latest: datetime | None = None
    for step in steps:
        if step.at is None:
            yield step
            continue
        wrong = latest is not None and step.at < latest
        yield Step(step.at, step.text, "wrong" if wrong else step.state)
        latest = step.at if latest is None else max(latest, step.at)
