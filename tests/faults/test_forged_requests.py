"""Trial 36: requests that the person did not make, or no longer may make, change nothing; a session's id rotates.

Each case is one request to doors that write a draft, end a session, write a FHIR resource or sign in; the whole database is
compared before and after, but for the audit trail and the count of wrong sign-ins, which are there to notice.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from his.identity import access, entering
from his.identity.access import NOBODY
from his.identity.passwords import digest
from his.kit import clock
from tests.faults.trial import report

DRAFT = "/drafts/notes/trial"
FORM = "application/x-www-form-urlencoded"
NOTICED = {"audit_entry", "sign_in_address", "alembic_version"}
PATIENT = '{"resourceType":"Observation","status":"final","code":{"text":"x"}}'


@dataclass
class Stage:
    """Cookies and tokens of the sessions the cases use."""

    cookie: str
    csrf: str
    other_csrf: str
    stranger_csrf: str
    dead: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One forged request; `refused` are the statuses that say so."""

    name: str
    method: str = "POST"
    path: str = DRAFT
    cookie: str | None = ""
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "text=forged"
    kind: str = FORM


def cases(s: Stage) -> list[Case]:
    """The set; a cookie of "" is the live session's, None sends no cookie."""
    good = s.csrf
    boundary = f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{s.other_csrf}\r\n--b--\r\n'
    cross = {"sec-fetch-site": "cross-site"}
    out = [
        Case("no token"), Case("empty token", token=""), Case("another token", token="x" * 43),
        Case("the token cut short", token=good[:-1]), Case("the token with a letter more", token=good + "a"),
        Case("the token in capitals", token=good.upper()), Case("the token turned round", token=good[::-1]),
        Case("a token of a megabyte", token="a" * 20_000), Case("a token with a NUL", body=f"text=x&csrf_token={good}%00"),
        Case("the token of another session of the person", token=s.other_csrf),
        Case("the token of another person", token=s.stranger_csrf),
        Case("the token in the address", path=f"{DRAFT}?csrf_token={good}"),
        Case("the token in a cookie", headers={"cookie": f"his_session={s.cookie}; csrf_token={good}"}, cookie=None),
        Case("the token in a JSON body", kind="application/json", body=f'{{"csrf_token":"{good}"}}'),
        Case("the token in a text body", kind="text/plain", body=f"csrf_token={good}"),
        Case("another token in a multipart form", kind="multipart/form-data; boundary=b", body=boundary),
        Case("the right token from another site", token=good, headers=cross),
        Case("the right token from a neighbour's site", token=good, headers={"sec-fetch-site": "same-site"}),
        Case("a form of another site", headers=cross, body=f"text=x&csrf_token={good}"),
        Case("an unknown word for the site", token=good, headers={"sec-fetch-site": "nowhere"}),
        Case("a GET that says it is a POST", method="GET", headers={"x-http-method-override": "POST"}, body=""),
        Case("a GET with _method", method="GET", path=f"{DRAFT}?_method=POST", body=""),
        Case("a HEAD", method="HEAD", body=""), Case("a deletion without token", method="DELETE", body=""),
        Case("no cookie but a token", cookie=None, token=good), Case("an invented cookie", cookie="planted", token=good),
        Case("the digest as cookie", cookie=digest(s.cookie), token=good),
        Case("the end of a session from another site", path="/sign-out", token=good, headers=cross),
        Case("the end of a session without token", path="/sign-out"),
        Case("sessions ended without token", path="/account/sessions/end"),
        Case("another password without token", path="/account/password", body="current=demo&new=forged+and+long"),
        Case("a second factor without token", path="/account/factor/new"),
        Case("consent to an app without token", path="/authorize", body="allow=1"),
        Case("a sign-in from another site", path="/sign-in", headers=cross, body="username=nurse&password=demo", cookie=None),
        Case("a FHIR resource without token", path="/fhir/r4/Observation", kind="application/fhir+json", body=PATIENT),
        Case("a FHIR resource with another token", path="/fhir/r4/Observation", kind="application/fhir+json", body=PATIENT,
             token=s.other_csrf),
        Case("a FHIR resource from another site", path="/fhir/r4/Observation", kind="application/fhir+json", body=PATIENT,
             token=good, headers=cross),
        Case("a FHIR bundle without token", path="/fhir/r4", kind="application/fhir+json",
             body='{"resourceType":"Bundle","type":"transaction","entry":[{"resource":' + PATIENT
             + ',"request":{"method":"POST","url":"Observation"}}]}'),
        Case("a JSON draft without token", method="PUT", kind="application/json", body='{"content":{"a":"b"}}',
             path="/api/encounters/0198b2a0-0000-7000-8000-00000000dead/drafts/notes"),
    ]  # fmt: skip
    return out + [Case(name, cookie=cookie, token=good) for name, cookie in s.dead.items()]


def state(owner: psycopg.Connection[Any]) -> str:
    """A digest of every row of every table that a person can change."""
    names = [
        r[0] for r in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    ]
    found = hashlib.sha256()
    for name in names:
        if name not in NOTICED:
            row = owner.execute(
                f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '')) FROM \"{name}\" t"
            )
            found.update(f"{name}{row.fetchone()[0]}".encode())
    return found.hexdigest()


@pytest.fixture
def owner(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection
        connection.execute("TRUNCATE web_session, sign_in_address")
        connection.execute("UPDATE account SET failed_count = 0, locked_until = NULL")


async def stage(database, owner) -> Stage:
    """The doctor's two sessions, a stranger's, and sessions that are over."""
    now = clock.now()

    async def enter(username: str) -> str:
        async with database.scoped(NOBODY) as db:
            return (await entering.sign_in(db, username, "demo", now, agent="t", hours=12))[1]

    def csrf(token: str) -> str:
        return owner.execute("SELECT csrf FROM web_session WHERE token_sha256 = %s", (digest(token),)).fetchone()[0]

    live, other, stranger = await enter("doctor"), await enter("doctor"), await enter("nurse")
    made = Stage(live, csrf(live), csrf(other), csrf(stranger))
    for name, change in {
        "a session past its hours": "expires_at = now() - interval '1 second'",
        "a session idle too long": "last_seen_at = now() - interval '31 minutes'",
        "a session that owes its second step": "stage = 'code'",
    }.items():
        made.dead[name] = token = await enter("doctor")
        owner.execute(f"UPDATE web_session SET {change}, csrf = %s WHERE token_sha256 = %s", (made.csrf, digest(token)))
    gone = await enter("doctor")
    owner.execute("DELETE FROM web_session WHERE token_sha256 = %s", (digest(gone),))
    made.dead["a session that was signed out"] = gone
    return made


async def send(client, s: Stage, case: Case):
    headers = {"content-type": case.kind, **case.headers}
    if case.cookie is not None:
        headers["cookie"] = f"his_session={case.cookie or s.cookie}"
    if case.token is not None:
        headers["x-csrf-token"] = case.token
    return await client.request(case.method, case.path, headers=headers, content=case.body.encode())


async def changed(client, owner, s: Stage) -> tuple[list[str], list[str], int]:
    """Names of the cases that changed the database, of those that were not refused, and how many were tried."""
    moved, passed = [], []
    tried = cases(s)
    for case in tried:
        before = state(owner)
        client.cookies.clear()
        answer = await send(client, s, case)
        if state(owner) != before:
            moved.append(case.name)
        if answer.status_code < 400 and not answer.headers.get("location", "").startswith("/sign-in"):
            passed.append(f"{case.name}: {answer.status_code}")
    return moved, passed, len(tried)


async def test_a_forged_request_changes_nothing(client, database, owner):
    s = await stage(database, owner)
    before = state(owner)
    real = await send(client, s, Case("the person's own", token=s.csrf))
    assert real.status_code == 204
    assert state(owner) != before, "the comparison must see what the person does"
    moved, passed, n = await changed(client, owner, s)
    print(*moved, *passed, sep="\n")
    client.cookies.clear()
    old = await client.post("/sign-in", data={"username": "doctor", "password": "demo"})
    first = client.cookies["his_session"]
    await client.post("/sign-in", data={"username": "doctor", "password": "demo"})
    rotates = old.status_code == 303 and client.cookies["his_session"] != first
    report(
        "36",
        n=n,
        expected={"changes": 0, "passed": 0, "rotates": True, "cases": ">=30"},
        got={"changes": len(moved), "passed": len(passed), "rotates": rotates, "cases": n},
    )


async def test_a_guard_that_does_not_look_at_the_token_is_seen(client, database, owner, monkeypatch):
    async def blind(request, user):
        """The sabotage."""

    s = await stage(database, owner)
    monkeypatch.setattr(access, "check_origin", blind)
    moved, _, n = await changed(client, owner, s)
    assert 10 < len(moved) < n
