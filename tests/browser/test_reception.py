"""The front desk and the queue in a real Chromium: a visit by keyboard alone, nothing wider than the screen, no noise."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from his.app import create_app
from his.exchange import insurance
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.kit.config import get_settings
from his.kit.db import Database
from his.standin.faults import FaultPlan
from his.standin.ledger import Ledger
from his.standin.server import StandIn
from his.web import assets

CHROMIUM = "/usr/bin/chromium"
MISSING = not Path(CHROMIUM).exists()
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason=f"{CHROMIUM} is not installed")]
ROOT = Path(__file__).parents[2]
CARD = "097168004512|123456789|Trần Thị Minh Nguyệt|14031968|Nữ|Thôn 4, xã Hồ Xanh, tỉnh Tân Giang|20042021"


@pytest.fixture(scope="module")
def address(clone: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole application on a free port, with the stand-in of the gateway in the same process."""
    assets.build_assets(ROOT)
    settings = get_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})
    ledger = Ledger(tmp_path_factory.mktemp("gateway") / "gateway.sqlite")
    stand_in = httpx.ASGITransport(app=StandIn(settings.data_dir, ledger, FaultPlan()).app)
    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, stand_in)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(Database(clone["his_app"], size=4))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    insurance._clients.pop(settings.gateway_url, None)


@pytest.fixture(scope="module")
def context(address: str) -> Iterator[BrowserContext]:
    """A browser of the size that most desks have."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], slow_mo=90)
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", base_url=address)
        context.set_default_timeout(10_000)
        yield context
        browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when the console complains."""
    page = context.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    yield page
    page.close()
    assert [n for n in noise if "422" not in n] == []


def sign_in(page: Page, username: str) -> None:
    """Sign in by keyboard."""
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(front-desk|queue)"))
    page.wait_for_load_state("networkidle")  # the keyboard map is loaded with the page


def test_a_visit_is_registered_by_keyboard_alone(page: Page) -> None:
    sign_in(page, "front-desk")
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.insert_text(CARD)
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_value("Trần Thị Minh Nguyệt")
    expect(page.locator("#scan")).to_have_value("097168004512")
    expect(page.locator("#card-panel")).to_contain_text("Thẻ dùng được hôm nay.")
    page.locator("#scan").focus()
    for _ in range(60):  # the order of Tab is the order of the paper
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "reason":
            break
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("đau đầu")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#visit-panel")).to_contain_text("Tiền khám")
    with page.context.expect_page() as slip:
        page.keyboard.press("Control+i")
    assert re.search(r"/front-desk/slip/[0-9a-f-]+\.pdf$", slip.value.url)
    slip.value.close()
    page.bring_to_front()
    expect(page.locator(".done")).to_contain_text("Trần Thị Minh Nguyệt")
    expect(page.locator("#scan")).to_be_focused()
    expect(page.locator("#scan")).to_have_value("")


def test_the_keys_of_the_bar_press_the_buttons(page: Page) -> None:
    sign_in(page, "front-desk")
    page.keyboard.press("F6")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert").first).to_contain_text(re.compile(r"Còn \d chỗ cần sửa"))
    page.fill("#name", "Cà Văn Khánh")
    page.fill("#birth", "1990")
    page.keyboard.press("F3")
    expect(page.locator("#way")).to_be_visible()
    page.keyboard.press("F7")
    expect(page.locator("[data-action=emergency]")).to_have_count(0)
    expect(page.locator("#visit-panel")).to_contain_text("Cấp cứu")
    expect(page.locator("#name")).to_have_value("Cà Văn Khánh")
    page.keyboard.press("F2")
    expect(page.locator("#scan")).to_be_focused()


def test_several_people_are_chosen_with_arrows(page: Page) -> None:
    sign_in(page, "front-desk")
    for birth in ("1970", "1986"):
        page.wait_for_timeout(200)
        page.keyboard.press("F6")
        page.fill("#name", "Hoàng Thị Bích Liên")
        page.fill("#birth", birth)
        page.locator("label[for=gender-female]").click()
        page.locator("label[for=room-103]").click()
        expect(page.locator("#visit-panel")).to_contain_text("Tiền khám")
        page.keyboard.press("Control+s")
        expect(page.locator(".done")).to_contain_text("Hoàng Thị Bích Liên")
    page.fill("#scan", "hoang thi bich lien")
    page.keyboard.press("Enter")
    rows = page.locator("#matches [data-row]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#birth")).to_have_value("1986")


@pytest.mark.parametrize("size", [(1366, 768), (1366, 640), (1024, 700), (390, 844), (320, 640)])
def test_nothing_is_wider_than_the_screen(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    sign_in(page, "front-desk")
    page.fill(
        "#scan", CARD.replace("Trần Thị Minh Nguyệt", "Nguyễn Hoàng Thị Ngọc Diễm Quỳnh Trường Giang Như Ý Bình An")
    )
    page.keyboard.press("Enter")
    expect(page.locator("#card-panel")).to_contain_text("Thẻ dùng được hôm nay.")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    expect(page.locator("[data-action=save-print]:visible")).to_be_in_viewport()
    page.goto("/queue?room=103")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_nurse_calls_marks_absent_and_undoes_by_keyboard(page: Page) -> None:
    sign_in(page, "nurse")
    page.goto("/queue?room=103")
    page.keyboard.press("F8")
    expect(page.locator("#queue-table tbody tr").first).to_contain_text("Đang gọi")
    page.wait_for_timeout(200)  # htmx settles after the swap; nobody presses faster
    page.keyboard.press("F4")
    expect(page.locator("#queue-table")).to_contain_text("Vắng 1 lần")
    expect(page.locator("#toast")).to_contain_text("vắng lần 1")
    page.keyboard.press("Control+z")
    expect(page.locator("#queue-table tbody tr").first).to_contain_text("Đang gọi")


def test_a_referral_wants_its_paper_and_says_when_it_has_run_out(page: Page) -> None:
    sign_in(page, "front-desk")
    page.keyboard.insert_text(CARD.replace("097168004512", "097168004529").replace("Nguyệt", "Phương"))
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_value("Trần Thị Minh Phương")
    expect(page.locator("#card-panel")).to_contain_text(re.compile("Thẻ|thẻ"))
    page.keyboard.press("F3")  # the answer about the card, still on its way, must not close what is opened here
    page.locator("#way").select_option("referral")
    expect(page.locator("#paper_number")).to_be_visible()
    page.fill("#reason", "đau bụng")
    page.wait_for_load_state("networkidle")
    page.locator("#rooms label").first.click()
    expect(page.locator("#visit-panel")).to_contain_text("Tiền khám")
    page.fill("#paper_number", "88/CV")
    page.fill("#paper_on", "05/01/2026")
    page.fill("#paper_facility", "97003")
    page.keyboard.press("Control+s")
    expect(page.locator("#visit-panel")).to_contain_text("hết giá trị sau ngày 19/01/2026")
    page.get_by_label("Bệnh Phụ lục III").check()
    page.keyboard.press("Control+s")
    expect(page.locator(".done")).to_contain_text("Trần Thị Minh Phương")


def test_what_is_typed_while_the_panel_is_drawn_anew_stays(page: Page) -> None:
    sign_in(page, "front-desk")
    page.keyboard.insert_text(CARD.replace("097168004512", "097168004536").replace("Nguyệt", "Thu"))
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_value("Trần Thị Minh Thu")
    page.keyboard.press("F3")
    page.evaluate(
        """() => {
        const way = document.querySelector("#way"), reason = document.querySelector("#reason");
        way.value = "referral"; way.dispatchEvent(new Event("change", {bubbles: true}));
        reason.focus(); reason.value = "đau bụng từ sáng"; }"""
    )
    expect(page.locator("#paper_number")).to_be_visible()
    expect(page.locator("#reason")).to_have_value("đau bụng từ sáng")
    expect(page.locator("#reason")).to_be_focused()
