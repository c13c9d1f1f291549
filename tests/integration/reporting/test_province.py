"""The same figures in page, JSON, CSV, Excel and MeasureReport; who may see them; closing, sending, reminding."""

import csv
import html
import io
import re
from datetime import timedelta

import openpyxl
import pytest
import pytest_asyncio
from sqlalchemy import select

from his.audit.tables import AuditEntry
from his.fhir.tables import ResourceCurrent
from his.identity.tables import Unit
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.reporting.jobs import Beat
from his.reporting.rules import month_of
from his.reporting.service import recount_days
from his.reporting.tables import DayClose, MonthReport
from tests.integration.finished_visits import Visits, at, fill_province
from tests.integration.visits import queries, sign_in

NOW = clock.now()
TODAY = clock.day_of(NOW)
MONTH = f"{TODAY:%Y-%m}"
LAST = TODAY.replace(day=1) - timedelta(days=1)
PAST = f"{LAST:%Y-%m}"
UNIT, AUDIT, CURRENT = table(Unit), table(AuditEntry), table(ResourceCurrent)


@pytest_asyncio.fixture
async def filled(database):
    """Four units with figures of the last weeks (once for the module)."""
    async with database.scoped(Scope(2)) as db:
        t = table(DayClose)
        known = await db.all(select(t.c.day).limit(1))
    if not known:
        await fill_province(database, NOW, 100, 0.6)
    return database


async def test_the_same_figures_everywhere(filled, client):
    await sign_in(client, "province-officer")
    body = (await client.get(f"/api/reporting/months/{PAST}")).json()
    units = (await client.get(f"/api/reporting/months/{PAST}/units")).json()
    days = (await client.get(f"/api/reporting/months/{PAST}/days")).json()
    expected = {}
    for figure in body["figures"]:
        expected[figure["code"], "all", "all"] = figure["value"]
        for split, parts in figure["splits"].items():
            expected |= {(figure["code"], split, part["code"]): part["value"] for part in parts}
    for code, rows in body["chapters"].items():
        for row in rows:
            expected[code, "chapter", row["code"]] = row["total"]
            expected |= {(code, "chapter", f"{row['code']}|{sex}"): value for sex, value in row["sexes"].items()}
            expected |= {(code, "chapter", f"{row['code']}|{c['sex']}|{c['age']}"): c["value"] for c in row["cells"]}
    for unit in units:
        expected |= {(code, "unit", unit["code"]): value for code, value in unit["values"].items()}
    for day in days:
        expected |= {(code, "day", day["day"]): value for code, value in day["values"].items()}
    shown = {key: value for key, value in expected.items() if not (key[1] == "chapter" and value == 0)}
    assert len(shown) > 300
    assert None in shown.values(), "something is small enough to be hidden"
    assert (
        expected["A01", "all", "all"] == sum(u["values"]["A01"] for u in units) == sum(d["values"]["A01"] for d in days)
    )

    answer = await client.get(f"/province/months/{PAST}.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    words = {"Tổng": "all", "Theo nguồn chi trả": "payer", "Theo giới": "sex", "Theo nhóm tuổi": "age"}
    words |= {"Theo lý do chuyển": "reason", "Theo kết quả điều trị": "outcome", "Theo đơn vị": "unit"}
    words |= {"Theo ngày": "day", "Theo chương ICD-10, giới, nhóm tuổi": "chapter"}

    def read(rows):
        return {
            (row[2], words[row[5]], str(row[6])): None if row[8] == "ẩn" else float(row[8]) for row in list(rows)[1:]
        }

    assert read(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == shown
    book = openpyxl.load_workbook(io.BytesIO((await client.get(f"/province/months/{PAST}.xlsx")).content))
    assert read(book.active.iter_rows(values_only=True)) == shown

    report = (await client.get(f"/api/reporting/months/{PAST}/measure-report")).json()
    assert (report["type"], report["status"], report["resourceType"]) == ("summary", "complete", "MeasureReport")
    found = {}
    for group in report["group"]:
        code = group["code"]["coding"][0]["code"]
        found[code, "all", "all"] = group["measureScore"].get("value")
        for stratifier in group.get("stratifier", ()):
            split = stratifier["code"][0]["coding"][0]["code"]
            for stratum in stratifier["stratum"]:
                score = stratum["measureScore"]
                assert ("value" in score) != ("extension" in score)
                found[code, split, stratum["value"]["coding"][0]["code"]] = score.get("value")
    assert found == shown

    page = (await client.get(f"/province?month={PAST}")).text
    for code in ("A01", "C02"):
        assert number(page, rf"/province/indicators/{code}\?") == expected[code, "all", "all"]
    for unit in units:
        assert number(page, rf"/province/units/{unit['code']}\?") == unit["values"]["A01"]
    table_page = (await client.get(f"/province/morbidity?month={PAST}")).text
    for row in body["chapters"]["A07"]:
        if row["code"] not in ("all", "none") and (row["total"] is None or row["total"]):
            line = re.search(rf"<td><b>{row['code']}</b>.*?</tr>", table_page, re.S)[0]
            texts = [
                html.unescape(re.sub("<[^>]+>", "", c)) for c in re.findall(r'<td class="num">(.*?)</td>', line, re.S)
            ]
            cells = {(c["sex"], c["age"]): c["value"] for c in row["cells"]}
            ages = ("0-5", "6-14", "15-59", "60+")
            want = [row["total"]]
            for sex in ("male", "female"):
                want += [row["sexes"][sex], *(cells[sex, age] for age in ages)]
            want.append(row["sexes"]["other"])
            assert texts == ["ẩn" if v is None else f"{v:,}".replace(",", ".") for v in want]


def number(page: str, pattern: str) -> int:
    found = re.search(pattern + r"[^>]*>([\d.]+)</a>", page)
    assert found is not None, pattern
    return int(found[1].replace(".", ""))


async def test_a_visit_shows_on_the_page_after_the_worker_counted(filled, client):
    await sign_in(client, "province-officer")
    before = number((await client.get("/province/board")).text, r"/province/indicators/A01\?")
    changes, visits = Changes(), Visits(filled, 1)
    visits.new(changes, at(TODAY, 0, 5))
    await visits.write(changes)
    async with filled.scoped(Scope(1, "test")) as db:
        groups = await recount_days(db, [TODAY], NOW)
    assert groups > 0
    after = (await client.get("/province/board")).text
    unit_day = (await client.get(f"/api/reporting/months/{MONTH}/units/97001")).json()
    assert number(after, r"/province/units/97001\?") == unit_day["values"]["A01"]
    assert number(after, r"/province/indicators/A01\?") != before


@pytest.mark.parametrize(
    "path",
    [
        "/province", "/province?behind=1&kind=hospital", f"/province?month={PAST}", "/province?month=2031-01",
        "/province/units/97002", "/province/morbidity?table=C06", "/province/indicators/A01", "/province/question",
        "/province/reminders/new", "/province/export", "/province/board?page=3", "/province?month=2020-02",
    ],
)  # fmt: skip
async def test_pages_cost_at_most_twelve_queries(filled, client, path):
    await sign_in(client, "province-officer")
    for headers in ({}, {"HX-Request": "true"}):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        if "server-timing" in answer.headers:
            assert queries(answer) <= 12


async def test_the_empty_month_says_so(filled, client):
    await sign_in(client, "province-officer")
    assert "Tháng này chưa tới" in (await client.get("/province?month=2031-01")).text
    assert "Chưa có lượt khám nào" in (await client.get("/province?month=2020-02")).text
    assert "Chưa có lượt nào trong tháng" in (await client.get("/province/morbidity?month=2020-02")).text
    figures = (await client.get("/api/reporting/months/2020-02")).json()["figures"]
    assert {f["code"]: f["value"] for f in figures}["C03"] is None


@pytest.mark.parametrize(
    "bad", ["/province?month=x", "/province?kind=zoo", "/province/morbidity?table=A01", "/province/question?ask=B"]
)
async def test_nonsense_in_the_address_is_refused(filled, client, bad):
    await sign_in(client, "province-officer")
    assert (await client.get(bad)).status_code == 400


@pytest.mark.parametrize("user", ["doctor", "unit-admin", "insurance-officer", "installation-admin"])
async def test_only_the_health_department_sees_the_province(filled, client, user):
    await sign_in(client, user)
    for path in ("/province", "/province/morbidity", f"/province/months/{PAST}.csv", f"/api/reporting/months/{PAST}"):
        assert (await client.get(path)).status_code == 403


async def test_a_unit_of_another_province_does_not_exist(filled, client):
    await sign_in(client, "province-officer")
    for path in ("/province/units/BH097", "/province/units/99999", f"/api/reporting/months/{PAST}/units/99999"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get("/province/indicators/Z99")).status_code == 404


async def test_names_cannot_become_formulas(filled, client):
    async with filled.scoped(Scope(None, "test")) as db:
        from_db = (await db.all(select(UNIT).where(UNIT.c.id == 4)))[0]
        row = Unit(**from_db._mapping)
        changes = Changes()
        changes.update(row, name='=HYPERLINK("http://x")')
        await db.apply(changes, NOW)
    try:
        await sign_in(client, "province-officer")
        text = (await client.get(f"/province/months/{PAST}.csv")).content.decode("utf-8-sig")
        cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
        assert '\'=HYPERLINK("http://x")' in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        book = openpyxl.load_workbook(io.BytesIO((await client.get(f"/province/months/{PAST}.xlsx")).content))
        assert not [c for line in book.active.iter_rows() for c in line if c.data_type == "f"]
    finally:
        async with filled.scoped(Scope(None, "test")) as db:
            changes = Changes()
            changes.update(row, name=row.name)
            await db.apply(changes, NOW)


async def test_downloads_are_written_in_the_log(filled, client):
    await sign_in(client, "province-officer")
    await client.get(f"/province/months/{PAST}.csv")
    async with filled.scoped(Scope(901)) as db:
        entries = await db.all(
            select(AUDIT.c.action, AUDIT.c.entity_id, AUDIT.c.detail).where(AUDIT.c.action == "export")
        )
    assert (PAST, "csv") in {(e.entity_id, e.detail["kind"]) for e in entries}


async def test_closing_a_day(database, client):
    visits, changes = Visits(database, 2), Changes()
    day = TODAY - timedelta(days=130)
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
    tomorrow = await client.post("/api/reporting/day-closings", json={"day": str(TODAY + timedelta(days=1))})
    assert tomorrow.json()["findings"][0]["code"] == "REPORTING-CLOSE-01"
    changes = Changes()
    visits.new(changes, None, arrived_at=at(TODAY, 0, 1))
    await visits.write(changes)
    today = await client.post("/api/reporting/day-closings", json={"day": str(TODAY)})
    assert today.json()["findings"][0]["code"] == "REPORTING-CLOSE-03"


async def test_sending_a_month_makes_an_immutable_revision_and_a_measure_report(filled, client):
    await sign_in(client, "unit-admin")
    running = await client.post("/api/reporting/month-reports", json={"month": MONTH})
    assert running.json()["findings"][0]["code"] == "REPORTING-MONTH-01"
    first, last = month_of(LAST)
    async with filled.scoped(Scope(2, "test")) as db:
        t = table(DayClose)
        closed = {row.day for row in await db.all(select(t.c.day).where(t.c.unit_id == 2))}
    open_days = [first + timedelta(days=n) for n in range(last.day) if first + timedelta(days=n) not in closed]
    for day in open_days:
        refused = await client.post("/api/reporting/month-reports", json={"month": PAST})
        assert refused.json()["findings"][0]["code"] == "REPORTING-MONTH-02"
        assert (await client.post("/api/reporting/day-closings", json={"day": str(day)})).status_code == 201
    sent = (await client.post("/api/reporting/month-reports", json={"month": PAST})).json()
    assert sent["revision"] == 1
    assert (await client.post("/api/reporting/month-reports", json={"month": PAST})).status_code == 409
    async with filled.scoped(Scope(2, "test")) as db:
        report = await db.model(MonthReport, select(table(MonthReport)))
        resource = (await db.all(select(CURRENT.c.content).where(CURRENT.c.type == "MeasureReport")))[0].content
    assert report.sha256 == sent["sha256"]
    assert f'"value":{report.content["figures"]["A01"]}' in resource
    assert "masked" not in resource, "the unit's own report is exact"
    visits, changes = Visits(filled, 2), Changes()
    visits.new(changes, at(LAST, 10))
    await visits.write(changes)
    async with filled.scoped(Scope(2, "test")) as db:
        await recount_days(db, [LAST], NOW)
    await sign_in(client, "province-officer")
    assert "Số đã đổi" in (await client.get(f"/province?month={PAST}")).text
    await sign_in(client, "unit-admin")
    assert (await client.post("/api/reporting/month-reports", json={"month": PAST})).json()["revision"] == 2


async def test_reminders_reach_the_unit_once_an_hour(filled, client):
    await sign_in(client, "province-officer")
    yesterday = TODAY - timedelta(days=1)
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
    assert (await client.post("/api/reporting/reminders", json={**body, "day": str(TODAY)})).status_code == 422
    await sign_in(client, "unit-admin")
    assert "Sở Y tế nhắc lúc" in (await client.get(f"/day-close?day={yesterday}")).text


async def test_the_administrator_sees_worker_and_queues(database, client, clone):
    await sign_in(client, "installation-admin")
    assert "chưa chạy lần nào" in (await client.get("/system")).text
    visits, changes = Visits(database, 3), Changes()
    visits.new(changes, at(TODAY, 0, 2))
    await visits.write(changes, TODAY)
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
