"""The cashier's page in a real Chromium: the bill beside its reasons, one payment, receipt, states, no side scrolling."""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from his.app import create_app
from his.billing.seed import seed as seed_billing
from his.identity.province import unit_rows
from his.kit import clock
from his.kit.db import Database, Scope
from his.prescriptions.tables import AllergyIntolerance
from his.web import assets

sys.path.insert(0, str(Path(__file__).parents[1] / "properties" / "billing"))

from random_visits import SERVICES, RandomVisit, random_visit, sign

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("HIS_SHOTS", "")
LINES = (
    ("Khám Nội", "exam", "13", 45000, 1), ("Tổng phân tích tế bào máu ngoại vi", "lab", "1", 49700, 1),
    ("Định lượng Glucose", "lab", "1", 22400, 1), ("Định lượng HbA1c", "lab", "1", 105300, 1),
    ("Định lượng Creatinin", "lab", "1", 22400, 1), ("Cholesterol, Triglycerid", "lab", "1", 28000, 2),
    ("X-quang ngực thẳng số hóa, 1 phim", "imaging", "2", 73300, 1), ("Điện tim thường", "functional", "3", 39900, 1),
)  # fmt: skip
DRUGS = (
    ("Amlodipin 5 mg", 450, 28, 1), ("Metformin 850 mg", 690, 56, 1),
    ("Atorvastatin 20 mg", 1150, 28, 1), ("Vitamin B1-B6-B12", 1500, 28, 2),
)  # fmt: skip


def _known_visit(seed: int, name: str = "Trần Thị Minh Nguyệt") -> RandomVisit:
    """The visit of the design: 539.440 đ, of which the patient pays 141.488 đ."""
    now = clock.now() - timedelta(hours=2)
    visit = next(
        v
        for v in (random_visit(s, now=now, insured=True) for s in range(seed, seed + 900))
        if len(v.services) >= 5 and len(v.requests) >= 4
    )
    visit.patient.name, visit.patient.gender = name, "female"
    visit.patient.allergy_state = "known"
    card = visit.coverages[0]
    del visit.coverages[1:]
    card.card_number, card.five_years_on, card.copay_exempt_on = "GD4" + card.card_number[3:], None, None
    visit.encounter.route = {"registered": True}
    own = visit.services[0]
    visit.services = [
        type(own)(**{
            **own.model_dump(exclude={"id"}), "service_name": label, "kind": kind, "cost_group": group, "payer": "insurance",
            "price_vnd": Decimal(price), "insured_price_vnd": Decimal(price), "cover_rate": 100,
            "quantity": Decimal(count), "service_code": f"S{n}", "ordered_at": now + timedelta(minutes=n),
        })
        for n, (label, kind, group, price, count) in enumerate(LINES)
    ]  # fmt: skip
    lots = {lot.id: lot for lot in visit.lots}
    kept = []
    for request, (label, price, count, scope) in zip(visit.requests, DRUGS, strict=False):
        request.drug_name, request.price_vnd, request.quantity = label, Decimal(price), Decimal(count)
        request.unit, request.cover_scope, request.cover_rate, request.payer = (
            "Viên",
            scope,
            100 if scope == 1 else 0,
            "insurance",
        )
        dispense = next(d for d in visit.dispenses if d.medication_request_id == request.id)
        dispense.quantity, dispense.unit_price_vnd = Decimal(count), Decimal(price)
        lots[dispense.lot_id].on_hand = Decimal(count)
        kept.append(dispense)
    visit.dispenses = kept
    return visit


class Desk:
    """The visits that the journeys use, by role in the story."""

    def __init__(self) -> None:
        self.known = _known_visit(300_000)
        self.again = _known_visit(310_000, "Lò Thị Ánh")
        self.narrow = _known_visit(320_000, "Nguyễn Phúc Hoàng Thị Kim Khánh Ngọc Quỳnh Như Diễm My Thùy Dương An")
        self.unsigned = _known_visit(330_000, "Quàng Văn Sơn")
        now = clock.now() - timedelta(hours=2)
        self.alone = next(
            v for v in (random_visit(s, now=now, insured=False) for s in range(340_000, 340_900)) if v.services
        )
        self.free = random_visit(340_907, now=now, insured=True)
        self.free.services = self.free.requests = self.free.dispenses = self.free.lots = []
        self.free.prescription = None

    async def write(self, database: Database) -> None:
        """Everything arrives; all but one is signed."""
        now = clock.now()
        await seed_billing(database, [unit for unit in unit_rows() if unit.id == 2], now)
        async with database.scoped(Scope(2, "seed")) as db:
            for visit in (self.known, self.again, self.narrow, self.unsigned, self.alone, self.free):
                changes = visit.arrive()
                if visit is self.known:
                    changes.insert(AllergyIntolerance(
                        unit_id=2, patient_id=visit.patient.id, substance="Penicilin", reaction="phát ban, 2019",
                        recorded_at=now,
                    ))  # fmt: skip
                await db.apply(changes, visit.now)
                if visit is not self.unsigned:
                    await sign(db, visit, visit.now + timedelta(minutes=45))


@pytest.fixture(scope="module")
def desk(clone: dict[str, str]) -> Desk:
    desk = Desk()

    async def fill() -> None:
        database = Database(clone["his_app"], size=2)
        create_app(database)
        await database.open()
        try:
            await desk.write(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:  # the main thread belongs to the browser's own loop
        thread.submit(asyncio.run, fill()).result()
    return desk


@pytest.fixture(scope="module")
def address(clone: dict[str, str], desk: Desk) -> Iterator[str]:
    assets.build_assets(ROOT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(Database(clone["his_app"], size=4))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.noise = []  # type: ignore[attr-defined]
    page.on("console", lambda m: page.noise.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.noise.append(str(e)))
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", "cashier")
    page.fill("input[name=password]", "demo")
    page.get_by_role("button", name="Đăng nhập").first.click()
    page.wait_for_url(f"{address}/cashier*")
    yield page
    context.close()


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_the_list_leads_to_the_bill_and_the_figures_are_those_of_the_form(page: Page, address: str, desk: Desk) -> None:
    _shot(page, "cashier-list")
    row = page.get_by_role("row").filter(has_text="Trần Thị Minh Nguyệt")
    expect(row).to_contain_text("141.488")
    row.get_by_role("link").click()
    expect(page.locator(".due")).to_contain_text("141.488")
    for figure in ("539.440", "397.952", "99.488", "42.000"):
        expect(page.locator(".tot")).to_contain_text(figure)
    expect(page.locator("#lines tfoot")).to_contain_text("539.440")
    expect(page.locator("#why")).to_contain_text("Vitamin B1-B6-B12")
    expect(page.locator("#why")).to_contain_text("379.500")
    expect(page.locator(".qr svg")).to_be_visible()
    _shot(page, "cashier-bill")
    assert page.noise == []  # type: ignore[attr-defined]


def test_arrows_choose_a_line_and_say_why(page: Page, address: str, desk: Desk) -> None:
    _open(page, f"{address}/cashier/{desk.known.id}")
    page.locator("#lines tbody tr[data-row]").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#why header")).to_contain_text("Tổng phân tích tế bào máu")
    expect(page.locator("#why")).to_contain_text("1 lần × 49.700 = 49.700")


def test_cash_by_key_is_taken_once_and_the_stale_page_is_told(
    page: Page, browser: Browser, address: str, desk: Desk
) -> None:
    other = page.context.new_page()
    _open(other, f"{address}/cashier/{desk.again.id}")
    _open(page, f"{address}/cashier/{desk.again.id}")
    page.keyboard.press("F6")
    expect(page.locator(".pay-panel")).to_contain_text("Đã thu 141.488")
    expect(page.locator(".pay-panel")).to_contain_text("tiền mặt")
    expect(page.get_by_role("link", name="In phiếu thu")).to_be_visible()
    _shot(page, "cashier-paid")
    other.keyboard.press("F6")
    expect(other.locator(".pay-panel")).to_contain_text("Lượt này đã thu 141.488")
    page.get_by_role("button", name="Hủy phiếu thu").click()
    expect(page.get_by_role("dialog")).to_contain_text("Người thu không tự hủy phiếu")


def test_a_scanned_visit_code_opens_the_bill(page: Page, address: str, desk: Desk) -> None:
    _open(page, f"{address}/cashier")
    page.keyboard.press("F2")
    page.keyboard.type(desk.known.encounter.dossier_code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/cashier/{desk.known.id}")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("unsigned", ["tạm tính", "Chưa thu được"]),
        ("alone", ["Không BHYT", "Thu tiền mặt"]),
        ("free", ["Không phải trả tiền", "Lượt này chưa có khoản nào"]),
        ("narrow", ["Thùy Dương An"]),
    ],
)
def test_other_states_say_what_to_do(page: Page, address: str, desk: Desk, who: str, words: list[str]) -> None:
    _open(page, f"{address}/cashier/{getattr(desk, who).id}")
    for word in words:
        expect(page.locator("main")).to_contain_text(word)
    _shot(page, f"cashier-{who}")
    assert page.noise == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("width", "height"), [(1366, 768), (1366, 640), (1024, 700), (720, 900), (390, 844), (320, 640)]
)
@pytest.mark.parametrize("where", ["list", "bill"])
def test_no_side_scrolling(page: Page, address: str, desk: Desk, where: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    _open(page, f"{address}/cashier" if where == "list" else f"{address}/cashier/{desk.narrow.id}")
    wide = page.evaluate("Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)")
    assert wide <= width
    if where == "bill" and width >= 1024:
        box = page.get_by_role("button", name="Thu tiền mặt").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
    _shot(page, f"cashier-{where}-{width}")


def test_pages_stay_within_twelve_queries(page: Page, address: str, desk: Desk) -> None:
    for path in ("/cashier", f"/cashier/{desk.known.id}", f"/cashier/{desk.known.id}/why"):
        timing = page.request.get(address + path).headers["server-timing"]
        assert int(timing.split('"')[1]) <= 12, (path, timing)


def test_statement_prints_as_pdf(page: Page, address: str, desk: Desk) -> None:
    answer = page.request.get(f"{address}/cashier/{desk.known.id}/statement.pdf")
    assert answer.ok
    assert answer.body().startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"


def test_every_service_of_the_draws_has_a_group_of_the_form() -> None:
    assert {row[3] for row in SERVICES} <= {"13", "1", "2", "3", "18", "12"}


def test_a_wrong_line_is_reported_by_key_and_answered(page: Page, address: str, desk: Desk) -> None:
    _open(page, f"{address}/cashier/{desk.alone.id}")
    page.keyboard.press("F7")
    page.get_by_label("Điều sai").fill("Thu hai lần công khám")
    page.get_by_role("dialog").get_by_role("button", name="Báo sai").click()
    expect(page.locator("main .note.warn")).to_contain_text("Thu hai lần công khám")
    page.locator("main").get_by_role("button", name="Trả lời").click()
    page.get_by_label("Đã làm gì").fill("Đã đối chiếu, công khám đúng")
    page.get_by_role("dialog").get_by_role("button", name="Trả lời").click()
    expect(page.locator("main .note.warn")).to_have_count(0)
    assert page.noise == []  # type: ignore[attr-defined]
