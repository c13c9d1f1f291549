"""Quantities, words of a dose, amounts as people type them, the national code, the printed form."""

import re
from decimal import Decimal
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from his.kit.errors import HisError
from his.prescriptions.printing import prescription_pdf
from his.prescriptions.rules import code_letter, compute_quantity, dose_text, national_code, read_amount
from his.prescriptions.rules.reference import strength_mg
from his.prescriptions.terms import Dose, Paper, PaperLine


def dose(*parts: str, days: int) -> Dose:
    morning, noon, afternoon, evening = (Decimal(part) for part in parts)
    return Dose(morning, noon, afternoon, evening, days)


@pytest.mark.parametrize(
    ("given_dose", "unit", "given_quantity", "expected"),
    [
        (dose("1", "0", "1", "0", days=28), "Viên", None, 56),
        (dose("0.5", "0", "0", "0", days=7), "Viên", None, 4),
        (dose("0.5", "0", "0.5", "0", days=7), "Viên", None, 7),
        (dose("0.25", "0", "0", "0", days=3), "Viên", None, 1),
        (dose("1", "1", "1", "1", days=0), "Viên", None, 0),
        (dose("5", "0", "5", "0", days=7), "Chai", None, 1),
        (dose("5", "0", "5", "0", days=7), "Chai", Decimal(2), 2),
        (dose("0", "0", "0", "0", days=7), "Tuýp", None, 1),
        (dose("10", "0", "0", "0", days=30), "Bút", Decimal(3), 3),
        (dose("1", "0", "1", "0", days=5), "Gói", Decimal(99), 10),
    ],
)
def test_quantity(given_dose: Dose, unit: str, given_quantity: Decimal | None, expected: int) -> None:
    assert compute_quantity(given_dose, unit, given_quantity) == expected


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 90))
def test_quantity_covers_the_course_and_wastes_less_than_a_unit(morning: int, evening: int, days: int) -> None:
    taken = Dose(Decimal(morning) / 4, Decimal(0), Decimal(0), Decimal(evening) / 4, days)
    quantity = compute_quantity(taken, "Viên")
    assert taken.per_day * days <= quantity < taken.per_day * days + 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("1", "1"), ("0,5", "0.5"), ("½", "0.5"), ("1/2", "0.5"), ("3/4", "0.75"), ("", "0"), (" 2 ", "2")],
)
def test_amounts_as_typed(typed: str, expected: str) -> None:
    assert read_amount(typed, "dose") == Decimal(expected)


@pytest.mark.parametrize("typed", ["hai", "-1", "NaN", "1/0", "Infinity", "1e", "1;2"])
def test_unreadable_amounts_name_the_field(typed: str) -> None:
    with pytest.raises(HisError) as refused:
        read_amount(typed, "dose-3")
    assert refused.value.field == "dose-3"


def test_words_of_a_dose() -> None:
    assert dose_text(dose("1", "0", "0.5", "0", days=7), "Viên") == "Ngày 1,5 viên: sáng 1, chiều 0,5; 7 ngày"


@given(st.uuids())
def test_national_code_has_its_form_and_never_changes(prescription: UUID) -> None:
    code = national_code("97002", prescription)
    assert re.fullmatch(r"97002[0-9a-z]{7}-C", code)
    assert len(code) == 14
    assert code == national_code("97002", prescription)


def test_codes_of_many_prescriptions_differ() -> None:
    assert len({national_code("97002", uuid4()) for _ in range(2000)}) == 2000


def test_letter_of_the_code() -> None:
    assert code_letter(["Amlodipin", "Metformin hydroclorid"]) == "C"
    assert code_letter(["Amlodipin", "Diazepam"]) == "H"
    assert code_letter(["Diazepam", "Morphin hydroclorid"]) == "N"


@pytest.mark.parametrize(
    ("text", "expected"), [("500mg", "500"), ("7,5mg", "7.5"), ("1g", "1000"), ("100mcg", "0.100"), ("1.200mg", "1200")]
)
def test_strength_in_milligrams(text: str, expected: str) -> None:
    assert strength_mg(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["10mg/ml; 100ml", "875mg + 125mg", "1%; 20g", "100IU/ml", ""])
def test_other_strengths_are_not_guessed(text: str) -> None:
    assert strength_mg(text) is None


def paper(count: int, code: str = "97002k2m9q4a-C", guardian: str = "") -> Paper:
    drug = PaperLine(
        "Amlodipin 5mg", "Amlodipin", "5mg", "28", "viên", "Uống. Ngày 1 viên: sáng 1; 28 ngày", "uống sau ăn"
    )
    return Paper(
        unit="BVĐK KV Hồ Xanh",
        unit_address="12 đường Hòa Bình, tỉnh Tân Giang",
        unit_phone="0297 3000002",
        code=code,
        patient="Vì Gia Hân" if guardian else "Trần Thị Minh Nguyệt",
        patient_code="26-004518",
        age="40 tháng (14/07/2023)" if guardian else "58 tuổi (14/03/1968)",
        gender="Nữ",
        weight="14 kg",
        address="Thôn 4, xã Hồ Xanh",
        phone="",
        card_number="GD4799700000001",
        guardian=guardian,
        diagnoses=("I10 Bệnh tăng huyết áp vô căn (nguyên phát)",),
        lines=(drug,) * count,
        advice="Ăn nhạt.",
        follow_up="21/12/2026",
        doctor="BS. Phạm Quốc Huy",
        place_and_date="11 giờ 05, ngày 23 tháng 11 năm 2026",
        valid_until="27/11/2026",
    )


def test_printed_form_says_what_the_law_asks_for() -> None:
    pages = PdfReader(BytesIO(prescription_pdf(paper(2, guardian="Vì Thị Mơ")))).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert len(pages) == 1
    for words in (
        "BVĐK KV Hồ Xanh", "97002k2m9q4a-C", "VÌ GIA HÂN", "40 tháng", "14 kg", "Vì Thị Mơ", "I10", "Amlodipin, 5mg",
        "28 viên", "sáng 1", "Ăn nhạt.", "BS. Phạm Quốc Huy", "ngày 23 tháng 11 năm 2026", "Cộng: 2 khoản",
    ):  # fmt: skip
        assert words in text, words


def test_long_prescription_goes_on_and_draft_says_so() -> None:
    pages = PdfReader(BytesIO(prescription_pdf(paper(30, code="")))).pages
    text = [page.extract_text() for page in pages]
    assert len(pages) > 2
    assert "BẢN NHÁP" in text[0]
    assert "tiếp theo" in text[1]
    assert sum(words.count("28 viên") for words in text) == 30
