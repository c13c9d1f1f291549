"""The same way of one visit without a mouse: only keys, and only those that a person would find."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import House
from tests.browser.hands import Keyboard
from tests.browser.journey import play

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_visit_without_a_mouse(browser: Browser, house: House) -> None:
    play(house, browser, Keyboard)
