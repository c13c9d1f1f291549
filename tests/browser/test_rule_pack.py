"""The unit administrator finds a rule, sees what a change would do, writes it down; on every width without side scrolling."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import pytest
from playwright.sync_api import Page, expect

from tests.browser.review_story import Story, address, clerk, opened, pytestmark, shot, story


def test_a_rule_is_found_previewed_and_set(clerk: Page, address: str, story: Story) -> None:
    page = clerk
    opened(page, f"{address}/claims/rules")
    expect(page.locator("h1")).to_have_text("Quy tắc kiểm hồ sơ")
    shot(page, "claims-rules")
    page.locator("#q").fill("tự thực hiện cận lâm sàng")
    page.get_by_role("button", name="Tìm", exact=True).click()
    expect(page.locator("#rule-h")).to_have_text("CLM-STAFF-05")
    page.locator("#active").select_option("0")
    page.get_by_role("button", name="Xem trước tháng trước").click()
    expect(page.locator("#rule")).to_contain_text("Hồ sơ đổi kết quả")
    shot(page, "claims-rules-preview")
    page.get_by_role("button", name="Ghi thay đổi").click()
    expect(page.locator("#reason-e")).to_contain_text("Ghi lý do")
    page.locator("#reason").fill("Trạm chỉ có một bác sĩ")
    page.get_by_role("button", name="Ghi thay đổi").click()
    expect(page.locator("#rule")).to_contain_text("Trạm chỉ có một bác sĩ")
    opened(page, f"{address}/claims/rules?state=own")
    expect(page.locator("#rule-rows tbody tr")).to_have_count(1)
    expect(page.locator("#rule-rows")).to_contain_text("đã tắt")


@pytest.mark.parametrize("size", [(1366, 768), (720, 900), (390, 844), (320, 640)])
def test_no_side_scrolling(clerk: Page, address: str, story: Story, size: tuple[int, int]) -> None:
    clerk.set_viewport_size({"width": size[0], "height": size[1]})
    opened(clerk, f"{address}/claims/rules")
    if size[0] == 390:
        shot(clerk, "claims-rules-phone")
    assert clerk.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
