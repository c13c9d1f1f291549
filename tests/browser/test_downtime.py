"""The front desk while PostgreSQL is stopped and while the web server is dead: real processes, real Chromium.

What was kept in the browser survives a reload without a server, is sent when it is back, once, and its doubts are decided
on a page where both sides stand beside each other.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference
from his.web import assets
from tests.standin import free_port

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
KNOWN = ("Quàng Thị Hương", "14/03/1968", "female", "097168004512", "0912000468")
ROWS = """async name => await new Promise(done => { const r = indexedDB.open("his-downtime");
r.onsuccess = () => { const g = r.result.transaction(name).objectStore(name).getAll(); g.onsuccess = () => { r.result.close(); done(g.result); }; }; })"""
SPOIL = """async words => await new Promise(done => { const r = indexedDB.open("his-downtime"); r.onsuccess = () => {
const s = r.result.transaction("kept", "readwrite").objectStore("kept"), g = s.getAll();
g.onsuccess = () => { s.put({...g.result[0], ...words}).onsuccess = () => { r.result.close(); done(); }; }; }; })"""


@dataclass
class Installation:
    """PostgreSQL and the web server as processes of their own; each can be ended and started again."""

    database: Embedded
    environment: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_web(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "his.app:create_app", "--host", "127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--log-level", "error"], env=self.environment, stdin=subprocess.DEVNULL
        )
        self.wait(200)

    def kill_web(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop_database(self) -> None:
        os.kill(self.database.pid, signal.SIGQUIT)
        deadline = time.monotonic() + 30
        while self.database.running:
            assert time.monotonic() < deadline, "PostgreSQL does not stop"
            time.sleep(0.05)
        self.wait(503)

    def start_database(self) -> None:
        self.database.start()

    def wait(self, status: int) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.base}/readyz", timeout=5).status_code == status:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"/readyz does not answer {status}")

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.conninfo(), autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def visits(self, name: str) -> int:
        query = (
            "SELECT count(*) FROM encounter e JOIN patient p USING (unit_id) WHERE p.id = e.patient_id AND p.name = %s"
        )
        return int(self.ask(query, name)[0][0])


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """A database and a web server that belong to these journeys alone."""
    assets.build_assets(ROOT)
    folder = Path(tempfile.mkdtemp(prefix="his-away-"))
    database = Embedded(folder, durable=True)
    database.start()
    dsns = migrate(database.conninfo(), folder / "data")
    seed_reference(dsns["his_app"], folder / "data", units=2)
    environment = os.environ | {
        "HIS_PROFILE": "test", "HIS_DATA_DIR": str(folder / "data"), "HIS_APP_DATABASE_URL": dsns["his_app"],
    }  # fmt: skip
    made = Installation(database, environment, free_port())
    made.start_web()
    yield made
    made.kill_web()
    database.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def context(installation: Installation, browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own for each journey; the house stands first, its seed needs a thread without a running loop."""
    made = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", base_url=installation.base)
    made.set_default_timeout(20_000)
    made.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The front desk, signed in, with its page for bad days kept by the browser."""
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=username]", "front-desk")
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/front-desk$"))
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    return page


def notice(page: Page) -> None:
    """What the page does by itself every quarter of a minute, or when a request of the desk fails."""
    page.fill("#scan", "nguyen van a")
    page.keyboard.press("Enter")
    expect(page.locator("#downtime-form")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-say]")).to_contain_text(re.compile(r"Máy chủ không trả lời từ \d\d:\d\d"))
    expect(page.locator("#desk")).to_be_hidden()


def keep(page: Page, name: str, birth: str, gender: str, number: str = "", phone: str = "", reason: str = "ho") -> None:
    """Fill the short form and keep it."""
    for field, value in (("name", name), ("birth", birth), ("number", number), ("phone", phone), ("reason", reason)):
        page.fill(f"#d-{field}", value)
    page.locator(f"label[for=d-gender-{gender}]").click()
    expect(page.locator("#d-arrived")).to_have_value(re.compile(r"^\d\d:\d\d$"))
    page.get_by_role("button", name="Giữ lại").click()
    expect(page.locator("#d-name")).to_have_value("")


def rows(page: Page) -> list[dict[str, Any]]:
    """What stands in the browser."""
    found: list[dict[str, Any]] = page.evaluate(ROWS, "kept")
    return found


def test_the_database_is_stopped_and_started_again(page: Page, installation: Installation) -> None:
    registered = page.request.post(
        "/api/reception/visits",
        headers={"x-csrf-token": page.get_attribute("meta[name=csrf-token]", "content") or ""},
        data={
            "key": "before-the-outage", "reason": "sốt",
            "room_id": str(installation.ask("SELECT id FROM room WHERE unit_id = 2 AND code = '103'")[0][0]),
            "patient": {"name": KNOWN[0], "birth_date": "1968-03-14", "gender": "female", "citizen_number": KNOWN[3]},
        },
    )  # fmt: skip
    assert registered.status == 201
    installation.stop_database()
    notice(page)
    page.get_by_role("button", name="Giữ lại").click()
    expect(page.locator("[data-bad=name]")).to_be_visible()  # an empty form is not kept
    keep(page, "Lò Văn Páo", "1990", "male", number="097090001234")
    expect(page.locator("[data-count]")).to_have_text("1 lượt chờ gửi")
    page.reload(wait_until="load")  # nobody answers: the browser's own page stands, with the list
    expect(page.locator("[data-say]")).to_contain_text("Máy chủ không trả lời từ")
    expect(page.locator("[data-count]")).to_have_text("1 lượt chờ gửi")
    expect(page.locator("ul[data-kept]")).to_contain_text("Lò Văn Páo")
    keep(page, KNOWN[0], "1968", "female")  # no number: a clerk will have to say who it is
    page.fill("#d-number", f"{KNOWN[3][:11]}9|123456789|Cà Thị Inh|05061975|Nữ|Thôn 4|20042021")
    expect(page.locator("#d-name")).to_have_value("Cà Thị Inh")  # the code of a citizen card fills the form
    page.get_by_role("button", name="Giữ và in số tạm").click()
    expect(page.locator("[data-count]")).to_have_text("3 lượt chờ gửi")
    assert page.evaluate("window.printed") == 1
    slips = [row["slip"] for row in rows(page)]
    assert page.locator("[data-slip=slip]").text_content() == slips[2]
    assert len(set(slips)) == 3
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => new URL(r.url).pathname)))).flat()"
    )
    assert "/front-desk/downtime" in kept
    assert [path for path in kept if path != "/front-desk/downtime" and not path.startswith("/static/")] == []
    installation.start_database()
    expect(page.locator("#scan")).to_be_visible(timeout=60_000)  # the page came back by itself
    expect(page.locator("[data-say]")).to_contain_text("Đã gửi 3 phiếu tạm", timeout=30_000)
    assert rows(page) == []
    told = page.locator("[data-told] li")
    expect(told.filter(has_text="Lò Văn Páo")).to_contain_text(re.compile(r"Số \d{3} phòng \d+"))
    expect(told.filter(has_text=KNOWN[0])).to_contain_text("cần xem lại")
    assert [installation.visits(n) for n in ("Lò Văn Páo", "Cà Thị Inh", KNOWN[0])] == [1, 1, 1]
    page.get_by_role("link", name="Xem phiếu cần quyết định").click()
    page.locator("#waiting li").get_by_role("link", name=KNOWN[0]).click()
    sides = page.locator("#sides")
    expect(sides).to_contain_text("Phiếu tạm")
    expect(sides).to_contain_text(KNOWN[3])
    sides.get_by_role("button", name="Đúng người này").click()
    expect(page.locator("#waiting")).to_contain_text("Không có phiếu nào chờ xem")
    expect(page.locator("#received li")).to_have_count(3)
    assert installation.visits(KNOWN[0]) == 2
    assert installation.ask("SELECT count(*) FROM patient WHERE name = %s", KNOWN[0]) == [(1,)]


def test_the_web_server_is_killed_and_a_bad_row_holds_up_nobody(page: Page, installation: Installation) -> None:
    installation.kill_web()
    notice(page)
    keep(page, "Vừ A Dính", "12/02/1980", "male")
    keep(page, "Giàng Thị Máy", "1985", "female")
    keep(page, "Sùng A Lử", "2001", "male")
    page.evaluate(SPOIL, {"phone": "12"})
    page.reload(wait_until="load")
    expect(page.locator("[data-count]")).to_have_text("3 lượt chờ gửi")
    installation.start_web()
    expect(page.locator("#scan")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-say]")).to_contain_text("Còn 1 lượt chờ gửi", timeout=30_000)
    expect(page.locator("ul[data-kept] li")).to_contain_text("Số điện thoại bắt đầu bằng 0")
    assert [installation.visits(n) for n in ("Vừ A Dính", "Giàng Thị Máy", "Sùng A Lử")] == [0, 1, 1]
    page.locator("ul[data-kept]").get_by_role("button", name="Sửa").click()
    page.fill("#d-phone", "0912000777")
    page.get_by_role("button", name="Giữ lại").click()
    expect(page.locator("[data-told] li").filter(has_text="Vừ A Dính")).to_contain_text("phòng")
    assert rows(page) == []
    assert installation.visits("Vừ A Dính") == 1


def test_signing_out_warns_and_then_empties_the_list(page: Page, installation: Installation) -> None:
    installation.stop_database()
    notice(page)
    keep(page, "Hạng A Chua", "1977", "male")
    page.evaluate(SPOIL, {"phone": "12"})
    page.reload(wait_until="load")
    installation.start_database()
    expect(page.locator("[data-say]")).to_contain_text("Còn 1 lượt chờ gửi", timeout=60_000)
    page.goto("/queue")  # any page of the clerk
    page.locator(".who summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("#ask")).to_contain_text("Còn 1 phiếu tạm chưa gửi")
    page.get_by_role("button", name="Giữ lại").click()
    assert len(rows(page)) == 1
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_role("button", name="Xóa và đăng xuất").click()
    page.wait_for_url(re.compile("/sign-in"))
    assert rows(page) == []
    assert page.evaluate(ROWS, "meta") == []


def test_a_session_that_ended_meanwhile_asks_the_password_and_goes_on(page: Page, installation: Installation) -> None:
    installation.stop_database()
    notice(page)
    keep(page, "Thào Thị Mỷ", "1999", "female")
    installation.start_database()
    installation.ask("UPDATE web_session SET expires_at = now() RETURNING 1")
    expect(page.locator("#session")).to_be_visible(timeout=60_000)
    assert len(rows(page)) == 1
    page.fill("#session-p", "demo")
    page.keyboard.press("Enter")
    expect(page.locator("[data-told] li")).to_contain_text("phòng", timeout=30_000)
    assert installation.visits("Thào Thị Mỷ") == 1


def test_the_list_is_bounded(page: Page, installation: Installation) -> None:
    installation.kill_web()
    notice(page)
    keep(page, "Người số 1", "1999", "female")
    page.evaluate(
        """async () => await new Promise(done => { const r = indexedDB.open("his-downtime"); r.onsuccess = () => {
        const s = r.result.transaction("kept", "readwrite").objectStore("kept"), g = s.getAll(); g.onsuccess = () => {
        for (let n = 1; n < 100; n++) s.put({...g.result[0], id: g.result[0].id.slice(0, 24) + String(n).padStart(12, "0"), refused: "x"});
        s.transaction.oncomplete = () => { r.result.close(); done(); }; }; }; })"""
    )
    page.reload(wait_until="load")
    expect(page.locator("[data-count]")).to_have_text("100 lượt chờ gửi")
    page.fill("#d-name", "Người số 101")
    page.fill("#d-birth", "1999")
    page.locator("label[for=d-gender-female]").click()
    page.get_by_role("button", name="Giữ lại").click()
    expect(page.locator("[data-say]")).to_contain_text("Đã giữ 100 lượt")
    assert len(rows(page)) == 100
    installation.start_web()
