"""The whole way of one visit in a real browser with a mouse: from the door to the insurer's decision."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import House
from tests.browser.hands import Mouse
from tests.browser.journey import play

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_visit_from_the_door_to_the_decision(browser: Browser, house: House) -> None:
    play(house, browser, Mouse)
