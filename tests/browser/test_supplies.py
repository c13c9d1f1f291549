"""A nurse records supplies of a procedure in a real Chromium, takes one back with a reason; the cost of the visit follows."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, expect

from his.kit import clock
from his.kit.db import Database
from his.orders import service as orders
from his.orders.terms import OrderLine
from tests.browser.conftest import House
from tests.integration.visits import Cast, doctor_db, make_visit

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("HIS_SHOTS", "")
SURGERY = "13.0007.0671"
Got = TypeVar("Got")


def inside(house: House, act: Callable[[Database], Awaitable[Got]]) -> Got:
    """Do something with the database in a loop of its own, because the main thread belongs to the browser's."""

    async def run() -> Got:
        database = Database(house.app, size=2)
        await database.open()
        try:
            return await act(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def operation(database: Database) -> Cast:
    """A visit with one operation ordered two hours ago."""
    began = clock.now() - timedelta(hours=2)
    cast = await make_visit(database, now=began)
    db = doctor_db(database)
    await orders.order(db, cast.id, [OrderLine(SURGERY)], cast.doctor, began)
    await db.release()
    return cast


def test_a_nurse_records_supplies_and_takes_one_back(house: House, browser: Browser) -> None:
    cast = inside(house, operation)
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    noise: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto(f"{house.address}/sign-in")
    page.fill("input[name=username]", "nurse")
    page.fill("input[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.address}/queue*")
    page.goto(f"{house.address}/visit/{cast.id}")
    page.get_by_role("link", name="Vật tư đã dùng").click()
    page.wait_for_url("**/supplies")
    expect(page.get_by_text("Chưa ghi vật tư nào")).to_be_visible()
    for words, quantity in (("khop hang", "2"), ("chi khau tieu", "1,5")):
        page.get_by_role("combobox", name="Vật tư", exact=True).fill(words)
        option = page.locator("#supply-q-list [role=option]").first
        option.wait_for()
        option.click()
        page.fill("#quantity", quantity)
        page.get_by_role("button", name="Ghi vật tư").click()
        expect(page.locator("#supplies")).to_contain_text("1,5 sợi" if quantity == "1,5" else "2 bộ")
    expect(page.locator("#supplies")).to_contain_text("Gói G1")
    expect(page.locator("#supplies")).to_contain_text("64.000.000")
    expect(page.locator("#visit-cost")).to_contain_text("130.697.800")  # the operation's 2,604,800 and the supplies
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/supplies.png")
    page.get_by_role("button", name="Hủy vật tư Khớp háng").click()
    page.fill("#reason", "Dùng loại khác")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/supplies-cancel.png")
    page.get_by_role("button", name="Lưu lý do").click()
    expect(page.locator("#supplies")).to_contain_text("Dùng loại khác")
    page.fill("#quantity", "0")
    page.get_by_role("combobox", name="Vật tư", exact=True).fill("gac phau")
    page.locator("#supply-q-list [role=option]").first.click()
    page.get_by_role("button", name="Ghi vật tư").click()
    expect(page.locator("#use-supply .note.stop")).to_contain_text("lớn hơn 0")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1366
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/supplies-phone.png")
    assert noise == []
    context.close()
