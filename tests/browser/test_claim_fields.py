"""The fields that only the claim asks for, each where its person works: labelled, read in both languages, nothing cut off."""

import os
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from his.billing import service as billing
from his.consultation import service as consultation
from his.kit import clock
from his.kit.db import Database
from his.orders import service as orders
from his.orders.terms import OrderLine
from tests.browser.test_consultation import MISSING, address, run
from tests.integration.consultation.test_sign_and_close import examined, who
from tests.integration.visits import Cast, doctor_db, make_visit

__all__ = ["address", "run"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(MISSING, reason="no Chromium")]
SHOTS = os.environ.get("HIS_SHOTS", "")
PROCEDURE = "02.0032.0898"
CUT = """[...document.querySelectorAll('main label, main summary, main legend, .dlg label, .dlg h2')]
    .filter(e => e.offsetParent && !e.classList.contains('vh') && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
UNLABELLED = """[...document.querySelectorAll('main input:not([type=hidden]), main select, .dlg input, .dlg select')]
    .filter(e => e.offsetParent && !(e.labels && e.labels.length) && !e.getAttribute('aria-label')).map(e => e.name)"""


def signed_in(browser: Browser, address: str, role: str, language: str = "vi") -> Page:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", role)
    page.fill("input[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.context.add_cookies([{"name": "lang", "value": language, "url": address}])
    return page


def opened(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def looked_at(page: Page, name: str) -> None:
    """Nothing is cut off, wide or without a label; the picture is kept when somebody asks for pictures."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert page.evaluate(CUT) == [], name
    assert page.evaluate(UNLABELLED) == [], name


async def to_treat(database: Database) -> Cast:
    """A visit with a procedure under way."""
    cast, db = await make_visit(database, name="Lò Thị Sinh"), doctor_db(database)
    await examined(db, cast)
    await orders.order(db, cast.id, [OrderLine(PROCEDURE)], cast.doctor, clock.now())
    await db.release()
    return cast


async def to_pay(database: Database) -> tuple[Cast, str]:
    """A signed visit with its bill, and the source of its first line."""
    cast, db = await make_visit(database, name="Hà Thị Trả", birth=date(1980, 1, 2)), doctor_db(database)
    await examined(db, cast)
    now = clock.now()
    await consultation.sign_visit(db, cast.id, await who(database, cast), now)
    bill = await billing.preview_bill(db, cast.id, now)
    await db.release()
    return cast, str(bill.lines[0].source_id)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_doctors_fields(browser: Browser, address: str, run: Callable[..., Cast], language: str) -> None:
    cast = run(to_treat)
    page = signed_in(browser, address, "doctor", language)
    opened(page, f"{address}/visit/{cast.id}")
    page.locator("details.more summary").filter(has_text="cân nặng con" if language == "vi" else "weight").click()
    page.locator("[name=newborn_weights]").scroll_into_view_if_needed()
    looked_at(page, f"fields-conclusion-{language}")
    page.locator("[hx-get*='/diagnoses/'][hx-get$='/form']").first.click()
    expect(page.locator("[name=traditional_code]")).to_be_visible()
    looked_at(page, f"fields-traditional-{language}")
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_rooms_fields(browser: Browser, address: str, run: Callable[..., Cast], language: str) -> None:
    run(to_treat)
    page = signed_in(browser, address, "doctor", language)
    opened(page, f"{address}/results?kind=procedure")
    page.locator("[data-row]").filter(has_text="Lò Thị Sinh").first.click()
    expect(page.locator("[name=anaesthesia]")).to_be_visible()
    looked_at(page, f"fields-anaesthesia-{language}")
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_front_desks_fields(browser: Browser, address: str, language: str) -> None:
    page = signed_in(browser, address, "front-desk", language)
    opened(page, f"{address}/front-desk")
    page.locator("[hx-post='/front-desk/new']").first.click()
    expect(page.locator("#person")).to_be_visible()
    page.locator("#person details.more summary").click()
    page.locator("[name=blood_group]").scroll_into_view_if_needed()
    looked_at(page, f"fields-blood-group-{language}")
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_cashiers_fields(
    browser: Browser, address: str, run: Callable[..., tuple[Cast, str]], language: str
) -> None:
    cast, source = run(to_pay)
    page = signed_in(browser, address, "cashier", language)
    opened(page, f"{address}/cashier/{cast.id}")
    page.locator("[data-row]").first.click()
    page.locator(f"[hx-get='/cashier/{cast.id}/donors/{source}']").click()
    expect(page.locator("[name=mode]")).to_be_visible()
    looked_at(page, f"fields-donors-{language}")
    page.context.close()
