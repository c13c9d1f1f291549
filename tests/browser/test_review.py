"""An insurance officer and a claims clerk in a real Chromium: a dossier cleared by keyboard, the desk, no side scrolling."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

from playwright.sync_api import Browser, Page, expect

from tests.browser.review_story import (
    LONG,
    Story,
    address,
    officer,
    opened,
    press,
    pytestmark,
    row,
    shot,
    story,
)


def test_an_officer_clears_a_dossier_by_keyboard(officer: Page, address: str, story: Story) -> None:
    page = officer
    opened(page, f"{address}/review/{story.first.id}")
    expect(page.locator("#banner")).to_contain_text("Lường Văn Chiêm")
    hp = row(page, "Test nhanh HP")
    expect(hp).to_be_focused()  # the first line with a finding
    expect(page.locator("#evidence")).to_contain_text("CLM-STAFF-05")
    press(page, "t")  # the finding suggests its reason: decided at once
    expect(hp).to_contain_text("từ chối")
    expect(page.locator("#totals")).to_contain_text("62.640 đ")
    expect(page.locator("#reason-form [name=reason_code]")).to_have_value("G1")
    expect(hp).to_be_focused()
    page.keyboard.press("Home")
    expect(row(page, "Khám Nội")).to_be_focused()
    press(page, "a")
    expect(row(page, "Khám Nội").locator("b")).to_have_text("36.000")
    page.keyboard.press("ArrowDown")
    press(page, "a")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    hba1c = row(page, "HbA1c")
    expect(hba1c).to_be_focused()
    press(page, "h")  # nothing suggests a reason: the box asks for one
    expect(hba1c).to_contain_text("Chọn lý do")
    expect(page.locator("#reason-box")).to_be_focused()
    page.keyboard.type("kham lai")
    expect(page.locator("#reason-box-list [role=option]").first).to_contain_text("H1")
    press(page, "Enter")
    expect(hba1c).to_contain_text("hỏi hồ sơ")
    expect(hba1c).to_be_focused()
    expect(page.locator("#totals")).to_contain_text("84.240 đ")
    page.keyboard.press("ArrowDown")
    eso = row(page, "Esomeprazol 40 mg")
    press(page, "g")  # a reduction needs its quantity
    expect(eso.locator("[name=approved_quantity]")).to_be_focused()
    page.keyboard.type("28")
    press(page, "Tab")
    expect(eso.locator("td b").first).to_have_text("52.640")
    expect(page.locator("#totals")).to_contain_text("115.280 đ")
    page.locator("#lines tbody tr").first.focus()
    for name in ("Siêu âm ổ bụng", "Metformin"):
        row(page, name).focus()
        press(page, "a")
    row(page, "Esomeprazol 40 mg").focus()
    page.wait_for_timeout(400)
    shot(page, "review-case")
    finish_after_undo(page, address, story)


def finish_after_undo(page: Page, address: str, story: Story) -> None:
    """One step back, the last lines, and on to the next dossier."""
    press(page, "Control+z")
    expect(row(page, "Metformin").locator("b")).to_have_text("–")
    expect(row(page, "Metformin")).to_be_focused()
    press(page, "a")
    expect(page.locator("[data-action=next]")).to_contain_text("Xong: còn 1 dòng")
    page.keyboard.press("Control+d")
    page.keyboard.press("ArrowDown")
    row(page, "Rebamipid").focus()
    press(page, "t")
    expect(page.locator("#totals")).to_contain_text("0 đ")
    expect(page.locator("[data-action=next]")).to_contain_text("Gửi 1 câu hỏi")
    with page.expect_navigation():
        page.keyboard.press("Control+d")
    assert page.url != f"{address}/review/{story.first.id}"
    expect(page.locator("#lot")).to_contain_text("004")
    assert page.noise == []  # type: ignore[attr-defined]


def test_j_and_k_walk_the_lot(officer: Page, address: str, story: Story) -> None:
    page = officer
    opened(page, f"{address}/review/{story.cases[2].id}")
    with page.expect_navigation():
        page.keyboard.press("j")
    assert page.url.endswith(str(story.cases[3].id))
    expect(page.locator("#banner")).to_contain_text(LONG)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "review-long-name")
    with page.expect_navigation():
        page.keyboard.press("k")
    assert page.url.endswith(str(story.cases[2].id))


def test_shift_decides_identical_lines_and_two_officers_are_told(
    officer: Page, browser: Browser, address: str, story: Story
) -> None:
    page = officer
    opened(page, f"{address}/review/{story.cases[2].id}")
    second = page.context.new_page()
    opened(second, f"{address}/review/{story.cases[2].id}")
    hp = row(page, "Test nhanh HP")
    hp.focus()
    page.wait_for_timeout(300)
    press(page, "Shift+T")
    expect(row(page, "Test nhanh HP")).to_contain_text("từ chối")
    expect(page.locator("#toast")).to_contain_text("dòng giống hệt")
    row(second, "Test nhanh HP").focus()
    press(second, "a")
    expect(second.locator("#toast")).to_contain_text("người khác")


def test_the_tabs_the_empty_and_the_locked_states(officer: Page, address: str, story: Story) -> None:
    page = officer
    opened(page, f"{address}/review?period=2026-10")
    expect(page.locator("#cases")).not_to_contain_text("Chiêm")
    shot(page, "review-worklist")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened(page, f"{address}/review?period=2026-10&above=999999999")
    expect(page.locator("main")).to_contain_text("Không có hồ sơ khớp bộ lọc")
    case = story.cases[0]
    opened(page, f"{address}/review/{case.id}?tab=results")
    expect(page.locator("#results")).to_contain_text("Viêm nhẹ hang vị")
    opened(page, f"{address}/review/{case.id}")
    expect(page.locator("#evidence")).to_contain_text("Dòng này không có phát hiện")
    page.locator("#accept-clean").click()
    expect(page.locator("[data-action=next]")).to_contain_text("Xong hồ sơ")
    page.wait_for_timeout(150)
    with page.expect_navigation():
        page.keyboard.press("Control+d")
    opened(page, f"{address}/review/{case.id}")
    expect(page.locator("#totals")).to_contain_text("Đã quyết, chỉ xem")
    expect(page.locator("#lines input[type=radio]").first).to_be_disabled()
    shot(page, "review-locked")
    assert page.noise == []  # type: ignore[attr-defined]
