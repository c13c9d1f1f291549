"""The shell and the components in a real Chromium: no side scrolling, no console noise, keys, typeahead, drafts, focus."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Form, Request, Response
from playwright.sync_api import Browser, Page, expect
from starlette.middleware.base import RequestResponseEndpoint

from his.kit.errors import HisError, Kind
from his.web import assets, parts
from his.web.page import Toast, render, render_error
from his.web.pages import places, router
from his.web.static_files import static_app

CHROMIUM = "/usr/bin/chromium"
MISSING = not Path(CHROMIUM).exists()
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason=f"{CHROMIUM} is not installed")]
ROOT = Path(__file__).parents[2]
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
SIZES = [(1366, 768), (1366, 640), (1024, 700), (720, 900), (390, 844), (360, 740), (320, 640)]


@dataclass
class Desk:
    """What the small server under test remembers: drafts received, undone deeds, its answer to the next draft."""

    drafts: list[str] = field(default_factory=list)
    undone: int = 0
    draft_status: int = 204


def _application(desk: Desk) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def shell(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.user, request.state.menu, request.state.csrf_token = parts.Doctor(), parts.MENU, "token-of-test"
        request.state.now = datetime(2026, 11, 23, 3, 47, tzinfo=UTC)
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.post("/parts/draft")
    async def draft(request: Request, story: str = Form("")) -> Response:
        assert request.headers["x-csrf-token"]
        if desk.draft_status == 204:
            desk.drafts.append(story)
        return Response(status_code=desk.draft_status, headers={"X-Saved-At": "10:47:05"})

    @app.post("/sign-in")
    async def sign_in(password: str = Form()) -> Response:
        desk.draft_status = 204 if password == "right" else 401
        return Response(status_code=desk.draft_status, headers={"X-CSRF-Token": "second-token"})

    @app.post("/parts/none")
    async def cancel(request: Request) -> Response:
        return render_error(request, HisError(Kind.CONFLICT, "Lượt này đã thu 141.488 đ lúc 11:20 bằng QR."))

    @app.get("/parts/toast")
    async def toast(request: Request) -> Response:
        return render(
            request, "keys.html", {"groups": {}, "titles": {}}, toast=Toast("Đã chuyển số 016", "/parts/undo")
        )

    @app.post("/parts/undo")
    async def undo() -> Response:
        desk.undone += 1
        return Response(status_code=204)

    app.include_router(router)
    app.include_router(places)
    app.mount("/static", static_app)
    return app


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    assets.build_assets(ROOT)
    server = uvicorn.Server(uvicorn.Config(_application(desk), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    desk.__init__()  # type: ignore[misc]
    tab = browser.new_page(locale="vi-VN")
    tab.noise = []  # type: ignore[attr-defined]
    tab.on("console", lambda m: m.type in {"error", "warning"} and tab.noise.append(m.text))  # type: ignore[attr-defined]
    tab.on("pageerror", lambda e: tab.noise.append(str(e)))  # type: ignore[attr-defined]
    yield tab
    tab.close()


def _open(page: Page, url: str, width: int = 1366, height: int = 768) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url)
    page.wait_for_load_state("networkidle")  # the keyboard map has arrived


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("path", ["/parts", "/parts/exam", "/keys"])
def test_no_side_scrolling_and_no_noise(page: Page, address: str, path: str, width: int, height: int) -> None:
    _open(page, address + path, width, height)
    wide = page.evaluate("Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)")
    assert wide <= width
    assert page.noise == []  # type: ignore[attr-defined]


def test_primary_button_and_key_bar_stay_in_sight(page: Page, address: str) -> None:
    for width, height in ((1366, 768), (1366, 640), (390, 844)):
        _open(page, address + "/parts/exam", width, height)
        box = page.get_by_role("button", name="Ký: còn 1 điều chặn").bounding_box() or {"y": 9999, "height": 0}
        assert box["y"] + box["height"] <= height


def test_question_mark_lists_all_keys_and_escape_closes(page: Page, address: str) -> None:
    _open(page, address + "/parts/exam")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Tất cả phím")
    expect(dialog.get_by_text("Lưu và in").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_keys_focus_fields_but_letters_stay_in_text(page: Page, address: str) -> None:
    _open(page, address + "/parts/exam")
    page.keyboard.press("F4")
    expect(page.get_by_label("Thêm chẩn đoán").first).to_be_focused()
    page.locator("#story").press("?")
    expect(page.locator("#story")).to_have_value(re.compile(r"\?"))
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_typeahead_by_keyboard_without_marks(page: Page, address: str) -> None:
    _open(page, address + "/parts")
    box = page.get_by_role("combobox", name="Chẩn đoán kèm")
    box.focus()
    box.type("roi loan mo")
    expect(page.locator("#icd-list [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Rối loạn mỡ máu khác")
    assert page.locator("input[name=icd]").input_value() == "E78.8"
    expect(box).to_have_attribute("aria-expanded", "false")
    box.fill("xyz")
    expect(page.get_by_text("Không có. Thử mã hoặc từ khác.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#icd-list")).to_be_hidden()


def test_palette_goes_by_word(page: Page, address: str) -> None:
    _open(page, address + "/parts/exam")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Tìm người, mã, việc").type("thanh phan")
    expect(page.locator("#palette").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(address + "/parts")


def test_dose_grid_counts_with_halves(page: Page, address: str) -> None:
    _open(page, address + "/parts/exam")
    cell = page.get_by_label("Sáng, Atorvastatin 20 mg")
    cell.fill("1/2")
    expect(page.locator("#rx-d3 [data-quantity]")).to_have_text("28")
    assert page.locator("input[name=quantity-d3]").input_value() == "28"
    cell.fill("hai")
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#rx-d3 [data-quantity]")).to_have_text("–")
    cell.press("ArrowUp")
    expect(page.get_by_label("Sáng, Metformin 850 mg")).to_be_focused()


def test_rows_and_decision_letters(page: Page, address: str) -> None:
    _open(page, address + "/parts")
    page.locator("#q-031").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q-018")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("#q-027")).to_be_focused()
    page.locator("#line-l6").focus()
    page.keyboard.press("t")
    expect(page.locator("#d-l6-T")).to_be_checked()
    page.locator("#line-l6 .aq").focus()
    page.keyboard.press("g")
    expect(page.locator("#d-l6-T")).to_be_checked()


def test_draft_is_saved_retried_and_survives_a_lost_session(page: Page, address: str, desk: Desk) -> None:
    _open(page, address + "/parts/exam")
    page.locator("#story").fill("Ho khan 5 ngày")
    page.locator("#story").blur()
    expect(page.locator("#saved")).to_have_text("Nháp đã lưu 10:47:05")
    assert desk.drafts[-1] == "Ho khan 5 ngày"
    desk.draft_status = 503
    page.locator("#story").fill("Ho khan 6 ngày")
    page.locator("#story").blur()
    expect(page.locator("#saved")).to_have_class("saved warn")
    desk.draft_status = 401
    page.evaluate("dispatchEvent(new Event('online'))")
    dialog = page.get_by_role("dialog", name="Nhập lại mật khẩu để làm tiếp")
    dialog.get_by_label("Mật khẩu của").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Mật khẩu chưa khớp. Nhập lại.")).to_be_visible()
    dialog.get_by_label("Mật khẩu của").fill("right")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#saved")).to_have_text("Nháp đã lưu 10:47:05")
    assert desk.drafts[-1] == "Ho khan 6 ngày"


def test_question_refusal_and_undo_in_the_strip(page: Page, address: str, desk: Desk) -> None:
    _open(page, address + "/parts")
    page.get_by_role("button", name="Hủy lượt", exact=True).click()
    dialog = page.get_by_role("dialog", name="Hủy lượt khám của Đặng Thị Hồng Vân?")
    expect(dialog.get_by_role("button", name="Giữ lại")).to_be_focused()
    dialog.get_by_role("button", name="Hủy lượt khám").click()
    expect(page.locator("#toast")).to_contain_text("Lượt này đã thu 141.488 đ lúc 11:20 bằng QR.")
    expect(page.locator("#toast")).to_have_attribute("role", "alert")
    page.evaluate("htmx.ajax('GET', '/parts/toast', {swap: 'none'})")
    expect(page.locator("#toast")).to_contain_text("Đã chuyển số 016")
    page.locator("h1").click()
    with page.expect_response("**/parts/undo"):
        page.keyboard.press("Control+z")
    assert desk.undone == 1


def test_scan_with_focus_elsewhere_goes_to_the_box(page: Page, address: str) -> None:
    _open(page, address + "/parts")
    page.locator("#q-031").focus()
    with page.expect_request("**/parts/scan") as sent:
        page.evaluate(
            """() => { const d = new DataTransfer(); d.setData('text', '034168004599');
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true})); }"""
        )
    assert "034168004599" in (sent.value.post_data or "")
    expect(page.locator("#scan")).to_be_focused()


def test_menu_and_large_targets_on_the_phone(page: Page, address: str) -> None:
    _open(page, address + "/parts/exam", 390, 844)
    expect(page.get_by_role("navigation", name="Chính")).to_be_hidden()
    page.get_by_role("button", name="Mở trình đơn").click()
    expect(page.get_by_role("navigation", name="Chính")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('main button, main a.btn, main .in, main .dose')]
        .filter(e => e.getClientRects().length).filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert small == []


def test_focus_returns_to_the_row_after_a_swap(page: Page, address: str) -> None:
    _open(page, address + "/parts")
    page.locator("#q-018").focus()
    page.evaluate("htmx.ajax('GET', '/parts', {target: '#queue', select: '#queue', swap: 'outerHTML'})")
    expect(page.locator("#q-031")).not_to_have_class(
        "cur"
    )  # the fresh table came with its own cursor, the focus moved it
    expect(page.locator("#q-018")).to_be_focused()


def test_refresh_only_while_in_use_and_visible(page: Page, address: str) -> None:
    page.clock.install()
    _open(page, address + "/parts")
    page.evaluate(
        """() => { const p = document.querySelector('#p-queue'); p.dataset.refresh = ''; p.setAttribute('hx-get', '/parts');
        p.setAttribute('hx-trigger', 'refresh'); p.setAttribute('hx-swap', 'none'); htmx.process(p); }"""
    )
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.url.endswith("/parts") else None)
    page.clock.run_for(13_000)
    assert asked == []
    page.clock.run_for(5_000)
    assert len(asked) == 1
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.clock.run_for(120_000)
    assert len(asked) == 1
