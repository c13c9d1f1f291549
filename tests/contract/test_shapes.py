"""The shape of refusals and of pages: problem details, a sentence with the next step, headers, the number of queries."""

import re
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Request

from his.app import create_app
from his.identity.access import Caller, needs
from his.identity.rules import MATRIX, may
from his.identity.terms import Capability, Role
from his.kit.db import Database
from his.kit.errors import STATUS, Finding, HisError, Kind, Severity

from .routes import entries

BUDGET = 12
VIETNAMESE = re.compile(r"[àáạảãâăèéêìíòóôơùúưỳýđ]", re.I)


def failing(app):
    """Two addresses that refuse with the kind in the query, one for the programming interface and one page."""
    router = APIRouter()

    async def fail(request: Request, kind: Kind) -> None:
        found = [Finding("TST-A-01", Severity.ERROR, "Thiếu chẩn đoán.", "Encounter.diagnosis")]
        raise HisError(kind, "Chưa làm được việc này.", found, field="name")

    async def crash(caller: Annotated[Caller, needs(Capability.HOME)]) -> None:
        raise ZeroDivisionError("Trần Thị Ẩn 034168001212")

    router.get("/api/trial/fail")(fail)
    router.get("/trial/fail")(fail)
    router.get("/api/trial/crash")(crash)
    router.get("/trial/crash")(crash)
    app.include_router(router)


@pytest.fixture
async def trial(world):
    database = Database(world.clone["his_app"], size=2)
    app = create_app(database)
    failing(app)
    await database.open()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://his.test") as client:
        yield client
    await database.close()


@pytest.mark.parametrize("kind", Kind)
async def test_the_programming_interface_answers_with_problem_details(trial, kind):
    answer = await trial.get("/api/trial/fail", params={"kind": kind.value})
    assert answer.status_code == STATUS[kind]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": f"urn:his:problem:{kind.value}",
        "title": "Chưa làm được việc này.",
        "status": STATUS[kind],
        "field": "name",
        "findings": [
            {
                "code": "TST-A-01",
                "severity": "error",
                "message": "Thiếu chẩn đoán.",
                "expression": "Encounter.diagnosis",
            }
        ],
    }


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.UNAUTHENTICATED])
async def test_a_page_says_the_sentence(trial, kind):
    whole = await trial.get("/trial/fail", params={"kind": kind.value})
    part = await trial.get("/trial/fail", params={"kind": kind.value}, headers={"HX-Request": "true"})
    assert whole.status_code == part.status_code == STATUS[kind]
    assert "Chưa làm được việc này." in whole.text
    assert "Chưa làm được việc này." in part.text
    assert "<html" in whole.text
    assert "<html" not in part.text


@pytest.mark.parametrize(("path", "html"), [("/api/trial/crash", False), ("/trial/crash", True)])
async def test_our_own_mistake_is_an_incident_number_and_nothing_else(trial, world, caplog, path, html):
    answer = await trial.get(path, headers=world.headers(Role.DOCTOR))
    assert answer.status_code == 500
    assert ("text/html" in answer.headers["content-type"]) is html
    assert "ZeroDivision" not in answer.text
    assert "Ẩn" not in answer.text
    numbers = [m[1] for r in caplog.records if (m := re.match(r"incident ([0-9a-f]{8}) ", r.getMessage()))]
    assert len(numbers) == 1
    assert numbers[0] in answer.text
    assert "content-security-policy" in answer.headers
    assert "x-content-type-options" in answer.headers


async def test_unknown_addresses_and_methods(web, world):
    headers = world.headers(Role.DOCTOR)
    for path, status in (("/api/no-such", 404), ("/no-such", 404)):
        answer = await web.get(path, headers=headers)
        assert answer.status_code == status
        assert VIETNAMESE.search(answer.text)
    answer = await web.delete("/api/orders", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


async def test_every_answer_carries_the_headers_of_the_shell(web, world):
    for path in ("/sign-in", "/queue", "/api/orders", "/no-such", "/livez", "/static/css/app.css"):
        answer = await web.get(path, headers=world.headers(Role.DOCTOR))
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_what_shows_a_patient_is_not_kept_by_the_browser(web, world):
    visit = world.ids["encounter_id"][0]
    for path in (f"/visit/{visit}", f"/api/encounters/{visit}", "/queue"):
        answer = await web.get(path, headers=world.headers(Role.DOCTOR))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", Role)
async def test_every_page_of_a_role_keeps_to_the_budget_of_queries(web, world, role):
    dear, opened = [], 0
    for entry in entries(web.app):
        if entry.method != "GET" or entry.capability is None or not may(role, entry.capability):
            continue
        if set(entry.parameters) - set(world.ids):
            continue
        for number in range(2 if entry.parameters else 1):
            values = {p: world.ids[p][-1 - number % len(world.ids[p])] for p in entry.parameters}
            answer = await web.get(entry.address(values), headers=world.headers(role))
            if answer.status_code == 200 and "server-timing" in answer.headers:
                opened += 1
                asked = int(re.search(r'db;desc="(\d+)"', answer.headers["server-timing"])[1])
                if asked > BUDGET:
                    dear.append((str(entry), asked))
            elif answer.status_code >= 500:
                dear.append((str(entry), answer.status_code, answer.text[-300:]))
    assert dear == []
    assert opened >= 1


def test_the_roles_of_the_matrix_are_those_of_the_sessions(world):
    assert {role for role, _ in world.sessions} == set(MATRIX)
