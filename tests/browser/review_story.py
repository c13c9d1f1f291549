"""The dossiers, accounts and browser pages with which review and claims desk are played."""

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
from playwright.sync_api import Browser, Page

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


def signed_in(browser: Browser, address: str, username: str) -> Page:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.noise = []  # type: ignore[attr-defined]
    page.on(
        "console",
        lambda m: page.noise.append(f"{m.text} {m.location['url']}") if m.type in ("error", "warning") else None,
    )
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
