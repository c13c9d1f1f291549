"""The privacy officer in a real Chromium: finds a patient, sees who opened the record, takes a request, answers it; the law page."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from his.kit.db import Database
from tests.browser.test_consultation import MISSING, address, run
from tests.integration.visits import Cast, make_visit

__all__ = ["address", "run"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason="no Chromium")]
SHOTS = os.environ.get("HIS_SHOTS", "")


def signed_in(browser: Browser, address: str, username: str) -> Page:
    page = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


@pytest.fixture
def officer(browser: Browser, address: str) -> Iterator[Page]:
    page = signed_in(browser, address, "privacy-officer")
    yield page
    page.context.close()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def fits(page: Page) -> None:
    """Nothing sticks out sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px too wide"


async def somebody(database: Database) -> Cast:
    return await make_visit(database, name="Lò Văn Riêng")


def test_from_the_record_to_the_answered_request(
    browser: Browser, officer: Page, address: str, run: Callable[..., Cast]
) -> None:
    cast = run(somebody)
    doctor = signed_in(browser, address, "doctor")
    doctor.goto(f"{address}/visit/{cast.id}")
    doctor.context.close()
    officer.get_by_role("link", name="Người bệnh", exact=True).first.click()
    officer.get_by_label("Tìm người bệnh").fill(cast.patient.code)
    officer.get_by_role("button", name="Tìm", exact=True).click()
    officer.get_by_role("link", name=cast.patient.code).click()
    expect(officer.get_by_role("heading", name="Lò Văn Riêng")).to_be_visible()
    expect(officer.locator("#opened-rows")).to_be_visible()
    fits(officer)
    shot(officer, "privacy-patient")
    officer.get_by_label("Loại yêu cầu").select_option("rectify")
    officer.get_by_role("button", name="Ghi vào sổ").click()
    expect(officer.get_by_label("Người bệnh yêu cầu")).to_have_attribute("aria-invalid", "true")
    officer.get_by_label("Loại yêu cầu").select_option("rectify")
    officer.get_by_label("Người bệnh yêu cầu").fill("Sai năm sinh, đúng là 1990")
    officer.get_by_role("button", name="Ghi vào sổ").click()
    expect(officer.locator("#asked")).to_contain_text("Sửa dữ liệu sai")
    officer.get_by_role("link", name="Đơn yêu cầu", exact=True).first.click()
    fits(officer)
    shot(officer, "privacy-requests")
    officer.get_by_label(f"Trả lời {cast.patient.code}").fill("Đã sửa ở tiếp đón")
    officer.get_by_role("button", name="Đã đáp ứng").click()
    expect(officer.locator("#request-rows")).to_contain_text("Đã sửa ở tiếp đón")


@pytest.mark.parametrize(
    ("path", "words"), [("unusual", "bất thường"), ("law", "NĐ 53/2022"), ("patients", "Chưa tìm")]
)
def test_the_other_pages_show_themselves(officer: Page, address: str, path: str, words: str) -> None:
    officer.goto(f"{address}/privacy/{path}")
    expect(officer.locator("main")).to_contain_text(words)
    fits(officer)
    shot(officer, f"privacy-{path}")
