"""The queue on a real database: two callers, undo, order, one place for asking twice, pages within their budget."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from his.identity.tables import Room
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.reception import service as reception
from his.reception.terms import Registered, VisitForm
from his.registration.terms import PatientForm
from his.scheduling import service, store
from his.scheduling.tables import Ticket

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    """Unit 2."""
    async with database.scoped(Scope(2, str(uuid4()), "nurse")) as db:
        yield db


async def room_id(db: Db, code: str) -> UUID:
    """A room of the unit."""
    return UUID(str(await db.scalar(select(table(Room).c.id).where(table(Room).c.code == code))))


async def arrive(db: Db, code: str, now: datetime = NOW, **values: Any) -> Registered:
    """Register an invented person for a room."""
    patient = PatientForm(
        f"Bùi Quang {uuid4().hex[:6].translate(str.maketrans('0123456789', 'abcdefghij'))}", date(1980, 1, 1), "male"
    )
    return await reception.register_visit(db, VisitForm(str(uuid4()), patient, await room_id(db, code), **values), now)


async def ticket(db: Db, ticket_id: UUID) -> Ticket:
    """A ticket that is there."""
    found = await store.get_ticket(db, ticket_id)
    assert found is not None
    return found


async def test_numbers_run_by_room_and_day(db: Db) -> None:
    first = [(await arrive(db, "101")).ticket_number for _ in range(3)]
    other = (await arrive(db, "102")).ticket_number
    tomorrow = (await arrive(db, "101", NOW + timedelta(days=1))).ticket_number
    assert (first, other, tomorrow) == ([1, 2, 3], 1, 1)


async def test_emergency_is_called_before_earlier_numbers(db: Db) -> None:
    await arrive(db, "103")
    urgent = await arrive(db, "103", priority="emergency")
    called = await service.call_next(db, await room_id(db, "103"), NOW)
    assert called.id == urgent.ticket_id
    assert (called.state, called.called_count) == ("calling", 1)


async def test_two_callers_get_two_people(database: Database, db: Db) -> None:
    expected = {(await arrive(db, "104")).ticket_id for _ in range(4)}
    room = await room_id(db, "104")
    await db.release()

    async def call() -> UUID:
        async with database.scoped(db.scope) as own:
            return (await service.call_next(own, room, NOW)).id

    called = await asyncio.gather(*(call() for _ in range(3)))
    assert len(set(called)) == 3
    assert set(called) <= expected


async def test_absent_three_times_goes_to_the_end_and_undo_brings_back(db: Db) -> None:
    first, second = await arrive(db, "105"), await arrive(db, "105")
    room = await room_id(db, "105")
    for count in (1, 2, 3):
        at = NOW + timedelta(minutes=6 * count)
        called = await service.call_next(db, room, at)
        assert called.id == first.ticket_id
        last = await service.mark_absent(db, called.id, at)
    assert (last.called_count, last.rank) == (3, 9)
    assert (await service.call_next(db, room, NOW + timedelta(minutes=30))).id == second.ticket_id
    back = await service.undo(db, first.ticket_id, NOW + timedelta(minutes=19))
    assert (back.state, back.rank) == ("calling", 5)
    with pytest.raises(HisError) as caught:
        await service.undo(db, first.ticket_id, NOW + timedelta(minutes=19))
    assert caught.value.kind is Kind.CONFLICT


async def test_from_the_room_to_results_and_back_before_the_others(db: Db) -> None:
    seen, waiting = await arrive(db, "106"), await arrive(db, "106")
    await service.start(db, seen.ticket_id, NOW)
    await service.await_results(db, seen.ticket_id, NOW)
    back = await service.back_with_results(db, seen.ticket_id, NOW + timedelta(minutes=20))
    assert (back.state, back.rank) == ("waiting", 2)
    called = await service.call_next(db, await room_id(db, "106"), NOW + timedelta(minutes=21))
    assert called.id == seen.ticket_id
    await service.start(db, called.id, NOW)
    done = await service.finish(db, called.id, NOW)
    assert (done.state, (await service.finish(db, called.id, NOW)).version) == ("done", done.version)
    assert (await ticket(db, waiting.ticket_id)).state == "waiting"


async def test_asking_twice_for_a_place_changes_nothing(db: Db) -> None:
    done = await arrive(db, "107")
    room = await room_id(db, "107")
    again = await service.enqueue(db, room, done.patient_id, done.encounter_id, date(1980, 1, 1), NOW)
    assert again.id == done.ticket_id
    other = await service.enqueue(
        db, await room_id(db, "108"), done.patient_id, done.encounter_id, date(1980, 1, 1), NOW
    )
    assert other.id != done.ticket_id


async def test_nobody_waits_is_a_sentence(db: Db) -> None:
    with pytest.raises(HisError) as caught:
        await service.call_next(db, await room_id(db, "101"), NOW + timedelta(days=40))
    assert caught.value.message == service.NOBODY


async def test_moving_to_another_room_gives_a_new_number_and_the_fee_of_that_room(db: Db) -> None:
    done = await arrive(db, "102")
    target = await room_id(db, "108")
    with pytest.raises(HisError):
        await reception.transfer_visit(db, done.encounter_id, target, " ", NOW)
    moved = await reception.transfer_visit(db, done.encounter_id, target, "Đau mắt", NOW)
    assert (moved.room_id, moved.state, moved.version) == (target, "waiting", 2)
    await service.start(db, moved.id, NOW)
    with pytest.raises(HisError) as caught:
        await reception.transfer_visit(db, done.encounter_id, await room_id(db, "101"), "Nhầm", NOW)
    assert caught.value.kind is Kind.CONFLICT


async def signed_in(client: httpx.AsyncClient, username: str) -> None:
    """Sign in and send the token of the session with every change."""
    await client.post("/sign-in", data={"username": username, "password": "demo"})
    page = await client.get("/queue")
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found is not None
    client.headers["x-csrf-token"] = found[1]


async def test_the_page_calls_and_undoes_within_the_query_budget(client: httpx.AsyncClient, db: Db) -> None:
    now = datetime.now(UTC)
    done = await arrive(db, "103", now)
    await signed_in(client, "nurse")
    page = await client.get("/queue", params={"room": "103"})
    assert page.status_code == 200
    assert f"{done.ticket_number:03d}" in page.text
    assert int(re.findall(r'"(\d+)"', page.headers["server-timing"])[0]) <= 12
    called = await client.post("/queue/next", data={"room": "103"})
    assert called.status_code == 200
    assert "Đang gọi" in called.text
    undo = re.search(r"/queue/undo/[0-9a-f-]+", called.headers["hx-trigger"])
    assert undo is not None
    assert (await client.post(undo[0])).status_code == 204
    assert (await client.post(undo[0])).status_code == 409
    board = await client.get("/queue/board")
    assert board.status_code == 200
    assert "Bùi Quang" not in board.text


async def test_json_of_the_queue_and_another_unit_sees_nothing(client: httpx.AsyncClient, db: Db) -> None:
    done = await arrive(db, "101", datetime.now(UTC))
    await signed_in(client, "nurse")
    rooms = (await client.get("/api/scheduling/rooms")).json()
    room = next(r for r in rooms if r["code"] == "101")
    assert room["waiting"] >= 1
    rows = (await client.get("/api/scheduling/queue", params={"room_id": room["id"]})).json()
    assert str(done.ticket_id) in [r["id"] for r in rows]
    step = await client.post(f"/api/scheduling/tickets/{done.ticket_id}/start")
    assert step.json()["state"] == "in-room"
    assert (await client.post(f"/api/scheduling/tickets/{done.ticket_id}/again")).status_code == 409
    await client.post("/sign-out")
    await signed_in(client, "nurse-3")
    assert (await client.get("/api/scheduling/queue", params={"room_id": room["id"]})).json() == []
    assert (await client.post(f"/api/scheduling/tickets/{done.ticket_id}/finish")).status_code == 404
