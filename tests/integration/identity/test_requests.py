"""Signing out, requests that another site started, addresses that lead elsewhere, and strange input at the door."""

import asyncio
import re
from datetime import timedelta

import httpx
import psycopg
import pytest
from sqlalchemy import select

from his.identity import service, store
from his.identity.access import NOBODY, load_user
from his.identity.passwords import digest
from his.identity.tables import Account, WebSession
from his.kit import clock
from his.kit.columns import table

WRONG = "Tên đăng nhập hoặc mật khẩu chưa đúng"


@pytest.fixture
def owner(clone):
    """The database as its owner, to bring accounts and sessions into a state; put back afterwards."""
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection
        connection.execute("UPDATE account SET active = true, failed_count = 0, locked_until = NULL")
        connection.execute("UPDATE unit SET active = true")
        connection.execute("DELETE FROM web_session")


async def post(client, username="doctor", password="demo", **fields):
    return await client.post("/sign-in", data={"username": username, "password": password, **fields})


def token_of(answer: httpx.Response) -> str:
    return re.search(r"his_session=([^;]+)", answer.headers["set-cookie"])[1]


async def sign_in(database, username="doctor", password="demo", now=None, **more):
    async with database.scoped(NOBODY) as db:
        return await service.sign_in(db, username, password, now or clock.now(), agent="test", hours=12, **more)


async def csrf_of(database, client):
    user = await load_user(database, client.cookies["his_session"], clock.now())
    return user.csrf


async def test_signing_out_ends_the_session_here_and_on_the_server(client, database, owner):
    await post(client)
    token = client.cookies["his_session"]
    answer = await client.post("/sign-out", headers={"x-csrf-token": await csrf_of(database, client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert 'his_session=""' in answer.headers["set-cookie"]
    assert await load_user(database, token, clock.now()) is None
    client.cookies.set("his_session", token)
    assert (await client.get("/queue")).status_code == 303


async def test_a_sign_out_in_another_window_is_no_error(database, owner):
    now = clock.now()
    _, token = await sign_in(database, now=now - timedelta(minutes=5))
    async with database.scoped(NOBODY) as db:
        session = await store.find_session(db, digest(token))
    assert isinstance(session, WebSession)

    async def both():
        return await asyncio.gather(
            *(load_user(database, token, now) for _ in range(4)),
            asyncio.to_thread(owner.execute, "DELETE FROM web_session"),
        )

    answers = await both()
    assert all(a is None or isinstance(a.account_id, type(session.account_id)) for a in answers[:4])
    assert await load_user(database, token, now) is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({"x-csrf-token": "sai"}, {}),
        ({"x-csrf-token": ""}, {}),
        ({"x-csrf-token": "é".encode()}, {}),
        ({}, {"csrf": "sai"}),
        ({"sec-fetch-site": "cross-site", "right": "1"}, {}),
        ({"sec-fetch-site": "same-site", "right": "1"}, {}),
        ({"sec-fetch-site": "", "right": "1"}, {}),
    ],
)
async def test_a_request_that_another_site_started_changes_nothing(client, database, owner, headers, body):
    await post(client)
    if headers.pop("right", ""):
        headers["x-csrf-token"] = await csrf_of(database, client)
    answer = await client.post("/sign-out", data=body, headers=headers)
    assert answer.status_code == 403
    assert await load_user(database, client.cookies["his_session"], clock.now()) is not None


@pytest.mark.parametrize("site", ["same-origin", "none", None])
async def test_the_own_page_may(client, database, owner, site):
    await post(client)
    headers = {"sec-fetch-site": site} if site else {}
    answer = await client.post("/sign-out", data={"csrf": await csrf_of(database, client)}, headers=headers)
    assert answer.status_code == 303


async def test_the_token_of_another_session_does_not_count(client, database, owner):
    _, other = await sign_in(database)
    stranger = await load_user(database, other, clock.now())
    await post(client)
    assert (await client.post("/sign-out", headers={"x-csrf-token": stranger.csrf})).status_code == 403


async def test_another_site_cannot_sign_somebody_in(client, owner):
    answer = await client.post(
        "/sign-in", data={"username": "doctor", "password": "demo"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", ""]
)
async def test_a_sign_in_never_leads_to_another_host(client, owner, address):
    assert (await post(client, next=address)).headers["location"] == "/queue"
    assert (await client.get("/sign-in", params={"next": address})).headers["location"] == "/queue"


async def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(client, owner):
    asked = await client.get("/visit/0198b2a0-0000-7000-8000-000000000001?tab=a&x=1")
    form = await client.get(asked.headers["location"])
    wanted = re.search(r'name="next"[^>]*value="([^"]*)"', form.text)[1].replace("&amp;", "&")
    answer = await post(client, next=wanted)
    assert answer.headers["location"] == "/visit/0198b2a0-0000-7000-8000-000000000001?tab=a&x=1"


async def test_the_dialog_over_a_page_gives_the_new_token(client, database, owner):
    answer = await client.post(
        "/sign-in", data={"username": "doctor", "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204
    assert answer.headers["x-csrf-token"] == await csrf_of(database, client)


@pytest.mark.parametrize("username", ["a\x00b", "' OR '1'='1", "A" * 100, "bác sĩ", "doctor\r\nX: 1"])
async def test_strange_names_are_only_wrong(client, owner, username):
    assert (await post(client, username)).status_code in (400, 401)


async def test_too_long_names_and_passwords_are_refused_before_they_cost_anything(client, owner):
    assert (await post(client, "a" * 101)).status_code == 400
    assert (await post(client, "doctor", "a" * 201)).status_code == 400


async def test_what_the_browser_says_of_itself_is_cut_and_cleaned(client, owner):
    await client.post(
        "/sign-in", data={"username": "doctor", "password": "demo"}, headers={"user-agent": "x" * 5000 + "\x07"}
    )
    assert owner.execute("SELECT max(length(user_agent)) FROM web_session").fetchone() == (200,)


async def test_accounts_have_one_role_and_a_unit(database):
    t = table(Account)
    async with database.scoped(NOBODY) as db:
        rows = await db.all(select(t.c.role, t.c.unit_id).limit(500))
    assert len(rows) > 20
    assert all(row.role and row.unit_id for row in rows)
