"""Files with mistakes: every bad line is named, a broken file is refused whole."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from his.catalog.importer import parse_list
from his.catalog.importing.lab_ranges import reference_range
from his.catalog.importing.official import OFFICIAL
from his.catalog.importing.reading import BadCell, FatalFile, Line
from his.catalog.importing.source import Context

SOURCES = {source.file: source for source in OFFICIAL}
CONTEXT = Context(date(2026, 7, 1))
PRICES = "dvkt_gia_hdnd_lcs2340.csv"
HEADER = "ma_tuong_duong,ma_ky_thuat_tt23,ten_dich_vu_gia,gia_lcs2340_vnd\n"


def parse(tmp_path: Path, file: str, content: str | bytes):
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse_list(SOURCES[file], path, CONTEXT)


def test_bad_lines_are_named_and_the_good_ones_kept(tmp_path: Path) -> None:
    content = HEADER + (
        '23.0075.1494,23.75,"Định lượng Glucose\n[Máu]",22400\n'
        "23.0166.1494,23.166,Định lượng Urê,hai mươi\n"
        "\n"
        "23.51,23.51,Định lượng Creatinin,22400\n"
        "23.0003.1494,23.3,,22400\n"
        "23.0019.1493,23.19,ALT,-5\n"
        "23.0020.1493,23.20,AST\n"
        "18.0296.0066,18.296,Chụp cộng hưởng từ sọ não (0.2-1.5T),1341500\n"
        "18.0296.0066,18.366,Chụp cộng hưởng từ sọ não (≥ 3T),1341500\n"
    )
    _, rows, bad = parse(tmp_path, PRICES, content)
    assert [row["code"] for row in rows] == ["23.0075.1494", "18.0296.0066", "18.0296.0066~18.366"]
    assert [(b.line, b.column) for b in bad] == [
        (4, "gia_lcs2340_vnd"),
        (6, "ma_tuong_duong"),
        (7, "ten_dich_vu_gia"),
        (8, "gia_lcs2340_vnd"),
        (9, "(cả dòng)"),
    ]
    assert str(bad[0]) == f"{PRICES}, dòng 4, cột gia_lcs2340_vnd: “hai mươi” không phải là số"
    assert bad[4].reason == "có 3 ô, tiêu đề có 4 cột"


def test_a_price_list_row_gets_kind_group_and_department(tmp_path: Path) -> None:
    _, rows, _ = parse(tmp_path, PRICES, HEADER + "23.0075.1494,23.75,Định lượng Glucose [Máu],22400\n")
    row = rows[0]
    assert (row["kind"], row["cost_group"], row["department_code"]) == ("lab", "1", "K37")
    assert (row["price_vnd"], row["insured_price_vnd"]) == (Decimal(22400), Decimal(22400))


def test_a_repeated_code_is_reported_with_both_lines(tmp_path: Path) -> None:
    _, rows, bad = parse(tmp_path, "dan_toc.csv", "code,name\n01,Kinh\n02,Tày\n01,Kinh\n")
    assert [row["code"] for row in rows] == ["01", "02"]
    assert [str(b) for b in bad] == ["dan_toc.csv, dòng 4, cột mã: trùng mã 01 với dòng 2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code,ten\n01,Kinh\n", "thiếu cột name"),
        ("", "tệp trống"),
        ("code,name\n", "không có dòng nào"),
        ("code,name\n,\n01,\n", "không có dòng nào dùng được"),
        ('code,name\n01,"Kinh\n', "CSV hỏng"),
        ("code,name\n01,Tày\n".encode("utf-16"), "không phải UTF-8"),
        (b"code,name\n01,Kinh\n02,T\xe0y\n", "dòng 3: không phải UTF-8"),
    ],
)
def test_a_broken_file_is_refused_whole(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(FatalFile, match=said):
        parse(tmp_path, "dan_toc.csv", content)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    _, rows, bad = parse(tmp_path, "dan_toc.csv", "\ufeffcode,name\r\n01,Kinh\r\n".encode())
    assert (rows[0]["code"], rows[0]["name"], bad) == ("01", "Kinh", [])


def test_an_entitlement_with_two_settings_becomes_one(tmp_path: Path) -> None:
    content = (
        "priority,code,name,ratio,setting,valid_from,valid_to,legal_basis\n"
        "20,3.1,Tự đến,0.4,inpatient,2025-07-01,,Luật BHYT\n"
        "21,3.1,Tự đến,0,outpatient,01/07/2025,,Luật BHYT\n"
        "22,9,Không BHYT,2,any,2025-07-01,,\n"
    )
    _, rows, bad = parse(tmp_path, "ma_doituong_kcb_qd3276.csv", content)
    assert [row["extra"] for row in rows] == [
        {"priority": 20, "basis": "Luật BHYT", "ratio_inpatient": "0.4", "ratio_outpatient": "0"}
    ]
    assert [b.column for b in bad] == ["ratio"]


def test_a_pair_is_ordered_and_a_repeated_pair_joined(tmp_path: Path) -> None:
    content = (
        "hoat_chat_1,hoat_chat_2,co_che,hau_qua,xu_tri\n"
        "Simvastatin,Clarithromycin,a,b,c\n"
        "Clarithromycin,Simvastatin,a,b,d\n"
        "Aspirin,Aspirin,a,b,c\n"
    )
    _, rows, bad = parse(tmp_path, "ddi_qd5948_pairs.csv", content)
    assert [(r["first_name"], r["second_name"], r["action"]) for r in rows] == [
        ("Clarithromycin", "Simvastatin", "c / d")
    ]
    assert [b.line for b in bad] == [4]


@pytest.mark.parametrize(
    ("text", "low", "high", "expected"),
    [
        ("Nam: 4.5-5.9; Nữ: 4.1-5.1", "", "", [("M", 4.5, 5.9, ""), ("F", 4.1, 5.1, "")]),
        ("Nam: <41; Nữ: >=31", "", "", [("M", None, 41, ""), ("F", 31, None, "")]),
        ("4.0-10.0", "4.0", "10.0", [("", 4, 10, "")]),
        ("Âm tính", "", "", [("", None, None, "Âm tính")]),
    ],
)
def test_reference_ranges_are_read_from_text(
    text: str, low: str, high: str, expected: list[tuple[object, ...]]
) -> None:
    cells = {"group": "Sinh hóa: Enzym", "test": "ALT", "unit": "U/L", "ref_text": text, "low": low, "high": high}
    row = reference_range(Line(2, cells), CONTEXT)
    assert [(r["sex"], r["low"], r["high"], r["expected"]) for r in row["ranges"]] == expected
    assert row["code"] == "SHE-ALT-U/L"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e99999999", "1,2,3", "12đ"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadCell, match="không phải là số"):
        Line(2, {"n": value}).number_or_none("n")


@pytest.mark.parametrize("value", ["39.900", "1,250", "12.345"])
def test_an_amount_with_dots_between_thousands_is_refused_not_divided(value: str) -> None:
    with pytest.raises(BadCell, match="dấu chấm hàng nghìn"):
        Line(2, {"n": value}).amount("n")
    assert Line(2, {"n": "39900"}).amount("n") == Decimal(39900)
    assert Line(2, {"n": "39900,50"}).amount("n") == Decimal("39900.5")


def test_days_are_read_in_both_ways() -> None:
    assert Line(2, {"d": "01/07/2026"}).day("d") == Line(2, {"d": "2026-07-01"}).day("d") == date(2026, 7, 1)
    for wrong in ("31/02/2026", "2026-13-01", "hôm qua", "1/2"):
        with pytest.raises(BadCell, match="không phải là ngày"):
            Line(2, {"d": wrong}).day("d")
