"""A doctor issues a referral in a real Chromium: filled from the visit, refused beside the field, issued, corrected; no overflow."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from his.encounters import service as encounters
from his.kit import clock
from his.kit.db import Database
from tests.browser.test_consultation import MISSING, address, page, run
from tests.integration.consultation.test_sign_and_close import examined
from tests.integration.visits import Cast, doctor_db, make_visit

__all__ = ["address", "page", "run"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason="no Chromium")]
SHOTS = os.environ.get("HIS_SHOTS", "")


async def to_refer(database: Database) -> Cast:
    cast, db = await make_visit(database, name="Lò Thị Mai"), doctor_db(database)
    await examined(db, cast)
    day = clock.day_of(clock.now()) + timedelta(days=14)
    ending = encounters.Conclusion(discharge_code="2", destination_code="97001", follow_up_on=day)
    await encounters.set_conclusion(db, cast.id, ending, clock.now())
    await db.release()
    return cast


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_a_referral_is_issued_and_corrected(page: Page, address: str, run: Callable[..., Cast]) -> None:
    cast = run(to_refer)
    page.goto(f"{address}/visit/{cast.id}")
    page.get_by_role("link", name="Giấy tờ của lượt khám").click()
    page.get_by_role("link", name="Lập giấy Giấy chuyển cơ sở KCB").click()
    expect(page.get_by_label("Nơi chuyển đến")).to_have_value("97001")
    expect(page.get_by_label("Lý do chuyển")).to_have_value("2")
    page.get_by_role("button", name="Cấp giấy").click()
    expect(page.get_by_role("alert").first).to_contain_text("chỗ cần sửa")
    expect(page.get_by_label("Tình trạng lúc chuyển")).to_have_attribute("aria-invalid", "true")
    for label, words in (
        ("Quá trình bệnh lý", "Đau ngực hai giờ"),
        ("Tóm tắt kết quả cận lâm sàng", "Men tim tăng"),
        ("Tình trạng lúc chuyển", "Tỉnh, mạch 84"),
        ("Hướng điều trị", "Can thiệp"),
        ("Phương tiện vận chuyển", "Xe cứu thương"),
    ):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Cấp giấy").click()
    expect(page.locator("#issued")).to_contain_text("Có hiệu lực")
    expect(page.locator("#toast")).to_contain_text("Đã cấp giấy số CT-")
    page.locator("#issued").get_by_role("link", name="Sửa").click()
    page.get_by_label("Người hộ tống", exact=True).fill("Trần Mai")
    page.get_by_label("Lý do sửa hoặc thu hồi").fill("Thiếu người hộ tống")
    page.get_by_role("button", name="Cấp bản mới").click()
    expect(page.locator("#issued")).to_contain_text("Đã thay bản mới")
    assert page.noise == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]  # type: ignore[attr-defined]
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}/visit/{cast.id}/papers?kind=sick-leave")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        shot(page, f"papers-{width}")
