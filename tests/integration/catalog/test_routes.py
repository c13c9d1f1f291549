"""The JSON of the pickers as a signed-in doctor gets it, and its refusals."""

import httpx
import pytest
from sqlalchemy import select

from his.identity.access import cookie_name
from his.identity.service import sign_in
from his.identity.tables import Account
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database, Scope


@pytest.fixture
async def doctor(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    account = table(Account)
    async with database.scoped(Scope(None)) as db:
        username = await db.scalar(select(account.c.username).where(account.c.role == "doctor").limit(1))
        _, token = await sign_in(db, username, "demo", clock.now(), agent="test", hours=1)
    client.cookies.set(cookie_name(), token)
    return client


async def test_pickers_answer(doctor: httpx.AsyncClient) -> None:
    found = (await doctor.get("/api/catalog/diagnoses", params={"q": "tha", "on": "2026-11-20"})).json()
    assert (found[0]["code"], found[0]["not_primary"]) == ("I10", False)
    favourite = {"q": "", "favourite": ["J00", "I10"], "on": "2026-11-20"}
    assert len((await doctor.get("/api/catalog/diagnoses", params=favourite)).json()) == 2
    labs = (await doctor.get("/api/catalog/services", params={"q": "glucose mau", "kind": "lab"})).json()
    assert (labs[0]["code"], labs[0]["price_vnd"]) == ("23.0075.1494", "22400.00")
    drug = (await doctor.get("/api/catalog/drugs", params={"q": "amox 500"})).json()[0]
    assert (drug["ingredient"], drug["allergy_groups"]) == ("Amoxicilin", "penicillin")
    pair = {"ingredient": ["Clarithromycin", "Simvastatin"]}
    assert len((await doctor.get("/api/catalog/interactions", params=pair)).json()) == 1
    ranges = (await doctor.get("/api/catalog/vital-ranges", params={"age_days": 14600})).json()
    assert {row["code"] for row in ranges} >= {"pulse", "systolic", "bmi"}
    assert len((await doctor.get("/api/catalog/lists/ethnicity")).json()) == 56
    wards = (await doctor.get("/api/catalog/wards", params={"province": "97", "q": "khe may"})).json()
    assert [row["name"] for row in wards] == ["Xã Khe Mây"]
    assert len((await doctor.get("/api/catalog/versions")).json()) == 24


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("lists/nothing", 404),
        ("diagnoses?limit=51", 400),
        ("diagnoses?on=20/11/2026", 400),
        ("services?kind=magic", 400),
        ("vital-ranges?age_days=-1", 400),
        ("vital-ranges", 400),
        ("diagnoses?q=" + "a" * 101, 400),
    ],
)
async def test_mistakes_are_refused(doctor: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await doctor.get(f"/api/catalog/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_pickers_need_a_signed_in_person(client: httpx.AsyncClient) -> None:
    for path in ("diagnoses", "services", "drugs", "lists/route", "wards", "interactions", "versions"):
        assert (await client.get(f"/api/catalog/{path}")).status_code == 401, path
