"""Admission and beds on a real database and over HTTP: who may, what is refused, two clerks at one bed, what FHIR says."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select

from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.wards import service
from his.wards.tables import BedStay
from his.wards.terms import BedForm
from tests.integration.visits import doctor_db, make_visit, queries, sign_in
from tests.integration.wards_story import arrive, at, bed

ROUNDS = 5


async def refusal(call: object) -> HisError:
    with pytest.raises(HisError) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def test_two_clerks_at_one_bed_only_the_one_who_shares_gets_in(database: Database) -> None:
    """Both place at one moment: without the word one is refused, with it both lie there."""
    for n in range(ROUNDS):
        one, two, three = [await arrive(database, at(0, 7)) for _ in range(3)]
        code = f"H00{n + 1}"
        for stay in (one, two, three):
            await stay.admit(at(0, 8))
        got = await asyncio.gather(*(stay.lie(at(0, 9), "K19", code) for stay in (one, two)), return_exceptions=True)
        refused = [answer for answer in got if isinstance(answer, HisError)]
        assert [(answer.kind, answer.field) for answer in refused] == [(Kind.CONFLICT, "shared")]
        loser = (one, two)[next(n for n, answer in enumerate(got) if isinstance(answer, HisError))]
        await asyncio.gather(*(stay.lie(at(0, 10), "K19", code, shared=True) for stay in (loser, three)))
        t = table(BedStay)
        lying = select(func.count()).where(t.c.bed_code == code, t.c.department_code == "K19", t.c.ended_at.is_(None))
        assert await one.db.scalar(lying) == 3
        for stay in (one, two, three):
            await stay.db.release()


async def test_a_fourth_does_not_fit(database: Database) -> None:
    stays = [await arrive(database, at(0, 7)) for _ in range(4)]
    for stay in stays:
        await stay.admit(at(0, 8))
    for stay in stays[:3]:
        await stay.lie(at(0, 9), "K02", "H001", shared=True)
    wrong = await refusal(stays[3].lie(at(0, 9), "K02", "H001", shared=True))
    assert (wrong.kind, wrong.field) == (Kind.CONFLICT, "bed_id")
    for stay in stays:
        await stay.db.release()


async def test_what_is_refused_says_why(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    found = await bed(stay.db, "K03", "H010")
    place = service.place(stay.db, stay.id, found.id, None, at(0, 8))
    assert (await refusal(place)).kind is Kind.CONFLICT  # not admitted
    assert (await refusal(stay.admit(at(0, 8), setting="01"))).field == "care_setting"
    assert (await refusal(stay.admit(at(0, 8), department="K30"))).field == "department_code"  # has no beds
    await stay.admit(at(0, 8), setting="04", department="K16")
    assert (await refusal(stay.admit(at(0, 9)))).kind is Kind.CONFLICT  # twice
    assert (await refusal(stay.lie(at(0, 9), "K03", "H010"))).kind is Kind.CONFLICT  # no day treatment there
    assert (await refusal(service.leave(stay.db, stay.id, None, at(0, 9)))).kind is Kind.CONFLICT
    await stay.lie(at(0, 9), "K16", "H001")
    assert (await refusal(stay.lie(at(0, 10), "K16", "H001"))).field == "bed_id"  # there already
    assert (await refusal(encounters.cancel_visit(stay.db, stay.id, "Nhầm", at(0, 10)))).kind is Kind.CONFLICT
    ended = await refusal(service.end_bed(stay.db, (await bed(stay.db, "K16", "H001")).id, None, at(0, 10)))
    assert ended.kind is Kind.CONFLICT
    assert [(c.cost_group, c.code) for c in await stay.beds()] == []
    await stay.sign(at(0, 16))
    assert [(c.cost_group, c.code) for c in await stay.beds()] == [("14", "K16.1970")]
    await stay.db.release()


async def test_a_bed_changes_its_price_line_from_a_day_on(database: Database) -> None:
    db = doctor_db(database)
    now = at(0, 8)
    form = BedForm("K08", "H001", "K03.1917", count=3, valid_from=clock.day_of(now))
    rows = await service.add_beds(db, form, now)
    assert [row.code for row in rows] == ["H001", "H002", "H003"]
    assert (await refusal(service.add_beds(db, form, now))).field == "code"
    later = BedForm("", "", "K03.1923", valid_from=clock.day_of(now) + timedelta(days=7))
    new = await service.change_bed(db, rows[0].id, later, now)
    assert (new.code, new.service_code) == ("H001", "K03.1923")
    for day, price_line in ((0, "K03.1917"), (6, "K03.1917"), (7, "K03.1923")):
        seen = await service.read_board(db, "K08", clock.day_of(now) + timedelta(days=day))
        assert [b.service_code for b in seen.beds] == [price_line, "K03.1917", "K03.1917"]
    await service.end_bed(db, rows[2].id, clock.day_of(now), now)
    tomorrow = await service.read_board(db, "K08", clock.day_of(now) + timedelta(days=1))
    assert [b.code for b in tomorrow.beds] == ["H001", "H002"]
    for wrong, name in (
        (BedForm("K08", "X1", "K03.1917"), "code"),
        (BedForm("K08", "H990", "K03.1917", count=20), "count"),
        (BedForm("K08", "H020", "22.0121.1369"), "service_code"),
        (BedForm("K08", "H020", "K16.1970"), "service_code"),
        (BedForm("K08", "H020", "K03.1917", "K03.1923"), "day_service_code"),
        (BedForm("K77", "H020", "K03.1917"), "department_code"),
    ):
        assert (await refusal(service.add_beds(db, wrong, now))).field == name
    await db.release()


async def test_page_api_and_fhir_say_the_same(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    db = doctor_db(database)
    first, second = await bed(db, "K18", "H005"), await bed(db, "K18", "H006")
    await db.release()
    await sign_in(client, "doctor")
    body = {"care_setting": "03", "department_code": "K18", "reason": "Sốt cao"}
    admitted = await client.post(f"/api/wards/visits/{cast.id}/admit", json=body)
    assert admitted.status_code == 200, admitted.text
    await sign_in(client, "nurse")
    waiting = (await client.get("/api/wards/board", params={"department": "K18"})).json()
    assert str(cast.id) in {w["encounter_id"] for w in waiting["waiting"]}
    for found in (first, second):
        answer = await client.post(f"/api/wards/visits/{cast.id}/bed", json={"bed_id": str(found.id)})
        assert answer.status_code == 201, answer.text
    stays = (await client.get(f"/api/wards/visits/{cast.id}/stays")).json()
    assert [(s["bed_code"], s["ended_at"] is None) for s in stays] == [("H005", False), ("H006", True)]
    encounter = (await client.get(f"/fhir/r4/Encounter/{cast.id}")).json()
    assert encounter["class"]["code"] == "IMP"
    assert [(x["location"]["reference"], x["status"]) for x in encounter["location"]] == [
        (f"Location/{first.id}", "completed"), (f"Location/{second.id}", "active"),
    ]  # fmt: skip
    assert encounter["location"][0]["period"]["end"] == encounter["location"][1]["period"]["start"]
    place = (await client.get(f"/fhir/r4/Location/{second.id}")).json()
    assert place["physicalType"]["coding"][0]["code"] == "bd"
    board = await client.get("/wards", params={"department": "K18"})
    assert board.status_code == 200
    assert cast.patient.name in board.text
    assert queries(board) <= 12
    page = await client.get(f"/wards/visits/{cast.id}")
    assert "H006" in page.text
    assert queries(page) <= 12
    left = await client.post(f"/api/wards/visits/{cast.id}/leave")
    assert left.status_code == 200
    after = (await client.get("/api/wards/board", params={"department": "K18"})).json()
    assert all(b["free"] for b in after["beds"] if b["code"] == "H006")


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("cashier", "/wards", 403), ("nurse", "/wards", 200), ("nurse", "/wards/beds", 403),
        ("unit-admin", "/wards/beds", 200),
    ],
)  # fmt: skip
async def test_who_may_look(client: httpx.AsyncClient, user: str, path: str, status: int) -> None:
    await sign_in(client, user)
    answer = await client.get(path)
    assert answer.status_code == status
    if status == 200:
        assert queries(answer) <= 12


async def test_forms_refuse_with_the_sentence_beside_the_field(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    token = {"csrf_token": client.headers["x-csrf-token"]}
    answer = await client.post(f"/wards/visits/{cast.id}/admit", data={**token, "care_setting": "03"})
    assert answer.status_code == 400
    assert "Ghi lý do vào viện." in answer.text
    body = {**token, "care_setting": "03", "department_code": "K03", "reason": "Sốt cao"}
    answer = await client.post(f"/wards/visits/{cast.id}/admit", data=body)
    assert answer.status_code == 303
    answer = await client.post(f"/wards/visits/{cast.id}/bed", data={**token, "bed_id": "x"})
    assert (answer.status_code, "Chọn giường." in answer.text) == (400, True)
    t = table(Encounter)
    db = doctor_db(database)
    row = await db.model(Encounter, select(t).where(t.c.id == cast.id))
    assert row is not None
    assert (row.care_setting, row.admission_reason, row.department_code) == ("03", "Sốt cao", "K03")
    await db.release()
    await sign_in(client, "unit-admin")
    token = {"csrf_token": client.headers["x-csrf-token"]}
    form = {**token, "department_code": "K03", "code": "H1", "count": "2", "service_code": "K03.1917"}
    answer = await client.post("/wards/beds", data=form)
    assert answer.status_code == 400
    assert "H001" in answer.text
