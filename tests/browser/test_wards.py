"""A stay in a real Chromium: the doctor admits from the visit, the nurse gives a bed, shares one on purpose, empties it."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from his.kit.db import Database
from tests.browser.test_consultation import MISSING, address, page, run
from tests.integration.visits import Cast, make_visit

__all__ = ["address", "page", "run"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason="no Chromium")]
SHOTS = os.environ.get("HIS_SHOTS", "")


async def arrived(database: Database) -> tuple[Cast, Cast]:
    return await make_visit(database, name="Lò Thị Mai"), await make_visit(database, name="Vàng A Sơn")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def admit(page: Page, address: str, cast: Cast, department: str) -> None:
    page.goto(f"{address}/visit/{cast.id}")
    page.get_by_role("link", name="Nhập viện, giường").click()
    page.get_by_label("Khoa điều trị").select_option(department)
    page.get_by_label("Lý do vào viện").fill("Sốt cao, khó thở")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Xếp giường")).to_be_visible()


def test_from_admission_to_an_empty_bed(page: Page, address: str, run: Callable[..., tuple[Cast, Cast]]) -> None:
    mai, son = run(arrived)
    admit(page, address, mai, "K18")
    shot(page, "ward-stay")
    page.locator("#bed_id").select_option(label="H001 · trống")
    page.keyboard.press("Control+s")
    expect(page.locator("#bed-H001")).to_contain_text("Lò Thị Mai")
    admit(page, address, son, "K18")
    page.locator("#bed_id").select_option(label="H001 · 1 người đang nằm")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert").first).to_contain_text("Giường H001 đang có 1 người")
    page.get_by_label("Nằm ghép").check()
    page.keyboard.press("Control+s")
    expect(page.locator("#bed-H001")).to_contain_text("ghép 2 người")
    shot(page, "ward-board")
    page.locator("#bed-H001").get_by_role("link", name="Vàng A Sơn").click()
    expect(page.locator("#trail")).to_contain_text("đang nằm")
    page.get_by_role("button", name="Rời giường").click()
    expect(page.locator("#bed-H001")).not_to_contain_text("Vàng A Sơn")
    expect(page.locator("#waiting")).to_contain_text("Vàng A Sơn")
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for where in ("/wards?department=K18", f"/wards/visits/{mai.id}"):
            page.goto(f"{address}{where}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, where)
    shot(page, "ward-phone")


def test_the_administrator_adds_beds(page: Page, address: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in")
    page.locator("#username").fill("unit-admin")
    page.locator("#password").fill("demo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/claims**")
    page.goto(f"{address}/wards/beds?department=K02")
    page.get_by_label("Mã giường đầu").fill("T001")
    page.get_by_label("Số giường, mã tăng dần").fill("2")
    page.locator("#service_code").select_option("K02.1907")
    page.keyboard.press("Control+s")
    expect(page.locator("#bed-list")).to_contain_text("T002")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "ward-beds")
