"""Sessions in a real Chromium: a session that ends while somebody types, one's own sign-ins, and a second factor by phone."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import psycopg
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from his.kit import clock
from tests.browser.conftest import House

pytestmark = pytest.mark.browser
NAME = "Vàng Thị Súa"


@pytest.fixture
def owner(house: House) -> Iterator[psycopg.Connection]:
    with psycopg.connect(house.owner, autocommit=True) as connection:
        yield connection
        connection.execute("TRUNCATE web_session, account_factor, recovery_code, sign_in_address")
        connection.execute("UPDATE account SET failed_count = 0, locked_until = NULL, factor_exempt = true")


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768}, base_url=house.address)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def enter(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill("demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    page.wait_for_load_state("networkidle")


def idle(owner: psycopg.Connection) -> None:
    """Half an hour without a click."""
    owner.execute("UPDATE web_session SET last_seen_at = now() - interval '31 minutes'")


def test_a_session_that_ends_while_typing_loses_nothing(page: Page, owner: psycopg.Connection) -> None:
    enter(page, "front-desk")
    page.keyboard.press("F6")
    page.locator("#visit-form [name=name]").fill(NAME)
    page.locator("#visit-form [name=name]").blur()
    page.wait_for_load_state("networkidle")
    page.locator("#visit-form [name=reason]").fill("Đau bụng từ đêm qua")
    before = owner.execute("SELECT count(*) FROM web_session").fetchone()
    idle(owner)
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Nhập lại mật khẩu để làm tiếp")
    expect(dialog).to_be_visible()
    expect(page.locator("#visit-form [name=name]")).to_have_value(NAME)
    dialog.get_by_label("Mật khẩu của").fill("sai")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Mật khẩu chưa khớp. Nhập lại.")).to_be_visible()
    dialog.get_by_label("Mật khẩu của").fill("demo")
    with page.expect_request(lambda r: r.url.endswith("/front-desk/save")) as again:
        page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert NAME in unquote_plus(again.value.post_data or ""), "the same request goes on with what was typed"
    answer = again.value.response()
    assert answer is not None
    assert answer.status in (200, 422), "the desk has answered; 422 names what is still missing for a visit"
    expect(page.locator("#visit-form [name=name]")).to_have_value(re.compile(NAME, re.IGNORECASE))
    expect(page.locator("#visit-form [name=reason]")).to_have_value("Đau bụng từ đêm qua")
    assert owner.execute("SELECT count(*) FROM web_session").fetchone() == before


def test_my_sign_ins_and_a_second_factor(page: Page, browser: Browser, house: House, owner: psycopg.Connection,
                                         tmp_path: Path) -> None:  # fmt: skip
    elsewhere = browser.new_context(base_url=house.address).new_page()
    enter(elsewhere, "unit-admin")
    enter(page, "unit-admin")
    page.goto("/account")
    expect(page.locator("#sign-ins tbody tr")).to_have_count(2)
    page.screenshot(path=str(tmp_path / "account.png"))
    page.get_by_role("button", name="Đăng xuất mọi máy khác").click()
    expect(page.locator("#sign-ins tbody tr")).to_have_count(1)
    elsewhere.goto("/claims")
    expect(elsewhere).to_have_url(re.compile("/sign-in"))
    elsewhere.context.close()
    page.get_by_role("button", name="Thiết lập").click()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    assert page.locator("#factor img").evaluate("i => i.naturalWidth") > 100, "the code can be scanned"
    page.screenshot(path=str(tmp_path / "factor.png"), full_page=True)
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Bật lớp thứ hai").click()
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("link", name="Đã cất, làm tiếp").click()
    expect(page.get_by_text("Đang bật.")).to_be_visible()
    idle(owner)
    page.evaluate("htmx.ajax('GET', '/claims/desk', {target: '#main'})")
    dialog = page.get_by_role("dialog", name="Nhập lại mật khẩu để làm tiếp")
    dialog.get_by_label("Mật khẩu của").fill("demo")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Mã xác thực 6 số")).to_be_focused()
    dialog.get_by_label("Mã xác thực 6 số").fill(codes[0])
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    owner.execute("DELETE FROM web_session")
    enter(page, "unit-admin")
    expect(page).to_have_url(re.compile("/sign-in/code"))
    page.screenshot(path=str(tmp_path / "code.png"))
    page.locator("#code").fill(pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/claims"))
