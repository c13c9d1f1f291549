"""The second step of a sign-in over the real application: required, replayed, lost, and what a half-open session opens."""

import re
from datetime import timedelta

import psycopg
import pyotp
import pytest

from his.identity import entering, own, second_factor, store
from his.identity.access import NOBODY, load_user
from his.identity.rules import password_complaint
from his.identity.terms import Role
from his.kit import clock
from his.kit.config import get_settings
from his.kit.errors import HisError, Kind

ADMIN = "unit-admin"


@pytest.fixture
def owner(clone):
    """The database as its owner; accounts are as the seed left them afterwards."""
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        kept = connection.execute("SELECT username, password_hash FROM account").fetchall()
        yield connection
        connection.execute("TRUNCATE web_session, account_factor, recovery_code, sign_in_address")
        connection.execute(
            "UPDATE account SET active = true, failed_count = 0, locked_until = NULL, factor_exempt = true"
        )
        for row in kept:
            connection.execute("UPDATE account SET password_hash = %s WHERE username = %s", (row[1], row[0]))


async def post(client, path="/sign-in", **fields):
    return await client.post(path, data=fields)


def csrf(answer):
    return re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]


async def enrolled(client, owner, username=ADMIN):
    """The account with a second factor, set up the way people do it; returns secret and recovery codes."""
    owner.execute("UPDATE account SET factor_exempt = false WHERE username = %s", (username,))
    answer = await post(client, username=username, password="demo")
    assert answer.headers["location"] == "/sign-in/enrol"
    page = await client.get("/sign-in/enrol")
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")
    done = await post(client, "/sign-in/enrol", csrf_token=csrf(page), code=pyotp.TOTP(secret).now())
    assert done.status_code == 200
    return secret, re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", done.text)


def later(secret, steps=1):
    """A code that has not been used: of the next step, which the window still takes."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


async def test_an_administrator_without_a_factor_gets_no_further_than_setting_one_up(client, owner):
    owner.execute("UPDATE account SET factor_exempt = false WHERE username = %s", (ADMIN,))
    answer = await post(client, username=ADMIN, password="demo")
    assert answer.headers["location"] == "/sign-in/enrol"
    for path in ("/claims", "/audit", "/account", "/", "/fhir/r4/Patient", "/api/claims"):
        shut = await client.get(path)
        assert shut.status_code in (303, 401), path
        assert shut.status_code == 401 or shut.headers["location"].startswith("/sign-in"), path
    page = await client.get("/sign-in/enrol")
    wrong = await post(client, "/sign-in/enrol", csrf_token=csrf(page), code="000000")
    assert wrong.status_code == 400
    assert (await post(client, "/sign-in/enrol", csrf_token="x", code="000000")).status_code == 403
    assert (await client.get("/claims")).status_code == 303


async def test_set_up_then_both_steps_are_asked(client, owner):
    secret, codes = await enrolled(client, owner)
    assert len(codes) == second_factor.RECOVERY_CODES
    assert (await client.get("/claims")).status_code == 303, "setting up is not signing in"
    answer = await post(client, username=ADMIN, password="demo", next="/audit")
    assert answer.headers["location"] == "/sign-in/code?next=/audit"
    assert (await client.get("/audit")).status_code == 303
    half = client.cookies["his_session"]
    page = await client.get(answer.headers["location"])
    done = await post(client, "/sign-in/code", csrf_token=csrf(page), code=later(secret), next="/audit")
    assert (done.status_code, done.headers["location"]) == (303, "/audit")
    assert client.cookies["his_session"] != half, "the session id rotates at each step"
    assert (await client.get("/audit")).status_code == 200
    stored = owner.execute("SELECT secret FROM account_factor").fetchone()[0]
    assert secret not in stored
    assert owner.execute("SELECT count(*) FROM web_session").fetchone() == (1,)


async def test_a_code_works_once_and_not_a_step_later(client, database, owner):
    secret, _ = await enrolled(client, owner)
    now = clock.now()
    code = pyotp.TOTP(secret).at(now + timedelta(seconds=30))

    async def enter(code, at):
        async with database.scoped(NOBODY) as db:
            return await entering.sign_in(db, ADMIN, "demo", at, agent="t", hours=12, code=code)

    await enter(code, now)
    for at in (now, now + timedelta(seconds=30), now + timedelta(seconds=60)):
        with pytest.raises(HisError):
            await enter(code, at)
    with pytest.raises(HisError):
        await enter(pyotp.TOTP(secret).at(now), now)  # an earlier step than the last one taken
    await enter(pyotp.TOTP(secret).at(now + timedelta(seconds=90)), now + timedelta(seconds=90))


async def test_a_recovery_code_works_once(client, owner):
    _, codes = await enrolled(client, owner)
    answers = []
    for typed in (codes[0].lower().replace("-", " "), codes[0], codes[1]):
        answers.append(await client.post("/sign-in", data={"username": ADMIN, "password": "demo", "code": typed}))
    assert [a.status_code for a in answers] == [303, 401, 303]
    assert codes[0] not in str(owner.execute("SELECT * FROM recovery_code").fetchall())


async def test_wrong_codes_lock_the_account_like_wrong_passwords(client, owner):
    secret, _ = await enrolled(client, owner)
    await post(client, username=ADMIN, password="demo")
    page = await client.get("/sign-in/code")
    for _ in range(5):
        assert (await post(client, "/sign-in/code", csrf_token=csrf(page), code="000000")).status_code == 401
    assert owner.execute("SELECT locked_until > now() FROM account WHERE username = %s", (ADMIN,)).fetchone() == (True,)
    late = await post(client, "/sign-in/code", csrf_token=csrf(page), code=later(secret))
    assert late.status_code == 401


async def test_the_half_open_session_ends_after_minutes(client, database, owner):
    await enrolled(client, owner)
    now = clock.now()
    async with database.scoped(NOBODY) as db:
        _, token = await entering.sign_in(db, ADMIN, "demo", now, agent="t", hours=12)
    assert await load_user(database, token, now) is None
    assert await load_user(database, token, now + timedelta(minutes=9), half=True) is not None
    assert await load_user(database, token, now + timedelta(minutes=10), half=True) is None


async def test_the_exemption_ends_with_the_demonstration(client, owner, monkeypatch):
    assert (await post(client, username=ADMIN, password="demo")).headers["location"] == "/claims"
    monkeypatch.setenv("HIS_DEMO", "false")
    get_settings.cache_clear()
    assert (await post(client, username=ADMIN, password="demo")).headers["location"] == "/sign-in/enrol"
    assert (await post(client, username="doctor", password="demo")).headers["location"] == "/queue"


async def test_an_address_that_guesses_is_refused_whoever_it_names(client, owner, monkeypatch):
    monkeypatch.setenv("HIS_ADDRESS_SIGN_IN_ATTEMPTS", "6")
    get_settings.cache_clear()
    for n in range(6):
        assert (await post(client, username=f"nobody-{n}", password="x")).status_code == 401
    refused = await post(client, username="doctor", password="demo")
    assert refused.status_code == 429
    assert "Máy này nhập sai quá nhiều lần" in refused.text
    owner.execute("UPDATE sign_in_address SET since = since - interval '15 minutes'")
    assert (await post(client, username="doctor", password="demo")).status_code == 303


async def test_my_sign_ins_are_mine_and_can_be_ended(client, database, owner):
    async with database.scoped(NOBODY) as db:
        agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537"
        account, other = await entering.sign_in(
            db, "doctor", "demo", clock.now(), agent=agent, hours=12, address="10.1.2.3"
        )
        _, stranger = await entering.sign_in(db, "nurse", "demo", clock.now(), agent="Nurse's", hours=12)
    await post(client, username="doctor", password="demo")
    page = await client.get("/account")
    assert "Chrome · Windows" in page.text
    assert "10.1.2.3" in page.text
    assert "Nurse" not in page.text
    mark = re.search(r'name="mark" value="([0-9a-f]{16})"', page.text)[1]
    token = csrf(page)
    foreign = owner.execute("SELECT left(token_sha256, 16) FROM web_session WHERE user_agent = 'Nurse''s'").fetchone()[
        0
    ]
    assert (await post(client, "/account/sessions/end", csrf_token=token, mark=foreign)).status_code == 404
    assert (await post(client, "/account/sessions/end", csrf_token="x", mark=mark)).status_code == 403
    assert await load_user(database, other, clock.now()) is not None
    assert (await post(client, "/account/sessions/end", csrf_token=token, mark=mark)).status_code == 303
    assert await load_user(database, other, clock.now()) is None
    assert await load_user(database, stranger, clock.now()) is not None
    assert (await client.get("/account")).status_code == 200
    async with database.scoped(NOBODY) as db:
        assert len(await own.list_sign_ins(db, account.id, "", clock.now())) == 1


@pytest.mark.parametrize(
    ("role", "password", "good"),
    [
        (Role.DOCTOR, "ngắn", False), (Role.DOCTOR, "1234567890", False), (Role.DOCTOR, "aaaaaaaaaaaa", False),
        (Role.DOCTOR, "doctor rất dài", False), (Role.DOCTOR, "mưa rơi trên phố", True),
        (Role.UNIT_ADMIN, "mưa rơi phố", False), (Role.UNIT_ADMIN, "mưa rơi trên phố huyện", True),
    ],
)  # fmt: skip
def test_password_rules(role, password, good):
    assert (password_complaint(role, "doctor", password) == "") is good


async def test_a_new_password_ends_the_other_sessions(client, database, owner):
    async with database.scoped(NOBODY) as db:
        _, other = await entering.sign_in(db, "doctor", "demo", clock.now(), agent="t", hours=12)
    await post(client, username="doctor", password="demo")
    token = csrf(await client.get("/account"))
    wrong = await post(client, "/account/password", csrf_token=token, current="sai", new="mưa rơi trên phố")
    weak = await post(client, "/account/password", csrf_token=token, current="demo", new="ngắn")
    assert (wrong.status_code, weak.status_code) == (400, 400)
    assert await load_user(database, other, clock.now()) is not None
    done = await post(client, "/account/password", csrf_token=token, current="demo", new="mưa rơi trên phố")
    assert done.status_code == 200
    assert await load_user(database, other, clock.now()) is None
    assert (await client.get("/account")).status_code == 200
    assert (await post(client, username="doctor", password="demo")).status_code == 401
    assert (await post(client, username="doctor", password="mưa rơi trên phố")).status_code == 303


async def test_guessing_the_password_from_inside_locks_too(client, owner):
    await post(client, username="doctor", password="demo")
    token = csrf(await client.get("/account"))
    said = [
        (
            await post(client, "/account/password", csrf_token=token, current=f"sai {n}", new="mưa rơi trên phố")
        ).status_code
        for n in range(6)
    ]
    assert said == [400] * 5 + [429]


async def test_another_phone_needs_a_code_of_the_old_one(client, database, owner):
    secret, _ = await enrolled(client, owner)
    await client.post("/sign-in", data={"username": ADMIN, "password": "demo", "code": later(secret)})
    token = csrf(await client.get("/account"))
    await post(client, "/account/factor/new", csrf_token=token)
    fresh = re.search(r'id="secret">([A-Z2-7 ]+)<', (await client.get("/account")).text)[1].replace(" ", "")
    assert fresh != secret
    code = pyotp.TOTP(fresh).now()
    refused = await post(client, "/account/factor", csrf_token=token, code=code, old_code="000000")
    assert refused.status_code == 400
    async with database.scoped(NOBODY) as db:
        account = await store.find_account(db, ADMIN)
        factor = await store.get_factor(db, account.id)
    assert second_factor.unseal(get_settings().data_dir, factor.secret, str(account.id)) == secret
    assert second_factor.unseal(get_settings().data_dir, factor.secret, "another account") == ""


def test_a_code_is_compared_in_its_window_only():
    secret, now = second_factor.new_secret(), clock.now()
    step = int(now.timestamp()) // 30
    codes = {n: pyotp.TOTP(secret).at((step + n) * 30) for n in range(-3, 4)}
    found = [n for n in codes if second_factor.step_of(secret, codes[n], now, 0) is not None]
    assert set(found) >= {-1, 0, 1}
    assert all(codes[n] in {codes[-1], codes[0], codes[1]} for n in found)
    assert second_factor.step_of(secret, codes[0], now, step) is None
    assert HisError(Kind.INVALID, "").status == 400
