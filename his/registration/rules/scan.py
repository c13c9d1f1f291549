"""Reads one text of the scan box: citizen card QR, insurance card QR, numbers, phone, codes, a name with a birth hint.

Formats: CCCD QR `CCCD|CMND|name|ddMMyyyy|Nam|address|ddMMyyyy` (QĐ of the citizen card, seven fields, newer cards add
more); paper BHYT card QR `card|hex name|dd/MM/yyyy|1 or 2|hex address|"79 - 012"|from|to|...|K1|five years|...|$`.
"""

import re
from datetime import date
from typing import Final

from his.kit.errors import HisError, invalid
from his.kit.text import clean, fold
from his.registration.terms import Scan, ScanKind

CARD_NUMBER: Final = re.compile(r"[A-Z]{2}[1-5][0-9]{2}[0-9A-Z]{2}[0-9]{8}")
_CITIZEN: Final = re.compile(r"[0-9]{12}")
_TEN: Final = re.compile(r"[0-9]{10}")
_PHONE: Final = re.compile(r"0[35789][0-9]{8}")
_PATIENT_CODE: Final = re.compile(r"[0-9]{2}-[0-9]{4,6}")
_VISIT_CODE: Final = re.compile(r"(?:LK|LUOT)[ :]?([0-9]{10})", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_DAY: Final = re.compile(r"([0-3]?[0-9])[/.-]([01]?[0-9])[/.-]((?:19|20)[0-9]{2})")
_AREAS: Final = ("K1", "K2", "K3")
OLDEST_YEAR: Final = 1900
MAX_LENGTH: Final = 2000


def parse_scan(text: str) -> Scan:
    """What the text says. Raises HisError(INVALID) whose sentence names the part that was not understood."""
    raw = clean(text[:MAX_LENGTH])
    if not raw:
        raise _unread("Ô quét còn trống. Quét CCCD, thẻ BHYT hoặc gõ tên.")
    if "|" in raw:
        return _document(raw)
    compact = re.sub(r"[\s.]", "", raw)
    if visit := _VISIT_CODE.fullmatch(compact):
        return Scan(ScanKind.VISIT_CODE, raw, visit_code=visit[1])
    if _PATIENT_CODE.fullmatch(compact):
        year, number = compact.split("-")
        return Scan(ScanKind.PATIENT_CODE, raw, patient_code=f"{year}-{int(number):06d}")
    upper = compact.upper().replace("-", "")
    if CARD_NUMBER.fullmatch(upper):
        return Scan(ScanKind.CARD_NUMBER, raw, card_number=upper, insurance_number=upper[-10:])
    number = upper.removeprefix("+")
    if number.isascii() and number.isdigit():
        return _number(raw, number)
    if re.fullmatch(r"[A-Z]{2}[0-9A-Z]{13}", upper) and sum(c.isdigit() for c in upper) >= 8:
        raise _unread("Số thẻ 15 ký tự chưa đúng: hai chữ, một số từ 1 đến 5, rồi mã tỉnh và mã số BHXH.")
    return _name(raw)


def read_date(text: str) -> tuple[date, str] | None:
    """A date with its precision: ddMMyyyy, dd/MM/yyyy, MMyyyy, MM/yyyy, yyyy; None when it is none of them."""
    digits = re.sub(r"[^0-9]", "", text)
    day, month = 1, 1
    if len(digits) == 8:
        day, month, year, precision = int(digits[:2]), int(digits[2:4]), int(digits[4:]), "day"
        if day == 0:
            day, precision = 1, "month"
            if month == 0:
                month, precision = 1, "year"
    elif len(digits) == 6:
        month, year, precision = int(digits[:2]), int(digits[2:]), "month"
    elif len(digits) == 4:
        year, precision = int(digits), "year"
    else:
        return None
    if year < OLDEST_YEAR:
        return None
    try:
        return date(year, month, day), precision
    except ValueError:
        return None


def read_gender(text: str) -> str:
    """`male` or `female` from Nam, Nữ, 1, 2 with or without marks; empty when it is neither."""
    word = fold(text)
    if word in ("nam", "1", "m", "male"):
        return "male"
    return "female" if word in ("nu", "2", "f", "female") else ""


def _unread(sentence: str) -> HisError:
    return invalid("q", sentence)


def _document(raw: str) -> Scan:
    fields = [clean(part) for part in raw.split("|")]
    first = fields[0].upper().replace(" ", "")
    if _CITIZEN.fullmatch(first):
        return _citizen_card(raw, first, fields)
    if CARD_NUMBER.fullmatch(first) or _TEN.fullmatch(first):
        return _insurance_card(raw, first, fields)
    raise _unread(
        f"Mã QR bắt đầu bằng “{fields[0][:15]}”, không phải số CCCD 12 chữ số hay số thẻ BHYT. Quét lại hoặc gõ số."
    )


def _citizen_card(raw: str, number: str, fields: list[str]) -> Scan:
    part = dict(enumerate(fields))
    name, gender = part.get(2, ""), read_gender(part.get(4, ""))
    birth = read_date(part.get(3, ""))
    issued = read_date(part.get(6, ""))
    missing = [
        word
        for word, value in (("họ tên", name), ("ngày sinh", birth), ("giới tính", gender), ("nơi cư trú", part.get(5)))
        if not value
    ]
    old = part.get(1, "")
    return Scan(
        ScanKind.CITIZEN_CARD,
        raw,
        citizen_number=number,
        old_citizen_number=old if re.fullmatch(r"[0-9]{9}", old) else "",
        name=name,
        birth_date=birth[0] if birth else None,
        birth_precision=birth[1] if birth else "day",
        birth_year=birth[0].year if birth else None,
        gender=gender,
        address=part.get(5, ""),
        issued_on=issued[0] if issued else None,
        missing=tuple(missing),
    )


def _unhex(text: str) -> str:
    """UTF-8 text written in hexadecimal; a broken end is dropped, plain text stays, other things give nothing."""
    if not re.fullmatch(r"[0-9A-Fa-f]*", text):
        return clean(text)
    even = text[: len(text) // 2 * 2]
    try:
        return clean(bytes.fromhex(even).decode("utf-8", errors="ignore"))
    except ValueError:
        return ""


def _insurance_card(raw: str, number: str, fields: list[str]) -> Scan:
    part = dict(enumerate(fields))
    name, birth = _unhex(part.get(1, "")), read_date(part.get(2, ""))
    valid_from, valid_to = read_date(part.get(6, "")), read_date(part.get(7, ""))
    area = next((f.upper() for f in fields[8:] if f.upper() in _AREAS), "")
    five = read_date(part.get(12, "")) if re.fullmatch(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", part.get(12, "")) else None
    missing = [word for word, value in (("họ tên", name), ("ngày sinh", birth), ("hạn thẻ", valid_from)) if not value]
    return Scan(
        ScanKind.INSURANCE_CARD,
        raw,
        card_number=number if len(number) == 15 else "",
        insurance_number=number[-10:],
        name=name,
        birth_date=birth[0] if birth else None,
        birth_precision=birth[1] if birth else "day",
        birth_year=birth[0].year if birth else None,
        gender=read_gender(part.get(3, "")),
        address=_unhex(part.get(4, "")),
        primary_facility_code=re.sub(r"[^0-9A-Z]", "", part.get(5, "").upper()),
        valid_from=valid_from[0] if valid_from else None,
        valid_to=valid_to[0] if valid_to else None,
        area_code=area,
        five_years_on=five[0] if five else None,
        missing=tuple(missing),
    )


def _number(raw: str, number: str) -> Scan:
    if number.startswith("84") and _PHONE.fullmatch("0" + number[2:]):
        return Scan(ScanKind.PHONE, raw, phone="0" + number[2:])
    if _PHONE.fullmatch(number):  # a social-insurance number may begin the same way
        return Scan(ScanKind.PHONE, raw, phone=number, insurance_number=number)
    if _CITIZEN.fullmatch(number):
        return Scan(ScanKind.CITIZEN_NUMBER, raw, citizen_number=number)
    if _TEN.fullmatch(number):  # the number printed on a slip has ten digits as well
        return Scan(ScanKind.INSURANCE_NUMBER, raw, insurance_number=number, visit_code=number)
    raise _unread(
        f"Dãy {len(number)} chữ số chưa hiểu được. CCCD có 12 số, mã số BHXH và điện thoại 10 số, thẻ BHYT 15 ký tự."
    )


def _name(raw: str) -> Scan:
    birth: tuple[date, str] | None = None
    year: int | None = None
    rest = raw
    if found := _DAY.search(raw):
        birth = read_date(f"{int(found[1]):02d}{int(found[2]):02d}{found[3]}")
        if birth is None:
            raise _unread(f"Ngày {found[0]} không có trong lịch. Gõ lại ngày sinh hoặc chỉ gõ năm.")
        rest = raw.replace(found[0], " ")
    elif found := _YEAR.search(raw):
        year, rest = int(found[0]), raw.replace(found[0], " ")
    name = clean(rest)
    if not re.search(r"[^\W\d_]", name):
        raise _unread(f"Chưa hiểu “{raw[:40]}”. Gõ tên, số CCCD, số thẻ BHYT hoặc số điện thoại.")
    if re.search(r"[^\w\s'’.\-]", name):
        odd = re.search(r"[^\w\s'’.\-]", name)
        raise _unread(f"Ký tự “{odd[0] if odd else ''}” không thuộc tên người. Quét lại hoặc gõ tay.")
    return Scan(
        ScanKind.NAME,
        raw,
        name=name,
        birth_date=birth[0] if birth else None,
        birth_year=birth[0].year if birth else year,
    )
