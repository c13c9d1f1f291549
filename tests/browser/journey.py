"""Plays the whole journey: front desk, doctor, results, cashier, pharmacy, claim, insurer, province."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Browser, expect

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database
from tests.browser.conftest import House
from tests.browser.hands import Hands
from tests.browser.journey_care import Care
from tests.browser.journey_settlement import Settlement
from tests.browser.story import CloseWatch, money
from tests.integration.finished_visits import Visits

EARLIER_VISITS = 7  # more than the number of people below which figures are hidden
COUNTED_WITHIN = 1.0  # seconds from the closing of the visit to the figure of the day
SHOTS = os.environ.get("HIS_SHOTS", "")


class Journey(Care, Settlement):
    """Everything that happens to one person and to the money of the visit."""


def visits_of_today(house: House) -> None:
    """Some visits that ended today, so that the figure of the day rises from a number that is shown."""

    async def write() -> None:
        database = Database(house.app, size=1)
        await database.open()
        visits, changes, now = Visits(database), Changes(), clock.now()
        for _ in range(EARLIER_VISITS):
            visits.new(changes, now)
        await visits.write(changes, clock.day_of(now))
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # the browser's driver holds a loop in this one
        thread.submit(asyncio.run, write()).result()


def play(house: House, browser: Browser, hands: type[Hands]) -> None:
    """The journey with these hands; a picture of every open page is kept when `HIS_SHOTS` names a folder."""
    story = Journey(house, browser, hands)
    try:
        _play(story)
        assert story.noise == []
    except BaseException:
        for name, page in story.pages.items():
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{hands.name}-{name}.png")
        raise
    finally:
        for page in story.pages.values():
            page.context.close()


def _play(story: Journey) -> None:
    visits_of_today(story.house)
    province = story.enter("province-officer").page
    figure = province.locator("#unit-97002 td.num a")
    deadline = time.monotonic() + 60
    while money(figure.inner_text()) != EARLIER_VISITS:  # the worker counts them first
        assert time.monotonic() < deadline
        province.reload()
    story.register()
    story.wait_in_the_hall()
    story.measure()
    story.examine()
    story.report_results()
    story.prescribe()
    story.pay()
    watch = CloseWatch(story.house.owner, story.visit, story.day(), EARLIER_VISITS)
    story.hand_out(watch)
    assert watch.closed is not None, "the visit did not close by itself"
    assert watch.counted is not None, "the figure of the day did not rise"
    assert watch.figure == EARLIER_VISITS + 1
    assert watch.counted - watch.closed < COUNTED_WITHIN
    province.keyboard.press("Tab")  # somebody is at the page: it looks for news every 15 seconds
    expect(figure).to_have_text(str(EARLIER_VISITS + 1), timeout=70_000)
    story.see_receipt()
    story.review()
    story.see_decision()
