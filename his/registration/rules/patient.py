"""A patient's data before it is saved: what is missing or impossible, each beside its field."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from his.kit.errors import Finding, Severity
from his.kit.text import clean
from his.registration.rules.citizen import citizen_contradiction
from his.registration.terms import BLOOD_GROUPS, CardForm, PatientForm

GENDERS: Final = ("male", "female", "other", "unknown")
PRECISIONS: Final = ("day", "month", "year")
CHILD_MONTHS: Final = 72  # under this age a guardian is written (TT 26/2025/TT-BYT)
_PHONE: Final = re.compile(r"0[0-9]{8,10}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def tidy(form: PatientForm) -> PatientForm:
    """Composed text, one space between words, digits of numbers without separators."""
    return replace(
        form,
        name=clean(form.name),
        address=clean(form.address),
        old_address=clean(form.old_address),
        guardian_name=clean(form.guardian_name),
        citizen_number=_digits(form.citizen_number),
        phone=_phone(form.phone),
        blood_group=form.blood_group.replace(" ", "").upper(),
        birth_time=form.birth_time.strip(),
        guardian_phone=_phone(form.guardian_phone),
    )


def _digits(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text)


def _phone(text: str) -> str:
    digits = _digits(text)
    return "0" + digits[3:] if digits.startswith("+84") else digits


def months_old(birth: date, on: date) -> int:
    """Completed months between birth and the day."""
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def check_patient(form: PatientForm, on: date) -> Iterator[Finding]:
    """Errors stop the saving, warnings stand beside the field; `expression` is the id of the field."""
    error, warning = Severity.ERROR, Severity.WARNING
    if not form.name:
        yield Finding("REG-PAT-01", error, "Ghi họ và tên như trên CCCD.", "name")
    elif len(form.name) > 200:
        yield Finding("REG-PAT-01", error, "Họ và tên dài quá 200 ký tự. Kiểm lại bản quét.", "name")
    if form.birth_date > on:
        yield Finding("REG-PAT-02", error, f"Ngày sinh {form.birth_date:%d/%m/%Y} ở sau hôm nay.", "birth")
    elif form.birth_date.year < 1900:
        yield Finding("REG-PAT-02", error, f"Năm sinh {form.birth_date.year} quá xa. Gõ lại ngày sinh.", "birth")
    if form.gender not in GENDERS:
        yield Finding("REG-PAT-03", error, "Chọn giới tính.", "gender")
    if form.citizen_number and not re.fullmatch(r"[0-9]{12}", form.citizen_number):
        yield Finding("REG-PAT-04", error, f"Số CCCD có {len(form.citizen_number)} ký tự, cần 12 chữ số.", "citizen")
    elif text := citizen_contradiction(form.citizen_number, form.birth_date, form.gender):
        yield Finding("REG-PAT-05", warning, text, "citizen")
    if form.phone and not _PHONE.fullmatch(form.phone):
        yield Finding("REG-PAT-06", error, "Số điện thoại bắt đầu bằng 0 và có 9 đến 11 chữ số.", "phone")
    if 0 <= months_old(form.birth_date, on) < CHILD_MONTHS and not form.guardian_name:
        yield Finding("REG-PAT-07", warning, "Trẻ dưới 72 tháng: ghi tên người đưa trẻ đến.", "guardian")
    if form.blood_group and form.blood_group not in BLOOD_GROUPS:
        yield Finding("REG-PAT-09", error, "Nhóm máu là A, B, AB hoặc O, thêm + hay - khi biết Rh.", "blood_group")
    if form.birth_time and not _CLOCK.fullmatch(form.birth_time):
        yield Finding("REG-PAT-10", error, "Giờ sinh ghi như 07:45.", "birth_time")


def check_card(card: CardForm) -> Iterator[Finding]:
    """Mistakes of a card typed by hand."""
    if not re.fullmatch(r"[A-Z]{2}[1-5][0-9]{2}[0-9A-Z]{2}[0-9]{8}", card.card_number):
        text = "Số thẻ gồm 15 ký tự: hai chữ, một số từ 1 đến 5, hai số mã tỉnh, mười số BHXH."
        yield Finding("REG-CARD-01", Severity.ERROR, text, "card")
    if card.valid_to < card.valid_from:
        yield Finding("REG-CARD-02", Severity.ERROR, "Hạn thẻ: ngày cuối ở trước ngày đầu.", "card_to")
