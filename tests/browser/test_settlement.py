"""A month from the unit to the money: sent, agreed, confirmed by a second officer, paid; one sum on page, Excel, PDF and FHIR."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import io
from decimal import Decimal

import openpyxl
import psycopg
import pypdf
from playwright.sync_api import Browser, Page, expect

from tests.browser.review_story import Story, address, clerk, officer, opened, pytestmark, shot, signed_in, story
from tests.months import make_cases

PERIOD = "2026-10"
SECOND = "second-officer"
PATIENCE = 30_000  # ms; a busy machine computes a month for longer than a quiet one


def second_officer(owner: psycopg.Connection) -> None:
    """Another account of the insurer, with the password of the first."""
    owner.execute(
        "INSERT INTO account (id, username, password_hash, role, unit_id, display_name, active, failed_count, created_at) "
        "SELECT gen_random_uuid(), %s, password_hash, role, unit_id, 'Giám định viên thứ hai', true, 0, created_at "
        "FROM account WHERE username = 'insurance-officer'",
        (SECOND,),
    )


def dong(text: str) -> int:
    return int(text.replace(".", "").replace("\u00a0", "").replace("đ", "").split(",")[0])


def told(page: Page, button: str, **fields: str) -> None:
    """Press the next step, fill its dialog, send it."""
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+d")
    dialog = page.locator("#modal form")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    with page.expect_response(lambda r: r.request.method == "POST"):
        dialog.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#modal")).to_be_hidden(timeout=PATIENCE)


def test_a_month_from_the_unit_to_the_money(
    browser: Browser, clerk: Page, officer: Page, address: str, clone: dict[str, str]
) -> None:
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        make_cases(owner, PERIOD, 12)
        owner.execute("UPDATE review_line SET approved = round(approved) WHERE unit_id = 2 AND approved IS NOT NULL")
        owner.execute(
            "UPDATE review_case c SET approved = s.a, reduced = c.asked - s.a FROM (SELECT case_id, sum(approved) a FROM review_line "
            "GROUP BY 1) s WHERE s.case_id = c.id AND c.state = 'decided'"
        )
        second_officer(owner)
        wanted = int(
            owner.execute(
                "SELECT sum(approved) FROM review_case WHERE period = %s AND state = 'decided'", (PERIOD,)
            ).fetchone()[0]
        )  # type: ignore[index]
    opened(clerk, f"{address}/settlements/{PERIOD}")
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("10/2026")
    shot(clerk, "settlement-draft")
    told(clerk, "Gửi")
    expect(clerk.locator("#settlement")).to_contain_text("Đã gửi")
    opened(officer, f"{address}/insurer/settlements?month={PERIOD}")
    officer.locator("#unit-rows a").first.click()
    expect(officer.locator("#settlement")).to_contain_text("Giám định viên xem số")
    officer.wait_for_load_state("networkidle")
    told(officer, "Thống nhất")
    expect(officer.get_by_role("button", name="Xác nhận: phải là người khác")).to_be_visible()
    where = officer.url
    second = signed_in(browser, address, SECOND)
    opened(second, where)
    told(second, "Khóa tháng")
    expect(second.locator("#settlement")).to_contain_text("Tháng đã khóa")
    told(second, "Ghi chi trả", reference="UNC-2026-0117")
    expect(second.locator("#settlement")).to_contain_text("Đã chi trả")
    shot(second, "settlement-paid")
    second.set_viewport_size({"width": 390, "height": 844})
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    shot(second, "settlement-paid-phone")
    with second.expect_response(lambda r: r.url.endswith("/proof")):
        second.get_by_role("button", name="Đối chiếu với hồ sơ").click()
    expect(second.locator("#proof")).to_contain_text("chênh lệch 0 đ")
    assert dong(second.locator("#sums-1 tfoot td").nth(6).inner_text()) == wanted
    papers(clerk, address, wanted)
    assert clerk.noise == officer.noise == second.noise == []  # type: ignore[attr-defined]
    second.context.close()


def papers(page: Page, address: str, wanted: int) -> None:
    """The same sum in the Excel file, the PDF texts and FHIR, as the unit gets them."""
    base = f"{address}/settlements/{PERIOD}/papers"
    book = openpyxl.load_workbook(io.BytesIO(page.request.get(f"{base}/01-bh.xlsx").body()))
    foot = next(r for r in book["Kết quả giám định"].iter_rows(values_only=True) if r[1] == "Cộng")
    assert foot[6] == wanted
    for name in ("01-bh", "06-bh"):
        answer = page.request.get(f"{base}/{name}.pdf")
        said = " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(answer.body())).pages)
        assert f"{wanted:,}".replace(",", ".") in said
    found = page.request.get(f"{address}/fhir/r4/PaymentReconciliation").json()
    assert [Decimal(str(e["resource"]["paymentAmount"]["value"])) for e in found["entry"]] == [wanted]
    opened(page, f"{address}/settlements")
    expect(page.locator("#month-rows")).to_contain_text("Đã chi trả")
    shot(page, "settlement-months")
