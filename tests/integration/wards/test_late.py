"""Stays entered late, corrected and struck out: bounds, reasons, neighbours, and the bed days that follow."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from his.encounters import service as encounters
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.wards import service
from his.wards.tables import BedStay
from tests.integration.visits import doctor_db, make_visit, sign_in
from tests.integration.wards_story import Stay, arrive, at, bed, told

WHY = "Khoa đông, chưa kịp ghi"


async def refusal(call: Any) -> HisError:
    with pytest.raises(HisError) as caught:
        await call
    return caught.value


async def late(stay: Stay, department: str, code: str, since: Any, now: Any, **more: Any) -> BedStay:
    found = await bed(stay.db, department, code)
    until, reason = more.pop("until", None), more.pop("reason", WHY)
    return await service.enter_late(stay.db, stay.id, found.id, since, until, reason, stay.cast.doctor, now, **more)


async def test_a_bed_entered_on_the_next_day_is_charged_from_the_day_before(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    row = await late(stay, "K03", "H007", at(0, 9), at(1, 10))
    assert (row.started_at, row.ended_at, row.recorded_at, row.reason) == (at(0, 9), None, at(1, 10), WHY)
    encounter = await encounters.get_encounter(stay.db, stay.id)
    assert [(step["code"], step["from"], step["to"]) for step in encounter.bed_trail or ()] == [
        ("H007", at(0, 9).isoformat(), "")
    ]
    await stay.sign(at(2, 9))
    assert [row[:3] for row in told(await stay.beds())] == [("H007", "1.000", "100")] * 2
    await stay.db.release()


async def test_a_move_entered_late_ends_the_running_stay_then(database: Database) -> None:
    """In K03 from 09:00, moved to K19 on the next day at 06:00, written at 20:00: that day counts a half in each ward."""
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 9), "K03", "H008")
    await late(stay, "K19", "H006", at(1, 6), at(1, 20))
    assert [(s.bed_code, s.department_code, s.started_at, s.ended_at) for s in await service.list_stays(stay.db, stay.id)] == [
        ("H008", "K03", at(0, 9), at(1, 6)), ("H006", "K19", at(1, 6), None),
    ]  # fmt: skip
    assert (await encounters.get_encounter(stay.db, stay.id)).department_code == "K19"
    await stay.sign(at(2, 9))
    assert [(c.department_code, f"{c.quantity:f}") for c in await stay.beds()] == [
        ("K03", "1.000"), ("K03", "0.500"), ("K19", "0.500"),
    ]  # fmt: skip
    await stay.db.release()


async def test_the_times_are_bounded_and_need_a_reason(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(3, 8), "K18", "H003")
    now = at(3, 12)
    for since, until, field in (
        (at(0, 7, 30), None, "since"),  # before the admission
        (at(0, 11, 59), None, "since"),  # three days and a minute ago
        (at(2, 8), at(3, 13), "until"),  # in the future
        (at(3, 12), None, "since"),  # nothing lies between
        (at(2, 8), at(2, 7), "until"),  # backwards
        (at(2, 8), None, "since"),  # the patient lies elsewhere since 08:00 of today
        (at(2, 8), at(3, 9), "since"),  # meets the running stay
    ):
        wrong = await refusal(late(stay, "K18", "H004", since, now, until=until))
        assert (wrong.kind, wrong.field) == (Kind.INVALID, field), (since, until, wrong.message)
    assert (await refusal(late(stay, "K18", "H004", at(2, 8), now, until=at(3, 8), reason="x"))).field == "reason"
    await late(stay, "K18", "H004", at(2, 8), now, until=at(3, 8))
    await stay.sign(at(3, 14))
    signed = await refusal(late(stay, "K18", "H004", at(1, 12, 30), at(3, 15), until=at(1, 13)))
    assert signed.kind is Kind.CONFLICT
    assert [row[0] for row in told(await stay.beds())] == ["H004"]
    await stay.db.release()


async def test_neighbours_share_and_a_signed_neighbour_stands(database: Database) -> None:
    one, two, gone = [await arrive(database, at(0, 7)) for _ in range(3)]
    for stay in (one, two, gone):
        await stay.admit(at(0, 8))
    await one.lie(at(0, 9), "K27", "H003")
    assert (await refusal(late(two, "K27", "H003", at(0, 10), at(1, 10)))).field == "shared"
    await late(two, "K27", "H003", at(0, 10), at(1, 10), shared=True)
    await gone.lie(at(0, 9), "K27", "H004")
    await gone.sign(at(1, 9))
    # the bill of who left stands: nobody is put beside him afterwards, nor moved into his hours
    stood = await refusal(late(two, "K27", "H004", at(0, 11), at(1, 11), until=at(1, 8), shared=True))
    assert stood.kind is Kind.INVALID  # the patient lies in H003 then
    other = await arrive(database, at(0, 7))
    await other.admit(at(0, 8))
    beside = await refusal(late(other, "K27", "H004", at(0, 11), at(1, 11), shared=True))
    assert (beside.kind, beside.field) == (Kind.CONFLICT, "since")
    row = await late(other, "K27", "H004", at(1, 9), at(1, 11))
    moved = service.correct_stay(other.db, row.id, at(1, 8), None, WHY, None, at(1, 12), shared=True)
    assert (await refusal(moved)).kind is Kind.CONFLICT
    await one.sign(at(1, 11))
    assert [row[2] for row in told(await one.beds())] == ["50"]
    for stay in (one, two, gone, other):
        await stay.db.release()


async def test_a_correction_moves_the_bed_days_and_a_stay_entered_in_error_counts_nothing(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 9), "K18", "H002")
    await stay.lie(at(1, 9), "K19", "H005")
    first, second = await service.list_stays(stay.db, stay.id)
    assert (
        await refusal(service.correct_stay(stay.db, first.id, at(0, 9), at(1, 10), WHY, None, at(1, 12)))
    ).field == "since"
    # the move happened at midnight, not at nine: the running stay first gives way, then the first one ends earlier
    await service.correct_stay(stay.db, first.id, at(0, 9), at(1, 0), WHY, stay.cast.doctor, at(1, 12))
    row = await service.correct_stay(stay.db, second.id, at(1, 0), None, WHY, stay.cast.doctor, at(1, 12))
    assert (row.started_at, row.corrected_by, row.correct_reason) == (at(1, 0), stay.cast.doctor, WHY)
    extra = await late(stay, "K18", "H006", at(0, 8, 10), at(1, 13), until=at(0, 8, 50))
    assert len(await service.list_stays(stay.db, stay.id)) == 3
    await service.cancel_stay(stay.db, extra.id, "Nhầm người bệnh", stay.cast.doctor, at(1, 14))
    assert (
        await refusal(service.cancel_stay(stay.db, extra.id, "Nhầm người bệnh", None, at(1, 15)))
    ).kind is Kind.NOT_FOUND
    assert (await refusal(service.cancel_stay(stay.db, first.id, "x", None, at(1, 15)))).field == "reason"
    encounter = await encounters.get_encounter(stay.db, stay.id)
    assert [step["code"] for step in encounter.bed_trail or ()] == ["H002", "H005"]
    await stay.sign(at(2, 10))
    assert [(c.department_code, f"{c.quantity:f}") for c in await stay.beds()] == [("K18", "1.000"), ("K19", "1.000")]
    t = table(BedStay)
    kept = await stay.db.model(BedStay, select(t).where(t.c.id == extra.id))
    assert kept is not None
    assert (kept.status, kept.correct_reason) == ("cancelled", "Nhầm người bệnh")
    await stay.db.release()


async def test_page_and_api_enter_and_correct(client: httpx.AsyncClient, database: Database) -> None:
    now = clock.now().replace(second=0, microsecond=0)
    cast = await make_visit(database, now=now - timedelta(hours=7))
    db = doctor_db(database)
    await encounters.start_visit(db, cast.id, cast.doctor, now - timedelta(hours=7))
    await service.admit(db, cast.id, "03", "K18", "Sốt cao", cast.doctor, now - timedelta(hours=6))
    found = await bed(db, "K18", "H001")
    await sign_in(client, "doctor")
    home = f"/wards/visits/{cast.id}"
    page = await client.get(home)
    assert page.status_code == 200
    assert 'name="since"' in page.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    form = {"csrf_token": token[1], "bed_id": str(found.id), "shared": "1"}

    def typed(hours: int) -> str:
        return f"{clock.local(now - timedelta(hours=hours)):%Y-%m-%dT%H:%M}"

    wrong = await client.post(f"{home}/bed", data={**form, "since": typed(5), "reason": ""})
    assert wrong.status_code == 400
    assert 'id="move-reason"' in wrong.text
    assert typed(5) in wrong.text
    assert (await client.post(f"{home}/bed", data={**form, "since": "hôm qua", "reason": WHY})).status_code == 400
    done = await client.post(f"{home}/bed", data={**form, "since": typed(5), "reason": WHY})
    assert done.status_code == 303, done.text
    (row,) = (await client.get(f"/api/wards/visits/{cast.id}/stays")).json()
    assert row["recorded_at"] is not None
    assert row["ended_at"] is None
    one = f"/wards/stays/{row['id']}"
    assert typed(5) in (await client.get(one)).text
    bad = await client.post(one, data={**form, "since": typed(7), "until": "", "reason": WHY})
    assert bad.status_code == 400
    assert "vào viện lúc" in bad.text
    fixed = await client.post(one, data={**form, "since": typed(4), "until": "", "reason": WHY})
    assert fixed.status_code == 303, fixed.text
    body = {"since": (now - timedelta(hours=3)).isoformat(), "reason": WHY, "shared": True}
    told = await client.post(f"/api/wards/stays/{row['id']}/correct", json=body)
    assert told.status_code == 200, told.text
    assert told.json()["corrected_at"] is not None
    naive = await client.post(f"/api/wards/stays/{row['id']}/correct", json={**body, "since": "2026-11-02T08:00:00"})
    assert naive.status_code == 400, naive.text
    struck = await client.post(f"{one}/cancel", data={**form, "reason": "Ghi nhầm người bệnh"})
    assert struck.status_code == 303, struck.text
    assert (await client.get(one)).status_code == 404
    again = {"bed_id": str(found.id), "since": (now - timedelta(hours=2)).isoformat(), "reason": WHY, "shared": True}
    assert (await client.post(f"/api/wards/visits/{cast.id}/late-bed", json=again)).status_code == 201
    location = (await client.get(f"/fhir/r4/Encounter/{cast.id}")).json()["location"]
    assert len(location) == 1
    assert location[0]["location"]["display"] == "H001 · K18"
    await db.release()
