"""The file itself, before it leaves: envelope, tables, keys, signature, untouched bytes (QĐ 4750; dispatch 1245 of VSS).

The facts of these rules are the bytes that will be sent, not the visit: `file_facts.state_file` reads them, nothing is repaired.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from his.claims.rules.common import ERROR, WARNING, Say, on
from his.claims.rules.file_facts import FileFacts, FileTable
from his.claims.xml.known import BY_NAME
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule, assess

ROOT = "GIAMDINHHS"
SENT_TABLES = frozenset(f"XML{n}" for n in range(1, 16))
ASSESSED_ON_PORTAL = "XML12"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


Check = Callable[[FileFacts], Iterable[Say]]


def _rule(number: int, title: str, basis: str, severity: Severity = ERROR) -> Callable[[Check], Rule[FileFacts]]:
    code = f"CLM-FILE-{number:02d}"

    def build(check: Check) -> Rule[FileFacts]:
        def run(facts: FileFacts) -> Iterator[Finding]:
            for said in check(facts):
                yield Finding(code, severity, said.message, said.field, said.line, said.action)

        return Rule(code, title, f"{basis}; QĐ 4750/QĐ-BYT", severity, run, table="FILE")

    return build


def _tables(facts: FileFacts) -> Iterator[FileTable]:
    for dossier in facts.dossiers:
        yield from dossier


@_rule(1, "Tệp có đủ khung GIAMDINHHS", "CORE-001")
def frame(facts: FileFacts) -> Iterator[Say]:
    """Root, unit and dossier information."""
    needed = (ROOT, "THONGTINDONVI", "MACSKCB", "THONGTINHOSO", "NGAYLAP", "SOLUONGHOSO", "DANHSACHHOSO")
    missing = [name for name in needed if name not in facts.names]
    if missing:
        yield Say(f"Tệp thiếu thẻ {', '.join(missing)}. Lập và ký lại hồ sơ.", "FILE.GIAMDINHHS")


@_rule(2, "Ngày lập đúng dạng, không ở tương lai", "CORE-002")
def made_on(facts: FileFacts) -> Iterator[Say]:
    """NGAYLAP yyyymmdd."""
    text = facts.made_on
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 and text.isdigit() else None
    except ValueError:
        day = None
    if day is None:
        yield Say(f"Ngày lập “{text}” không phải năm-tháng-ngày 8 chữ số. Lập lại hồ sơ.", "FILE.NGAYLAP")
    elif day > facts.today:
        yield Say(f"Ngày lập {on(day)} ở tương lai. Chỉnh giờ máy chủ rồi lập lại hồ sơ.", "FILE.NGAYLAP")


@_rule(3, "Số hồ sơ khai bằng số hồ sơ có", "CORE-003")
def declared_count(facts: FileFacts) -> Iterator[Say]:
    """SOLUONGHOSO is the number of HOSO."""
    if facts.declared != str(len(facts.dossiers)):
        yield Say(
            f"Khai {facts.declared or 'trống'} hồ sơ nhưng tệp có {len(facts.dossiers)}. Lập lại tệp.",
            "FILE.SOLUONGHOSO",
        )


@_rule(4, "Mỗi tệp gửi qua dịch vụ web có đúng một hồ sơ", "CORE-004")
def one_dossier(facts: FileFacts) -> Iterator[Say]:
    """One encounter a file."""
    if len(facts.dossiers) != 1:
        yield Say(f"Tệp có {len(facts.dossiers)} hồ sơ, cổng chỉ nhận 1. Tách mỗi hồ sơ một tệp.", "FILE.HOSO")


@_rule(5, "Mỗi bảng có tên và nội dung base64 một dòng", "CORE-005")
def encoded(facts: FileFacts) -> Iterator[Say]:
    """LOAIHOSO XML1 to XML15, NOIDUNGFILE single-line base64 of UTF-8 XML."""
    for table in _tables(facts):
        if table.name not in SENT_TABLES:
            yield Say(f"Loại hồ sơ “{table.name}” không phải XML1 đến XML15. Lập lại tệp.", "FILE.LOAIHOSO")
        if not table.encoded:
            yield Say(f"Nội dung {table.name} không phải base64 một dòng. Lập lại tệp.", "FILE.NOIDUNGFILE")


@_rule(6, "Mỗi hồ sơ có đúng một XML1", "CORE-006")
def one_header(facts: FileFacts) -> Iterator[Say]:
    """Exactly one summary table."""
    for dossier in facts.dossiers:
        count = sum(table.name == "XML1" for table in dossier)
        if count != 1:
            yield Say(f"Hồ sơ có {count} bảng XML1, phải đúng 1. Lập lại tệp.", "FILE.LOAIHOSO")


@_rule(7, "Tên bảng khớp nội dung", "CORE-007")
def root_matches(facts: FileFacts) -> Iterator[Say]:
    """LOAIHOSO names the inner root."""
    for table in _tables(facts):
        shape = BY_NAME.get(table.name)
        if shape and table.root and table.root != shape.root:
            yield Say(
                f"{table.name} phải có gốc {shape.root}, trong tệp là {table.root}. Lập lại tệp.", "FILE.LOAIHOSO"
            )


@_rule(8, "Các bảng cùng một mã đợt điều trị", "CORE-008")
def one_key(facts: FileFacts) -> Iterator[Say]:
    """All MA_LK of one HOSO are identical."""
    for dossier in facts.dossiers:
        keys = sorted({key for table in dossier for key in table.keys})
        if len(keys) > 1:
            yield Say(f"Một hồ sơ có nhiều mã đợt: {', '.join(keys[:3])}. Lập lại tệp.", "FILE.MA_LK")


@_rule(9, "Mã đợt điều trị giữ nguyên khi gửi lại", "CORE-009")
def key_kept(facts: FileFacts) -> Iterator[Say]:
    """MA_LK of the file is that of the visit."""
    keys = {key for table in _tables(facts) for key in table.keys}
    if facts.dossier_code and keys and keys != {facts.dossier_code}:
        yield Say(f"Mã đợt trong tệp khác mã của lượt khám ({facts.dossier_code}). Lập lại hồ sơ.", "FILE.MA_LK")


@_rule(10, "Không gửi XML12", "CORE-010", WARNING)
def no_assessment(facts: FileFacts) -> Iterator[Say]:
    """XML12 is entered on the portal by the assessment councils."""
    if any(table.name == ASSESSED_ON_PORTAL for table in _tables(facts)):
        yield Say("Tệp có XML12, bảng này do hội đồng giám định y khoa nhập trên cổng. Bỏ bảng này.", "FILE.LOAIHOSO")


@_rule(11, "Có chữ ký số bao trùm tệp, SHA-256", "CORE-011")
def signed(facts: FileFacts) -> Iterator[Say]:
    """An enveloped signature in CHUKYDONVI, Reference URI "" with SHA-256; otherwise the gateway answers 123."""
    whole = [method for uri, method in facts.references if uri == ""]
    if not facts.signature_last or not whole:
        yield Say("Tệp chưa có chữ ký bao trùm toàn bộ ở CHUKYDONVI. Ký bằng chứng thư của đơn vị.", "FILE.CHUKYDONVI")
    elif any(method != _SHA256 for method in whole):
        yield Say("Chữ ký không dùng SHA-256. Ký lại.", "FILE.CHUKYDONVI")


@_rule(12, "Tệp không bị sửa sau khi ký", "CORE-012")
def untouched(facts: FileFacts) -> Iterator[Say]:
    """The bytes have the SHA-256 that was kept at sealing; otherwise the gateway answers 125."""
    if facts.sealed_sha256 and facts.sha256 != facts.sealed_sha256:
        yield Say(
            f"Tệp khác bản đã ký (SHA-256 {facts.sha256[:12]}…, lúc ký {facts.sealed_sha256[:12]}…). "
            "Gửi đúng tệp đã ký, không mở ra lưu lại.",
            "FILE.CHUKYDONVI",
        )


@_rule(13, "Thẻ theo đúng thứ tự của chuẩn", "CORE-013")
def tag_order(facts: FileFacts) -> Iterator[Say]:
    """Fields of each row follow the published order."""
    for table in _tables(facts):
        shape = BY_NAME.get(table.name)
        place = {name: number for number, name in enumerate(shape.fields)} if shape else {}
        last = -1
        for name in table.fields:
            here = place.get(name)
            if here is None:
                continue
            if here <= last and here != 0:  # the first field opens the next row
                yield Say(f"{table.name}: thẻ {name} đứng sai thứ tự. Lập lại tệp.", f"{table.name}.{name}")
                break
            last = here


@_rule(14, "Mã cơ sở của tệp khớp bảng tổng hợp", "CORE-077")
def same_facility(facts: FileFacts) -> Iterator[Say]:
    """MACSKCB of the envelope is MA_CSKCB of XML1."""
    for table in _tables(facts):
        if table.name == "XML1" and table.facilities != {facts.facility_code}:
            inner = ", ".join(sorted(table.facilities)) or "trống"
            yield Say(f"Khung tệp ghi cơ sở {facts.facility_code}, XML1 ghi {inner}. Lập lại tệp.", "XML1.MA_CSKCB")


_PERSON = {name: name for name in ("HO_TEN", "NGAY_SINH", "GIOI_TINH", "DIA_CHI", "MA_THE_BHYT", "GT_THE_DEN")}
_STAY = {name: name for name in ("NGAY_VAO", "NGAY_RA")}
_DISEASE = {name: name for name in ("CHAN_DOAN_RV", "MA_BENH_CHINH", "MA_BENH_KT", "MA_BENH_YHCT")}
# fields of a paper and the field of XML1 that each must repeat
ECHOES: dict[str, dict[str, str]] = {
    "XML7": {"MA_YTE": "MA_BN", **_STAY},
    "XML8": {"MA_LOAI_KCB": "MA_LOAI_KCB", "KET_QUA_DTRI": "KET_QUA_DTRI", **_STAY},
    "XML11": {"MA_THE_BHYT": "MA_THE_BHYT"},
    "XML13": {**_PERSON, **_STAY, **_DISEASE, "MA_LOAI_RV": "MA_LOAI_RV", "NGAY_VAO_NOI_TRU": "NGAY_VAO_NOI_TRU"},
    "XML14": {**_PERSON, **_STAY, **_DISEASE, "MA_DOITUONG_KCB": "MA_DOITUONG_KCB"},
}
WORDS = {"XML11": {"CHAN_DOAN_RV": "CHAN_DOAN_RV", "PP_DIEUTRI": "PP_DIEU_TRI"}}


def _differing(facts: FileFacts, echoes: dict[str, dict[str, str]]) -> Iterator[Say]:
    for dossier in facts.dossiers:
        header = next((table.values for table in dossier if table.name == "XML1"), {})
        for table in dossier:
            for name, origin in echoes.get(table.name, {}).items():
                if name in table.values and origin in header and table.values[name] != header[origin]:
                    yield Say(
                        f"{table.name} ghi {name} khác {origin} của bảng tổng hợp. Lập lại giấy này rồi lập lại tệp.",
                        f"{table.name}.{name}",
                    )


@_rule(15, "Giấy tờ ghi đúng người, thẻ, ngày, bệnh của bảng tổng hợp", "CORE-154, CORE-162, CORE-165, CORE-168")
def same_visit(facts: FileFacts) -> Iterator[Say]:
    """XML7, XML8, XML11, XML13, XML14 repeat XML1."""
    yield from _differing(facts, ECHOES)


@_rule(16, "Giấy nghỉ ghi đúng chẩn đoán, điều trị của bảng tổng hợp", "CORE-164", WARNING)
def same_words(facts: FileFacts) -> Iterator[Say]:
    """Diagnosis and treatment of XML11 are those of XML1."""
    yield from _differing(facts, WORDS)


FILE_RULES: tuple[Rule[FileFacts], ...] = (
    frame,
    made_on,
    declared_count,
    one_dossier,
    encoded,
    one_header,
    root_matches,
    one_key,
    key_kept,
    no_assessment,
    signed,
    untouched,
    tag_order,
    same_facility,
    same_visit,
    same_words,
)


def assess_file(facts: FileFacts) -> list[Finding]:
    """What stands against sending these bytes."""
    return assess(FILE_RULES, facts, facts.today)
