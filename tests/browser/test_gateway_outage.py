"""The claims clerk looks at an outage of the gateway: who waits, sends a check-in again, opens what was done meanwhile."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from his.exchange import service as exchange
from his.exchange.tables import GatewayOutage
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.registration.tables import CardCheck
from tests.browser.review_story import Story, address, clerk, opened, pytestmark, shot, story


@pytest.fixture(scope="module")
def away(clone: dict[str, str], story: Story) -> None:
    """An outage of two hours that lasts, with two look-ups, one of them answered, and two check-ins, one of them received."""

    async def fill() -> None:
        database, now = Database(clone["his_app"], size=2), clock.now()
        began = now - timedelta(hours=2)
        await database.open()
        try:
            async with database.scoped(Scope(None, "worker", "worker")) as db:
                row = GatewayOutage(began_at=began, failures=5, why="time-out")
                ended = GatewayOutage(
                    began_at=began - timedelta(days=2), ended_at=began - timedelta(days=2, minutes=-38)
                )
                await db.apply(Changes().insert(row, ended), now)
            changes, at = Changes(), began + timedelta(minutes=9)
            asked = {"unit_id": 2, "asked_birth": "02/03/1961", "asked_at": at}
            changes.insert(
                CardCheck(
                    **asked, asked_number="DN4970000000777", asked_name="Lý Thị Chờ", attempts=3,
                    next_attempt_at=now + timedelta(minutes=20),
                ),
                CardCheck(
                    **asked, asked_number="GD4970000000778", asked_name="Giàng A Thẻ", attempts=4, state="answered",
                    code="060", answered_at=now, answer={"code": "060"},
                ),
            )  # fmt: skip
            for claim, state in zip(story.claims, ("queued", "accepted"), strict=False):
                parcel = exchange.new_parcel(
                    2, "check-in", "Encounter", claim.encounter_id, claim.dossier_code, b"<HOSO/>", at
                )
                parcel.state, parcel.attempts = state, 2
                parcel.next_attempt_at = now + timedelta(minutes=20) if state == "queued" else None
                parcel.receipt, parcel.received_at = ("", None) if state == "queued" else ("GD-0042", now)
                exchange.queue(changes, parcel, now)
            async with database.scoped(Scope(2, "test", "worker")) as db:
                await db.apply(changes, now)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill()).result()


def test_an_outage_from_the_board_to_the_last_answer(clerk: Page, address: str, story: Story, away: None) -> None:
    page = clerk
    opened(page, f"{address}/claims?period=2026-10")
    page.get_by_role("link", name="Khi mất cổng").click()
    expect(page.get_by_text("Mất liên lạc từ")).to_be_visible()
    expect(page.locator("#gateway-rows")).to_contain_text("Lý Thị Chờ")
    expect(page.locator("#gateway-rows")).not_to_contain_text("Giàng A Thẻ")
    page.wait_for_load_state("networkidle")
    shot(page, "gateway-waiting")
    page.locator("#outages a").first.click()
    expect(page.locator("#gateway-rows")).to_contain_text("Khác tên hoặc ngày sinh")
    shot(page, "gateway-made")
    page.get_by_role("link", name="Check-in", exact=True).click()
    expect(page.locator("#gateway-rows")).to_contain_text("GD-0042")
    page.get_by_role("button", name="Gửi ngay").first.click()
    expect(page.get_by_text("Check-in được gửi ngay.")).to_be_visible()
    shot(page, "gateway-check-ins")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.noise == []  # type: ignore[attr-defined]
