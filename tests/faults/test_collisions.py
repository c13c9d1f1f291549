"""A tenth of all writes collides (serialization failure or deadlock, raised by the real server): nobody notices.

`HIS_COLLISIONS` sets how many visits are registered over HTTP, and as many change sets written under a lock.
"""

import asyncio
from datetime import date
from uuid import uuid4

import psycopg
from sqlalchemy import text

from his.kit import applied
from his.kit.changes import Changes
from his.kit.db import Scope
from tests.faults import trial
from tests.integration.kit.conftest import AT, count, department, striking

VISITS = trial.count("HIS_COLLISIONS", 60)
SEED = trial.seed()
BODY = f"""IF abs(hashint8(nextval('strikes') + {SEED})) % 10 = 0 THEN
  RAISE EXCEPTION 'collision' USING ERRCODE = CASE WHEN currval('strikes') % 2 = 0 THEN '40001' ELSE '40P01' END;
END IF;"""


async def sign_in(client):
    answer = await client.post(
        "/sign-in", data={"username": "front-desk", "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


def form(number, room):
    patient = {"name": "Quàng Thị Hương", "birth_date": str(date(1968, 3, 14)), "gender": "female"}
    patient["citizen_number"] = f"0971680{number:05d}"
    return {"key": str(uuid4()), "room_id": room, "reason": "đau đầu", "patient": patient}


async def register(client, owner, start):
    """Statuses of the visits, and how often the server was asked to write a ticket for them."""
    with psycopg.connect(owner) as connection:
        room = str(connection.execute("SELECT id FROM room WHERE unit_id = 2 AND code = '103'").fetchone()[0])
    with striking(owner, "ticket", BODY):
        statuses = []
        for begin in range(start, start + VISITS, 4):
            few = [client.post("/api/reception/visits", json=form(n, room)) for n in range(begin, begin + 4)]
            statuses += [answer.status_code for answer in await asyncio.gather(*few)]
        with psycopg.connect(owner) as connection:
            tries = connection.execute("SELECT last_value FROM strikes").fetchone()[0]
    return statuses, tries


async def test_collisions_are_written_again_as_a_whole(client, database, clone):
    await sign_in(client)
    before = count(clone["owner"], "ticket")
    statuses, tries = await register(client, clone["owner"], 0)
    locked = [department() for _ in range(VISITS)]
    with striking(clone["owner"], "department", BODY):
        async with database.scoped(Scope(2, "a", "admin")) as db:
            for row in locked:
                async with db.locking():
                    await db.scalar(text("SELECT 1 FROM unit WHERE id = 2 FOR SHARE"))
                    await db.apply(Changes().insert(row).audit("test:locked", "", str(row.id)), AT)
    ids = ", ".join(f"'{row.id}'" for row in locked)
    got = {
        "confirmed": statuses.count(201),
        "other_answers": len(statuses) - statuses.count(201),
        "tickets": count(clone["owner"], "ticket") - before,
        "locked_rows": count(clone["owner"], "department", f"id IN ({ids})"),
        "locked_audits": count(clone["owner"], "audit_entry", f"entity_id IN ({ids})"),
        "tries": tries,
    }
    expected = {"confirmed": len(statuses), "other_answers": 0, "tickets": len(statuses), "locked_rows": VISITS}
    expected |= {"locked_audits": VISITS, "tries": f">={len(statuses) + 1}"}
    trial.report("23", seed=SEED, n=2 * VISITS, expected=expected, got=got)


async def test_without_writing_again_they_are_noticed(client, clone, monkeypatch):
    monkeypatch.setattr(applied, "RETRIES", 0)
    await sign_in(client)
    statuses, _ = await register(client, clone["owner"], 50_000)
    assert statuses.count(503) >= 1
    assert set(statuses) == {201, 503}
