"""Breaches of personal data: note one, say what was done, tell the authority within the time limit, close the file.

Luật 91/2025/QH15 Điều 23. Persons concerned come from the audit trail: whose records were touched between the two moments.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from his.audit import service as audit
from his.identity.access import Caller
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.sheets import inert
from his.kit.text import clean, clean_lines
from his.privacy import store
from his.privacy.rules import notify_by
from his.privacy.store import Touched
from his.privacy.tables import PrivacyIncident
from his.privacy.terms import IncidentInput

LONGEST: Final = timedelta(days=366)
COLUMNS: Final = ("Mã người bệnh", "Họ tên", "Năm sinh", "Điện thoại", "Số lần", "Lần đầu", "Lần cuối", "Ai")


@dataclass(frozen=True, slots=True)
class Clock:
    """Where an incident stands: the last moment for the notice, hours left (negative when late), and the state's word."""

    until: datetime
    hours: int
    state: str  # terms.CLOCK_STATES


@dataclass(frozen=True, slots=True)
class Concerned:
    """Persons concerned by the trail, and how many entries of the span name nobody that could be found."""

    persons: list[Touched]
    nameless: int


def clock_of(row: PrivacyIncident, now: datetime) -> Clock:
    """The state of the notice at this moment."""
    until = notify_by(row.found_at)
    hours = int((until - now) // timedelta(hours=1))
    if row.notified_at is not None:
        return Clock(until, hours, "in-time" if row.notified_at <= until else "too-late")
    if row.closed_at is not None:
        return Clock(until, hours, "closed")
    return Clock(until, hours, "running" if now <= until else "late")


async def get_incident(db: Db, identity: UUID) -> PrivacyIncident:
    """The incident; raises NOT_FOUND."""
    found = await store.get_incident(db, identity)
    if found is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy sự cố này. Tải lại danh sách.")
    return found


def _moment(text: str, field: str, now: datetime, *, needed: bool) -> datetime | None:
    """Local time of a form; raises INVALID for another text and for the future."""
    if not text and not needed:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise HisError(Kind.INVALID, "Ghi ngày giờ, thí dụ 2026-11-27T14:30.", field=field) from None
    found = found if found.tzinfo else found.replace(tzinfo=clock.VIETNAM)
    if found > now:
        raise HisError(Kind.INVALID, "Thời điểm này chưa tới. Ghi lại.", field=field)
    if found < now - 10 * LONGEST:
        raise HisError(Kind.INVALID, "Thời điểm này quá xa. Ghi lại.", field=field)
    return found


async def note_incident(caller: Caller, form: IncidentInput) -> PrivacyIncident:
    """Register a breach; the clock of the notice runs from the moment it was found. Raises INVALID with the field."""
    now = caller.now
    what = clean_lines(form.what)[:4000]
    if not clean(form.title):
        raise HisError(Kind.INVALID, "Đặt tên ngắn cho sự cố.", field="title")
    if len(what) < 10:
        raise HisError(Kind.INVALID, "Kể việc gì đã xảy ra, ít nhất một câu.", field="what")
    found_at = _moment(form.found_at, "found_at", now, needed=True)
    since = _moment(form.happened_from, "happened_from", now, needed=True)
    until = _moment(form.happened_to, "happened_to", now, needed=False)
    assert found_at is not None
    assert since is not None
    if until is not None and until < since:
        raise HisError(Kind.INVALID, "Lúc kết thúc đứng trước lúc bắt đầu.", field="happened_to")
    if found_at < since:
        raise HisError(Kind.INVALID, "Lúc phát hiện không thể trước lúc xảy ra.", field="found_at")
    if (until or now) - since > LONGEST:
        raise HisError(Kind.INVALID, "Khoảng thời gian dài hơn một năm. Chia thành nhiều sự cố.", field="happened_to")
    actor = clean(form.actor)[:100]
    if actor and actor not in await store.account_names(caller.db):
        raise HisError(Kind.INVALID, "Chọn tài khoản có trong danh sách.", field="actor")
    row = PrivacyIncident(
        unit_id=caller.db.unit_id,
        title=clean(form.title)[:200],
        what=what,
        happened_from=since,
        happened_to=until,
        found_at=found_at,
        found_by=clean(form.found_by)[:200],
        actor=actor,
        containment=clean_lines(form.containment)[:4000],
        recorded_at=now,
        recorded_by=caller.user.account_id,
    )
    await caller.db.apply(Changes().insert(row).audit("incident:note", "PrivacyIncident", row.id), now)
    return row


def _still_open(row: PrivacyIncident) -> PrivacyIncident:
    if row.closed_at is not None:
        raise HisError(Kind.CONFLICT, "Sự cố này đã đóng. Ghi một sự cố mới nếu có thêm việc.")
    return row


async def add_containment(caller: Caller, identity: UUID, words: str) -> None:
    """Add what was done to contain the breach, under the moment it is written; nothing written before is changed."""
    row = _still_open(await get_incident(caller.db, identity))
    words = clean_lines(words)[:2000]
    if not words:
        raise HisError(Kind.INVALID, "Ghi đã làm gì để ngăn chặn.", field="containment")
    line = f"{clock.local(caller.now):%H:%M %d/%m/%Y} {words}"
    changes = Changes().audit("incident:contain", "PrivacyIncident", row.id)
    changes.update(row, containment=f"{row.containment}\n{line}".strip()[:20_000])
    await caller.db.apply(changes, caller.now)


async def note_notice(caller: Caller, identity: UUID, at: str, how: str) -> None:
    """The authority was told, when and how; given once. Raises INVALID, CONFLICT."""
    row = _still_open(await get_incident(caller.db, identity))
    if row.notified_at is not None:
        raise HisError(Kind.CONFLICT, "Đã ghi lần báo cơ quan chuyên trách.")
    told = _moment(at, "notified_at", caller.now, needed=True)
    how = clean(how)[:500]
    if not how:
        raise HisError(Kind.INVALID, "Ghi báo cho ai, bằng cách nào, số văn bản.", field="notified_how")
    assert told is not None
    if told < row.found_at:
        raise HisError(Kind.INVALID, "Lúc báo không thể trước lúc phát hiện.", field="notified_at")
    changes = Changes().audit("incident:notify", "PrivacyIncident", row.id)
    changes.update(row, notified_at=told, notified_how=how)
    await caller.db.apply(changes, caller.now)


async def close_incident(caller: Caller, identity: UUID, conclusion: str) -> None:
    """Close the file with a conclusion; one that was not told to the authority says there why not (no breach found)."""
    row = _still_open(await get_incident(caller.db, identity))
    conclusion = clean_lines(conclusion)[:4000]
    if len(conclusion) < 10:
        raise HisError(
            Kind.INVALID, "Ghi kết luận; nếu không báo cơ quan chuyên trách, ghi vì sao.", field="conclusion"
        )
    changes = Changes().audit("incident:close", "PrivacyIncident", row.id)
    changes.update(row, conclusion=conclusion, closed_at=caller.now, closed_by=caller.user.account_id)
    await caller.db.apply(changes, caller.now)


async def concerned(db: Db, row: PrivacyIncident, now: datetime) -> Concerned:
    """Whose records the trail names between the two moments (of the one account, where the incident names it).

    Raises TOO_LARGE instead of leaving somebody out. A search names no result: it counts among the nameless.
    """
    entries = await store.list_touched(db, row.happened_from, row.happened_to or now, row.actor)
    if len(entries) > store.MOST_TOUCHED:
        raise HisError(Kind.TOO_LARGE, "Quá nhiều dòng nhật ký. Chia sự cố thành các khoảng ngắn hơn.")
    owners = await store.owners_of(db, sorted({entry.record for entry in entries if entry.record}))
    persons: dict[UUID, Touched] = {}
    nameless = 0
    for entry in entries:
        owner = owners.get(entry.record)
        if owner is None:
            nameless += entry.count
            continue
        known = persons.get(owner.id)
        persons[owner.id] = (
            known.joined(entry)
            if known
            else Touched(owner, entry.count, entry.first, entry.last, frozenset({entry.actor}))
        )
    return Concerned(sorted(persons.values(), key=lambda one: (-one.count, one.patient.code)), nameless)


async def persons_csv(caller: Caller, row: PrivacyIncident) -> str:
    """The persons concerned as a table for their notification; the handing out is entered before it leaves."""
    found = await concerned(caller.db, row, caller.now)
    names = await store.account_names(caller.db)
    await audit.record(caller, "export", "PrivacyIncident", row.id, persons=len(found.persons))
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in found.persons:
        who = ", ".join(sorted(names.get(actor, (actor, ""))[0] for actor in one.actors))
        patient = one.patient
        cells = (patient.code, patient.name, str(patient.birth_date.year), patient.phone, str(one.count), _said(one.first),
                 _said(one.last), who)  # fmt: skip
        writer.writerow([inert(cell) for cell in cells])
    if found.nameless:
        writer.writerow([inert("Không rõ người"), "", "", "", str(found.nameless), "", "", ""])
    return out.getvalue()


def _said(at: datetime) -> str:
    return f"{clock.local(at):%H:%M %d/%m/%Y}"
