"""Messages that come several times: at once, with another body under the same key, late and in any order.

`HIS_SAME_KEYS` (200) keys, each sent `HIS_SAME_PARALLEL` (100) times at once; `HIS_OTHER_BODIES` (100) keys used again for
something else; `HIS_RECEIVED` (200) registrations kept during an outage, each sent one to five times, shuffled.
"""

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest_asyncio

from his.reception.service import register
from tests.faults import trial

KEYS = trial.count("HIS_SAME_KEYS", 3)
PARALLEL = trial.count("HIS_SAME_PARALLEL", 20)
OTHERS = trial.count("HIS_OTHER_BODIES", 8)
RECEIVED = trial.count("HIS_RECEIVED", 8)
SEED = trial.seed()
NAMES = UUID("0198b2a0-0000-7000-8000-000000000002")
BUSY = (503, 429)


@pytest_asyncio.fixture
async def desk(client):
    """Signed in at the front desk of unit 2."""
    answer = await client.post(
        "/sign-in", data={"username": "front-desk", "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]
    return client


def rows(owner, query):
    with psycopg.connect(owner) as connection:
        return connection.execute(query).fetchall()


def form(owner, series, number):
    """A registration; the same key for the same series and number."""
    room = str(rows(owner, "SELECT id FROM room WHERE unit_id = 2 AND code = '103'")[0][0])
    patient = {"name": "Quàng Thị Hương", "birth_date": str(date(1968, 3, 14)), "gender": "female"}
    patient["citizen_number"] = f"0971{series:02d}{number:06d}"
    key = str(uuid5(NAMES, f"{SEED}-{series}-{number}"))
    return {"key": key, "room_id": room, "reason": "đau đầu", "patient": patient}


async def told(desk, path, body, limit):
    """The answer, asked for again while the service says that it is busy."""
    while True:
        async with limit:
            answer = await desk.post(path, json=body)
        if answer.status_code not in BUSY:
            return answer
        await asyncio.sleep(0.05)


async def hammered(desk, owner, series):
    """Each form so many times at the same moment; what was answered and what stands there afterwards."""
    before = rows(owner, "SELECT count(*) FROM encounter WHERE unit_id = 2")[0][0]
    limit, codes, firsts, bodies = asyncio.Semaphore(PARALLEL), Counter(), 0, 0
    for number in range(KEYS):
        body = form(owner, series, number)
        answers = await asyncio.gather(*(told(desk, "/api/reception/visits", body, limit) for _ in range(PARALLEL)))
        codes.update(answer.status_code for answer in answers)
        firsts += sum(answer.json().get("repeated") is False for answer in answers)
        bodies += len({repr(sorted((answer.json() | {"repeated": None}).items())) for answer in answers})
    after = rows(owner, "SELECT count(*) FROM encounter WHERE unit_id = 2")[0][0]
    return {
        "rows": after - before, "made": firsts, "different_bodies": bodies,
        "server_errors": sum(n for code, n in codes.items() if code >= 500),
        "other_answers": sum(n for code, n in codes.items() if code != 201),
    }  # fmt: skip


ONCE = {"rows": KEYS, "made": KEYS, "different_bodies": KEYS, "server_errors": 0, "other_answers": 0}


async def test_identical_requests_at_once_are_one_visit(desk, clone):
    got = await hammered(desk, clone["owner"], 1)
    trial.report("13", seed=SEED, n=KEYS * PARALLEL, expected=ONCE, got=got)


async def test_a_service_that_forgets_the_key_is_seen(desk, clone, monkeypatch):
    """The sabotage: every request counts as a new one, whatever its key."""
    monkeypatch.setattr(register, "uuid5", lambda *_: uuid4())
    got = await hammered(desk, clone["owner"], 2)
    assert not trial.met(ONCE, got), got


async def reused(desk, owner, series):
    """Each key once more for something else: the answers, and the visits that came of it."""
    before = rows(owner, "SELECT count(*) FROM encounter WHERE unit_id = 2")[0][0]
    chance, limit, codes = random.Random(SEED), asyncio.Semaphore(4), Counter()
    for number in range(OTHERS):
        body = form(owner, series, number)
        assert (await told(desk, "/api/reception/visits", body, limit)).status_code == 201
        other = chance.choice(
            [
                {"reason": "đau bụng"},
                {"patient": body["patient"] | {"birth_date": "1969-03-14"}},
                {"patient": body["patient"] | {"citizen_number": f"0979{series:02d}{number:06d}"}},
                {"patient": body["patient"] | {"gender": "male"}},
            ]
        )
        answer = await told(desk, "/api/reception/visits", body | other, limit)
        codes[answer.status_code] += 1
    after = rows(owner, "SELECT count(*) FROM encounter WHERE unit_id = 2")[0][0]
    return {"refused": codes[422], "rows": after - before, "answers": {str(code): n for code, n in codes.items()}}


async def test_a_key_is_not_taken_for_another_body(desk, clone):
    got = await reused(desk, clone["owner"], 3)
    trial.report("15", seed=SEED, n=OTHERS, expected={"refused": OTHERS, "rows": OTHERS}, got=got)


async def test_a_service_that_looks_at_the_key_alone_is_seen(desk, clone, monkeypatch):
    """The sabotage: what was sent is not compared, the first answer is given to anything."""

    monkeypatch.setattr(register, "encode", lambda _: "")
    got = await reused(desk, clone["owner"], 4)
    assert got["refused"] == 0
    assert not trial.met({"refused": OTHERS, "rows": OTHERS}, got)


def kept(series, number):
    """What a desk wrote down while the server was away."""
    arrived = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2) + timedelta(seconds=number)
    letters = "".join(chr(65 + int(digit)) for digit in f"{series}{number:04d}")
    return {
        "id": str(uuid5(NAMES, f"{SEED}-kept-{series}-{number}")), "slip": f"S-{number:04d}", "name": f"Lường Văn {letters}",
        "birth": f"{1 + number % 28:02d}/05/{1940 + number % 50}", "gender": "male", "phone": "",
        "number": f"0972{series:02d}{number:06d}", "reason": f"việc {number}", "arrived_at": arrived.isoformat(),
    }  # fmt: skip


def standing(owner, series):
    """What the messages of a series left: person, reason, and how many visits, tickets and received slips."""
    like = f"0972{series:02d}%"
    return rows(
        owner,
        "SELECT substr(p.citizen_number, 7), p.gender, e.reason, count(*), count(DISTINCT t.id), "
        "(SELECT count(*) FROM downtime_visit d WHERE d.unit_id = 2 AND d.encounter_id = min(e.id::text)::uuid) "
        "FROM patient p JOIN encounter e ON e.unit_id = p.unit_id AND e.patient_id = p.id "
        "LEFT JOIN ticket t ON t.unit_id = e.unit_id AND t.encounter_id = e.id "
        f"WHERE p.unit_id = 2 AND p.citizen_number LIKE '{like}' GROUP BY 1, 2, 3 ORDER BY 1, 3",
    )


async def received(desk, owner, ordered, shuffled, known=True):
    """One series delivered once and in order, another shuffled and up to five times: what each of them left."""
    chance, limit = random.Random(SEED), asyncio.Semaphore(4)
    for number in range(RECEIVED):
        assert (await told(desk, "/api/reception/downtime", kept(ordered, number), limit)).status_code == 200
    before = rows(owner, "SELECT count(*) FROM downtime_visit")[0][0]
    slips = [kept(shuffled, number) for number in range(RECEIVED)]
    sent = [slip for slip in slips for _ in range(chance.randint(1, 5))]
    chance.shuffle(sent)
    if not known:
        sent = [slip | {"id": str(uuid4())} for slip in sent]
    answers = await asyncio.gather(*(told(desk, "/api/reception/downtime", slip, limit) for slip in sent))
    one, other = standing(owner, ordered), standing(owner, shuffled)
    slips_left = rows(owner, "SELECT count(*) FROM downtime_visit")[0][0] - before
    return {
        "differences": len(set(one) ^ set(other)),
        "visits": len(other),
        "slips": slips_left,
        "other_answers": sum(answer.status_code != 200 for answer in answers),
        "sent": len(sent),
    }


LIKE_ONE_DELIVERY = {"differences": 0, "visits": RECEIVED, "slips": RECEIVED, "other_answers": 0}


async def test_what_comes_often_and_shuffled_leaves_what_one_delivery_leaves(desk, clone):
    got = await received(desk, clone["owner"], 1, 2)
    trial.report("22", seed=SEED, n=RECEIVED, expected=LIKE_ONE_DELIVERY, got=got)


async def test_a_receiver_that_does_not_know_its_messages_is_seen(desk, clone):
    """The sabotage: every copy comes with a name of its own."""
    got = await received(desk, clone["owner"], 3, 4, known=False)
    assert not trial.met(LIKE_ONE_DELIVERY, got), got
    assert got["slips"] > RECEIVED
