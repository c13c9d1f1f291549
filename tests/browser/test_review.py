"""An insurance officer and a claims clerk in a real Chromium: a dossier cleared by keyboard, the desk, no side scrolling."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from his.app import create_app
from his.claims.tables import Claim
from his.exchange import service as exchange
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.review import store
from his.review.tables import ReviewCase
from his.web import assets
from tests.integration.dossiers import VISIT, receive, submit

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("HIS_SHOTS", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"{CHROMIUM} is not installed"),
]
LONG = "Nguyễn Phúc Hoàng Thị Kim Khánh Ngọc Quỳnh Như Diễm My Thùy Dương An Nhiên"


class Story:
    """The dossiers of the journeys."""

    first: ReviewCase
    cases: list[ReviewCase]
    claims: list[Claim]

    async def write(self, database: Database) -> None:
        """Five dossiers of October at the insurer, three more that the unit must repair."""
        now = clock.now()
        self.claims = [
            await submit(database, size="clean", at=VISIT - timedelta(hours=1)),
            await submit(database, at=VISIT),
            await submit(database, at=VISIT + timedelta(hours=1), name="Hoàng Thị Ngọc Bích"),
            await submit(database, size="clean", at=VISIT + timedelta(hours=2), name=LONG),
            await submit(database, at=VISIT + timedelta(hours=3), name="Vàng A Sử"),
        ]
        for claim in self.claims:
            await receive(database, claim, now)
        async with database.scoped(Scope(2)) as db:
            found = [await store.case_of_claim(db, claim.id) for claim in self.claims]
        self.cases = [case for case in found if case is not None]
        self.first = self.cases[1]
        for code, words, name in (
            ("CLM-DOC-01", "Siêu âm ổ bụng chưa có kết quả. Trả kết quả hoặc hủy dịch vụ.", "Bùi Thị Nhung"),
            ("CLM-DOC-01", "X-quang ngực chưa có kết quả. Trả kết quả hoặc hủy dịch vụ.", "Cầm Văn Phong"),
            ("CLM-LINE-33", "Thuốc chưa có số đăng ký. Chọn lại thuốc.", "Trương Mỹ Hạnh"),
        ):
            await self.block(database, code, words, name)
        back = await submit(database, state_of_claim="rejected", name="Lò Thị Ánh")
        await self.returned(database, back)
        await submit(database, state_of_claim="unknown")

    async def block(self, database: Database, code: str, words: str, name: str) -> None:
        """A draft that a rule stopped."""
        claim = await submit(database, state_of_claim="draft", name=name)
        async with database.scoped(Scope(2, "test", "worker")) as db:
            changes = Changes()
            found = {"code": code, "severity": "error", "message": words, "expression": "", "line": None, "action": ""}
            changes.update(claim, findings=[found])
            await db.apply(changes, clock.now())

    async def returned(self, database: Database, claim: Claim) -> None:
        """A dossier that the gateway sent back."""
        async with database.scoped(Scope(2, "test", "worker")) as db:
            content = b"<HOSO/>"
            parcel = exchange.new_parcel(2, "dossier", "Claim", claim.id, claim.dossier_code, content, clock.now())
            parcel.state, parcel.reply_code, parcel.reply = "rejected", "6", "Sai ngày ra viện so với bảng 7"
            changes = exchange.queue(Changes(), parcel, clock.now())
            changes.update(claim, parcel_id=parcel.id)
            await db.apply(changes, clock.now())


@pytest.fixture(scope="module")
def story(clone: dict[str, str]) -> Story:
    story = Story()

    async def fill() -> None:
        database = Database(clone["his_app"], size=2)
        create_app(database)
        await database.open()
        try:
            await story.write(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:  # the main thread belongs to the browser's own loop
        thread.submit(asyncio.run, fill()).result()
    return story


@pytest.fixture(scope="module")
def address(clone: dict[str, str], story: Story) -> Iterator[str]:
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
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, address: str, username: str) -> Page:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.noise = []  # type: ignore[attr-defined]
    page.on("console", lambda m: page.noise.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.noise.append(str(e)))
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", "demo")
    page.get_by_role("button", name="Đăng nhập").first.click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


@pytest.fixture
def officer(browser: Browser, address: str) -> Iterator[Page]:
    page = signed_in(browser, address, "insurance-officer")
    yield page
    page.context.close()


@pytest.fixture
def clerk(browser: Browser, address: str) -> Iterator[Page]:
    page = signed_in(browser, address, "unit-admin")
    yield page
    page.context.close()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def opened(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def row(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator("#lines tbody tr").filter(has_text=name)


def press(page: Page, key: str) -> None:
    """A key, and the answer of the server to it."""
    with page.expect_response(lambda r: r.request.method == "POST"):
        page.keyboard.press(key)
    page.wait_for_timeout(150)  # htmx settles 20 ms after the swap; nobody types faster


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
