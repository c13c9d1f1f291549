"""The claims desk of a unit in a real Chromium: causes, a dossier, and no side scrolling on any page of it."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import pytest
from playwright.sync_api import Page, expect

from tests.browser.review_story import Story, address, clerk, officer, opened, pytestmark, shot, story

WHOLE = "[...document.querySelectorAll('main table')].every(t => t.getBoundingClientRect().right <= innerWidth)"


def test_the_desk_names_the_causes_and_opens_a_dossier(clerk: Page, address: str, story: Story) -> None:
    page = clerk
    opened(page, f"{address}/claims?period=2026-10")
    expect(page.locator("#causes")).to_contain_text("Quỹ trả, đ")
    shot(page, "claims-board")
    page.locator("#cause-rows tbody tr").first.focus()
    page.keyboard.press("ArrowDown")
    words = page.locator("#cause-rows tbody tr").nth(1).locator("b").first.inner_text()
    expect(page.locator("#cause-h")).to_have_text(words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened(page, f"{address}/claims?period=2026-10&show=list")
    shot(page, "claims-list")
    opened(page, f"{address}/claims/{story.claims[0].id}")
    expect(page.locator("#decisions")).to_contain_text("Giám định")
    page.wait_for_load_state("networkidle")
    shot(page, "claims-dossier")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.noise == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(1024, 700), (720, 900), (390, 844), (320, 640)])
def test_no_side_scrolling(officer: Page, clerk: Page, address: str, story: Story, size: tuple[int, int]) -> None:
    for page, urls in (
        (officer, ("/review?period=2026-10", f"/review/{story.cases[3].id}")),
        (clerk, ("/claims?period=2026-10", "/claims?period=2026-10&show=list", f"/claims/{story.claims[1].id}")),
    ):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for url in urls:
            opened(page, address + url)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (url, size)
            assert page.evaluate(WHOLE), (url, size)
