"""Closing of days and sending of months, reminders, and what the administrator of the installation sees."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import re
from datetime import timedelta

from sqlalchemy import select

from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.reporting.jobs import Beat
from his.reporting.rules import month_of
from his.reporting.service import recount_days
from his.reporting.tables import DayClose, MonthReport
from tests.integration.finished_visits import Visits, at
from tests.integration.reporting.province import CURRENT, NOW, filled, last, month, past, today
from tests.integration.visits import queries, sign_in


async def test_closing_a_day(database, client):
    visits, changes = Visits(database, 2), Changes()
    day = today() - timedelta(days=130)
    waiting = visits.new(changes, None, arrived_at=at(day, 8), started_at=at(day, 9))
    await visits.write(changes)
    await sign_in(client, "unit-admin")
    page = await client.get(f"/day-close?day={day}")
    assert waiting.dossier_code in page.text
    assert "Bác sĩ chưa ký kết luận" in page.text
    assert queries(page) <= 12
    assert "Vẫn khóa sổ" in (await client.get(f"/day-close/confirm?day={day}", headers={"HX-Request": "true"})).text
    answer = await client.post("/day-close", data={"day": str(day)})
    assert answer.status_code == 200
    assert "Đã khóa" in answer.text
    again = await client.post("/api/reporting/day-closings", json={"day": str(day)})
    assert again.status_code == 422
    assert again.json()["findings"][0]["code"] == "REPORTING-CLOSE-02"
    tomorrow = await client.post("/api/reporting/day-closings", json={"day": str(today() + timedelta(days=1))})
    assert tomorrow.json()["findings"][0]["code"] == "REPORTING-CLOSE-01"
    changes = Changes()
    visits.new(changes, None, arrived_at=at(today(), 0, 1))
    await visits.write(changes)
    refused = await client.post("/api/reporting/day-closings", json={"day": str(today())})
    assert refused.json()["findings"][0]["code"] == "REPORTING-CLOSE-03"


async def test_sending_a_month_makes_an_immutable_revision_and_a_measure_report(filled, client):
    await sign_in(client, "unit-admin")
    running = await client.post("/api/reporting/month-reports", json={"month": month()})
    assert running.json()["findings"][0]["code"] == "REPORTING-MONTH-01"
    first, end = month_of(last())
    async with filled.scoped(Scope(2, "test")) as db:
        t = table(DayClose)
        closed = {row.day for row in await db.all(select(t.c.day).where(t.c.unit_id == 2))}
    open_days = [first + timedelta(days=n) for n in range(end.day) if first + timedelta(days=n) not in closed]
    for day in open_days:
        refused = await client.post("/api/reporting/month-reports", json={"month": past()})
        assert refused.json()["findings"][0]["code"] == "REPORTING-MONTH-02"
        assert (await client.post("/api/reporting/day-closings", json={"day": str(day)})).status_code == 201
    sent = (await client.post("/api/reporting/month-reports", json={"month": past()})).json()
    assert sent["revision"] == 1
    assert (await client.post("/api/reporting/month-reports", json={"month": past()})).status_code == 409
    async with filled.scoped(Scope(2, "test")) as db:
        report = await db.model(MonthReport, select(table(MonthReport)))
        resource = (await db.all(select(CURRENT.c.content).where(CURRENT.c.type == "MeasureReport")))[0].content
    assert report.sha256 == sent["sha256"]
    assert f'"value":{report.content["figures"]["A01"]}' in resource
    assert "masked" not in resource, "the unit's own report is exact"
    visits, changes = Visits(filled, 2), Changes()
    visits.new(changes, at(last(), 10))
    await visits.write(changes)
    async with filled.scoped(Scope(2, "test")) as db:
        await recount_days(db, [last()], NOW)
    await sign_in(client, "province-officer")
    assert "Số đã đổi" in (await client.get(f"/province?month={past()}")).text
    await sign_in(client, "unit-admin")
    assert (await client.post("/api/reporting/month-reports", json={"month": past()})).json()["revision"] == 2


async def test_reminders_reach_the_unit_once_an_hour(filled, client):
    await sign_in(client, "province-officer")
    yesterday = today() - timedelta(days=1)
    async with filled.scoped(Scope(2, "test")) as db:
        t = table(DayClose)
        row = await db.model(DayClose, select(t).where(t.c.unit_id == 2, t.c.day == yesterday))
        if row:
            await db.apply(Changes().delete(row), NOW)
    board = (await client.get("/province/reminders/new", headers={"HX-Request": "true"})).text
    assert 'value="97002"' in board
    body = {"day": str(yesterday), "units": ["97002"]}
    assert (await client.post("/api/reporting/reminders", json=body)).json() == {"reminded": 1}
    assert (await client.post("/api/reporting/reminders", json=body)).json() == {"reminded": 0}
    form = {"day": str(yesterday), "units": ["97002"]}
    assert (await client.post("/province/reminders", data=form)).status_code == 200
    strange = {"day": str(yesterday), "units": ["BH097"]}
    assert (await client.post("/api/reporting/reminders", json=strange)).status_code == 404
    assert (await client.post("/api/reporting/reminders", json={**body, "day": str(today())})).status_code == 422
    await sign_in(client, "unit-admin")
    assert "Sở Y tế nhắc lúc" in (await client.get(f"/day-close?day={yesterday}")).text


async def test_the_administrator_sees_worker_and_queues(database, client, clone):
    await sign_in(client, "installation-admin")
    assert "chưa chạy lần nào" in (await client.get("/system")).text
    visits, changes = Visits(database, 3), Changes()
    visits.new(changes, at(today(), 0, 2))
    await visits.write(changes, today())
    worker = Database(clone["his_worker"], size=2)
    await worker.open()
    await Beat()(worker, clock.now())
    await worker.close()
    answer = await client.get("/system")
    assert "chạy" in answer.text
    assert "ICD-10" in answer.text
    assert re.search(r"Số liệu chờ tính</span><b class=\"big\">[1-9]", answer.text)
    assert queries(answer) <= 12
    await sign_in(client, "unit-admin")
    assert (await client.get("/system")).status_code == 403
