"""Trial 42: text that means something to a database, put into every parameter, form field and sort order.

Nothing answers 500, nothing sleeps, no table changes its size by it, no message of the database comes out; an unknown sort
order or column is refused by name.
"""

import time
from urllib.parse import quote

import psycopg
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text

from his.identity.access import needs
from his.identity.terms import Capability, Role
from tests.contract import conftest as contract
from tests.contract.routes import entries
from tests.contract.samples import form_fields, query_names
from tests.contract.test_bad_input import who
from tests.faults import trial

web, world = contract.web, contract.world  # the fixtures
SLEEP_SECONDS = 2
TRIES = 3
CORPUS = (
    "'", "''", "\\'", '"', "1'--", "1 OR 1=1", "' OR ''='", "'; SELECT pg_sleep(2)--", "'||pg_sleep(2)||'", "(SELECT pg_sleep(2))::text",
    "1;DROP TABLE injected_canary--", "'; DELETE FROM injected_canary--", "$$;DELETE FROM injected_canary;--", "%27;DELETE FROM injected_canary--",
    "id,(SELECT 1/0)", "name;--", "patient.name, (select password_hash from account limit 1)", "1/0", "{{7*191}}", "${7*191}", "%s%s%s", "%(x)s",
    "E'\\\\047", "\uff07 OR 1=1", "0x27", "CAST(version() AS int)", "*/ /*", "\x1f\x1e", "a" * 300,
)  # fmt: skip
TELLS = (
    "syntax error at",
    "psycopg",
    "sqlalchemy",
    "SQLSTATE",
    "pg_catalog",
    "PostgreSQL 1",
    "unterminated quoted",
    "1337",
)
COUNT = trial.count("HIS_INJECTIONS", 1)
"""Texts of the corpus for each parameter; the long run takes all."""
FHIR = {
    "Patient": Role.DOCTOR,
    "Encounter": Role.DOCTOR,
    "Observation": Role.DOCTOR,
    "Condition": Role.DOCTOR,
    "Claim": Role.UNIT_ADMIN,
}
FHIR_PARAMETERS = ("_sort", "_id", "_lastUpdated", "identifier", "name", "code", "date", "_has:Observation:patient:code", "_include", "_elements", "subject:Patient.name")  # fmt: skip


async def sweep(web, world, canary, each=COUNT):
    """Every parameter with some of the corpus; what was sent and what was found."""
    sent, found = 0, []

    async def ask(label, method, address, headers, **more):
        nonlocal sent
        sent += 1
        for _ in range(TRIES):  # who was only busy is quick the next time; who sleeps, sleeps each time
            started = time.perf_counter()
            answer = await web.request(method, address, headers=headers, **more)
            slept = time.perf_counter() - started >= SLEEP_SECONDS
            if not (slept and "pg_sleep" in label):
                break
        said = answer.text
        if answer.status_code >= 500 or any(tell in said for tell in TELLS) or (slept and "pg_sleep" in label):
            found.append((label, answer.status_code, said[:80]))
        return answer

    for number, entry in enumerate(entries(web.app)):
        if entry.capability is None or entry.path == "/sign-out":
            continue
        headers = who(world, entry)
        values = {p: (world.ids.get(p) or ["x"])[0] for p in entry.parameters}
        texts = [CORPUS[(number + step) % len(CORPUS)] for step in range(each)]
        for one in texts:
            for name in query_names(entry):
                await ask(f"{entry} ?{name}={one}", entry.method, entry.address(values), headers, params={name: one})
            for name in entry.parameters:
                await ask(
                    f"{entry} {name}={one}", entry.method, entry.address(values | {name: quote(one, safe="")}), headers
                )
            if entry.method != "GET" and not entry.api and (names := form_fields(entry)):
                await ask(f"{entry} form={one}", entry.method, entry.address(values), headers, data=dict.fromkeys(names, one))  # fmt: skip
    for kind, role in FHIR.items():
        for number, name in enumerate(FHIR_PARAMETERS):
            for one in (CORPUS[(number + step) % len(CORPUS)] for step in range(each)):
                answer = await ask(f"{kind}?{name}={one}", "GET", f"/fhir/r4/{kind}", world.headers(role), params={name: one})  # fmt: skip
                if name == "_sort" and answer.status_code != 400:
                    found.append((f"{kind}?_sort={one}", answer.status_code, "an unknown order is not refused"))
    if canary.execute("SELECT count(*) FROM injected_canary").fetchone() != (3,):
        found.append(("canary", 0, "a statement of the text ran"))
    return sent, found


@pytest.fixture
def canary(clone):
    """A table that everybody may empty: whoever can slip a statement in, will."""
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS injected_canary (n int)")
        connection.execute("TRUNCATE injected_canary")
        connection.execute("INSERT INTO injected_canary VALUES (1), (2), (3)")
        connection.execute("GRANT ALL ON injected_canary TO his_app")
        yield connection
        connection.execute("DROP TABLE injected_canary")


async def test_no_text_becomes_a_statement(web, world, canary):
    sent, found = await sweep(web, world, canary)
    assert sent >= 500
    trial.report("42", n=sent, expected=[], got=found[:10])


@pytest.fixture
def careless(web):
    """The sabotage: a page that puts a text into its statement."""
    app: FastAPI = web.app

    async def listed(request: Request, order: str = "1", caller=needs(Capability.HOME)):
        rows = await caller.db.all(text(f"SELECT username FROM account ORDER BY {order} LIMIT 1"))
        return [row.username for row in rows]

    app.add_api_route("/careless", listed)
    yield
    app.router.routes.pop()


async def test_a_page_that_builds_its_statement_is_found(web, world, canary, careless):
    texts = [await web.get("/careless", params={"order": one}, headers=world.headers(Role.DOCTOR)) for one in CORPUS]
    assert any(answer.status_code >= 500 for answer in texts), "a broken statement shows"
