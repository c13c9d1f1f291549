"""A claims clerk clears a day's board by keyboard: a repaired draft that is late, a refusal, an answer that was lost."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from his.app import create_app
from his.claims.tables import Claim
from his.kit import clock
from his.kit.db import Database
from tests.browser.conftest import House
from tests.browser.hands import Keyboard
from tests.integration.claims_desk.real_visits import claim_of, close_one

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("HIS_SHOTS", "")
FAULT = """[{"code": "CLM-DIAG-01", "severity": "error", "message": "Chưa có mã bệnh chính. Bổ sung mã bệnh.",
"expression": "", "line": null, "action": ""}]"""


async def _three(dsn: str) -> list[Claim]:
    database = Database(dsn, size=2)
    create_app(database)
    await database.open()
    try:
        found: list[Claim] = []
        for number in range(12):
            visit = await close_one(database, f"board-{number}", clock.now())
            claim = await claim_of(database, visit) if visit else None
            if claim is not None:
                found.append(claim)
            if len(found) == 3:
                return found
    finally:
        await database.close()
    raise AssertionError("three invented visits must close with a clean claim")


def wait_for(owner: psycopg.Connection[Any], claims: list[UUID]) -> None:
    """Until the gateway has taken these dossiers (newest revisions)."""
    for _ in range(300):
        row = owner.execute(
            "SELECT count(*) FROM claim WHERE dossier_code IN (SELECT dossier_code FROM claim WHERE id = ANY(%s)) "
            "AND state IN ('accepted', 'in-review')", (claims,),
        ).fetchone()  # fmt: skip
        if row is not None and row[0] == len(claims):
            return
        asyncio.run(asyncio.sleep(0.1))
    raise AssertionError("the gateway did not take the dossiers")


@pytest.fixture
def claims(house: House) -> list[UUID]:
    """Three dossiers that the gateway took, then set back to what a bad day leaves on the board."""
    with ThreadPoolExecutor(1) as thread:  # the main thread belongs to the browser's own loop
        found = thread.submit(asyncio.run, _three(house.app)).result()
    ids = [claim.id for claim in found]
    with psycopg.connect(house.owner, autocommit=True) as owner, ThreadPoolExecutor(1) as thread:
        thread.submit(wait_for, owner, ids).result()
        draft, refused, lost = ids
        owner.execute(
            "UPDATE claim SET state = 'draft', parcel_id = NULL, findings = %s::jsonb, version = version + 1, "
            "ended_at = ended_at - interval '20 days' WHERE id = %s", (FAULT, draft),
        )  # fmt: skip
        parcel = "(SELECT parcel_id FROM claim WHERE id = %s)"
        owner.execute(
            f"UPDATE parcel SET state = 'rejected', reply_code = '205', reply = 'Sai ngày ra viện' WHERE id = {parcel}",
            (refused,),
        )
        owner.execute("UPDATE claim SET state = 'rejected', version = version + 1 WHERE id = %s", (refused,))
        owner.execute(
            "UPDATE parcel SET state = 'unknown', version = version + 1, next_attempt_at = now() + interval '1 hour' "
            f"WHERE id = {parcel}", (lost,),
        )  # fmt: skip
        owner.execute("UPDATE claim SET state = 'unknown', version = version + 1 WHERE id = %s", (lost,))
    return ids


def clerk(browser: Browser, house: House) -> Page:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768}, base_url=house.address)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/sign-in")
    page.fill("[name=username]", "unit-admin")
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/claims")
    return page


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_the_board_is_cleared_by_keyboard(browser: Browser, house: House, claims: list[UUID]) -> None:
    page = clerk(browser, house)
    hands = Keyboard(page)
    rows = page.locator("#cause-rows tbody tr")
    expect(page.locator("#cause-CLM-DIAG-01, #cause-rejected-205, #cause-unknown")).to_have_count(3)
    found = [row.get_attribute("id") for row in rows.all()]
    assert sorted(found) == ["cause-CLM-DIAG-01", "cause-rejected-205", "cause-unknown"]
    expect(rows.first).to_contain_text("quá")  # what is late stands first, in red with an icon
    expect(rows.first.locator(".stop svg").first).to_be_visible()
    expect(page.locator("h1 ~ .chip--stop")).to_contain_text("quá hạn")
    shot(page, "board-full")
    for cause, key in (("#cause-CLM-DIAG-01", "F6"), ("#cause-rejected-205", "F6"), ("#cause-unknown", "F7")):
        row = page.locator(cause)
        title = row.locator("b").first.inner_text()
        hands.stand_on(row)
        expect(page.locator("#cause-h")).to_have_text(title)
        page.wait_for_load_state("networkidle")
        with page.expect_response(lambda r: r.request.method == "POST"):
            page.keyboard.press(key)
        expect(page.locator("#done li")).to_have_count(1)
        expect(page.locator("#done .ok")).to_be_visible()
        page.wait_for_load_state("networkidle")
    shot(page, "board-done")
    with psycopg.connect(house.owner, autocommit=True) as owner, ThreadPoolExecutor(1) as thread:
        thread.submit(wait_for, owner, claims).result()
    page.reload()
    expect(page.locator("#causes")).to_contain_text("Không còn hồ sơ nào chờ")
    expect(page.locator(".chip--ok")).to_contain_text("Đã gửi hết")
    shot(page, "board-empty")
    with psycopg.connect(house.owner, autocommit=True) as owner:
        twice = owner.execute(
            "SELECT dossier_code FROM claim WHERE state <> 'replaced' GROUP BY 1 HAVING count(*) > 1"
        ).fetchall()
    assert twice == []
