"""Whom a registration kept without a server means: worked examples of every answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from his.reception.rules.downtime import (
    arrival,
    check_kept,
    fill_gaps,
    judge_kept,
    patient_of,
    room_for,
    scan_of_kept,
    tidy_kept,
)
from his.reception.terms import Kept, Outcome, Place, RoomChoice
from his.registration.rules.matching import rank_matches
from his.registration.terms import Known

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
KEPT = Kept(
    uuid4(), "ABC-01", "Quàng Thị Hương", "14/03/1968", "female", "0912000468", "097168004512", "đau đầu",
    NOW - timedelta(hours=2),
)  # fmt: skip
HUONG = Known(
    UUID(int=1), "26-000001", "Quàng Thị Hương", date(1968, 3, 14), "day", "female", "097168004512", "0912000468", "",
    ("GD4979712345678",),
)  # fmt: skip


def judge(kept: Kept, *known: Known):
    return judge_kept(kept, rank_matches(scan_of_kept(kept), known), NOW)


def other(number: int, **words: object) -> Known:
    base = replace(HUONG, id=UUID(int=number), citizen_number="", phone="", cards=())
    return replace(base, **words)


@pytest.mark.parametrize(
    ("kept", "known", "outcome", "why"),
    [
        ({}, [HUONG], Outcome.SAME, ""),
        ({"name": "QUANG THI HUONG"}, [HUONG], Outcome.SAME, ""),
        ({"birth": "1968"}, [HUONG], Outcome.SAME, ""),
        ({"birth": "03/1968"}, [HUONG], Outcome.SAME, ""),
        ({"number": "GD4979712345678"}, [HUONG], Outcome.SAME, ""),
        ({"number": "9712345678"}, [HUONG], Outcome.SAME, ""),
        ({"number": "097168004512", "phone": ""}, [HUONG, other(2)], Outcome.SAME, ""),
        ({"name": "Lò Văn Páo"}, [HUONG], Outcome.ASK, "other-words"),
        ({"birth": "14/03/1986"}, [HUONG], Outcome.ASK, "other-words"),
        ({"birth": "04/1968"}, [HUONG], Outcome.ASK, "other-words"),
        ({}, [HUONG, other(2, citizen_number="097168004512")], Outcome.ASK, "several"),
        ({"number": ""}, [HUONG], Outcome.ASK, "namesake"),
        ({"number": "", "phone": ""}, [other(2)], Outcome.ASK, "namesake"),
        ({"number": "", "phone": "", "birth": "1968"}, [other(2)], Outcome.ASK, "namesake"),
        ({"number": "", "phone": "", "birth": "01/01/1968"}, [other(2)], Outcome.ASK, "namesake"),
        ({"number": "", "birth": "1970"}, [other(2, phone="0912000468")], Outcome.ASK, "namesake"),
        ({"number": "", "name": "Quàng Hương"}, [other(2)], Outcome.ASK, "namesake"),
        ({"number": "", "name": "Lò Thị Mai"}, [other(2, phone="0912000468")], Outcome.ASK, "namesake"),
        ({"number": "", "name": "Lò Thị Mai", "birth": "1990"}, [other(2, phone="0912000468")], Outcome.NEW, ""),
        ({"number": "", "phone": "", "birth": "1990"}, [other(2)], Outcome.NEW, ""),
        ({}, [], Outcome.NEW, ""),
        ({"arrived_at": NOW - timedelta(hours=25)}, [HUONG], Outcome.ASK, "clock"),
        ({"arrived_at": NOW + timedelta(minutes=6)}, [], Outcome.ASK, "clock"),
        ({"arrived_at": NOW + timedelta(minutes=4)}, [], Outcome.NEW, ""),
    ],
    ids=[
        "number-and-words", "no-marks", "year", "month", "card", "insurance-number", "namesake-beside-a-sure-one",
        "number-other-name", "number-other-year", "number-other-month", "two-hold-the-number", "phone-and-name",
        "name-and-day", "name-and-year", "name-other-day-same-year", "name-phone-other-year", "part-of-the-name-same-day",
        "phone-and-day-other-name", "family-phone", "namesake-of-another-year", "nobody", "too-old", "ahead", "a-little-ahead",
    ],
)  # fmt: skip
def test_whom_it_means(kept, known, outcome, why):
    verdict = judge(replace(KEPT, **kept), *known)
    assert (verdict.outcome, verdict.why) == (outcome, why)
    if outcome is Outcome.SAME:
        assert verdict.patient_id == HUONG.id


def test_a_name_alone_never_merges():
    """However like the words are: without a number that says so, nobody is taken for another."""
    for birth in ("14/03/1968", "1968", "03/1968"):
        twin = replace(KEPT, number="", birth=birth)
        assert judge(twin, HUONG).outcome is Outcome.ASK


def test_the_words_are_tidied_once():
    typed = replace(
        KEPT, name="  Quàng  Thị Hương ", phone="+84 912.000.468", number="gd 4 97 97-12345678", reason=" a "
    )
    tidy = tidy_kept(typed)
    assert (tidy.name, tidy.phone, tidy.number, tidy.reason) == (
        "Quàng Thị Hương", "0912000468", "GD4979712345678", "a",
    )  # fmt: skip
    assert tidy_kept(tidy) == tidy


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ({}, []),
        ({"number": "12345"}, ["number"]),
        ({"birth": "31/02/1968"}, ["birth"]),
        ({"birth": "2030"}, ["birth"]),
        ({"gender": ""}, ["gender"]),
        ({"name": "", "phone": "12"}, ["name", "phone"]),
    ],
    ids=["right", "number", "no-such-day", "not-born", "gender", "two"],
)
def test_mistakes_name_their_field(words, fields):
    found = list(check_kept(replace(KEPT, **words), date(2026, 11, 28)))
    assert [f.expression for f in found] == fields
    assert all(f.message for f in found)


def test_the_time_of_arrival_is_the_desks_own_when_it_can_be_believed():
    assert arrival(NOW - timedelta(hours=2), NOW) == NOW - timedelta(hours=2)
    assert arrival(NOW + timedelta(minutes=3), NOW) == NOW
    assert arrival(NOW - timedelta(days=9), NOW) == NOW


def test_only_gaps_of_the_record_are_filled():
    typed = patient_of(KEPT)
    assert typed is not None
    record = replace(typed, name="Quàng Thị Hương", address="Thôn 4", phone="", citizen_number="")
    filled = fill_gaps(KEPT, typed, record)
    assert (filled.phone, filled.citizen_number, filled.address) == ("0912000468", "097168004512", "Thôn 4")
    kept_as_it_is = replace(record, phone="0987654321", citizen_number="097168009999", birth_date=date(1968, 1, 1))
    assert fill_gaps(KEPT, typed, kept_as_it_is) == kept_as_it_is


def room(code: str, waiting: int, open: bool = True, department: str = "K01") -> RoomChoice:
    place = Place("97002", "", "", 0, "", False, UUID(int=int(code)), code, "", department, None, "", "")
    return RoomChoice(place, waiting, 0, open)


def test_the_room_is_the_usual_one_else_where_the_fewest_wait():
    rooms = [room("101", 5), room("102", 2), room("103", 0, open=False), room("104", 2, department="K18")]
    assert room_for(rooms, usual=UUID(int=101), child=False) == UUID(int=101)
    assert room_for(rooms, usual=UUID(int=103), child=False) == UUID(int=102)
    assert room_for(rooms, usual=None, child=True) == UUID(int=104)
    assert room_for([room("103", 0, open=False)], usual=None, child=False) is None
