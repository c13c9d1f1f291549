"""The province officer's morning in a real Chromium: the board by keyboard, a new visit appears, a reminder, the phone."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from his.app import create_app
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database
from his.worker import Worker
from tests.integration.finished_visits import Visits, at, fill_province

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
LONG = "Trung tâm Y tế khu vực liên xã Thượng Lâm, Nậm Khe, Sơn Dương Hạ và vùng phụ cận phía Bắc tỉnh Tân Giang"


async def _fill(dsn: str) -> None:
    database = Database(dsn, size=2)
    await database.open()
    await fill_province(database, clock.now(), 45, 0.4)
    await database.close()


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in a thread of its own: the browser's driver holds a loop in this one."""
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


async def _work(dsn: str, workers: list[Worker]) -> None:
    database = Database(dsn, size=2)
    await database.open()
    worker = Worker(database)
    workers.append(worker)
    await worker.run()
    await database.close()


def today() -> date:
    """Asked anew: a long run of the suite goes past midnight in Viet Nam."""
    return clock.day_of(clock.now())


@pytest.fixture(scope="module")
def site(clone: dict[str, str]) -> Iterator[str]:
    """The whole application and its worker on free ports, four units with figures, one of them with a long name."""
    _apart(_fill(clone["his_app"]))
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("UPDATE unit SET name = %s WHERE id = 4", (LONG,))
        yesterday = today() - timedelta(days=1)
        connection.execute("DELETE FROM day_close WHERE unit_id IN (2, 4) AND day = %s", (yesterday,))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(Database(clone["his_app"], size=4))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    workers: list[Worker] = []
    threads = [
        threading.Thread(target=server.run, daemon=True),
        threading.Thread(target=lambda: asyncio.run(_work(clone["his_worker"], workers)), daemon=True),
    ]
    for thread in threads:
        thread.start()
    while not (server.started and workers):
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    workers[0].stopping.set()
    for thread in threads:
        thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], slow_mo=90)
        yield browser
        browser.close()


def enter(chromium: Browser, site: str, username: str, path: str, size: tuple[int, int] = (1366, 768)) -> Page:
    """Signed in, on the page; console errors and failed requests end up in `page.noise`."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
    page = context.new_page()
    page.noise = []  # type: ignore[attr-defined]
    page.on("console", lambda m: page.noise.append(m.text) if m.type in ("error", "warning") else None)  # type: ignore[attr-defined]
    page.on("pageerror", lambda e: page.noise.append(str(e)))  # type: ignore[attr-defined]
    page.goto(f"{site}/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.noise.clear()  # type: ignore[attr-defined]
    page.goto(site + path)
    page.wait_for_load_state("networkidle")  # the keyboard map has arrived
    return page


def test_the_morning_by_keyboard(chromium: Browser, site: str) -> None:
    page = enter(chromium, site, "province-officer", "/province")
    expect(page.locator("h1")).to_have_text(f"Toàn tỉnh, tháng {today():%m/%Y}")
    expect(page.locator("#unit-rows tbody tr")).to_have_count(4)
    page.locator("#unit-rows [data-row]").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "unit-97002"
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("BVĐK KV Hồ Xanh")
    page.go_back()
    page.keyboard.press("F6")
    expect(page.locator("#modal h2")).to_have_text("Đặt câu hỏi")
    page.locator("#ask-what").select_option("A01-age")
    expect(page.locator("#modal")).to_be_visible()
    expect(page.locator("#modal #answer")).to_contain_text("Từ 60 tuổi")
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).not_to_be_visible()
    page.keyboard.press("Control+e")
    with page.expect_download() as got:
        page.locator("#modal").get_by_text("Tệp Excel").click()
    assert got.value.suggested_filename == f"toan-tinh-97-{today():%Y-%m}.xlsx"
    assert page.noise == []  # type: ignore[attr-defined]


def test_every_key_number_opens_its_definition(chromium: Browser, site: str) -> None:
    page = enter(chromium, site, "province-officer", "/province")
    links = page.locator(".stages a")
    assert links.count() == 5
    for n in range(5):
        links.nth(n).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#modal")).to_be_visible()
        expect(page.locator("#modal .dlg-body")).to_contain_text("TT 23/2025/TT-BYT")
        page.keyboard.press("Escape")
        expect(page.locator("#modal")).not_to_be_visible()
    assert page.noise == []  # type: ignore[attr-defined]


def test_a_visit_that_ends_appears_without_reloading(chromium: Browser, site: str, clone: dict[str, str]) -> None:
    page = enter(chromium, site, "province-officer", "/province")
    cell = page.locator("#unit-97001 td.num a")
    before = int(cell.inner_text().replace(".", ""))

    async def end() -> None:
        database = Database(clone["his_app"], size=1)
        await database.open()
        visits, changes = Visits(database, 1), Changes()
        for n in range(before + 1):  # the row count of the day replaces the invented figures of today
            visits.new(changes, at(today(), 0, n % 60))
        await visits.write(changes, today())
        await database.close()

    _apart(end())
    time.sleep(1)
    page.evaluate("htmx.trigger('#board', 'refresh')")
    expect(cell).not_to_have_text(f"{before:,}".replace(",", "."))
    assert int(cell.inner_text().replace(".", "")) > before
    assert page.noise == []  # type: ignore[attr-defined]


def test_remind_and_close(chromium: Browser, site: str) -> None:
    officer = enter(chromium, site, "province-officer", "/province")
    officer.keyboard.press("Control+d")
    expect(officer.locator("#modal")).to_contain_text("BVĐK KV Hồ Xanh")
    officer.locator("#modal").get_by_text("Nhắc các đơn vị đã chọn").click()
    expect(officer.locator("#toast")).to_contain_text("Đã nhắc")
    expect(officer.locator("#modal")).not_to_be_visible()
    unit = enter(chromium, site, "unit-admin", f"/day-close?day={today() - timedelta(days=1)}")
    expect(unit.locator("main")).to_contain_text("Sở Y tế nhắc lúc")
    unit.locator("[data-action=save]").focus()
    unit.keyboard.press("Enter")
    expect(unit.locator("#toast")).to_contain_text("Đã khóa sổ")
    expect(unit.locator("h1 + .chip")).to_contain_text("Đã khóa")
    assert officer.noise == unit.noise == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(1366, 768), (1024, 700), (390, 844), (320, 640)])
@pytest.mark.parametrize(
    ("user", "path"),
    [
        ("province-officer", "/province"),
        ("province-officer", "/province/morbidity"),
        ("province-officer", "/province/units/97004"),
        ("province-officer", "/province/indicators/A01"),
        ("unit-admin", "/day-close"),
        ("installation-admin", "/system"),
    ],
)
def test_no_side_scrolling_and_one_heading(
    chromium: Browser, site: str, user: str, path: str, size: tuple[int, int]
) -> None:
    page = enter(chromium, site, user, path, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.locator("h1").count() == 1
    assert page.noise == []  # type: ignore[attr-defined]
    page.context.close()


def test_the_phone_keeps_the_reminder_at_hand(chromium: Browser, site: str) -> None:
    page = enter(chromium, site, "province-officer", "/province", (390, 844))
    expect(page.locator("#unit-97004 td").first).to_have_text(LONG)
    squares = page.locator("#unit-97001 .dq-c:visible")
    assert 0 < squares.count() <= 8
    box = page.locator("#units footer").bounding_box()
    if page.locator("#units footer .btn--pri").count():
        assert box is not None
        assert box["y"] + box["height"] <= 845
