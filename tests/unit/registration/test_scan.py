"""One box, many documents: what each scan says, and which part of a broken one is named."""

from datetime import date

import pytest

from his.kit.errors import HisError
from his.registration.rules.scan import parse_scan, read_date, read_gender
from his.registration.terms import ScanKind

CCCD = "034168004512|123456789|Trần Thị Minh Nguyệt|14031968|Nữ|Thôn 4, xã Hồ Xanh, tỉnh Tân Giang|20042021"


def hexed(text: str) -> str:
    """UTF-8 in hexadecimal, as the card QR writes names."""
    return text.encode().hex().upper()


CARD = "|".join(
    (
        "GD4970341680451", hexed("Trần Thị Minh Nguyệt"), "14/03/1968", "2", hexed("Thôn 4, xã Hồ Xanh"), "97 - 002",
        "01/01/2026", "31/12/2026", "05/12/2025", "970011", hexed("Trần Văn Bình"), "4", "01/01/2028", "K2", "f0a1", "$",
    )
)  # fmt: skip


def test_citizen_card_gives_every_field() -> None:
    scan = parse_scan(CCCD)
    assert scan.kind is ScanKind.CITIZEN_CARD
    assert scan.is_document
    assert (scan.citizen_number, scan.old_citizen_number) == ("034168004512", "123456789")
    assert (scan.name, scan.gender) == ("Trần Thị Minh Nguyệt", "female")
    assert (scan.birth_date, scan.birth_precision) == (date(1968, 3, 14), "day")
    assert scan.address == "Thôn 4, xã Hồ Xanh, tỉnh Tân Giang"
    assert scan.issued_on == date(2021, 4, 20)
    assert scan.missing == ()


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("034168004512||Lò Văn Pâng|1944|Nam|Bản Mường|20042021", "birth_precision", "year"),
        ("034168004512||Lò Văn Pâng|071944|Nam|Bản Mường|20042021", "birth_precision", "month"),
        ("034168004512||Lò Văn Pâng|00001944|Nam|Bản Mường|20042021", "birth_precision", "year"),
        ("034168004512||Lò Văn Pâng|07071944|nam|Bản Mường|20042021||||thêm", "gender", "male"),
        (" 034168004512 | | Lò  Văn Pâng |07071944|Nam|Bản Mường|", "name", "Lò Văn Pâng"),
        ("034168004512|12345678|Lò Văn Pâng|07071944|Nam|Bản Mường", "old_citizen_number", ""),
    ],
)
def test_citizen_card_variants_are_read(text: str, field: str, value: object) -> None:
    assert getattr(parse_scan(text), field) == value


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("034168004512||Trần Thị Minh Nguyệt|31021968|Nữ|Thôn 4|20042021", ("ngày sinh",)),
        ("034168004512|||14031968|Nữ|Thôn 4|20042021", ("họ tên",)),
        ("034168004512||Trần Thị Minh Nguyệt|14031968|?|Thôn 4|20042021", ("giới tính",)),
        ("034168004512||Trần Thị Minh Nguyệt|14031968|Nữ", ("nơi cư trú",)),
        ("034168004512|", ("họ tên", "ngày sinh", "giới tính", "nơi cư trú")),
    ],
)
def test_a_torn_citizen_card_names_what_is_missing(text: str, missing: tuple[str, ...]) -> None:
    scan = parse_scan(text)
    assert scan.citizen_number == "034168004512"
    assert scan.missing == missing


def test_insurance_card_decodes_hex_and_days() -> None:
    scan = parse_scan(CARD)
    assert scan.kind is ScanKind.INSURANCE_CARD
    assert (scan.card_number, scan.insurance_number) == ("GD4970341680451", "0341680451")
    assert (scan.name, scan.gender, scan.birth_date) == ("Trần Thị Minh Nguyệt", "female", date(1968, 3, 14))
    assert scan.address == "Thôn 4, xã Hồ Xanh"
    assert scan.primary_facility_code == "97002"
    assert (scan.valid_from, scan.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (scan.area_code, scan.five_years_on) == ("K2", date(2028, 1, 1))


def test_insurance_card_with_a_missing_end_keeps_what_was_read() -> None:
    scan = parse_scan("GD4970341680451|" + hexed("Trần Thị Minh Nguyệt") + "|14/03/1968|2|5468C3|97-002")
    assert scan.name == "Trần Thị Minh Nguyệt"
    assert scan.primary_facility_code == "97002"
    assert scan.missing == ("hạn thẻ",)


def test_insurance_card_with_half_a_letter_at_the_end_is_cut_there() -> None:
    text = hexed("Trần Thị Ngà")
    scan = parse_scan(f"GD4970341680451|{text[:-2]}|14/03/1968|2||97 - 002|01/01/2026|31/12/2026")
    assert scan.name == "Trần Thị Ng"


def test_insurance_card_by_ten_digits() -> None:
    scan = parse_scan(f"0341680451|{hexed('Trần Văn An')}|01/02/1990|1||97 - 002|01/01/2026|31/12/2026")
    assert (scan.kind, scan.card_number, scan.insurance_number) == (ScanKind.INSURANCE_CARD, "", "0341680451")


@pytest.mark.parametrize(
    ("text", "kind", "field", "value"),
    [
        ("GD4970341680451", ScanKind.CARD_NUMBER, "card_number", "GD4970341680451"),
        ("gd4 97 0341680451", ScanKind.CARD_NUMBER, "insurance_number", "0341680451"),
        ("TE197KT00000123", ScanKind.CARD_NUMBER, "card_number", "TE197KT00000123"),
        ("034168004512", ScanKind.CITIZEN_NUMBER, "citizen_number", "034168004512"),
        ("034 168 004 512", ScanKind.CITIZEN_NUMBER, "citizen_number", "034168004512"),
        ("2241680451", ScanKind.INSURANCE_NUMBER, "insurance_number", "2241680451"),
        ("2611230042", ScanKind.INSURANCE_NUMBER, "visit_code", "2611230042"),
        ("0912 000 468", ScanKind.PHONE, "phone", "0912000468"),
        ("+84912000468", ScanKind.PHONE, "phone", "0912000468"),
        ("84912000468", ScanKind.PHONE, "phone", "0912000468"),
        ("0912000468", ScanKind.PHONE, "insurance_number", "0912000468"),
        ("26-004518", ScanKind.PATIENT_CODE, "patient_code", "26-004518"),
        ("26-4518", ScanKind.PATIENT_CODE, "patient_code", "26-004518"),
        ("LK2611230042", ScanKind.VISIT_CODE, "visit_code", "2611230042"),
        ("lk 2611230042", ScanKind.VISIT_CODE, "visit_code", "2611230042"),
        ("nguyệt", ScanKind.NAME, "name", "nguyệt"),
        ("Trần Nguyệt 1968", ScanKind.NAME, "birth_year", 1968),
        ("Trần Nguyệt 1968", ScanKind.NAME, "name", "Trần Nguyệt"),
        ("tran nguyet 14/03/1968", ScanKind.NAME, "birth_date", date(1968, 3, 14)),
        ("tran nguyet 14.3.1968", ScanKind.NAME, "birth_date", date(1968, 3, 14)),
        ("H'Yến Niê", ScanKind.NAME, "name", "H'Yến Niê"),
        ("khong co nguoi nay", ScanKind.NAME, "name", "khong co nguoi nay"),
    ],
)
def test_typed_texts(text: str, kind: ScanKind, field: str, value: object) -> None:
    scan = parse_scan(text)
    assert scan.kind is kind
    assert getattr(scan, field) == value
    assert not scan.is_document


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "còn trống"),
        ("   ", "còn trống"),
        ("12345", "5 chữ số"),
        ("12345678901", "11 chữ số"),
        ("GD9970341680451", "15 ký tự"),
        ("ABC|def|ghi", "“ABC”"),
        ("http://vi.du/?a=1|b", "“http://vi.du/?a”"),
        ("nguyen 31/02/1968", "31/02/1968"),
        ("???", "“???”"),
        ("Trần <b> Nguyệt", "“<”"),
    ],
)
def test_what_was_not_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(HisError) as caught:
        parse_scan(text)
    assert caught.value.status == 400
    assert named in caught.value.message


def test_a_very_long_text_is_cut_not_hung() -> None:
    scan = parse_scan(CCCD + "|" + "x" * 100_000)
    assert scan.citizen_number == "034168004512"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14031968", (date(1968, 3, 14), "day")),
        ("14/03/1968", (date(1968, 3, 14), "day")),
        ("03/1968", (date(1968, 3, 1), "month")),
        ("1968", (date(1968, 1, 1), "year")),
        ("00031968", (date(1968, 3, 1), "month")),
        ("1899", None),
        ("31/04/1968", None),
        ("", None),
        ("abc", None),
    ],
)
def test_read_date(text: str, value: object) -> None:
    assert read_date(text) == value


def test_read_gender() -> None:
    assert [read_gender(t) for t in ("Nam", "NỮ", "nu", "1", "2", "?")] == [
        "male", "female", "female", "male", "female", "",
    ]  # fmt: skip
