"""Signing in and out, sessions that end, cookies, and requests that another site started; over the real application."""

import asyncio
import re
import statistics
import time
from datetime import timedelta

import httpx
import psycopg
import pytest
from sqlalchemy import select

from his.app import create_app
from his.audit.tables import AuditEntry
from his.identity import service, store
from his.identity.access import NOBODY, load_user
from his.identity.passwords import digest
from his.kit import clock
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind

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


async def test_the_right_password_leads_to_the_roles_first_page(client, owner):
    answer = await post(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    page = await client.get("/queue")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"


async def test_cookie_flags(client, owner):
    cookie = (await post(client)).headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie
    assert "secure" not in cookie


async def test_over_tls_the_cookie_is_bound_to_the_host(clone, owner, monkeypatch):
    monkeypatch.setenv("HIS_PUBLIC_URL", "https://his.example")
    get_settings.cache_clear()
    try:
        database = Database(clone["his_app"], size=2)
        transport = httpx.ASGITransport(app=create_app(database), raise_app_exceptions=False)
        await database.open()
        async with httpx.AsyncClient(transport=transport, base_url="https://his.example") as client:
            cookie = (await post(client)).headers["set-cookie"]
            assert cookie.startswith("__Host-his_session=")
            assert "; Secure" in cookie
            assert (await client.get("/queue")).status_code == 200
        await database.close()
    finally:
        monkeypatch.delenv("HIS_PUBLIC_URL")
        get_settings.cache_clear()


async def test_every_refusal_is_the_same_answer(client, owner):
    owner.execute("UPDATE account SET active = false WHERE username = 'nurse'")
    owner.execute("UPDATE account SET locked_until = now() + interval '1 hour' WHERE username = 'cashier'")
    answers = [
        await post(client, "doctor", "sai"),
        await post(client, "khong-co-ai", "demo"),
        await post(client, "nurse", "demo"),
        await post(client, "cashier", "demo"),
        await post(client, "cashier", "sai"),
        await post(client, "doctor", ""),
    ]
    assert {a.status_code for a in answers} == {401}
    assert all(WRONG in a.text and "set-cookie" not in a.headers for a in answers)

    def shape(answer, name):
        return re.sub(r"\d\d:\d\d(:\d\d)?", "", answer.text.replace(f'value="{name}"', ""))

    names = ["doctor", "khong-co-ai", "nurse", "cashier", "cashier", "doctor"]
    assert len({shape(a, n) for a, n in zip(answers, names, strict=True)}) == 1


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(database, owner):
    async def seconds(username):
        start = time.perf_counter()
        with pytest.raises(HisError):
            await sign_in(database, username, "sai")
        return time.perf_counter() - start

    known, unknown = [], []
    for n in range(12):
        owner.execute("UPDATE account SET failed_count = 0, locked_until = NULL")
        known.append(await seconds("doctor"))
        unknown.append(await seconds(f"khong-co-{n}"))
    assert statistics.median(unknown) > 0.5 * statistics.median(known), (known, unknown)


async def test_five_wrong_passwords_lock_and_time_unlocks(database, owner):
    now = clock.now()
    for _ in range(5):
        with pytest.raises(HisError):
            await sign_in(database, "doctor", "sai", now)
    with pytest.raises(HisError) as caught:
        await sign_in(database, "doctor", "demo", now + timedelta(minutes=14, seconds=59))
    assert caught.value.kind is Kind.UNAUTHENTICATED
    account, _ = await sign_in(database, "doctor", "demo", now + timedelta(minutes=15))
    assert owner.execute("SELECT failed_count, locked_until FROM account WHERE username = 'doctor'").fetchone() == (
        0,
        None,
    )
    t = table(AuditEntry)
    async with database.scoped(Scope(account.unit_id)) as db:
        done = [row.action for row in await db.all(select(t.c.action).where(t.c.entity_id == str(account.id)))]
    assert done.count("sign-in-refused") >= 6
    assert "sign-in" in done


async def test_four_wrong_and_a_right_one_start_anew(database, owner):
    for _ in range(4):
        with pytest.raises(HisError):
            await sign_in(database, "doctor", "sai")
    await sign_in(database)
    for _ in range(4):
        with pytest.raises(HisError):
            await sign_in(database, "doctor", "sai")
    await sign_in(database)


async def test_guesses_at_the_same_moment_are_all_counted(database, owner):
    async def guess(n):
        with pytest.raises(HisError):
            await sign_in(database, "doctor", f"sai-{n}")

    await asyncio.gather(*(guess(n) for n in range(5)))
    assert owner.execute("SELECT locked_until IS NOT NULL FROM account WHERE username = 'doctor'").fetchone() == (True,)


async def test_an_account_closed_while_its_password_is_checked_stays_closed(database, owner):
    owner.execute("UPDATE account SET failed_count = 1 WHERE username = 'doctor'")
    task = asyncio.create_task(sign_in(database))
    async with database.scoped(NOBODY) as db:
        await store.find_account(db, "doctor")
    owner.execute("UPDATE account SET active = false WHERE username = 'doctor'")
    await asyncio.gather(task, return_exceptions=True)
    assert owner.execute("SELECT active FROM account WHERE username = 'doctor'").fetchone() == (False,)


async def test_a_session_ends_after_idleness_and_after_its_hours(database, owner):
    now = clock.now()
    _, token = await sign_in(database, now=now)
    settings = get_settings()
    idle, whole = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    assert await load_user(database, token, now + idle) is None
    assert await load_user(database, token, now + idle - timedelta(seconds=1)) is not None
    assert await load_user(database, token, now + idle) is not None, "a click must start the idle time anew"
    at = now + idle
    while at + idle / 2 < now + whole:
        at += idle / 2
        assert await load_user(database, token, at) is not None
    assert await load_user(database, token, now + whole) is None


@pytest.mark.parametrize(
    "change",
    ["UPDATE account SET active = false WHERE username = 'doctor'", "UPDATE unit SET active = false WHERE id = 2"],
)
async def test_a_session_ends_with_its_account_and_its_unit(database, owner, change):
    _, token = await sign_in(database)
    assert await load_user(database, token, clock.now()) is not None
    owner.execute(change)
    assert await load_user(database, token, clock.now()) is None


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "a\x00b", "é", "a" * 5000])
async def test_an_unknown_cookie_is_nobody(client, token):
    answer = await client.get("/queue", headers={b"cookie": b"his_session=" + token.encode("latin-1")})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_signing_in_again_changes_the_session_and_ends_the_old_one(client, database, owner):
    first = token_of(await post(client))
    second = token_of(await post(client, "nurse"))
    assert first != second
    assert await load_user(database, first, clock.now()) is None
    user = await load_user(database, second, clock.now())
    assert user is not None
    assert user.username == "nurse"
    assert owner.execute("SELECT count(*) FROM web_session").fetchone() == (1,)


async def test_a_planted_cookie_is_never_adopted(client, owner):
    client.cookies.set("his_session", "planted")
    assert token_of(await post(client)) != "planted"


async def test_the_database_knows_only_the_digest_of_a_cookie(client, owner):
    token = token_of(await post(client))
    rows = owner.execute("SELECT token_sha256, csrf FROM web_session").fetchall()
    assert [row[0] for row in rows] == [digest(token)]
    assert token not in str(rows)
