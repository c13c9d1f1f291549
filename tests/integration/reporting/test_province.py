"""The same figures in page, JSON, CSV, Excel and MeasureReport; who may see them; closing, sending, reminding."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import csv
import html
import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from his.identity.tables import Unit
from his.kit.changes import Changes
from his.kit.db import Scope
from his.reporting.service import recount_days
from tests.integration.finished_visits import Visits, at
from tests.integration.reporting.province import AUDIT, NOW, UNIT, filled, month, number, past, today
from tests.integration.visits import queries, sign_in


def every_figure(body, units, days):
    """All published values by code, split and part, from the JSON interface."""
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
    return expected


def figures_of(report):
    """The same from the MeasureReport."""
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
    return found


def check_morbidity(table_page, chapters):
    """The table of the page shows the same values, hidden ones as such."""
    for row in chapters:
        if row["code"] not in ("all", "none") and (row["total"] is None or row["total"]):
            line = re.search(rf"<td><b>{row['code']}</b>.*?</tr>", table_page, re.S)[0]
            texts = [
                html.unescape(re.sub("<[^>]+>", "", c))
                for c in re.findall(r'<td class="num(?: no-phone)?">(.*?)</td>', line, re.S)
            ]
            cells = {(c["sex"], c["age"]): c["value"] for c in row["cells"]}
            ages = ("0-5", "6-14", "15-59", "60+")
            want = [row["total"]]
            for sex in ("male", "female"):
                want += [row["sexes"][sex], *(cells[sex, age] for age in ages)]
            want.append(row["sexes"]["other"])
            assert texts == ["ẩn" if v is None else f"{v:,}".replace(",", ".") for v in want]


async def test_the_same_figures_everywhere(filled, client):
    await sign_in(client, "province-officer")
    body = (await client.get(f"/api/reporting/months/{past()}")).json()
    units = (await client.get(f"/api/reporting/months/{past()}/units")).json()
    days = (await client.get(f"/api/reporting/months/{past()}/days")).json()
    expected = every_figure(body, units, days)
    shown = {key: value for key, value in expected.items() if not (key[1] == "chapter" and value == 0)}
    assert len(shown) > 300
    assert None in shown.values(), "something is small enough to be hidden"
    assert (
        expected["A01", "all", "all"] == sum(u["values"]["A01"] for u in units) == sum(d["values"]["A01"] for d in days)
    )

    answer = await client.get(f"/province/months/{past()}.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    words = {"Tổng": "all", "Theo nguồn chi trả": "payer", "Theo giới": "sex", "Theo nhóm tuổi": "age"}
    words |= {"Theo lý do chuyển": "reason", "Theo kết quả điều trị": "outcome", "Theo đơn vị": "unit"}
    words |= {"Theo ngày": "day", "Theo chương ICD-10, giới, nhóm tuổi": "chapter"}

    def read(rows):
        return {
            (row[2], words[row[5]], str(row[6])): None if row[8] == "ẩn" else float(row[8]) for row in list(rows)[1:]
        }

    assert read(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == shown
    book = openpyxl.load_workbook(io.BytesIO((await client.get(f"/province/months/{past()}.xlsx")).content))
    assert read(book.active.iter_rows(values_only=True)) == shown

    report = (await client.get(f"/api/reporting/months/{past()}/measure-report")).json()
    assert (report["type"], report["status"], report["resourceType"]) == ("summary", "complete", "MeasureReport")
    assert figures_of(report) == shown

    page = (await client.get(f"/province?month={past()}")).text
    for code in ("A01", "C02"):
        assert number(page, rf"/province/indicators/{code}\?") == expected[code, "all", "all"]
    for unit in units:
        assert number(page, rf"/province/units/{unit['code']}\?") == unit["values"]["A01"]
    check_morbidity((await client.get(f"/province/morbidity?month={past()}")).text, body["chapters"]["A07"])


async def test_a_visit_shows_on_the_page_after_the_worker_counted(filled, client):
    await sign_in(client, "province-officer")
    before = number((await client.get("/province/board")).text, r"/province/indicators/A01\?")
    changes, visits = Changes(), Visits(filled, 1)
    visits.new(changes, at(today(), 0, 5))
    await visits.write(changes)
    async with filled.scoped(Scope(1, "test")) as db:
        groups = await recount_days(db, [today()], NOW)
    assert groups > 0
    after = (await client.get("/province/board")).text
    unit_day = (await client.get(f"/api/reporting/months/{month()}/units/97001")).json()
    assert number(after, r"/province/units/97001\?") == unit_day["values"]["A01"]
    assert number(after, r"/province/indicators/A01\?") != before


@pytest.mark.parametrize(
    "path",
    [
        "/province", "/province?behind=1&kind=hospital", f"/province?month={past()}", "/province?month=2031-01",
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
    for path in (
        "/province",
        "/province/morbidity",
        f"/province/months/{past()}.csv",
        f"/api/reporting/months/{past()}",
    ):
        assert (await client.get(path)).status_code == 403


async def test_a_unit_of_another_province_does_not_exist(filled, client):
    await sign_in(client, "province-officer")
    for path in ("/province/units/BH097", "/province/units/99999", f"/api/reporting/months/{past()}/units/99999"):
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
        text = (await client.get(f"/province/months/{past()}.csv")).content.decode("utf-8-sig")
        cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
        assert '\'=HYPERLINK("http://x")' in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        book = openpyxl.load_workbook(io.BytesIO((await client.get(f"/province/months/{past()}.xlsx")).content))
        assert not [c for line in book.active.iter_rows() for c in line if c.data_type == "f"]
    finally:
        async with filled.scoped(Scope(None, "test")) as db:
            changes = Changes()
            changes.update(row, name=row.name)
            await db.apply(changes, NOW)


async def test_downloads_are_written_in_the_log(filled, client):
    await sign_in(client, "province-officer")
    await client.get(f"/province/months/{past()}.csv")
    async with filled.scoped(Scope(901)) as db:
        entries = await db.all(
            select(AUDIT.c.action, AUDIT.c.entity_id, AUDIT.c.detail).where(AUDIT.c.action == "export")
        )
    assert (past(), "csv") in {(e.entity_id, e.detail["kind"]) for e in entries}
