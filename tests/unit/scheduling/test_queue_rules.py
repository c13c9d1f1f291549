"""Order of service and steps of a ticket, without a database."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from his.kit.errors import HisError, Kind
from his.scheduling.rules import (
    choose_next,
    compute_priority,
    in_order,
    initials,
    pace_minutes,
    rank_of,
    restored,
    room_loads,
    step,
)
from his.scheduling.terms import Load, TicketState

NOW = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)
ON = date(2026, 11, 23)


@dataclass(frozen=True)
class Place:
    """A ticket as the rules see it."""

    number: int
    rank: int = 5
    state: str = "waiting"
    called_count: int = 0
    called_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


def after(place: Place, to: TicketState, now: datetime = NOW) -> Place:
    """The ticket after a step."""
    fields = step(place, to, now)
    return replace(place, **{k: v for k, v in fields.items() if k not in ("changed_at", "previous")})


@pytest.mark.parametrize(
    ("birth", "stated", "priority"),
    [
        (date(2020, 11, 24), "", "child"),
        (date(2020, 11, 23), "", ""),
        (date(1946, 11, 23), "", "elderly"),
        (date(1946, 11, 24), "", ""),
        (date(1990, 1, 1), "pregnant", "pregnant"),
        (date(1944, 1, 1), "emergency", "emergency"),
    ],
)
def test_priority_is_stated_or_comes_from_the_age(birth: date, stated: str, priority: str) -> None:
    assert compute_priority(birth, ON, stated) == priority


def test_unknown_priorities_are_refused() -> None:
    with pytest.raises(ValueError, match="vip"):
        compute_priority(date(1990, 1, 1), ON, "vip")


def test_order_emergency_then_priority_then_results_then_number() -> None:
    rows = [Place(1), Place(2, rank_of("emergency")), Place(3, rank_of("child")), Place(4, 2), Place(5, 9, "absent")]
    assert [r.number for r in in_order(rows)] == [2, 3, 4, 1, 5]
    assert choose_next(rows, NOW) == rows[1]


def test_who_is_inside_or_called_stands_first() -> None:
    rows = [Place(1), Place(2, 0), Place(7, 5, "in-room"), Place(9, 5, "calling", 1)]
    assert [r.number for r in in_order(rows)] == [9, 7, 2, 1]


def test_an_absent_person_comes_again_after_five_minutes_and_after_three_calls_last() -> None:
    absent = Place(1, 5, "absent", 1, NOW - timedelta(minutes=4))
    assert choose_next([absent, Place(2)], NOW) == Place(2)
    assert choose_next([absent, Place(2)], NOW + timedelta(minutes=1)) == absent
    thrice = Place(1, 9, "absent", 3, NOW - timedelta(hours=1))
    assert choose_next([thrice, Place(2)], NOW) == Place(2)
    assert choose_next([thrice], NOW) == thrice
    assert choose_next([Place(3, 5, "done")], NOW) is None


def test_the_third_absence_goes_to_the_end() -> None:
    place = Place(7)
    for count in (1, 2, 3):
        place = after(after(place, TicketState.CALLING), TicketState.ABSENT)
        assert place.called_count == count
        assert place.rank == (9 if count == 3 else 5)


def test_a_visit_from_call_to_end() -> None:
    place = after(Place(7), TicketState.CALLING)
    place = after(place, TicketState.IN_ROOM)
    assert place.started_at == NOW
    place = after(place, TicketState.AWAITING_RESULTS)
    place = after(place, TicketState.WAITING)
    assert (place.rank, place.called_count) == (2, 0)
    place = after(after(place, TicketState.IN_ROOM), TicketState.DONE)
    assert (place.state, place.finished_at) == ("done", NOW)


@pytest.mark.parametrize(
    ("state", "to"),
    [
        ("done", TicketState.CALLING),
        ("cancelled", TicketState.IN_ROOM),
        ("waiting", TicketState.ABSENT),
        ("in-room", TicketState.CALLING),
        ("waiting", TicketState.AWAITING_RESULTS),
    ],
)
def test_impossible_steps_say_where_the_ticket_is(state: str, to: TicketState) -> None:
    with pytest.raises(HisError) as caught:
        step(Place(7, state=state), to, NOW)
    assert caught.value.kind is Kind.CONFLICT
    assert "007" in caught.value.message


def test_undo_restores_what_a_step_changed_within_ten_minutes() -> None:
    before = Place(7, 5, "calling", 3, NOW - timedelta(minutes=2))
    fields = step(before, TicketState.ABSENT, NOW)
    back = restored(fields["previous"], fields["changed_at"], NOW + timedelta(minutes=9))
    assert (back["state"], back["rank"], back["called_count"]) == ("calling", 5, 3)
    assert back["called_at"] == before.called_at
    assert back["previous"] is None
    for previous, at in ((fields["previous"], NOW + timedelta(minutes=11)), (None, NOW)):
        with pytest.raises(HisError):
            restored(previous, fields["changed_at"], at)


def test_waiting_time_follows_the_pace_of_the_room() -> None:
    room = UUID(int=1)

    def load(state: str, count: int, **values: Any) -> Load:
        base: dict[str, Any] = {"oldest_at": NOW - timedelta(minutes=41), "median_at": None}
        base |= {"first_started_at": None, "last_started_at": None} | values
        return Load(room, state, False, count, **base)

    done = load("done", 5, first_started_at=NOW - timedelta(minutes=40), last_started_at=NOW)
    found = room_loads([load("waiting", 6), done], NOW)[room]
    assert (found.waiting, found.longest_minutes, found.expected_minutes) == (6, 41, 60)
    assert room_loads([load("waiting", 6)], NOW)[room].expected_minutes == 30
    assert pace_minutes(3, NOW, NOW + timedelta(hours=9)) == 20
    assert pace_minutes(1, None, None) == 5


def test_names_on_the_wall_are_initials() -> None:
    assert initials("Vàng A Sình") == "V. A. Sình"
    assert initials("Nguyễn Văn Thành") == "Ng. V. Thành"
    assert initials("Lê Gia Bảo", child=True) == "bé L. G. Bảo"
    assert initials("Út") == "Út"
