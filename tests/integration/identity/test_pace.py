"""Who asks too fast is told to wait, in the words of the interface asked; the others go on."""

import pytest

from his.identity import pace
from his.kit.config import get_settings


@pytest.fixture
def slow(monkeypatch):
    """One request a second for a person, ten at once."""
    monkeypatch.setenv("HIS_PROFILE", "production")
    monkeypatch.setenv("HIS_WORKERS", "1")
    monkeypatch.setenv("HIS_PERSON_REQUESTS_PER_SECOND", "1")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


async def test_a_person_who_asks_too_fast_waits_and_nobody_else(client, slow):
    form = {"username": "front-desk", "password": "demo"}
    assert (await client.post("/sign-in", data=form)).status_code == 303
    answers = [await client.get("/front-desk") for _ in range(pace.BURST_SECONDS + 3)]
    assert answers[0].status_code == 200
    late = answers[-1]
    assert late.status_code == 429
    assert late.headers["retry-after"] == "2"
    assert "Gửi quá nhanh. Chờ 1 giây rồi thử lại." in late.text
    through_fhir = await client.get("/fhir/r4/Patient")
    assert (through_fhir.status_code, through_fhir.headers["retry-after"]) == (429, "2")
    assert through_fhir.json()["issue"][0]["code"] == "throttled"
    client.cookies.clear()
    assert (await client.post("/sign-in", data=form | {"username": "nurse"})).status_code == 303
    assert (await client.get("/queue")).status_code == 200
