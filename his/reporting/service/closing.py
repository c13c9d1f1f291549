"""What a unit does at the end of a day and of a month: close the day, send the month's report; and the reminder to do it."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from his.identity.terms import User
from his.kit.changes import Changes
from his.kit.clock import local
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, Severity, not_found, refuse_errors
from his.kit.ids import new_id
from his.reporting import store
from his.reporting.rules import VERSION, closing_findings, month_of
from his.reporting.service.board import load_own_figures, square_of
from his.reporting.service.export import canonical
from his.reporting.store import Place
from his.reporting.tables import DayClose, MonthReport, Reminder
from his.reporting.terms import MonthFigures, OpenVisit, ReportView, Square, UnitRef

NAMESPACE = UUID("3b0f6a2e-7d51-4f0e-8a35-5a5b0a3f1c11")


@dataclass(frozen=True, slots=True)
class DayState:
    """What stands between a unit and the closing of a day; `reminders` are those of the health department."""

    day: date
    closed_at: datetime | None
    squares: list[tuple[date, Square | None]]
    open_visits: list[OpenVisit]
    findings: list[Finding]
    figures: MonthFigures
    report: MonthReport | None
    reminders: list[Reminder]

    @property
    def blocked(self) -> bool:
        """Does an error stand against closing?"""
        return any(f.severity is Severity.ERROR for f in self.findings)


def _unit(user: User) -> UnitRef:
    return UnitRef(user.unit_id, user.unit_code, user.unit_name, user.unit_kind)


async def load_day(db: Db, user: User, day: date, now: datetime) -> DayState:
    """The state of one day of the user's unit: seven queries."""
    first, last = month_of(day)
    place, unit = Place(user.province_code, user.unit_id), _unit(user)
    closes = await store.list_closes(db, place, first, last)
    daily = (await store.list_daily(db, place, first, last)).get(unit.id, {})
    visits = await store.list_open_visits(db, day)
    uncoded = await store.count_uncoded(db, day)
    closed_at = closes.get((unit.id, day))
    found = closing_findings(day, local(now), closed=closed_at is not None, waiting=len(visits), uncoded=uncoded)
    figures = await load_own_figures(db, place, unit, first, now)
    days = [first + timedelta(days=n) for n in range((figures.until - first).days + 1)]
    return DayState(
        day=day,
        closed_at=closed_at,
        squares=[(d, board_square(unit, d, daily, closes, now)) for d in days],
        open_visits=visits,
        findings=list(found),
        figures=figures,
        report=await store.get_report(db, first),
        reminders=await store.list_reminders(db, user.province_code, days or [day], unit.id),
    )


def board_square(
    unit: UnitRef,
    day: date,
    daily: dict[date, store.DayCount],
    closes: dict[tuple[int, date], datetime],
    now: datetime,
) -> Square | None:
    """The square of one day of one unit."""
    return square_of(unit, day, daily.get(day, store.DayCount()).visits, closes.get((unit.id, day)), now)


async def close_day(db: Db, user: User, day: date, now: datetime) -> DayClose:
    """State that the day is complete; raises RULES for a day to come, for today with open visits, for a closed day."""
    place = Place(user.province_code, user.unit_id)
    closes = await store.list_closes(db, place, day, day)
    waiting = len(await store.list_open_visits(db, day))
    closed = (user.unit_id, day) in closes
    refuse_errors(closing_findings(day, local(now), closed=closed, waiting=waiting, uncoded=0))
    row = DayClose(
        unit_id=user.unit_id, day=day, province_code=user.province_code, closed_at=now, closed_by=user.account_id
    )
    changes = Changes().insert(row).audit("reporting:close-day", "DayClose", day.isoformat(), waiting=waiting)
    await db.apply(changes.dirty("stat", day), now)
    return row


async def send_month(db: Db, user: User, first: date, now: datetime) -> MonthReport:
    """Send the unit's month as it stands: an immutable revision with its hash, also kept as FHIR MeasureReport.

    Raises RULES while the month runs or a day of it is not closed, CONFLICT when nothing changed since the last revision.
    """
    last = month_of(first)[1]
    place, unit = Place(user.province_code, user.unit_id), _unit(user)
    closes = await store.list_closes(db, place, first, last)
    daily = (await store.list_daily(db, place, first, last)).get(unit.id, {})
    refuse_errors(_report_findings(unit, first, last, daily, closes, now))
    figures = await load_own_figures(db, place, unit, first, now)
    text = canonical(figures)
    digest = hashlib.sha256(text.encode()).hexdigest()
    before = await store.get_report(db, first)
    if before is not None and before.sha256 == digest:
        raise HisError(Kind.CONFLICT, "Báo cáo tháng này đã gửi và số chưa đổi. Không cần gửi lại.")
    row = MonthReport(
        unit_id=unit.id,
        day=first,
        revision=before.revision + 1 if before else 1,
        province_code=user.province_code,
        definitions=VERSION,
        sha256=digest,
        content=_content(figures, text),
        sent_at=now,
        sent_by=user.account_id,
    )
    view = ReportView(str(uuid5(NAMESPACE, f"{unit.code}/{figures.month}")), figures, now)
    changes = Changes().insert(row).version(view, op="update" if before else "create")
    await db.apply(changes.audit("reporting:send-month", "MeasureReport", view.id, revision=row.revision), now)
    return row


def _content(figures: MonthFigures, text: str) -> dict[str, Any]:
    totals = {code: None if f.value is None else str(f.value) for code, f in figures.figures.items()}
    return {"figures": totals, "text": text}


def _report_findings(
    unit: UnitRef,
    first: date,
    last: date,
    daily: dict[date, store.DayCount],
    closes: dict[tuple[int, date], datetime],
    now: datetime,
) -> list[Finding]:
    if local(now).date() <= last:
        message = f"Tháng {first:%m/%Y} chưa hết. Gửi báo cáo từ ngày {last + timedelta(days=1):%d/%m/%Y}."
        return [Finding("REPORTING-MONTH-01", Severity.ERROR, message, "month")]
    days = [first + timedelta(days=n) for n in range(last.day)]
    done = {Square.ON_TIME, Square.LATE, Square.OFF}
    missing = [d for d in days if board_square(unit, d, daily, closes, now) not in done]
    if not missing:
        return []
    listed = ", ".join(f"{d:%d/%m}" for d in missing[:5]) + ("…" if len(missing) > 5 else "")
    message = f"Còn {len(missing)} ngày chưa khóa sổ: {listed}. Khóa các ngày này rồi gửi."
    return [Finding("REPORTING-MONTH-02", Severity.ERROR, message, "day")]


async def remind_units(db: Db, user: User, day: date, codes: list[str], now: datetime) -> int:
    """Remind units of a day they have not closed; units reminded of it within the last hour are left in peace.

    Raises NOT_FOUND for a facility code that is not of the province, RULES for a day that is not over.
    """
    if day >= local(now).date():
        raise HisError(Kind.RULES, f"Ngày {day:%d/%m/%Y} chưa hết. Nhắc từ hôm sau.")
    units = {unit.code: unit.id for unit in await store.list_units(db, user.province)}
    if not set(codes) <= set(units):
        raise not_found()
    standing = await store.list_reminders(db, user.province, [day])
    recent = {r.to_unit_id for r in standing if now - r.sent_at < timedelta(hours=1)}
    closed = {unit_id for unit_id, _ in await store.list_closes(db, Place(user.province), day, day)}
    wanted = [units[code] for code in dict.fromkeys(codes) if units[code] not in recent | closed]
    if wanted:
        changes = Changes().audit("reporting:remind", "DayClose", day.isoformat(), units=wanted)
        for unit_id in wanted:
            changes.insert(
                Reminder(
                    id=new_id(),
                    to_unit_id=unit_id,
                    day=day,
                    province_code=user.province,
                    sent_at=now,
                    sent_by=user.account_id,
                )
            )
        await db.apply(changes, now)
    return len(wanted)
