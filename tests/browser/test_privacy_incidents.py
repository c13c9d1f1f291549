"""Breaches and staff as patients in a real Chromium: the officer notes, tells, closes; the administrator marks."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from his.kit import clock
from his.kit.db import Database
from tests.browser.test_consultation import MISSING, address, run
from tests.browser.test_privacy import fits, signed_in
from tests.integration.visits import Cast, make_visit

__all__ = ["address", "run"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason="no Chromium")]
SHOTS = os.environ.get("HIS_SHOTS", "")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


async def somebody(database: Database) -> Cast:
    return await make_visit(database, name="Lường Thị Sự")


def test_a_breach_from_the_finding_to_the_end(browser: Browser, address: str, run: Callable[..., Cast]) -> None:
    cast = run(somebody)
    doctor = signed_in(browser, address, "doctor")
    doctor.goto(f"{address}/visit/{cast.id}")
    doctor.context.close()
    page = signed_in(browser, address, "privacy-officer")
    page.get_by_role("link", name="Sự cố", exact=True).first.click()
    fits(page)
    now = clock.local(clock.now())
    page.get_by_label("Tên ngắn").fill("Gửi nhầm kết quả")
    page.get_by_label("Việc gì đã xảy ra").fill("Ngắn")
    page.get_by_label("Xảy ra từ").fill(f"{now - timedelta(hours=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Ghi sự cố").click()
    expect(page.get_by_label("Việc gì đã xảy ra")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Tên ngắn")).to_have_value("Gửi nhầm kết quả")
    page.get_by_label("Việc gì đã xảy ra").fill("Kết quả xét nghiệm gửi tới số điện thoại của người khác.")
    page.get_by_role("button", name="Ghi sự cố").click()
    expect(page.locator("#persons")).to_contain_text("Lường Thị Sự")
    fits(page)
    shot(page, "privacy-incident")
    page.get_by_role("link", name="Việc chờ làm", exact=True).first.click()
    expect(page.locator("#board-incidents")).to_contain_text("Gửi nhầm kết quả")
    fits(page)
    shot(page, "privacy-board")
    page.get_by_role("link", name="Gửi nhầm kết quả").click()
    page.get_by_label("Báo cho ai, cách nào, số văn bản").fill("Bộ Công an, CV 15")
    page.get_by_role("button", name="Ghi đã báo").click()
    expect(page.locator("#privacy-incident h1 + *")).to_contain_text("Đã báo đúng hạn")
    page.get_by_label("Kết luận").fill("Đã gọi người nhận xóa tin, đổi quy trình gửi.")
    page.get_by_role("button", name="Đóng sự cố").click()
    expect(page.locator("main")).to_contain_text("Sự cố đã đóng.")
    page.get_by_role("link", name="Danh sách").click()
    expect(page.locator("#incident-rows")).to_contain_text("Gửi nhầm kết quả")
    shot(page, "privacy-incidents")
    page.context.close()


def test_a_colleague_is_protected_and_opened_by_breaking_the_glass(
    browser: Browser, address: str, run: Callable[..., Cast]
) -> None:
    cast = run(somebody)
    admin = signed_in(browser, address, "unit-admin")
    admin.goto(f"{address}/staff-patients")
    admin.get_by_label("Mã người bệnh hoặc số định danh").fill(cast.patient.code)
    admin.get_by_label("Lý do").fill("Hộ lý khoa Nội")
    admin.get_by_role("button", name="Đánh dấu", exact=True).click()
    expect(admin.locator("#mark-rows")).to_contain_text("Lường Thị Sự")
    fits(admin)
    shot(admin, "staff-patients")
    doctor = signed_in(browser, address, "hiv-doctor")
    doctor.goto(f"{address}/visit/{cast.id}")
    expect(doctor.locator("#error")).to_contain_text("mở khẩn cấp")
    doctor.goto(f"{address}/break-glass/{cast.patient.id}")
    doctor.locator("#reason_code").select_option("emergency")
    doctor.get_by_label("Vì sao cần xem ngay").fill("Người bệnh ngất ở hành lang, cần biết tiền sử")
    doctor.get_by_role("button", name="Mở hồ sơ").click()
    doctor.locator("#closed-visits a").first.click()
    expect(doctor.locator("main")).to_contain_text("Lường Thị Sự")
    doctor.context.close()
    admin.get_by_role("button", name=f"Kết thúc {cast.patient.code}").click()
    expect(admin.locator("#marks")).not_to_contain_text("Lường Thị Sự")
    admin.context.close()
