"""Break-glass in a real Chromium: a doctor opens with a reason, the privacy officer judges, both by what they see."""

import re
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import House

pytestmark = pytest.mark.browser


def enter(browser: Browser, house: House, username: str) -> Page:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768}, base_url=house.address)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill("demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    return page


def patient_of(house: House) -> tuple[str, str]:
    """A patient of the demonstration's main unit."""
    with psycopg.connect(house.owner, autocommit=True) as owner:
        person = "0198b2a0-0000-7000-8000-0000000000aa"
        owner.execute("INSERT INTO person (id) VALUES (%s) ON CONFLICT DO NOTHING", (person,))
        row = owner.execute(
            "INSERT INTO patient (unit_id, id, version, person_id, code, name, birth_date, birth_precision, gender, "
            "citizen_number, phone, address, province_code, ward_code, old_address, ethnicity_code, occupation_code, "
            "nationality_code, birth_time, blood_group, guardian_name, guardian_phone, allergy_state, active, created_at, updated_at) VALUES "
            "(2, %s, 1, %s, '26-999001', 'Mạc Thị Lan', '1990-01-01', 'day', 'female', '', '', '', '', '', '', '01', "
            "'00000', '000', '', '', '', '', 'not-asked', true, now(), now()) RETURNING id, code",
            (person, person),
        ).fetchone()
    assert row is not None
    return str(row[0]), row[1]


def test_opened_with_a_reason_and_judged_by_a_second_person(browser: Browser, house: House, tmp_path: Path) -> None:
    patient, code = patient_of(house)
    doctor = enter(browser, house, "doctor")
    doctor.goto(f"/break-glass/{patient}")
    doctor.get_by_role("button", name="Mở hồ sơ").click()
    expect(doctor.get_by_text("Chọn lý do mở khẩn cấp.")).to_be_visible()
    doctor.locator("#reason_code").select_option("emergency")
    doctor.locator("#reason").fill("Hôn mê, không có người nhà, cần biết thuốc")
    doctor.screenshot(path=str(tmp_path / "open.png"))
    doctor.get_by_role("button", name="Mở hồ sơ").click()
    expect(doctor).to_have_url(re.compile("/record$"))
    expect(doctor.get_by_role("heading", name="Hồ sơ nhạy cảm")).to_be_visible()
    doctor.goto(f"/break-glass/{patient}")
    expect(doctor.get_by_text("Hồ sơ đang mở cho phiên này.")).to_be_visible()
    officer = enter(browser, house, "privacy-officer")
    officer.get_by_role("link", name="Mở khẩn cấp").click()
    row = officer.locator("#openings tbody tr", has_text=code)
    expect(row).to_contain_text("Hôn mê, không có người nhà")
    expect(row).to_contain_text("đang mở")
    officer.screenshot(path=str(tmp_path / "queue.png"))
    row.get_by_role("button", name="Không có lý do").click()
    expect(row.get_by_role("alert").or_(row.locator(".msg"))).to_contain_text("cần ghi nhận xét")
    row.get_by_label("Nhận xét").fill("Người bệnh tỉnh, tự khai được")
    row.get_by_role("button", name="Không có lý do").click()
    expect(row).to_contain_text("Người bệnh tỉnh, tự khai được")
    answer = doctor.goto(f"/break-glass/{patient}/record")
    assert answer is not None
    assert answer.status == 403
    doctor.context.close()
    officer.context.close()
