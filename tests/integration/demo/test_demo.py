"""The demonstration: the same seed gives the same people, repeating adds nobody, an interrupted month goes on."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from his.demo.day import Progress, close_books, load_stage, play_day, visits_of
from his.demo.people import person
from his.identity import service as identity
from his.kit import clock
from his.kit.db import Scope

DAY = date(2026, 10, 14)


@pytest.fixture
async def stage(database):
    async with database.scoped(Scope(None, "test")) as db:
        unit = await identity.find_unit(db, "97002")
    return await load_stage(database, unit)


async def counts(database):
    async with database.scoped(Scope(2, "test")) as db:
        row = await db.first(
            text(
                "SELECT (SELECT count(*) FROM encounter) AS visits, (SELECT count(*) FROM patient) AS patients, (SELECT count(*) FROM charge) AS charges"
            )
        )
        return tuple(row)


def test_the_same_seed_is_the_same_person():
    first, again = (person(random.Random("x"), DAY, "97002") for _ in range(2))
    assert first == again
    assert first != person(random.Random("y"), DAY, "97002")


async def test_a_sunday_is_quiet(stage):
    sunday, monday = date(2026, 10, 18), date(2026, 10, 19)
    assert 0 < visits_of(stage.unit, sunday) < visits_of(stage.unit, monday)


async def test_visits_go_through_and_repeating_adds_nobody(database, stage):
    first = await play_day(database, stage, DAY, 4, "test", ask_gateway=False)
    assert (first.played, first.refused) == (4, 0)
    before = await counts(database)
    assert before[0] == 4
    await play_day(database, stage, DAY, 4, "test", ask_gateway=False)
    assert await counts(database) == before


async def test_a_day_under_way_has_people_at_every_stage(database, stage):
    now = clock.now().replace(hour=9, minute=0)  # 16:00 in Viet Nam
    today = clock.day_of(now)
    tally = await play_day(database, stage, today, 12, "now", now=now, ask_gateway=False)
    assert tally.played >= 10
    async with database.scoped(Scope(2, "test")) as db:
        rows = await db.all(
            text("SELECT status, signed_at IS NOT NULL AS signed FROM encounter WHERE arrived_at > :day"),
            {"day": now - timedelta(hours=12)},
        )
    assert {"arrived", "in-progress"} <= {row.status for row in rows}
    assert {True, False} == {row.signed for row in rows}


async def test_the_books_of_a_past_day_are_closed_by_most_units(database, stage):
    days = [DAY - timedelta(days=n) for n in range(1, 21)]
    for day in days:
        await close_books(database, stage, day)
    async with database.scoped(Scope(2, "test")) as db:
        closed = await db.scalar(text("SELECT count(*) FROM day_close"))
    assert 12 <= closed <= 20


def test_progress_survives_an_interruption(tmp_path):
    Progress(tmp_path).add("2026-10-14", 31)
    assert Progress(tmp_path).done == ["2026-10-14"]
