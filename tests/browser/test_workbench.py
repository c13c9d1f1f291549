"""A batch of twenty by keyboard: lines refused, the doctor answers, a second round, the end by two officers; equal sums."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from his.app import create_app
from his.kit import clock
from his.kit.db import Database, Scope
from his.review import service, store
from tests.browser.review_story import address, officer, opened, press, pytestmark, row, shot, signed_in
from tests.integration.dossiers import DOCTOR, VISIT, receive, submit

LOT = 20
REFUSED = (3, 11)
PERIOD = "2026-10"
SECONDS = 10.0


class Batch:
    """Twenty clean dossiers of one unit and month, and who is at hand."""

    ids: list[str]
    claims: list[str]

    async def write(self, dsn: str) -> None:
        """The dossiers, received by the insurer."""
        database = Database(dsn, size=2)
        create_app(database)
        await database.open()
        now = clock.now()
        self.claims, self.ids = [], []
        for n in range(LOT):
            claim = await submit(database, size="clean", at=VISIT + timedelta(minutes=n), name=f"Người Bệnh Số {n}")
            await receive(database, claim, now)
            async with database.scoped(Scope(2)) as db:
                case = await store.case_of_claim(db, claim.id)
            assert case is not None
            self.claims.append(str(claim.id))
            self.ids.append(str(case.id))
        await database.close()


async def count(dsn: str) -> None:
    """What the worker does for the month."""
    database = Database(dsn, size=2)
    await database.open()
    async with database.scoped(Scope(2, "worker", "worker")) as db:
        await service.recount(db, PERIOD, clock.now())
    await database.close()


def apart(work: object) -> None:
    """Run a coroutine beside the browser's own loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def story(clone: dict[str, str]) -> Batch:
    batch = Batch()
    apart(batch.write(clone["his_app"]))
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute(
            "UPDATE account SET practitioner_id = (SELECT id FROM practitioner WHERE unit_id = 2 AND license_number = %s) "
            "WHERE username = 'doctor'",
            (DOCTOR,),
        )
        connection.execute(
            "INSERT INTO account SELECT (jsonb_populate_record(a, jsonb_build_object('id', uuidv7(), 'username', "
            "'second-officer', 'display_name', 'GĐV. Người Thứ Hai'))).* FROM account a WHERE username = 'insurance-officer'"
        )
    return batch


def finish(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Control+d")
    page.wait_for_load_state("networkidle")


def refuse_scan(page: Page) -> None:
    """The second line is refused: letter, reason code, Enter."""
    page.keyboard.press("ArrowDown")
    expect(row(page, "Siêu âm")).to_be_focused()
    press(page, "t")
    page.keyboard.type("DD4")
    expect(page.locator("#reason-box-list [role=option]").first).to_contain_text("DD4")
    press(page, "Enter")
    expect(row(page, "Siêu âm")).to_contain_text("từ chối")


def sums(page: Page, address: str, batch: Batch, clerk: Page, number: int, approved: str) -> None:
    """The officer's page, the unit's page and the FHIR resource say the same amount."""
    opened(page, f"{address}/review/{batch.ids[number]}")
    expect(page.locator("#totals .two b.ok")).to_have_text(f"{approved} đ")
    opened(clerk, f"{address}/claims/{batch.claims[number]}/decisions")
    expect(clerk.locator("#decisions .kv")).to_contain_text(f"{approved} đ")
    said = json.loads(clerk.evaluate(f"fetch('/fhir/r4/ClaimResponse/{batch.ids[number]}').then(r => r.text())"))
    benefit = next(t for t in said["total"] if t["category"]["coding"][0]["code"] == "benefit")
    assert f"{round(benefit['amount']['value']):,}".replace(",", ".") == approved
    assert said["outcome"] == "complete"


def test_a_batch_of_twenty_from_the_first_key_to_the_end(
    officer: Page, browser: Browser, address: str, story: Batch, clone: dict[str, str]
) -> None:
    page = officer
    opened(page, f"{address}/review/{story.ids[0]}?period={PERIOD}&unit=2")
    slowest = 0.0
    for number in range(LOT):
        assert story.ids[number] in page.url
        start = time.monotonic()
        if number in REFUSED:
            refuse_scan(page)
        press(page, "F7")
        expect(page.locator("[data-action=next]")).to_contain_text("Xong hồ sơ")
        page.wait_for_timeout(150)
        if number == LOT - 1:
            shot(page, "workbench-case")
        finish(page)
        if number not in REFUSED:
            slowest = max(slowest, time.monotonic() - start)
    assert slowest < SECONDS, f"a clean dossier took {slowest:.1f} s"
    assert page.noise == []  # type: ignore[attr-defined]
    doctor_answers(browser, address, story)
    second_round(page, address, story)
    clerk = signed_in(browser, address, "unit-admin")
    sums(page, address, story, clerk, REFUSED[0], "82.880")
    sums(page, address, story, clerk, REFUSED[1], "36.000")
    sums(page, address, story, clerk, 0, "82.880")
    assert clerk.noise == []  # type: ignore[attr-defined]
    clerk.context.close()
    apart(count(clone["his_app"]))
    two_officers_end(page, browser, address)


def doctor_answers(browser: Browser, address: str, story: Batch) -> None:
    """The ordering doctor finds both lines on a page of his own, explains one with a paper and agrees to the other."""
    page = signed_in(browser, address, "doctor")
    page.get_by_role("link", name="Giải trình BHYT").first.click()
    page.wait_for_load_state("networkidle")
    rows = page.locator("#waiting li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(f"Người Bệnh Số {REFUSED[0]}")
    shot(page, "answers")
    paper = {"name": "anh.exe", "mimeType": "application/pdf", "buffer": b"MZ"}
    rows.first.locator("input[name=answer]").fill("Đau bụng cấp, siêu âm để loại trừ sỏi mật")
    rows.first.locator("input[type=file]").set_input_files(paper)
    with page.expect_response(lambda r: r.request.method == "POST"):
        rows.first.get_by_role("button", name="Gửi").click()
    expect(rows.first).to_contain_text("không phải PDF, PNG hoặc JPEG")
    expect(rows.first.locator("input[name=answer]")).to_have_value("Đau bụng cấp, siêu âm để loại trừ sỏi mật")
    paper = {"name": "sieu-am.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 anh sieu am"}
    rows.first.locator("select[name=kind]").select_option("attach")
    rows.first.locator("input[type=file]").set_input_files(paper)
    with page.expect_response(lambda r: r.request.method == "POST"):
        rows.first.get_by_role("button", name="Gửi").click()
    expect(rows.first).to_contain_text("Cơ sở giải trình")
    rows.nth(1).locator("select[name=kind]").select_option("agree")
    with page.expect_response(lambda r: r.request.method == "POST"):
        rows.nth(1).get_by_role("button", name="Gửi").click()
    expect(rows.nth(1)).to_contain_text("Đã chốt")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def second_round(page: Page, address: str, story: Batch) -> None:
    """The officer reads the answer beside the line, opens the paper's list, accepts, and it is final."""
    opened(page, f"{address}/review?period={PERIOD}&state=appealed")
    shot(page, "worklist-appealed")
    page.locator("#cases tbody tr").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    assert story.ids[REFUSED[0]] in page.url
    expect(row(page, "Siêu âm")).to_be_focused()
    expect(page.locator("#evidence")).to_contain_text("loại trừ sỏi mật")
    expect(page.locator("[data-action=next]")).to_contain_text("còn 1 dòng giải trình")
    shot(page, "second-round")
    press(page, "a")
    expect(page.locator("[data-action=next]")).to_contain_text("Xong hồ sơ")
    page.wait_for_timeout(150)
    finish(page)
    opened(page, f"{address}/review/{story.ids[REFUSED[0]]}?tab=talk")
    expect(page.locator("#sheet")).to_contain_text("sieu-am.pdf")
    shot(page, "talk")
    with page.expect_download() as got:
        page.get_by_role("link", name="sieu-am.pdf").click()
    assert got.value.suggested_filename == "sieu-am.pdf"


def two_officers_end(page: Page, browser: Browser, address: str) -> None:
    """One proposes the end of the batch, the same one cannot confirm it, another one does."""
    opened(page, f"{address}/review/batches?period={PERIOD}")
    shot(page, "batches")
    page.get_by_role("link", name="BVĐK KV Hồ Xanh").click()
    page.wait_for_load_state("networkidle")
    page.locator("#batch-propose").click()
    expect(page.locator("#ending")).to_contain_text("Bạn đã đề nghị")
    expect(page.locator("#batch-confirm")).to_have_count(0)
    shot(page, "batch")
    second = signed_in(browser, address, "second-officer")
    opened(second, f"{address}/review/batch?unit=2&period={PERIOD}")
    second.locator("#batch-confirm").click()
    expect(second.locator("#ending")).to_contain_text("Hai người đã xác nhận")
    opened(second, f"{address}/review/quality?period={PERIOD}")
    shot(second, "quality")
    second.set_viewport_size({"width": 390, "height": 844})
    for path, name in (("/review/batches", "batches"), ("/review/quality", "quality"), ("/review", "worklist")):
        opened(second, f"{address}{path}?period={PERIOD}")
        shot(second, f"phone-{name}")
        assert second.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert second.noise == []  # type: ignore[attr-defined]
    second.context.close()
