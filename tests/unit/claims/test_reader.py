"""The tolerant reader: foreign files, odd envelopes, and our own files read back."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from his.claims.cli import app
from his.claims.rules import CHECK_IN_RULES, RULES
from his.claims.rules.file import FILE_RULES
from his.claims.signature import Signer
from his.claims.terms import ClaimFacts
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.checkin_file import check_in_bytes
from his.claims.xml.envelope import seal_bytes
from his.claims.xml.reader import read_file
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5

SAMPLES = Path(__file__).resolve().parents[4] / "shared/samples"
MADE_AT = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"sample not present: {path}")
    return path.read_bytes()


def test_three_old_dossiers_are_understood() -> None:
    report = read_file(sample("claims_4210/three_dossiers.xml"))
    assert report.standard == "4210"
    assert report.facility_code == "01824"
    assert not report.signed
    assert [sorted(d.tables) for d in report.dossiers] == [
        ["XML1", "XML2", "XML3", "XML4", "XML5"],
        ["XML1", "XML2", "XML3", "XML4", "XML5"],
        ["XML1"],
    ]
    assert {t: len(f) for t, f in report.understood.items()} == {
        "XML1": 40,
        "XML2": 27,
        "XML3": 29,
        "XML4": 10,
        "XML5": 6,
    }
    assert report.not_understood == {}
    first = report.dossiers[0].tables["XML1"][0]
    assert first["MA_THE_BHYT"] == "DN4010123456789"
    assert first["NGAY_SINH"] == "199603120000"
    assert first["MA_LOAI_KCB"] == "01"
    assert first["T_TONGCHI_BV"] == "562.23"
    assert report.dossiers[0].tables["XML5"][0]["THOI_DIEM_DBLS"] == "201912110000"
    assert report.dossiers[0].tables["XML2"][0]["THANH_TIEN_BH"] == "32542.32"
    assert any("SOLUONGHOSO ghi 1 nhưng tệp có 3" in p for p in report.problems)
    assert any("2019120100000" in p for p in report.problems)
    assert any("42 thẻ HOSO trống" in p for p in report.problems)


@pytest.mark.parametrize(("number", "root"), [(2, "THUOC"), (3, "DVKT"), (4, "CLS"), (5, "DIEN_BIEN_BENH")])
def test_empty_old_tables_are_known(number: int, root: str) -> None:
    data = sample(f"claims_4210/XML{number}_empty.xml")
    assert root.encode() in data
    report = read_file(data)
    assert report.standard == "4210"
    assert report.dossiers[0].tables == {f"XML{number}": ()}


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15])
def test_blank_tables_are_understood_completely(number: int) -> None:
    report = read_file(sample(f"claims_blank_4750/XML{number}.xml"))
    assert report.not_understood == {}
    assert list(report.understood) == ["CHECKIN" if number == 0 else f"XML{number}"]
    assert report.standard == ("4750" if number == 13 else "3176")


def test_what_is_written_is_read_back_the_same(good: ClaimFacts, signer: Signer) -> None:
    for data, signed in ((seal_bytes(good, MADE_AT), False), (signer.sign(seal_bytes(good, MADE_AT)), True)):
        report = read_file(data)
        assert (report.standard, report.facility_code, report.made_on) == ("3176", "01999", "20260810")
        assert report.signed is signed
        assert report.problems == ()
        assert report.not_understood == {}
        (dossier,) = report.dossiers
        assert dossier.code == good.dossier_code
        for table in (XML1, XML2, XML3, XML4, XML5):
            written = [{f.name: f.text(row).strip() for f in table.fields} for row in table.each(good)]
            assert list(dossier.tables[table.name]) == written, table.name
    check_in = read_file(check_in_bytes(good))
    assert check_in.problems == ()
    assert set(check_in.dossiers[0].tables["CHECKIN"][0]) == {f.name for f in CHECKIN.fields}


INNER = '<?xml version="1.0" encoding="utf-8"?>\r\n<TONG_HOP><MA_LK>L1</MA_LK><HO_TEN>Lê Ba</HO_TEN><NGAY_RA>{}</NGAY_RA></TONG_HOP>'


def envelope(content: str, *, loose: bool = False, kind: str = "XML1") -> bytes:
    file = f"<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"
    body = file if loose else f"<HOSO>{file}</HOSO>"
    return (
        "<GIAMDINHHS><THONGTINDONVI><MACSKCB>01999</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>20260810</NGAYLAP>"
        f"<SOLUONGHOSO>1</SOLUONGHOSO><DANHSACHHOSO>{body}</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"
    ).encode()


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


TODAY = INNER.format("202608100900")
BARE = TODAY.split("\r\n")[1]
WRAPPED = "\r\n".join(base64(TODAY)[n : n + 60] for n in range(0, len(base64(TODAY)), 60))


@pytest.mark.parametrize(
    "data",
    [
        envelope(base64(TODAY)),
        b"\xef\xbb\xbf" + envelope(base64(TODAY)),
        envelope(base64("\ufeff" + TODAY)),
        envelope(BARE),
        envelope(f"<![CDATA[{TODAY}]]>"),
        envelope(WRAPPED),
        envelope(base64(TODAY), loose=True),
        envelope(BARE, loose=True),
        TODAY.encode(),
        envelope(base64(TODAY)).replace(b"<GIAMDINHHS>", b'<GIAMDINHHS xmlns="urn:x" xmlns:xsi="urn:y">'),
    ],
    ids=["plain", "bom", "inner-bom", "nested", "cdata", "line-breaks", "loose", "loose-nested", "bare", "namespace"],
)
def test_odd_envelopes_are_read(data: bytes) -> None:
    report = read_file(data)
    assert report.standard == "3176"
    assert [d.code for d in report.dossiers] == ["L1"]
    assert report.dossiers[0].tables["XML1"][0]["HO_TEN"] == "Lê Ba"
    assert report.understood == {"XML1": {"MA_LK": 1, "HO_TEN": 1, "NGAY_RA": 1}}


@pytest.mark.parametrize(
    ("ended", "standard"), [("202401050900", "130"), ("202408100900", "4750"), ("202501010000", "3176")]
)
def test_standard_follows_the_end_of_the_visit(ended: str, standard: str) -> None:
    assert read_file(envelope(base64(INNER.format(ended)))).standard == standard


def test_what_is_not_understood_is_counted_and_said() -> None:
    strange = BARE.replace("<HO_TEN>", "<LA_HOAC>1</LA_HOAC><LA_HOAC>2</LA_HOAC><HO_TEN>")
    report = read_file(envelope(strange, kind="XML2"))
    assert report.not_understood == {"XML1": {"LA_HOAC": 2}}
    assert any("LOAIHOSO ghi XML2" in p for p in report.problems)
    assert any("LA_HOAC lặp lại" in p for p in report.problems)
    other = read_file(envelope("<LA/>", kind="XML99"))
    assert other.not_understood == {"XML99": {"LA": 1}}
    assert other.dossiers == ()


def test_one_broken_table_does_not_lose_the_others() -> None:
    good_file = f"<FILEHOSO><LOAIHOSO>XML1</LOAIHOSO><NOIDUNGFILE>{base64(TODAY)}</NOIDUNGFILE></FILEHOSO>"
    for broken, word in (
        ("%%%", "base64"),
        (base64("<a>"), "hỏng"),
        (base64("<!DOCTYPE a><a/>"), "DOCTYPE"),
        ("", "trống"),
    ):
        data = envelope(broken, kind="XML2").replace(b"</HOSO>", good_file.encode() + b"</HOSO>")
        report = read_file(data)
        assert [d.code for d in report.dossiers] == ["L1"]
        assert any(p.startswith("Bảng XML2") and word in p for p in report.problems), broken


def test_shuffled_fields_read_the_same(good: ClaimFacts) -> None:
    plain = XML2.write(good)
    line_break = "\r\n"
    head, *fields, tail, end, last = plain.split(line_break)[2:]
    del tail, end, last
    assert head == "<DSACH_CHI_TIET_THUOC>"
    row = fields[1:]
    shuffled = f"<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC><CHI_TIET_THUOC>{''.join(reversed(row))}</CHI_TIET_THUOC></DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>"
    assert read_file(shuffled.encode()).dossiers == read_file(plain.encode()).dossiers


def test_hostile_and_foreign_content_gives_problems() -> None:
    for data in (b"", b"PK\x03\x04", b"<html/>", b"<!DOCTYPE a><a/>", b"[1]", b"<GIAMDINHHS/>"):
        report = read_file(data)
        assert report.dossiers == ()
        assert report.standard == "unknown"
        assert report.problems


def test_many_problems_are_bounded() -> None:
    rows = "".join(f"<CHI_TIET_THUOC><SO_LUONG>x{n}</SO_LUONG><F{n}/></CHI_TIET_THUOC>" for n in range(2000))
    report = read_file(f"<DSACH_CHI_TIET_THUOC>{rows}</DSACH_CHI_TIET_THUOC>".encode())
    assert len(report.dossiers[0].tables["XML2"]) == 2000
    assert len(report.problems) <= 201
    assert len(report.not_understood["XML2"]) <= 500


def test_command_line_reads_lists_and_refuses(tmp_path: Path, good: ClaimFacts) -> None:
    run = CliRunner()
    file = tmp_path / "hoso.xml"
    file.write_bytes(seal_bytes(replace(good), MADE_AT))
    shown = run.invoke(app, ["read", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "Chuẩn: QĐ 3176" in shown.output
    assert "Không có trường nào không hiểu." in shown.output
    as_json = json.loads(run.invoke(app, ["read", str(file), "--json"]).output)
    assert as_json["dossiers"][0]["tables"]["XML1"][0]["HO_TEN"] == "Đỗ Thị Ánh & Em"
    file.write_bytes(envelope("<LA/>", kind="[/b]"))
    refused = run.invoke(app, ["read", str(file)])
    assert refused.exit_code == 1
    assert "Không hiểu" in refused.output
    fields = json.loads(run.invoke(app, ["tables", "--json"]).output)
    assert len(fields) == 444
    assert all(row["source"] for row in fields)
    rules = json.loads(run.invoke(app, ["rules", "--json"]).output)
    assert {r["code"] for r in rules} == {r.code for r in (*RULES, *CHECK_IN_RULES, *FILE_RULES)}
    assert "CLM-CARD-01" in run.invoke(app, ["rules"]).output
    assert "Quốc tịch" in run.invoke(app, ["tables"]).output
