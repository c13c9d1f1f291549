"""The table descriptions against the standard, and what the writer does with values the standard cannot hold."""

import csv
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from his.claims.terms import ClaimFacts, Stated
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.checkin_file import check_in_bytes
from his.claims.xml.envelope import check_tables, seal_bytes
from his.claims.xml.known import SHAPES
from his.claims.xml.tables import STANDARD_TABLES
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml13 import REFERRAL_4750
from his.kit.errors import HisError, Kind

SHARED = Path(__file__).resolve().parents[4] / "shared"
MADE_AT = datetime(2026, 8, 10, 17, 30, tzinfo=UTC)
TABLES = STANDARD_TABLES


def standard_rows() -> list[dict[str, str]]:
    path = SHARED / "standards/claims/tables.csv"
    if not path.exists():
        pytest.skip(f"standard not present: {path}")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_names_types_lengths_and_needs_are_those_of_the_standard(table) -> None:
    wanted = "4750" if table is CHECKIN else "3176"
    rows = [r for r in standard_rows() if r["standard"] == wanted and r["table"] == table.name]
    stated = [(r["field"], r["type"], r["max_length"], r["required"]) for r in rows]
    ours = [(f.name, f.kind.value, str(f.max_length or "n"), f.need.value) for f in table.fields]
    assert ours == stated


def test_known_names_of_the_other_tables_are_those_of_the_standard() -> None:
    rows = standard_rows()
    for shape in SHAPES:
        names = {r["field"] for r in rows if r["table"] == shape.name and r["standard"] != "130"}
        assert set(shape.fields) == names, shape.name


def test_field_counts_and_unique_names() -> None:
    assert [len(t.fields) for t in TABLES] == [26, 66, 39, 47, 12, 9, 47, 26, 22, 35, 13, 23, 37, 22, 20]
    for table in TABLES:
        assert len({f.name for f in table.fields}) == len(table.fields)
        assert all(f.label.strip() for f in table.fields)


def test_example_fits_and_envelope_has_the_accepted_shape(good: ClaimFacts) -> None:
    assert check_tables(good) == []
    data = seal_bytes(good, MADE_AT)
    assert data.startswith(b"<GIAMDINHHS><THONGTINDONVI><MACSKCB>01999</MACSKCB></THONGTINDONVI><THONGTINHOSO>")
    assert data.endswith(b"<CHUKYDONVI></CHUKYDONVI></GIAMDINHHS>")
    assert b"\n" not in data
    assert b"<?xml" not in data
    root = etree.fromstring(data)
    # 17:30 UTC is already the next day in Viet Nam
    assert root.findtext("THONGTINHOSO/NGAYLAP") == "20260811"
    assert root.findtext("THONGTINHOSO/SOLUONGHOSO") == "1"
    assert [e.text for e in root.iter("LOAIHOSO")] == ["XML1", "XML2", "XML3", "XML4", "XML5"]
    for content in root.iter("NOIDUNGFILE"):
        inner = b64decode(content.text, validate=True)
        assert inner.startswith(b'<?xml version="1.0" encoding="utf-8"?>\r\n<')
        assert etree.fromstring(inner).findtext(".//MA_LK") == "01999.2026.000042"


def test_same_facts_same_bytes_and_only_tables_with_rows(good: ClaimFacts) -> None:
    assert seal_bytes(good, MADE_AT) == seal_bytes(replace(good), MADE_AT)
    bare = replace(good, drugs=(), results=(), notes=())
    root = etree.fromstring(seal_bytes(bare, MADE_AT))
    assert [e.text for e in root.iter("LOAIHOSO")] == ["XML1", "XML3"]


def inner(data: bytes, place: int) -> etree._Element:
    return etree.fromstring(b64decode(list(etree.fromstring(data).iter("NOIDUNGFILE"))[place].text))


def test_values_are_written_as_the_standard_wants(good: ClaimFacts) -> None:
    data = seal_bytes(good, MADE_AT)
    header, drug = inner(data, 0), inner(data, 1)
    expected = {
        "HO_TEN": "Đỗ Thị Ánh & Em",
        "NGAY_SINH": "198405120000",
        "GIOI_TINH": "2",
        "GT_THE_DEN": "20261231",
        "NGAY_VAO": "202608100800",
        "NGAY_RA": "202608100915",
        "LY_DO_VV": "Sốt, ho <3 ngày",
        "CAN_NANG": "52.50",
        "T_THUOC": "7207.5",
        "T_TONGCHI_BV": "73707.5",
        "MA_NOI_DI": "",
        "MAHUYEN_CU_TRU": "",
    }
    assert {name: header.findtext(name) or "" for name in expected} == expected
    row = drug.find("DSACH_CHI_TIET_THUOC/CHI_TIET_THUOC")
    assert row.findtext("DON_GIA") == "480.5"
    assert row.findtext("T_BNTT") == "0"
    assert [e.tag for e in row] == [f.name for f in XML2.fields]


@pytest.mark.parametrize(
    ("birth_date", "birth_time", "written"),
    [("1950", "", "195000000000"), ("1950-07", "", "195000000000"), ("2026-08-01", "06:45", "202608010645")],
)
def test_birth_in_twelve_digits(good: ClaimFacts, birth_date: str, birth_time: str, written: str) -> None:
    facts = replace(good, birth_date=birth_date, birth_time=birth_time)
    assert inner(seal_bytes(facts, MADE_AT), 0).findtext("NGAY_SINH") == written


def test_several_cards_stay_aligned(good: ClaimFacts) -> None:
    second = replace(good.cards[0], number="HT3010000000042", valid_from=date(2027, 1, 1), valid_to=None)
    header = inner(seal_bytes(replace(good, cards=(*good.cards, second)), MADE_AT), 0)
    assert header.findtext("MA_THE_BHYT") == "DN4010000000042;HT3010000000042"
    assert header.findtext("GT_THE_DEN") == "20261231;"


def test_too_long_or_missing_values_are_refused_with_findings_not_cut(good: ClaimFacts) -> None:
    drug = replace(good.drugs[0], route_code="12345", strength="")
    facts = replace(good, drugs=(drug,), patient_name="A" * 256)
    with pytest.raises(HisError) as caught:
        seal_bytes(facts, MADE_AT)
    assert caught.value.kind is Kind.RULES
    assert {(f.code, f.expression, f.line) for f in caught.value.findings} == {
        ("CLM-FORM-XML1-HO_TEN-02", "XML1.HO_TEN", None),
        ("CLM-FORM-XML2-DUONG_DUNG-02", "XML2.DUONG_DUNG", "charge-3"),
        ("CLM-FORM-XML2-HAM_LUONG-01", "XML2.HAM_LUONG", "charge-3"),
    }
    assert "5 ký tự, chuẩn chỉ nhận 4" in next(
        f.message for f in caught.value.findings if f.code == "CLM-FORM-XML2-DUONG_DUNG-02"
    )


@pytest.mark.parametrize("value", [Decimal("1.0001"), Decimal("NaN"), Decimal("Infinity")])
def test_odd_numbers_give_findings(good: ClaimFacts, value: Decimal) -> None:
    facts = replace(good, drugs=(replace(good.drugs[0], quantity=value),))
    assert [f.code for f in check_tables(facts)] == ["CLM-FORM-XML2-SO_LUONG-03"]


def test_a_naive_instant_is_a_defect(good: ClaimFacts) -> None:
    assert issubclass(ClaimFacts, Stated)
    with pytest.raises(AssertionError, match="arrived_at"):
        replace(good, arrived_at=datetime(2026, 8, 10, 8, 0))  # noqa: DTZ001


def test_check_in_file_stands_alone_and_names_the_first_cost(good: ClaimFacts) -> None:
    root = etree.fromstring(check_in_bytes(good))
    assert root.tag == "CHI_TIEU_TRANG_THAI_KCB"
    assert root[-1].tag == "CHUKYDONVI"
    row = root.find("DSACH_TRANG_THAI_KCB/TRANG_THAI_KCB")
    assert [e.tag for e in row] == [f.name for f in CHECKIN.fields]
    assert (row.findtext("MA_DICH_VU"), row.findtext("MA_THUOC") or "") == ("02.1896", "")
    second = replace(good.cards[0], number="HT3010000000042", valid_from=date(2027, 1, 1), valid_to=None)
    two = etree.fromstring(check_in_bytes(replace(good, cards=(second, *good.cards))))
    assert two.findtext(".//MA_THE_BHYT") == "DN4010000000042"


def test_blank_files_of_the_standard_have_our_order() -> None:
    folder = SHARED / "samples/claims_blank_4750"
    if not folder.exists():
        pytest.skip(f"samples not present: {folder}")
    for known in TABLES:
        table = REFERRAL_4750 if known.name == "XML13" else known
        name = "XML0" if table is CHECKIN else table.name
        root = etree.parse(folder / f"{name}.xml").getroot()
        row = root.find(f"{table.list_tag}/{table.row_tag}") if table.row_tag else root
        assert root.tag == table.root
        assert [e.tag for e in row] == [f.name for f in table.fields]
