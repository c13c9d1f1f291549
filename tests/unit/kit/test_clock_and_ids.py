"""Time is aware and UTC inside, Viet Nam's day at the edge; ids grow with time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit import clock
from his.kit.ids import new_id


def test_now_is_aware_and_utc():
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second


@pytest.mark.parametrize(
    ("instant", "day", "wall"),
    [
        (datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC), date(2026, 11, 22), "23:59"),
        (datetime(2026, 11, 22, 17, 0, tzinfo=UTC), date(2026, 11, 23), "00:00"),
        (datetime(2024, 2, 28, 17, 0, tzinfo=UTC), date(2024, 2, 29), "00:00"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), date(2027, 1, 1), "00:00"),
    ],
)
def test_the_day_is_that_of_viet_nam(instant, day, wall):
    assert clock.day_of(instant) == day
    assert f"{clock.local(instant):%H:%M}" == wall


@given(st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_local_time_is_the_same_instant(instant):
    assert clock.local(instant) == instant
    assert clock.day_of(instant + timedelta(days=1)) - clock.day_of(instant) == timedelta(days=1)


def test_ids_are_version_7_unique_and_ordered():
    made = [new_id() for _ in range(2000)]
    assert {i.version for i in made} == {7}
    assert len(set(made)) == len(made)
    assert made == sorted(made)
