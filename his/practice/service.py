"""The unit's list of people who practise: register, end, and judge what somebody does by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from his.identity.tables import Practitioner
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, invalid
from his.kit.rulebook import Rule, assess
from his.kit.text import clean, fold
from his.practice import store
from his.practice.rules import chapter_of, state_of
from his.practice.tables import Practice
from his.practice.terms import CHAPTERS, WEEKDAYS, DeedFacts, Registered

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff with the registrations, the newest first, and their state today."""

    row: Practitioner
    practices: tuple[Practice, ...]
    state: str


def registered(row: Practice) -> Registered:
    """The registration as the rules see it."""
    return Registered(
        row.valid_from, row.valid_to, frozenset(row.chapters.split()), row.weekdays, row.opens_at, row.closes_at
    )


async def list_people(
    db: Db, on: date, *, words: str = "", state: str = "", page: int = 1
) -> tuple[list[Person], int, dict[str, int]]:
    """One page of the list, how many people fit, and how many stand in each state. `words`: name or certificate."""
    rows = await store.list_people(db)
    practices: dict[UUID, list[Practice]] = {}
    for practice in await store.list_all(db):
        practices.setdefault(practice.practitioner_id, []).append(practice)
    people = [_person(row, practices.get(row.id, ()), on) for row in rows]
    counts = {key: sum(one.state == key for one in people) for key in ("valid", "ending", "ended", "none")}
    wanted = fold(words)
    found = [
        one
        for one in people
        if (not state or one.state == state)
        and (not wanted or wanted in fold(one.row.name) or wanted in fold(one.row.license_number))
    ]
    return found[(page - 1) * PAGE : page * PAGE], len(found), counts


def _person(row: Practitioner, practices: Sequence[Practice], on: date) -> Person:
    return Person(row, tuple(practices), state_of([registered(one) for one in practices], on))


async def get_person(db: Db, practitioner_id: UUID, on: date) -> Person:
    """A member of staff with all registrations; raises HisError(NOT_FOUND)."""
    row, practices = await store.find_practising(db, practitioner_id)
    if row is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy người này trong đơn vị. Quay lại danh sách người hành nghề.")
    return _person(row, practices, on)


def read_form(form: Mapping[str, str], chapters: Iterable[str], weekdays: Iterable[str]) -> Registered:
    """A registration from what was typed; raises HisError(INVALID) that names the field."""
    chosen, days = frozenset(chapters), "".join(sorted(set(weekdays)))
    if not chosen <= CHAPTERS.keys():
        raise invalid("chapters", "Chọn chương kỹ thuật có trong danh sách.")
    if not days or not set(days) <= WEEKDAYS.keys():
        raise invalid("weekdays", "Chọn ít nhất một ngày trong tuần.")
    begin = read_day(form.get("valid_from", ""), "valid_from")
    end = read_day(form["valid_to"], "valid_to") if form.get("valid_to", "").strip() else None
    if end is not None and end < begin:
        raise invalid("valid_to", f"Ngày kết thúc phải từ {begin:%d/%m/%Y} trở đi.")
    opens, closes = _hour(form, "opens_at"), _hour(form, "closes_at")
    if (opens is None) != (closes is None):
        raise invalid("closes_at", "Nhập cả giờ bắt đầu và giờ kết thúc, hoặc để trống cả hai.")
    if opens is not None and opens == closes:
        raise invalid("closes_at", "Giờ kết thúc phải khác giờ bắt đầu; để trống cả hai nếu làm mọi giờ.")
    return Registered(begin, end, chosen, days, opens, closes)


def read_day(typed: str, field: str) -> date:
    """A day that was typed (ISO); raises HisError(INVALID) that names the field."""
    try:
        found = date.fromisoformat(typed.strip())
    except ValueError as error:
        raise invalid(field, "Nhập ngày, ví dụ 01/12/2026.") from error
    if not date(1950, 1, 1) <= found <= date(2150, 1, 1):
        raise invalid(field, "Ngày phải từ năm 1950 đến năm 2150.")
    return found


def _hour(form: Mapping[str, str], name: str) -> time | None:
    typed = form.get(name, "").strip()
    try:
        found = time.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise invalid(name, "Giờ không đúng, ví dụ 07:30.") from error
    return found.replace(tzinfo=None, second=0, microsecond=0) if found else None


async def register(db: Db, practitioner_id: UUID, wanted: Registered, scope: str, now: datetime) -> Practice:
    """Add a registration. Raises HisError(NOT_FOUND) and HisError(CONFLICT) when the same one holds already."""
    person = await get_person(db, practitioner_id, clock.day_of(now))
    if any(registered(one) == wanted for one in person.practices):
        raise HisError(Kind.CONFLICT, "Đăng ký này đã có, giống hệt. Sửa ngày, giờ hoặc phạm vi rồi lưu lại.")
    row = Practice(
        unit_id=person.row.unit_id,
        practitioner_id=practitioner_id,
        scope=clean(scope)[:500],
        chapters=" ".join(sorted(wanted.chapters)),
        weekdays=wanted.weekdays,
        opens_at=wanted.opens_at,
        closes_at=wanted.closes_at,
        valid_from=wanted.valid_from,
        valid_to=wanted.valid_to,
    )
    changes = Changes().insert(row).version(row, op="create")
    changes.audit("practice:register", "PractitionerRole", row.id, practitioner=str(practitioner_id))
    await db.apply(changes, now)
    return row


async def end(db: Db, practitioner_id: UUID, practice_id: UUID, last: date, now: datetime) -> Practice:
    """End a registration with its last day. Raises HisError(NOT_FOUND), HisError(INVALID) for a day before it began."""
    row = await store.get_practice(db, practice_id)
    if row is None or row.practitioner_id != practitioner_id:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy đăng ký này. Quay lại danh sách người hành nghề.")
    if last < row.valid_from:
        raise invalid("last", f"Ngày cuối phải từ {row.valid_from:%d/%m/%Y} trở đi.")
    changes = Changes()
    ended = changes.update(row, valid_to=last)
    changes.version(ended).audit("practice:end", "PractitionerRole", row.id, last=str(last))
    await db.apply(changes, now)
    return ended


async def judge(
    db: Db, rules: Sequence[Rule[DeedFacts]], practitioner_id: UUID | None, deeds: Sequence[DeedFacts]
) -> list[Finding]:
    """What the rules say of deeds of one person; nothing about machines and people without a certificate."""
    if practitioner_id is None or not deeds:
        return []
    person, practices = await store.find_practising(db, practitioner_id)
    if person is None or not person.license_number:
        return []
    known = tuple(map(registered, practices))
    who = f"{person.title} {person.name}".strip()
    found = [
        finding
        for deed in deeds
        for finding in assess(rules, replace(deed, who=who, registered=known), on=deed.at.date())
    ]
    return list({(one.code, one.message): one for one in found}.values())


def deed(code: str, name: str, kind: str, now: datetime, *, planned: bool, line: str | None = None) -> DeedFacts:
    """An order or a result at this instant; `judge` adds who did it."""
    return DeedFacts("", clock.local(now), (), chapter_of(code), name, kind, planned, line)
