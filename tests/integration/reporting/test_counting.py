"""A closed visit shows within a second, and nothing that happens to the rows lets the figures drift."""

import asyncio
import random
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.reporting.service import recount_days
from tests.integration.finished_visits import Visits, at, cells, slow_count, working

DAY = date(2026, 11, 19)
COUNT = text("SELECT count(*) FROM stat_cell WHERE unit_id = :unit")


async def test_a_closed_visit_shows_within_a_second(database, clone):
    visits = Visits(database)
    async with working(clone["his_worker"]):
        await asyncio.sleep(0.5)
        took = []
        for n in range(1, 6):
            changes = Changes()
            visits.new(changes, at(DAY, 10, n))
            began = time.monotonic()
            await visits.write(changes, DAY)
            while (await cells(database)).get((DAY, "A01", "all", "all")) != n:
                assert time.monotonic() - began < 1, f"visit {n} is not counted after a second"
                await asyncio.sleep(0.01)
            took.append(time.monotonic() - began)
    assert max(took) < 1


async def test_random_edits_never_drift_from_a_slow_recount(database, clone):
    """Closings, late closings, moves to another day, cancellations, new codes and births, while the worker runs."""
    visits, chance = Visits(database, unit_id=3, seed=7), random.Random(7)
    days = [DAY - timedelta(days=n) for n in range(4)]
    async with working(clone["his_worker"]) as worker, working(clone["his_worker"]):
        known = []
        for _ in range(12):
            changes = Changes()
            fresh = [visits.random(changes, chance.choice(days)) for _ in range(10)]
            await visits.write(changes, *{v.ended_at.astimezone(clock.VIETNAM).date() for v in fresh})
            known += fresh
            for _ in range(4):
                at_index = chance.randrange(len(known))
                visit = known[at_index]
                known[at_index] = await visits.edit(
                    visit,
                    **chance.choice(
                        [
                            {"ended_at": at(chance.choice(days), 23, 59)},
                            {"status": "cancelled"},
                            {"status": "finished"},
                            {"discharge_code": "2"},
                            {"care_setting": "03", "outcome_code": "1"},
                            {"entitlement_code": "9"},
                        ]
                    ),
                )
        for _ in range(200):
            if await cells(database, 3) == await slow_count(database, 3):
                break
            await asyncio.sleep(0.1)
        assert worker.handlers["stat"]
    wanted = await slow_count(database, 3)
    assert len(wanted) > 100
    assert await cells(database, 3) == wanted


async def test_a_vanished_cell_is_removed_and_a_repeated_count_changes_nothing(database):
    visits = Visits(database, unit_id=4)
    changes = Changes()
    visit = visits.new(changes, at(DAY), code="O80")
    await visits.write(changes)
    async with database.scoped(Scope(4, "test")) as db:
        assert await recount_days(db, [DAY], at(DAY)) == 5
        assert await recount_days(db, [DAY], at(DAY)) == 0
    await visits.edit(visit, status="cancelled")
    async with database.scoped(Scope(4, "test")) as db:
        assert await recount_days(db, [DAY], at(DAY)) == 5
    assert await cells(database, 4) == {}


async def test_the_day_of_arrival_counts_the_stay_on_the_day_it_ended(database):
    visits = Visits(database, unit_id=4)
    changes = Changes()
    arrived, left = at(date(2026, 10, 3), 22), at(date(2026, 10, 9), 8)
    visits.new(changes, left, care_setting="03", arrived_at=arrived, outcome_code="1")
    await visits.write(changes)
    async with database.scoped(Scope(4, "test")) as db:
        await recount_days(db, [date(2026, 10, 3)], at(DAY))
    found = {key: value for key, value in (await cells(database, 4)).items() if key[0].month == 10}
    assert found[date(2026, 10, 9), "C01", "all", "all"] == 1
    assert found[date(2026, 10, 9), "C02", "all", "all"] == 6
    assert {key[0] for key in found} == {date(2026, 10, 9)}


async def test_midnight_belongs_to_the_calendar_of_viet_nam(database):
    visits = Visits(database, unit_id=4)
    changes = Changes()
    day = date(2026, 9, 2)
    visits.new(changes, at(day, 0, 0), birth=date(2020, 9, 2), arrived_at=at(day - timedelta(days=1), 23, 30))
    visits.new(changes, at(day, 23, 59), birth=date(2020, 9, 2), arrived_at=at(day, 23))
    await visits.write(changes)
    async with database.scoped(Scope(4, "test")) as db:
        await recount_days(db, [day, day + timedelta(days=1)], at(DAY))
    found = {key[1:]: value for key, value in (await cells(database, 4)).items() if key[0] == day}
    assert found["A01", "all", "all"] == 2
    assert found["A01", "age", "0-5"] == 1, "five years old the evening before the sixth birthday"
    assert found["A01", "age", "6-14"] == 1


async def test_another_unit_and_another_province_see_nothing(database):
    visits = Visits(database, unit_id=1)
    changes = Changes()
    visits.new(changes, at(DAY))
    await visits.write(changes)
    async with database.scoped(Scope(1, "test")) as db:
        await recount_days(db, [DAY], at(DAY))
    for scope, count in ((Scope(1), 5), (Scope(2), 0), (Scope(None), 0), (Scope(901, province="96"), 0)):
        async with database.scoped(scope) as db:
            rows = await db.all(COUNT, {"unit": 1})
            assert rows[0][0] == count, scope
    async with database.scoped(Scope(901, province="97")) as db:
        assert (await db.all(COUNT, {"unit": 1}))[0][0] == 5


async def test_one_day_of_a_large_hospital_is_recounted_in_time(database: Database):
    visits = Visits(database, unit_id=2, seed=3)
    day = date(2026, 8, 3)
    for _ in range(4):
        changes = Changes()
        for _ in range(500):
            visits.random(changes, day)
        await visits.write(changes)
    async with database.scoped(Scope(2, "test")) as db:
        began = time.perf_counter()
        await recount_days(db, [day], at(day))
        first = time.perf_counter() - began
        began = time.perf_counter()
        await recount_days(db, [day], at(day))
        again = time.perf_counter() - began
    assert first < 1, f"2,000 visits: {first * 1000:.0f} ms"
    assert again < 0.5, f"2,000 visits again: {again * 1000:.0f} ms"


async def test_province_rows_cannot_be_written_by_the_province(database):
    async with database.scoped(Scope(901, province="97")) as db:
        with pytest.raises(Exception, match="row-level security"):
            await db.all(
                text(
                    "INSERT INTO stat_cell (unit_id, day, indicator, split, part, province_code, value) "
                    "VALUES (2, '2026-01-01', 'A01', 'all', 'all', '97', 1)"
                )
            )
