"""What a journey knows: the people at their pages, what was learnt on the way, and the database beside them."""

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.browser.conftest import House
from tests.browser.hands import Hands

UNIT = 2
DAY_FIGURE = """SELECT coalesce(sum(value), 0)::int FROM stat_cell
WHERE unit_id = %s AND day = %s AND indicator = 'A01' AND split = 'all'"""


def money(text: str) -> int:
    """The amount in a Vietnamese text like `539.440 đ`."""
    return int(re.sub(r"[^\d]", "", text) or 0)


def spelled(amount: int) -> str:
    """The amount as pages and papers write it: `539.440`."""
    return f"{amount:,}".replace(",", ".")


def pdf_text(content: bytes) -> str:
    """All words of a PDF, blanks made equal."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


class CloseWatch(threading.Thread):
    """Looks at the database every few milliseconds: when the visit was closed, when the day's figure counted it."""

    def __init__(self, dsn: str, visit: str, day: date, before: int) -> None:
        super().__init__(daemon=True)
        self.dsn, self.visit, self.day, self.before = dsn, visit, day, before
        self.closed: float | None = None
        self.counted: float | None = None
        self.figure = before
        self.stopped = threading.Event()

    def run(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self.stopped.wait(0.01) and self.counted is None:
                row = connection.execute("SELECT status FROM encounter WHERE id = %s", (self.visit,)).fetchone()
                if self.closed is None and row == ("finished",):
                    self.closed = time.monotonic()
                found = connection.execute(DAY_FIGURE, (UNIT, self.day)).fetchone()
                assert found is not None
                if found[0] != self.before:
                    self.figure, self.counted = found[0], time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait until both were seen."""
        self.join(seconds)
        self.stopped.set()


@dataclass
class Story:
    """The story and what was learnt on the way."""

    house: House
    browser: Browser
    hands: type[Hands]
    person: str = "Trần Thị Minh Nguyệt"
    citizen: str = "097168004542"
    visit: str = ""
    dossier: str = ""
    ticket: str = ""
    claim: str = ""
    total: int = 0
    insurer: int = 0
    due: int = 0
    noise: list[str] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)

    def enter(self, account: str) -> Hands:
        """Sign in as somebody, in a browser of their own."""
        context = self.browser.new_context(
            locale="vi-VN", viewport={"width": 1366, "height": 768}, base_url=self.house.address
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda m: self.noise.append(f"{account}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.noise.append(f"{account}: {error}"))
        page.goto("/sign-in")
        hands = self.hands(page)
        hands.write(page.locator("[name=username]"), account)
        hands.write(page.locator("[name=password]"), "demo")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.wait_for_load_state("networkidle")
        self.pages[account] = page
        return hands

    def ask(self, query: str, *values: Any) -> Any:
        """One value of the database."""
        with psycopg.connect(self.house.owner, autocommit=True) as connection:
            row = connection.execute(query, values).fetchone()
        return row[0] if row else None
