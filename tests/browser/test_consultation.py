"""The doctor's page in a real Chromium, by keyboard alone: vital signs, diagnosis, order, result, signature; drafts; widths."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect

from his.app import create_app
from his.encounters import service as encounters
from his.kit import clock
from his.kit.db import Database
from his.orders import service as orders
from his.orders.terms import OrderLine, ResultEntry
from his.web import assets
from tests.integration.visits import Cast, doctor_db, make_visit

CHROMIUM = "/usr/bin/chromium"
MISSING = not Path(CHROMIUM).exists()
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason=f"{CHROMIUM} is not installed")]
ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("HIS_SHOTS", "")
ELECTROLYTES = "23.0058.1487"
Got = TypeVar("Got")


@pytest.fixture(scope="module")
def run(clone: dict[str, str]) -> Callable[[Callable[[Database], Awaitable[Got]]], Got]:
    """Do something with the database in a loop of its own, because the main thread belongs to the browser's."""

    def call(act: Callable[[Database], Awaitable[Got]]) -> Got:
        async def inside() -> Got:
            database = Database(clone["his_app"], size=2)
            create_app(database)
            await database.open()
            try:
                return await act(database)
            finally:
                await database.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, inside()).result()

    return call


@pytest.fixture(scope="module")
def address(clone: dict[str, str]) -> Iterator[str]:
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


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.noise = []  # type: ignore[attr-defined]
    page.on("console", lambda m: page.noise.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.noise.append(str(e)))
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", "doctor")
    page.fill("input[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/queue*")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def _tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the target has the focus: what cannot be reached so fails here."""
    for _ in range(most):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} was not reached by {most} tabs")


def _pick(page: Page, key: str, words: str) -> None:
    page.keyboard.press(key)
    page.keyboard.type(words)
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Enter")


def _enter_result(page: Page, address: str) -> None:
    """Type and sign the ordered value from the worklist, by keyboard."""
    _open(page, f"{address}/results")
    _tab_to(page, page.locator("[data-row]").filter(has_text="Lò Thị Mai"))
    page.keyboard.press("Enter")
    field = page.get_by_label("HbA1c", exact=True)
    expect(field).to_be_visible()
    _tab_to(page, field)
    page.keyboard.type("8,1")
    page.keyboard.press("Tab")
    expect(page.locator("#entry .flag")).to_contain_text("cao")
    page.keyboard.press("Control+d")
    expect(page.locator("#toast")).to_contain_text("Đã ký kết quả")


def test_a_visit_by_keyboard_alone(page: Page, address: str, run: Callable[..., Cast]) -> None:
    cast = run(lambda database: make_visit(database, name="Lò Thị Mai"))
    _open(page, f"{address}/visit/{cast.id}")
    expect(page.locator("#sign")).to_contain_text("Ký: còn 3 điều chặn")

    _tab_to(page, page.get_by_label("Ghi sinh hiệu"))
    page.keyboard.press("Enter")
    expect(page.locator("#v-systolic")).to_be_focused()
    for value in ("156", "92", "84", "36,8", "18", "97", "61", "155"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    page.locator("#v-height_cm").press("Enter")
    expect(page.locator("#vitals")).to_contain_text("156/92")
    expect(page.locator("#vitals")).to_contain_text("25,4")

    _tab_to(page, page.locator("#note-history"))
    page.keyboard.type("Ho khan 5 ngày, không sốt.")
    page.keyboard.press("Tab")
    page.keyboard.type("Phổi thông khí rõ.")
    page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_contain_text("Đã lưu")

    _pick(page, "F4", "viem phe quan cap")
    expect(page.locator("#diagnoses .dx.main")).to_contain_text("J20")
    _pick(page, "F4", "I10")
    expect(page.locator("#diagnoses .dx")).to_have_count(2)

    _tab_to(page, page.locator("#outcome_code"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#sign")).to_contain_text("Ký, xong khám")
    expect(page.locator("#banner")).to_contain_text("61 kg")

    _pick(page, "F7", "hba1c")
    expect(page.locator("#orders")).to_contain_text("HbA1c")
    expect(page.locator("#visit-cost")).to_contain_text("105.300")
    expect(page.locator("#before")).to_contain_text("CON-ORD-01")
    expect(page.locator("#sign")).to_contain_text("Ký: còn 1 điều chặn")
    _shot(page, "exam-blocked")

    _enter_result(page, address)

    _open(page, f"{address}/visit/{cast.id}")
    expect(page.locator("#outcome_code")).to_have_value("2")
    expect(page.locator("#discharge_code")).to_have_value("1")
    expect(page.locator("#results")).to_contain_text("8,1 %")
    expect(page.locator("#sign")).to_contain_text("Ký, xong khám")
    page.keyboard.press("Control+d")
    expect(page.locator("#before")).to_contain_text("Đã ký")
    expect(page.locator("#sign")).to_contain_text("Gọi người tiếp theo")
    _shot(page, "exam-signed")
    assert page.noise == []  # type: ignore[attr-defined]


def test_typed_words_survive_a_closed_page(page: Page, address: str, run: Callable[..., Cast]) -> None:
    cast = run(make_visit)
    _open(page, f"{address}/visit/{cast.id}")
    page.locator("#note-exam").focus()
    page.keyboard.type("Bụng mềm, không phù.")
    expect(page.locator("#saved")).to_contain_text("Nháp đã lưu", timeout=15_000)
    other = page.context.new_page()
    page.close(run_before_unload=False)
    _open(other, f"{address}/visit/{cast.id}")
    expect(other.locator("#note-exam")).to_have_value("Bụng mềm, không phù.")
    expect(other.locator("#notes-form")).to_contain_text("Đang hiện nháp lúc")


def test_two_people_at_one_record_choose_what_stays(page: Page, address: str, run: Callable[..., Cast]) -> None:
    cast = run(make_visit)
    _open(page, f"{address}/visit/{cast.id}")

    async def meanwhile(database: Database) -> None:
        db = doctor_db(database)
        await encounters.save_notes(db, cast.id, {"exam": "Bản của phòng 104"}, cast.doctor, clock.now())
        await db.release()

    run(meanwhile)  # type: ignore[arg-type]  # gives nothing
    page.locator("#note-exam").focus()
    page.keyboard.type("Bản của tôi")
    page.keyboard.press("Control+s")
    dialog = page.locator("#modal")
    expect(dialog).to_contain_text("Bản của phòng 104")
    expect(dialog.get_by_role("radio", name="Bản của tôi")).to_be_focused()
    _shot(page, "exam-differences")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#note-exam")).to_have_value("Bản của phòng 104")


def test_a_critical_value_wants_an_act(page: Page, address: str, run: Callable[..., Cast]) -> None:
    async def critical(database: Database) -> Cast:
        cast = await make_visit(database, gender="male", name="Hoàng Văn Đức")
        db, now = doctor_db(database), clock.now()
        rows, _ = await orders.order(db, cast.id, [OrderLine(ELECTROLYTES)], cast.doctor, now)
        entry = ResultEntry(rows[0].id, {"K": "6,9", "NA": "130", "CL": "101"})
        await orders.record_result(db, cast.id, entry, cast.doctor, now)
        await orders.sign_result(db, rows[0].id, cast.doctor, now)
        await db.release()
        return cast

    cast = run(critical)
    _open(page, f"{address}/results/{cast.id}")
    expect(page.locator(".panel--stop")).to_contain_text("Kali máu 6,9 mmol/L")
    _shot(page, "results-critical")
    page.keyboard.press("Control+d")
    expect(page.locator("#toast")).to_contain_text("Đã ghi xử trí")
    expect(page.locator(".panel--stop")).to_have_count(0)
    assert page.noise == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1366, 640), (390, 844), (320, 640)])
def test_no_side_scrolling_and_the_signature_in_sight(
    page: Page, address: str, run: Callable[..., Cast], width: int, height: int
) -> None:
    cast = run(make_visit)
    page.set_viewport_size({"width": width, "height": height})
    for path in (f"/visit/{cast.id}", f"/results/{cast.id}", "/results"):
        _open(page, f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        if path.startswith("/visit"):
            box = page.locator("#sign .btn").bounding_box()
            assert box is not None
            assert 0 <= box["y"] <= height - box["height"]
