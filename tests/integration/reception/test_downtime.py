"""Receiving what a desk kept while the server was away: once, for the right person, and questions for the rest."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio

from his.app import create_app
from his.kit.db import Database

BUDGET = 12


async def signed_in(client: httpx.AsyncClient, username: str) -> httpx.AsyncClient:
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"hx-request": "true"}
    )
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]
    return client


@pytest_asyncio.fixture
async def desk(client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in at the front desk of unit 2."""
    yield await signed_in(client, "front-desk")


@pytest.fixture
def owner(clone: dict[str, str]) -> Any:
    """What really stands in the database."""
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield lambda sql, *values: connection.execute(sql, values).fetchall()


def kept(person: int, **words: Any) -> dict[str, Any]:
    base = {
        "id": str(uuid4()), "slip": f"ABC-{person:02d}", "name": f"Quàng Thị Số {'A' * person}", "birth": f"14/03/{1940 + person}",
        "gender": "female", "phone": "", "number": f"0971680{person:05d}", "reason": "đau đầu",
        "arrived_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    return base | words


async def send(desk: httpx.AsyncClient, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await desk.post("/api/reception/downtime", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_new_person_becomes_a_visit_with_both_clocks(desk: httpx.AsyncClient, owner: Any) -> None:
    body = kept(1)
    done = await send(desk, body)
    assert (done["state"], done["repeated"]) == ("merged", False)
    assert done["ticket_number"] >= 1
    ((arrived, reason),) = owner(
        "SELECT arrived_at, reason FROM encounter WHERE dossier_code = %s", done["dossier_code"]
    )
    assert arrived == datetime.fromisoformat(body["arrived_at"])
    assert reason == "đau đầu"
    ((row,),) = owner("SELECT row_to_json(d) FROM downtime_visit d WHERE id = %s", body["id"])
    assert row["state"] == "merged"
    assert datetime.fromisoformat(row["received_at"]) > datetime.fromisoformat(row["arrived_at"])
    assert [row[k] for k in ("name", "birth", "gender", "phone", "number", "reason")] == [""] * 6
    ((detail, entry),) = owner(
        "SELECT detail, audit_entry::text FROM audit_entry WHERE action = 'downtime:merge' AND entity_id = %s",
        body["id"],
    )
    assert detail["arrived_at"] != detail["received_at"]
    assert body["number"] not in entry
    assert "Quàng" not in entry


async def test_twenty_at_once_are_one_visit(desk: httpx.AsyncClient, owner: Any) -> None:
    body = kept(2)
    answers = await asyncio.gather(*(send(desk, body) for _ in range(20)))
    assert {a["state"] for a in answers} == {"merged"}
    assert len({a["dossier_code"] for a in answers}) == 1
    assert {a["ticket_number"] for a in answers} == {answers[0]["ticket_number"]}
    assert sum(not a["repeated"] for a in answers) == 1
    assert owner("SELECT count(*) FROM patient WHERE citizen_number = %s", body["number"]) == [(1,)]
    assert owner("SELECT count(*) FROM downtime_visit WHERE id = %s", body["id"]) == [(1,)]
    visits = "SELECT count(*) FROM encounter e JOIN patient p ON p.id = e.patient_id WHERE p.citizen_number = %s"
    assert owner(visits, body["number"]) == [(1,)]


async def test_two_desks_that_send_the_same_id_make_one_visit(
    desk: httpx.AsyncClient, clone: dict[str, str], owner: Any
) -> None:
    """The first clerk's session ended; the next one at the same computer sends the list again, at the same moment."""
    owner("UPDATE account SET role = 'front-desk' WHERE username = 'nurse' RETURNING 1")
    app = create_app(database := Database(clone["his_app"], size=8))
    await database.open()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://his.test") as second:
        await signed_in(second, "nurse")
        bodies = [kept(20 + n, number="" if n % 2 else f"0971680{20 + n:05d}") for n in range(6)]
        answers = await asyncio.gather(*(send(who, body) for body in bodies for who in (desk, second, desk, second)))
    await database.close()
    owner("UPDATE account SET role = 'nurse' WHERE username = 'nurse' RETURNING 1")
    assert {a["state"] for a in answers} == {"merged"}
    for body in bodies:
        visits = "SELECT count(*) FROM encounter e JOIN patient p ON p.id = e.patient_id WHERE p.name = %s"
        assert owner(visits, body["name"]) == [(1,)]
    assert len({a["dossier_code"] for a in answers}) == len(bodies)


async def test_another_content_under_a_known_id_changes_nothing(desk: httpx.AsyncClient, owner: Any) -> None:
    body = kept(3)
    await send(desk, body)
    answer = await send(desk, body | {"name": "Lò Văn Páo"}, 409)
    assert "nội dung khác" in answer["title"]
    assert owner("SELECT count(*) FROM patient WHERE name = 'Lò Văn Páo'") == [(0,)]


async def test_a_sure_person_gets_the_visit_and_keeps_the_record(desk: httpx.AsyncClient, owner: Any) -> None:
    first = kept(4, phone="0912000404")
    done = await send(desk, first)
    owner(
        "UPDATE encounter SET status = 'finished', signed_at = now() WHERE dossier_code = %s RETURNING 1",
        done["dossier_code"],
    )
    again = await send(desk, kept(4, phone="0999999999", birth="1944", gender="male"))
    assert again["state"] == "merged"
    rows = owner("SELECT phone, gender, birth_date::text FROM patient WHERE citizen_number = %s", first["number"])
    assert rows == [("0912000404", "female", "1944-03-14")]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "open-visit"),
        ({"name": "Lò Văn Páo"}, "other-words"),
        ({"number": ""}, "namesake"),
        ({"number": "", "arrived_at": "2026-01-01T08:00:00+07:00"}, "clock"),
    ],
    ids=["open-visit", "other-words", "namesake", "clock"],
)
async def test_a_doubt_is_a_question(desk: httpx.AsyncClient, owner: Any, words: dict[str, Any], why: str) -> None:
    await send(desk, kept(5))
    body = kept(5, **words)
    done = await send(desk, body)
    assert done["state"] == "waiting"
    assert await send(desk, body) == done | {"repeated": True}
    assert owner("SELECT why, state FROM downtime_visit WHERE id = %s", body["id"]) == [(why, "waiting")]


async def test_the_next_row_is_received_after_a_bad_one(desk: httpx.AsyncClient) -> None:
    refused = await send(desk, kept(6, birth="31/02/1968"), 422)
    assert [f["expression"] for f in refused["findings"]] == ["birth"]
    assert (await send(desk, kept(6, gender="x"), 422))["findings"][0]["message"]
    assert (await send(desk, kept(6, arrived_at="08:05"), 400))["field"] == "arrived_at"
    assert (await send(desk, kept(6) | {"id": "x"}, 400))["field"] == "id"
    assert (await send(desk, kept(6)))["state"] == "merged"


async def question(desk: httpx.AsyncClient, number: int, **words: Any) -> tuple[str, str]:
    """A row that waits, with the person on record it may be."""
    first = await send(desk, kept(number))
    assert first["state"] == "merged"
    body = kept(number, number="", **words)
    assert (await send(desk, body))["state"] == "waiting"
    return body["id"], f"0971680{number:05d}"


async def form_of(desk: httpx.AsyncClient, kept_id: str) -> dict[str, str]:
    page = await desk.get(f"/front-desk/kept/{kept_id}")
    assert page.status_code == 200
    assert int(re.findall(r'"(\d+)"', page.headers["server-timing"])[0]) <= BUDGET
    room = re.search(r'<select[^>]*name="room"[^>]*>\s*<option value="([^"]+)"', page.text)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert room is not None
    assert version is not None
    return {"room": room[1], "version": version[1]}


async def test_a_clerk_says_it_is_the_same_person(desk: httpx.AsyncClient, owner: Any) -> None:
    kept_id, number = await question(desk, 7)
    ((patient,),) = owner("SELECT id::text FROM patient WHERE citizen_number = %s", number)
    form = await form_of(desk, kept_id) | {"who": patient}
    assert (await desk.post(f"/front-desk/kept/{kept_id}", data=form)).status_code == 303
    rows = owner("SELECT state, outcome, patient_id::text, name FROM downtime_visit WHERE id = %s", kept_id)
    assert rows == [("merged", "same", patient, "")]
    assert owner("SELECT count(*) FROM encounter WHERE patient_id = %s", patient) == [(2,)]
    late = await desk.post(f"/front-desk/kept/{kept_id}", data=form)
    assert late.status_code == 412
    assert "vừa được người khác xử lý" in late.text
    assert owner("SELECT count(*) FROM encounter WHERE patient_id = %s", patient) == [(2,)]


async def test_two_clerks_decide_at_once_and_one_wins(desk: httpx.AsyncClient, owner: Any) -> None:
    kept_id, number = await question(desk, 8)
    ((patient,),) = owner("SELECT id::text FROM patient WHERE citizen_number = %s", number)
    form = await form_of(desk, kept_id)
    answers = await asyncio.gather(
        *(desk.post(f"/front-desk/kept/{kept_id}", data=form | {"who": who}) for who in ("new", patient) * 3)
    )
    assert sum(a.status_code == 303 for a in answers) >= 1
    assert {a.status_code for a in answers} <= {303, 409, 412, 422}, "whoever is late is told so"
    name = f"Quàng Thị Số {'A' * 8}"
    visits = "SELECT count(*) FROM encounter e JOIN patient p ON p.id = e.patient_id WHERE p.name = %s"
    assert owner(visits, name) == [(2,)]


async def test_a_clerk_says_it_is_a_new_person_without_the_number(desk: httpx.AsyncClient, owner: Any) -> None:
    await send(desk, kept(9))
    body = kept(9, name="Lò Văn Páo", birth="1990")
    assert (await send(desk, body))["state"] == "waiting"
    form = await form_of(desk, body["id"]) | {"who": "new"}
    refused = await desk.post(f"/front-desk/kept/{body['id']}", data=form)
    assert refused.status_code == 409
    assert "đã có số CCCD này" in refused.text
    done = await desk.post(f"/front-desk/kept/{body['id']}", data=form | {"without_number": "1"})
    assert done.status_code == 303
    assert owner("SELECT citizen_number FROM patient WHERE name = 'Lò Văn Páo' AND birth_date = '1990-01-01'") == [
        ("",)
    ]


async def test_a_clerk_discards_with_a_reason_only(desk: httpx.AsyncClient, owner: Any) -> None:
    kept_id, _ = await question(desk, 10)
    form = await form_of(desk, kept_id)
    silent = await desk.post(f"/front-desk/kept/{kept_id}/discard", data=form | {"discard_reason": " "})
    assert silent.status_code == 400
    assert "Ghi lý do" in silent.text
    done = await desk.post(f"/front-desk/kept/{kept_id}/discard", data=form | {"discard_reason": "ghi hai lần"})
    assert done.status_code == 303
    assert owner("SELECT state, discard_reason FROM downtime_visit WHERE id = %s", kept_id) == [
        ("discarded", "ghi hai lần")
    ]
    actions = owner("SELECT action FROM audit_entry WHERE entity_id = %s ORDER BY id", kept_id)
    assert [a[0] for a in actions] == ["downtime:ask", "read", "downtime:discard"]


async def test_rights_and_the_token_are_asked(desk: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    token = desk.headers.pop("x-csrf-token")
    assert (await desk.post("/api/reception/downtime", json=kept(11))).status_code == 403
    desk.headers["x-csrf-token"] = token
    await signed_in(client, "nurse")
    assert (await client.post("/api/reception/downtime", json=kept(11))).status_code == 403
    for path in (
        "/front-desk/downtime",
        "/front-desk/downtime-worker.js",
        "/front-desk/kept",
        f"/front-desk/kept/{uuid4()}",
    ):
        assert (await client.get(path)).status_code == 403


async def test_another_unit_sees_nothing_and_the_same_id_is_its_own(desk: httpx.AsyncClient, owner: Any) -> None:
    kept_id, _ = await question(desk, 12)
    home = owner("SELECT unit_id FROM account WHERE username = 'front-desk'")[0][0]
    there = owner("SELECT id FROM unit WHERE kind = 'facility' AND id <> %s ORDER BY id LIMIT 1", home)
    if not there:
        there = owner("SELECT DISTINCT unit_id FROM room WHERE unit_id <> %s ORDER BY 1 LIMIT 1", home)
    owner("UPDATE account SET unit_id = %s WHERE username = 'front-desk' RETURNING 1", there[0][0])
    try:
        missing = await desk.get(f"/front-desk/kept/{kept_id}")
        nowhere = await desk.get(f"/front-desk/kept/{uuid4()}")
        assert missing.status_code == nowhere.status_code == 404
        assert missing.text == nowhere.text
        assert "Quàng" not in (await desk.get("/front-desk/kept")).text
    finally:
        owner("UPDATE account SET unit_id = %s WHERE username = 'front-desk' RETURNING 1", home)


async def test_the_kept_page_names_nobody_and_the_worker_has_its_scope(desk: httpx.AsyncClient) -> None:
    shell = await desk.get("/front-desk/downtime")
    assert shell.status_code == 200
    assert desk.headers["x-csrf-token"] not in shell.text
    assert 'data-unit=""' in shell.text
    worker = await desk.get("/front-desk/downtime-worker.js")
    assert worker.headers["service-worker-allowed"] == "/front-desk"
    assert "worker-src 'self'" in worker.headers["content-security-policy"]
    assert re.match(r'const VERSION = "[0-9a-f]{12}";', worker.text)
    page = await desk.get("/front-desk/kept")
    assert int(re.findall(r'"(\d+)"', page.headers["server-timing"])[0]) <= BUDGET
