"""Registrations kept while the server was away: can they be read, whom do they mean, when did the person come.

Nobody is merged by likeness: a number of a document together with the same name and birth date is sure, everything that
is near is a question for a clerk (../shared/standards/security.md section 3, offline clinics).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from his.kit.errors import Finding, Severity
from his.kit.text import clean, fold
from his.reception.rules.desk import suggested_room
from his.reception.terms import Kept, Outcome, RoomChoice, Verdict
from his.registration.rules.cards import is_question_number
from his.registration.rules.patient import check_patient
from his.registration.rules.scan import CARD_NUMBER, read_date
from his.registration.terms import Known, Match, PatientForm, Scan, ScanKind

LATEST: Final = timedelta(hours=24)
"""Longer than this no outage of a day's work lasts; an older arrival is looked at by a clerk."""
AHEAD: Final = timedelta(minutes=5)
"""How far the clock of the desk's computer may be ahead."""
_SPACES: Final = re.compile(r"[\s.\-]")


def tidy_kept(kept: Kept) -> Kept:
    """Composed text, one space between words, numbers without separators."""
    phone = _SPACES.sub("", kept.phone)
    return replace(
        kept,
        slip=clean(kept.slip),
        name=clean(kept.name),
        birth=clean(kept.birth),
        phone="0" + phone[3:] if phone.startswith("+84") else phone,
        number=_SPACES.sub("", kept.number).upper(),
        reason=clean(kept.reason),
    )


def patient_of(kept: Kept, province: str = "") -> PatientForm | None:
    """The person as typed; None when the birth date cannot be read."""
    birth = read_date(kept.birth)
    if birth is None:
        return None
    citizen = kept.number if len(kept.number) == 12 and kept.number.isdigit() else ""
    return PatientForm(
        name=kept.name,
        birth_date=birth[0],
        birth_precision=birth[1],
        gender=kept.gender,
        citizen_number=citizen,
        phone=kept.phone,
        province_code=province,
    )


def check_kept(kept: Kept, on: date) -> Iterator[Finding]:
    """What the clerk has to correct on the desk's computer before it can be received; `expression` is the field."""
    if kept.number and not is_question_number(kept.number):
        text = "Số giấy tờ là CCCD 12 số, mã số BHXH 10 số hoặc thẻ BHYT 15 ký tự. Gõ lại hoặc để trống."
        yield Finding("REC-DOWN-01", Severity.ERROR, text, "number")
    form = patient_of(kept)
    if form is None:
        yield Finding("REC-DOWN-02", Severity.ERROR, "Ghi ngày sinh dd/mm/yyyy, hoặc chỉ năm sinh.", "birth")
        return
    yield from (found for found in check_patient(form, on) if found.severity is Severity.ERROR)


def scan_of_kept(kept: Kept) -> Scan:
    """The search for the people whom a kept registration may mean: by number, phone and name at once."""
    birth = read_date(kept.birth)
    number = kept.number
    card = number if CARD_NUMBER.fullmatch(number) else ""
    return Scan(
        ScanKind.NAME,
        kept.name,
        citizen_number=number if len(number) == 12 else "",
        card_number=card,
        insurance_number=card[-10:] or (number if len(number) == 10 else ""),
        phone=kept.phone,
        name=kept.name,
        birth_date=birth[0] if birth else None,
        birth_precision=birth[1] if birth else "day",
        birth_year=birth[0].year if birth else None,
    )


def same_birth(scan: Scan, known: Known) -> bool:
    """Do the birth dates agree as far as both are known? 1968 agrees with 14/03/1968."""
    if scan.birth_date is None or scan.birth_date.year != known.birth_date.year:
        return False
    if "year" in (scan.birth_precision, known.birth_precision):
        return True
    if "month" in (scan.birth_precision, known.birth_precision):
        return scan.birth_date.month == known.birth_date.month
    return scan.birth_date == known.birth_date


def judge_kept(kept: Kept, matches: Sequence[Match], now: datetime) -> Verdict:
    """One person by a number, with the same name and birth date: that person. Nobody near: a new one. Else a question."""
    if not is_plausible(kept.arrived_at, now):
        return Verdict(Outcome.ASK, why="clock")
    scan = scan_of_kept(kept)
    certain = [match.known for match in matches if match.certain]
    if len(certain) > 1:
        return Verdict(Outcome.ASK, why="several")
    if certain:
        known = certain[0]
        if fold(known.name) == fold(kept.name) and same_birth(scan, known):
            return Verdict(Outcome.SAME, known.id)
        return Verdict(Outcome.ASK, known.id, "other-words")
    if near := [match.known for match in matches if is_near(scan, match.known)]:
        return Verdict(Outcome.ASK, near[0].id, "namesake")
    return Verdict(Outcome.NEW)


def is_near(scan: Scan, known: Known) -> bool:
    """May it be the same person without a number that says so? The same name in the same year, a name nearly the same
    with the same birth date, or the same phone with either of them."""
    if fold(known.name) == fold(scan.name):
        return bool(scan.birth_date and scan.birth_date.year == known.birth_date.year) or _same_phone(scan, known)
    return same_birth(scan, known) and (_same_phone(scan, known) or set(fold(scan.name).split()) <= _words(known))


def _same_phone(scan: Scan, known: Known) -> bool:
    return bool(scan.phone) and scan.phone == known.phone


def _words(known: Known) -> set[str]:
    return set(fold(known.name).split())


def is_plausible(arrived_at: datetime, received_at: datetime) -> bool:
    """Is the clock of the desk's computer near enough to the server's to be believed?"""
    return received_at - LATEST <= arrived_at <= received_at + AHEAD


def arrival(arrived_at: datetime, received_at: datetime) -> datetime:
    """The instant of arrival that the visit gets: what the desk wrote when it can be believed, never after the receipt."""
    return min(arrived_at, received_at) if is_plausible(arrived_at, received_at) else received_at


def room_for(rooms: Sequence[RoomChoice], *, usual: UUID | None, child: bool) -> UUID | None:
    """The room that the desk would suggest, else the open one where the fewest wait; None when none is open."""
    suggested = suggested_room(rooms, appointment=None, usual=usual, child=child)
    if suggested is not None:
        return suggested
    open_rooms = [room for room in rooms if room.open]
    shortest = min(open_rooms, key=lambda room: (room.waiting, room.place.room_code), default=None)
    return shortest.place.room_id if shortest else None


def fill_gaps(kept: Kept, typed: PatientForm, record: PatientForm) -> PatientForm:
    """The record as it stands; only a phone or citizen number that it lacks comes from what was typed in haste."""
    return replace(
        record,
        phone=record.phone or kept.phone,
        citizen_number=record.citizen_number or typed.citizen_number,
    )
