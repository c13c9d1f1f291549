"""The pharmacist's day in a real Chromium, by keyboard: scan, check, hand out, shortage, empty, expired, long names."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from his.app import create_app
from his.kit import clock
from his.kit.db import Database, Scope
from his.prescriptions import service as prescriptions
from his.web import assets
from tests.integration.pharmacy.shelf import TODAY, draft, empty, expire, fill, sign
from tests.integration.visits import UNIT, make_visit

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("HIS_SHOTS", "")
AMLODIPIN, METFORMIN, ATORVASTATIN, VITAMIN, LONG = (
    "VD-90087-26",
    "VD-90124-26",
    "VD-90118-26",
    "VD-90196-26",
    "VD-90073-26",
)


async def _fill_desk(dsn: str) -> SimpleNamespace:
    database = Database(dsn, size=3)
    create_app(database)
    await database.open()
    now = clock.now()
    await empty(database, METFORMIN, VITAMIN, ATORVASTATIN)
    await fill(database, METFORMIN, "M2608", 40, days=70, shelf="Tủ 2 · ô 31")
    await fill(database, METFORMIN, "M2611", 400, days=560, shelf="Tủ 2 · ô 31")
    await fill(database, VITAMIN, "V2606", 20, price="1500", shelf="Tủ 5 · ô 02")
    old = await fill(database, ATORVASTATIN, "T2511", 200, shelf="Tủ 3 · ô 05")
    first = await make_visit(database)
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        await prescriptions.record_allergy(db, first.patient.id, "Penicilin", "phát ban", 2019, first.doctor, now)
    lines = [
        (AMLODIPIN, 28, "insurance"),
        (METFORMIN, 56, "insurance"),
        (ATORVASTATIN, 28, "insurance"),
        (VITAMIN, 28, "self"),
    ]
    await draft(database, lines, cast=first)
    nguyet = await sign(database, first, now - timedelta(minutes=6))
    long_name = await make_visit(database, name="Nguyễn Phúc Thị Hoàng Bảo Ngọc Quỳnh Hương Giang", insured=False)
    await draft(database, [(LONG, 10, "self"), (AMLODIPIN, 30, "self")], cast=long_name)
    second = await sign(database, long_name, now - timedelta(minutes=4))
    third = await make_visit(database, name="Sùng A Chớ")
    await draft(database, [(ATORVASTATIN, 14, "insurance")], cast=third)
    expiring = await sign(database, third, now - timedelta(minutes=1))
    await database.close()
    return SimpleNamespace(nguyet=nguyet, second=second, expiring=expiring, old=old, dsn=dsn)


async def _expire(dsn: str, lot: object) -> None:
    database = Database(dsn, size=2)
    create_app(database)
    await database.open()
    await expire(database, lot, TODAY - timedelta(days=1))  # type: ignore[arg-type]
    await database.close()


@pytest.fixture(scope="module")
def desk(clone: dict[str, str]) -> SimpleNamespace:
    found: list[SimpleNamespace] = []

    async def fill_desk() -> None:
        found.append(await _fill_desk(clone["his_app"]))

    _beside(fill_desk())
    return found[0]


@pytest.fixture(scope="module")
def address(clone: dict[str, str], desk: SimpleNamespace) -> Iterator[str]:
    assets.build_assets(ROOT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(Database(clone["his_app"], size=4))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def state(browser: Browser, address: str) -> object:
    context = browser.new_context(locale="vi-VN")
    tab = context.new_page()
    tab.goto(f"{address}/sign-in")
    tab.locator("[name=username]").fill("pharmacist")
    tab.locator("[name=password]").fill("demo")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/pharmacy**")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def page(browser: Browser, state: object) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", storage_state=state)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    tab.noise = []  # type: ignore[attr-defined]
    tab.on("console", lambda m: tab.noise.append(m.text) if m.type in {"error", "warning"} else None)  # type: ignore[attr-defined]
    tab.on("pageerror", lambda e: tab.noise.append(str(e)))  # type: ignore[attr-defined]
    yield tab
    context.close()


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", caret="initial")  # hiding it adds a style the policy forbids


def _beside(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread: the browser's loop runs in this one."""
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def _fits(page: Page, width: int) -> bool:
    wide = page.evaluate("""Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth,
        ...[...document.querySelectorAll('main table')].map(t => Math.floor(t.getBoundingClientRect().right)))""")
    return int(wide) <= width


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1366, 640), (720, 900), (390, 844), (320, 640)])
def test_no_side_scrolling_and_no_noise(
    page: Page, address: str, desk: SimpleNamespace, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for path in (
        f"/pharmacy?rx={desk.nguyet.id}",
        f"/pharmacy?rx={desk.second.id}",
        "/pharmacy/stock",
        "/pharmacy/stock/balance",
    ):
        _open(page, address + path)
        assert _fits(page, width), path
        _shot(page, f"pharmacy-{width}-{height}-{path.split('/')[-1][:12].replace('?', '-')}")
    assert page.noise == []  # type: ignore[attr-defined]


def test_the_key_bar_shows_the_keys_that_work_now(page: Page, address: str, desk: SimpleNamespace) -> None:
    _open(page, f"{address}/pharmacy?rx={desk.nguyet.id}")
    shown = page.locator(".keys li:visible")
    expect(shown.filter(has_text="Phát thiếu")).to_be_visible()
    expect(shown.filter(has_text="Gọi lại")).to_have_count(0)
    _open(page, f"{address}/pharmacy/stock")
    expect(shown.filter(has_text="Nhập kho")).to_be_visible()
    expect(shown.filter(has_text="Phát thiếu")).to_have_count(0)
    page.keyboard.press("F6")
    expect(page.locator("#modal h2")).to_have_text("Nhập kho")


def test_pharmacist_hands_out_by_keyboard(page: Page, address: str, desk: SimpleNamespace) -> None:
    _open(page, f"{address}/pharmacy?rx={desk.nguyet.id}")
    expect(page.get_by_text("Penicilin: phát ban, 2019")).to_be_visible()
    expect(page.locator("#scan")).to_be_focused()
    expect(page.get_by_role("button", name="Phát và in nhãn")).to_have_attribute("aria-disabled", "true")
    for number, said in (("M2608", "40 / 56"), ("M2611", "56")):
        page.keyboard.press("F2")
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        expect(page.locator("#scan-out")).to_contain_text(f"Đúng, lô {number}")
        expect(page.locator("#lines tbody tr").nth(1)).to_contain_text(said)
    page.keyboard.press("F2")
    page.keyboard.type("LA-LOT-KHAC")
    page.keyboard.press("Enter")
    expect(page.locator("#scan-out")).to_contain_text("Hộp này không có trong đơn")
    for row in (0, 2, 3):
        page.locator("#lines tbody tr").nth(row).focus()
        with page.expect_response("**/check"):
            page.keyboard.press("Space")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#lines tbody tr").nth(row).get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_text("Kho thiếu 8 viên Vitamin")).to_be_visible()
    _shot(page, "pharmacy-ready")
    page.keyboard.press("Control+i")
    expect(page.get_by_text("Đã phát xong")).to_be_visible()
    expect(page.get_by_role("link", name="In nhãn")).to_be_focused()
    _shot(page, "pharmacy-done")
    page.keyboard.press("F8")
    page.wait_for_url(f"**/pharmacy?rx={desk.second.id}")
    assert page.noise == []  # type: ignore[attr-defined]


def test_shortage_by_keyboard(page: Page, address: str, desk: SimpleNamespace) -> None:
    _open(page, f"{address}/pharmacy?rx={desk.second.id}")
    page.keyboard.press("F6")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    field = dialog.locator("input[name^=given-]").first
    expect(field).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("6")
    _shot(page, "pharmacy-short")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#toast")).to_contain_text("hoàn lại 11.200")


def test_expired_lot_offers_another(page: Page, address: str, desk: SimpleNamespace) -> None:
    _beside(_expire(desk.dsn, desk.old))
    _open(page, f"{address}/pharmacy?rx={desk.expiring.id}")
    expect(page.get_by_text("lô T2511 đã hết hạn")).to_be_visible()
    _shot(page, "pharmacy-expired")
    page.get_by_role("button", name="Lấy lô khác").press("Enter")
    expect(page.locator("#toast")).to_contain_text("Kho thiếu 14 viên")


def test_stock_is_received_by_keyboard(page: Page, address: str) -> None:
    _open(page, f"{address}/pharmacy/stock?q=atorvastatin 20")
    page.keyboard.press("F6")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    box = dialog.get_by_role("combobox")
    box.focus()
    page.keyboard.type("atorvastatin 20")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    for name, value in (
        ("lot_number", "T'2701"), ("expires_on", "31/01/2029"), ("quantity", "500"), ("unit_price_vnd", "250"),
    ):  # fmt: skip
        dialog.locator(f"[name={name}]").focus()
        page.keyboard.type(value)
    _shot(page, "pharmacy-receive")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Đã nhập lô T'2701")
