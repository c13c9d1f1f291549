"""The privacy officer: who opened a record, requests with their time limit, unusual access, the legal checklist."""

import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from zipfile import ZipFile

import pypdf
import pytest

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Scope
from his.privacy import law, store
from his.privacy.rules import due_on, measure
from tests.integration.visits import make_visit, sign_in

_made = {}


@pytest.fixture
async def cast(database):
    if not _made:
        _made["cast"] = await make_visit(database, name="Hoàng Thị Thử")
    return _made["cast"]


async def posted(client, path, **form):
    return await client.post(path, data=form)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 11, 26), date(2026, 11, 30)),
        (date(2026, 11, 23), date(2026, 11, 26)),  # the 24th is a holiday
        (date(2026, 9, 1), date(2026, 9, 4)),
    ],
)
def test_a_request_is_due_in_two_working_days(received, due):
    assert due_on(received) == due


async def test_the_page_says_who_opened_the_record_and_prints_it(officer, client, cast):
    await sign_in(client, "doctor")
    assert (await client.get(f"/api/registration/patients/{cast.patient.id}")).status_code == 200
    await sign_in(client, "privacy-officer")
    page = await client.get(f"/privacy/patients/{cast.patient.id}")
    assert page.status_code == 200
    assert "Bác sĩ" in page.text
    assert "Hoàng Thị Thử" in page.text
    assert int(re.search(r'db;desc="(\d+)"', page.headers["server-timing"])[1]) <= 12
    paper = await client.get(f"/privacy/patients/{cast.patient.id}/opened.pdf")
    assert paper.status_code == 200
    words = pypdf.PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()
    assert "Xem người bệnh" in words, "a plain deed says what it was done to"
    assert "Mở lượt khám" in words
    assert "lượt khám lượt khám" not in words


async def test_a_request_is_taken_and_answered_with_reason(officer, cast, database):
    path = f"/privacy/patients/{cast.patient.id}/requests"
    assert (await posted(officer, path, kind="rectify", words="")).status_code == 400
    assert (await posted(officer, path, kind="nonsense", words="x")).status_code == 400
    assert (await posted(officer, path, kind="rectify", words="Sai năm sinh")).status_code == 303
    async with database.scoped(Scope(2)) as db:
        ((row, code, _),) = await store.list_requests(db, cast.patient.id)
    assert (row.state, code, row.due_on) == ("open", cast.patient.code, due_on(clock.local(clock.now()).date()))
    answer = f"/privacy/requests/{row.id}/answer"
    assert (await posted(officer, answer, state="refused", answer="")).status_code == 400
    assert (await posted(officer, answer, state="refused", answer="Lưu theo luật")).status_code == 303
    assert (await posted(officer, answer, state="answered", answer="x")).status_code == 409
    assert "Lưu theo luật" in (await officer.get("/privacy/requests")).text


async def test_the_file_holds_the_patient_and_the_visit(officer, cast):
    answer = await officer.get(f"/privacy/patients/{cast.patient.id}/data.zip")
    assert answer.status_code == 200
    data = json.loads(ZipFile(io.BytesIO(answer.content)).read("data.json"))
    assert data["patient"][0]["name"] == "Hoàng Thị Thử"
    assert [row["id"] for row in data["encounter"]] == [str(cast.id)]
    assert data["audit_entry"]


async def test_unusual_access_shows_and_usual_does_not(officer, database):
    many = measure(date(2026, 11, 28)).many
    noon = datetime.now(UTC).replace(hour=5, minute=10) - timedelta(days=1)
    async with database.scoped(Scope(2, "busy", "nurse")) as db:
        changes = Changes()
        for number in range(many):
            changes.audit("read", "Encounter", f"u{number}")
        await db.apply(changes, noon)
    async with database.scoped(Scope(2, "calm", "nurse")) as db:
        await db.apply(Changes().audit("read", "Encounter", "u1"), noon)
        found = await store.find_unusual(db, measure(date(2026, 11, 28)), datetime.now(UTC))
    assert [(one.kind, one.count) for one in found if one.actor == "busy"] == [("many", many)]
    assert not [one for one in found if one.actor == "calm"]
    assert "Mở nhiều hồ sơ trong một giờ" in (await officer.get("/privacy/unusual")).text


async def test_the_law_page_shows_every_line_with_its_state(officer):
    page = await officer.get("/privacy/law")
    assert page.status_code == 200
    lines = [line for found in law.checklist().values() for line in found]
    assert len(lines) > 15
    assert {line.met for line in lines} == set(law.STATES)
    assert all(line.where and line.basis for line in lines)
    assert page.text.count("<tr data-row") == len(lines) + len(law.disclosures())


@pytest.mark.parametrize("path", ["/privacy/patients", "/privacy/requests", "/privacy/unusual", "/privacy/law"])
@pytest.mark.parametrize("username", ["doctor", "unit-admin", "front-desk"])
async def test_nobody_else_gets_in(client, username, path):
    await sign_in(client, username)
    assert (await client.get(path)).status_code == 403


async def test_a_patient_of_another_unit_is_not_there(officer, database):
    assert (await officer.get("/privacy/patients/01a00000-0000-7000-8000-000000000001")).status_code == 404
