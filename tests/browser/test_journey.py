"""The whole way of one visit in a real browser with a mouse: desk, doctor, cashier, pharmacy, claim, insurer, province."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import House
from tests.browser.hands import Mouse
from tests.browser.steps import play

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_visit_from_the_door_to_the_decision(chrome: Browser, house: House) -> None:
    play(house, chrome, Mouse)
