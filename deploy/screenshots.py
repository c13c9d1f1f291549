"""Takes the pictures of README.md from a running demonstration, in the order of a visit.

.venv/bin/python deploy/screenshots.py          the system of this folder (HIS_DATA_DIR, HIS_PORT as for `make run`)

Everyone signs in by `demo.json`. The system should have run `his demo day`, so that people wait at every desk. The doctor's
picture adds two drugs to an open visit of the demonstration; nothing else is written. Needs Chromium on the path.
"""

import argparse
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from his.kit.config import get_settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi"]
DESK, PHONE = (1366, 768), (390, 844)
MOST_BYTES = 200_000
CARD = "097168004542|123456789|Trần Thị Minh Nguyệt|14031968|Nữ|Thôn 4, xã Hồ Xanh, tỉnh Tân Giang|20042021"


@dataclass
class Camera:
    """A browser, where the system answers, how people sign in, where pictures go."""

    browser: Browser
    address: str
    passwords: dict[str, str]
    folder: Path
    pages: dict[tuple[str, tuple[int, int]], Page] = field(default_factory=dict)

    def page(self, account: str, path: str, size: tuple[int, int] = DESK) -> Page:
        """The path as this account sees it, quiet: everything has arrived."""
        key = (account, size)
        if key not in self.pages:
            context = self.browser.new_context(
                locale="vi-VN", viewport={"width": size[0], "height": size[1]}, base_url=self.address
            )
            page = context.new_page()
            page.goto("/sign-in")
            page.fill("[name=username]", account)
            page.fill("[name=password]", self.passwords[account])
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            self.pages[key] = page
        page = self.pages[key]
        page.goto(path)
        page.wait_for_load_state("networkidle")
        return page

    def take(self, page: Page, name: str) -> None:
        """Save what is visible as a PNG of at most 256 colours and 200 KB. Raises SystemExit when it is larger."""
        page.wait_for_timeout(400)
        seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        few = seen.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        path = self.folder / f"{name}.png"
        few.save(path, optimize=True)
        if path.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{path.name} is larger than {MOST_BYTES} bytes")
        sys.stdout.write(f"{path.name}  {path.stat().st_size // 1024} KB\n")


def _scan(page: Page) -> None:
    page.locator("#scan").fill(CARD)
    page.keyboard.press("Enter")
    page.locator("#card-panel .card-say").wait_for()
    page.locator("#reason").fill("Tái khám tăng huyết áp")
    page.locator("label[for=room-103]").click()
    page.locator("#visit-panel .est").wait_for()
    page.wait_for_load_state("networkidle")


def front_desk(camera: Camera) -> None:
    """A scanned card, answered by the gateway, not saved."""
    for size, name in ((DESK, "01-front-desk"), (PHONE, "01-front-desk-phone")):
        page = camera.page("front-desk", "/front-desk", size)
        _scan(page)
        page.evaluate("scrollTo(0, 0)")
        camera.take(page, name)


def queue(camera: Camera) -> None:
    """The room with most people, and the screen in the hall."""
    page = camera.page("nurse", "/queue")
    rooms = page.locator("#rooms a.rl-a")
    waiting = [(rooms.nth(n).locator("b").nth(1).inner_text(), n) for n in range(rooms.count())]
    number, place = max(((int(text), n) for text, n in waiting if text.isdigit()), default=(0, 0))
    if number:
        rooms.nth(place).click()
        page.wait_for_load_state("networkidle")
    camera.take(page, "02-queue")
    camera.take(camera.page("nurse", "/queue/board"), "03-waiting-room")


def _open_visit(camera: Camera) -> str:
    """Address of a visit that waits for the doctor's signature with results ordered."""
    page = camera.page("doctor", "/queue")
    for n in range(page.locator("#rooms a.rl-a").count()):
        page.locator("#rooms a.rl-a").nth(n).click()
        page.wait_for_load_state("networkidle")
        rows = page.locator("#queue-table tbody tr").filter(has_text="kết quả").filter(has_text="huyết áp")
        if rows.count():
            rows.first.locator("td").first.click()
            page.wait_for_timeout(600)
            page.locator("[data-action=open-visit]").click()
            page.wait_for_url("**/visit/*")
            return page.url.removeprefix(camera.address)
    raise SystemExit("No visit waits for results: run `his demo day` first.")


def doctor(camera: Camera) -> None:
    """An open visit with a prescription under way; on the desk and on the phone."""
    path = _open_visit(camera)
    page = camera.page("doctor", path)
    page.locator("#rx").wait_for()
    if not page.locator("#rx tr[data-row]").count():
        for words in ("amlodipin 5", "metformin 850"):
            page.keyboard.press("F3")
            page.keyboard.type(words)
            page.locator("[role=option]:visible").first.wait_for()
            page.keyboard.press("Enter")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(800)
    camera.take(camera.page("doctor", path), "04-doctor")
    camera.take(camera.page("doctor", path, PHONE), "04-doctor-phone")
    camera.take(camera.page("doctor", f"{path}/papers?kind=sick-leave"), "14-papers")


def results(camera: Camera) -> None:
    """A report to fill in, and a finished one."""
    page = camera.page("nurse", "/results")
    page.locator("#waiting [data-row] a").first.click()
    page.locator("#entry").wait_for()
    camera.take(page, "05-results-entry")
    page = camera.page("doctor", "/results")
    done = page.locator("#reported a").first
    if done.count():
        camera.take(camera.page("doctor", done.get_attribute("href") or "/results"), "06-results")


def _amount(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()) or 0)


def cashier(camera: Camera) -> None:
    """The largest co-payment of the day, else the largest bill."""
    page = camera.page("cashier", "/cashier?state=all")
    rows = page.locator("#visits tbody tr")
    found = [
        (
            _amount(rows.nth(n).locator("td.num").first.inner_text()),
            rows.nth(n).locator("a").first.get_attribute("href"),
        )
        for n in range(rows.count())
    ]
    bills = [href for _, href in sorted(found, key=lambda bill: -bill[0]) if href]
    for href in bills[:8]:
        page = camera.page("cashier", href)
        if _amount(page.locator("#lines tfoot td").nth(5).inner_text()):  # the sum of the co-payments
            break
    else:
        page = camera.page("cashier", bills[0])
    camera.take(page, "07-cashier")


def claims(camera: Camera) -> None:
    """What keeps dossiers of the month from being sent; when nothing does, the dossiers."""
    page = camera.page("unit-admin", "/claims")
    if not page.locator("#cause-rows").count():
        page = camera.page("unit-admin", "/claims?show=list")
    camera.take(page, "09-claims")


def review(camera: Camera) -> None:
    """A dossier with something to look at, else a large one."""
    for query in ("findings=with", "above=300000", ""):
        page = camera.page("insurance-officer", f"/review?{query}")
        case = page.locator("#cases a")
        if case.count():
            camera.take(camera.page("insurance-officer", case.first.get_attribute("href") or ""), "11-review")
            return


def _first_row(account: str, path: str, row: str, name: str) -> Callable[[Camera], None]:
    """Open the first row of a list and take the page behind it."""

    def take(camera: Camera) -> None:
        page = camera.page(account, path)
        link = page.locator(row).first
        link.wait_for()
        camera.take(camera.page(account, link.get_attribute("href") or path), name)

    return take


def _whole(account: str, path: str, name: str, size: tuple[int, int] = DESK) -> Callable[[Camera], None]:
    """Take a page as it opens."""

    def take(camera: Camera) -> None:
        camera.take(camera.page(account, path, size), name)

    return take


TOUR: tuple[Callable[[Camera], None], ...] = (
    front_desk,
    queue,
    doctor,
    results,
    cashier,
    _first_row("pharmacist", "/pharmacy", "#queue [data-row] a", "08-pharmacy"),
    claims,
    _first_row("unit-admin", "/claims?show=list", "#claim-rows a", "10-claim"),
    review,
    _whole("unit-admin", "/claims/rules", "15-rules"),
    _first_row("unit-admin", "/settlements", "[data-row] a", "16-settlement"),
    _whole("province-officer", "/province", "12-province"),
    _whole("province-officer", "/province", "12-province-phone", PHONE),
    _whole("installation-admin", "/system", "13-system"),
)


def main() -> None:
    """Take every picture of the tour."""
    settings = get_settings()
    arguments = argparse.ArgumentParser(description="Pictures of a running demonstration for README.md")
    arguments.add_argument("--address", default=settings.browse_url)
    arguments.add_argument("--out", type=Path, default=Path(__file__).with_name("pictures"))
    options = arguments.parse_args()
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if executable is None:
        sys.exit("Chromium is not on the path.")
    known = json.loads(settings.demo_file.read_text())
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        passwords = {user["username"]: user["password"] for user in known["users"]}
        camera = Camera(browser, options.address.rstrip("/"), passwords, options.out)
        for step in TOUR:
            step(camera)
        browser.close()


if __name__ == "__main__":
    main()
