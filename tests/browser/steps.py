"""Plays the journey."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from playwright.sync_api import Browser, expect

from his.kit.changes import Changes
from his.kit.clock import VIETNAM
from his.kit.db import Database
from tests.browser.conftest import House
from tests.browser.hands import Hands
from tests.browser.journey import CloseWatch, Journey
from tests.integration.finished_visits import Visits

EARLIER_VISITS = 7  # more than the number of people below which figures are hidden


def visits_of_today(house: House) -> None:
    """Some visits that ended today, so that the figure of the day rises from a number that is shown."""

    async def write() -> None:
        database = Database(house.app, size=1)
        await database.open()
        visits, changes = Visits(database), Changes()
        from his.kit import clock

        now = clock.now()
        for _ in range(EARLIER_VISITS):
            visits.new(changes, now - timedelta(seconds=30))
        await visits.write(changes, now.astimezone(VIETNAM).date())
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, write()).result()


def play(house: House, browser: Browser, hands: type[Hands]) -> Journey:
    story = Journey(house, browser, hands)
    shots = os.environ.get("HIS_SHOTS", "")
    marks = []
    try:
        visits_of_today(house)
        province = story.enter("province-officer").page
        cell = province.locator("#unit-97002 td.num a")
        before = EARLIER_VISITS
        deadline = time.monotonic() + 30
        while story.province_figure(province) != before:
            assert time.monotonic() < deadline
            province.reload()
        for step in (
            story.register,
            story.wait_in_the_hall,
            story.measure,
            story.examine,
            story.report_results,
            story.prescribe,
            story.pay,
        ):
            begun = time.monotonic()
            print(step.__name__, flush=True)
            step()
            marks.append((step.__name__, round(time.monotonic() - begun, 1)))
        watch = CloseWatch(house.owner, story.visit, story.day(), before)
        story.hand_out(watch)
        assert watch.closed is not None
        assert watch.counted is not None
        assert watch.figure == before + 1
        print("counted after", watch.counted - watch.closed)
        assert watch.counted - watch.closed < 1.0
        province.keyboard.press("Tab")
        expect(cell).to_have_text(str(before + 1), timeout=70_000)
        for step in (story.see_receipt, story.review, story.see_decision):
            begun = time.monotonic()
            print(step.__name__, flush=True)
            step()
            marks.append((step.__name__, round(time.monotonic() - begun, 1)))
        assert story.noise == []
    except BaseException:
        if shots:
            for name, page in story.pages.items():
                page.screenshot(path=f"{shots}/fail-{hands.name}-{name}.png")
        raise
    finally:
        print(marks, story.noise)
        for page in story.pages.values():
            page.context.close()
    return story
