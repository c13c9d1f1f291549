"""Is a file what the gateway takes: envelope, tables, fields in order, no key twice. Codes as in its error list."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from his.claims.xml.checkin import CHECKIN
from his.claims.xml.known import BY_NAME, Shape
from his.kit.errors import HisError
from his.kit.xml import from_base64, safe_parse

MALFORMED, WRONG, EMPTY = "201", "202", "204"
ENVELOPE = ["THONGTINDONVI", "THONGTINHOSO", "CHUKYDONVI"]
HEAD = ["NGAYLAP", "SOLUONGHOSO", "DANHSACHHOSO"]
MOST_TABLES = 5_000
_TABLE = re.compile(r"XML(1[0-5]?|[2-9])")


@dataclass(frozen=True, slots=True)
class FlawError(Exception):
    """Why a file is sent back: code and words."""

    code: str
    message: str


def _tags(element: etree._Element) -> list[str]:
    return [str(child.tag) for child in element]


def _only(element: etree._Element, wanted: list[str]) -> None:
    if _tags(element) != wanted:
        raise FlawError(MALFORMED, f"{element.tag!s} phải gồm {', '.join(wanted)} theo thứ tự")


def references_of(root: etree._Element, kind: str, facility: str) -> list[str]:
    """MA_LK of each dossier in the file. Raises `FlawError`."""
    return [_check_in(root, facility)] if kind == "0" else _dossiers(root, facility)


def _check_in(root: etree._Element, facility: str) -> str:
    if root.tag != CHECKIN.root or _tags(root) != [CHECKIN.list_tag, "CHUKYDONVI"]:
        raise FlawError(MALFORMED, f"Tệp check-in phải có gốc {CHECKIN.root}, chữ ký ở cuối")
    if _tags(root[0]) != [CHECKIN.row_tag]:
        raise FlawError(MALFORMED, "Tệp check-in chứa đúng một lượt")
    names = tuple(field.name for field in CHECKIN.fields)
    _fields(root[0][0], names, "CHECKIN", ordered=True)
    if root[0][0].findtext("MA_CSKCB") != facility:
        raise FlawError(WRONG, "MA_CSKCB khác cơ sở gửi")
    return _code(root[0][0])


def _dossiers(root: etree._Element, facility: str) -> list[str]:
    if root.tag != "GIAMDINHHS":
        raise FlawError(MALFORMED, f"Thẻ gốc {str(root.tag)[:40]} không phải GIAMDINHHS")
    _only(root, ENVELOPE)
    _only(root[1], HEAD)
    if root[0].findtext("MACSKCB") != facility:
        raise FlawError(WRONG, "MACSKCB khác cơ sở gửi")
    if not re.fullmatch(r"\d{8}", root[1][0].text or ""):
        raise FlawError(WRONG, "NGAYLAP không phải 8 chữ số")
    dossiers = list(root[1][2])
    if not dossiers:
        raise FlawError(EMPTY, "Tệp không có hồ sơ")
    if root[1][1].text != str(len(dossiers)):
        raise FlawError(WRONG, f"SOLUONGHOSO ghi {root[1][1].text} nhưng tệp có {len(dossiers)} hồ sơ")
    if sum(map(len, dossiers)) > MOST_TABLES:
        raise FlawError(MALFORMED, f"Tệp có quá {MOST_TABLES} bảng")
    codes = [_dossier(dossier) for dossier in dossiers]
    twice = [code for code, times in Counter(codes).items() if times > 1]
    if twice:
        raise FlawError(WRONG, f"MA_LK {twice[0]} lặp lại trong tệp")
    return codes


def _dossier(dossier: etree._Element) -> str:
    names, codes = [], set()
    if dossier.tag != "HOSO":
        raise FlawError(MALFORMED, "DANHSACHHOSO chỉ chứa HOSO")
    for holder in dossier:
        _only(holder, ["LOAIHOSO", "NOIDUNGFILE"])
        name = holder[0].text or ""
        if not _TABLE.fullmatch(name) or name == "XML12":
            raise FlawError(MALFORMED, f"LOAIHOSO {name[:20]} không có trong chuẩn")
        names.append(name)
        codes.add(_table(name, holder[1].text or ""))
    if names.count("XML1") != 1:
        raise FlawError(MALFORMED, "Mỗi hồ sơ có đúng một XML1")
    if len(set(names)) != len(names):
        raise FlawError(MALFORMED, "Một bảng xuất hiện hai lần trong hồ sơ")
    codes.discard("")
    if len(codes) != 1:
        raise FlawError(WRONG, "Các bảng của một hồ sơ phải cùng một MA_LK")
    return codes.pop()


def _table(name: str, packed: str) -> str:
    """MA_LK of a table, empty when it holds none (XML6 of some years)."""
    if not packed.strip():
        raise FlawError(EMPTY, f"Bảng {name} trống")
    try:
        root = safe_parse(from_base64(packed))
    except HisError as error:
        raise FlawError(MALFORMED, f"Bảng {name} không phải XML trong base64") from error
    shape = BY_NAME.get(name)
    if shape is None:
        return root.findtext(".//MA_LK") or ""
    if root.tag != shape.root:
        raise FlawError(MALFORMED, f"Bảng {name} phải có gốc {shape.root}")
    codes, numbers = set(), []
    for row in _rows(root, shape):
        _fields(row, shape.fields, name, ordered=name in ("XML1", "XML2", "XML3", "XML4", "XML5"))
        codes.add(_code(row))
        numbers.append(row.findtext("STT"))
    if shape.row_tag and len(set(numbers)) != len(numbers) and None not in numbers:
        raise FlawError(WRONG, f"Bảng {name} có STT lặp lại")
    if len(codes) > 1:
        raise FlawError(WRONG, f"Bảng {name} có nhiều MA_LK")
    return codes.pop() if codes else ""


def _rows(root: etree._Element, shape: Shape) -> Iterator[etree._Element]:
    return root.iter(shape.row_tag) if shape.row_tag else iter([root])


def _fields(row: etree._Element, known: tuple[str, ...], table: str, *, ordered: bool) -> None:
    """Known fields only, none twice, in the order of the standard."""
    tags = [tag for tag in _tags(row) if tag != "CHUKYDONVI"]
    places = {name: at for at, name in enumerate(known)}
    strange = next((tag for tag in tags if tag not in places), None)
    if strange is not None:
        raise FlawError(MALFORMED, f"Bảng {table} có trường lạ {strange[:40]}")
    if len(set(tags)) != len(tags):
        raise FlawError(MALFORMED, f"Bảng {table} có trường lặp lại")
    if ordered and [places[tag] for tag in tags] != sorted(places[tag] for tag in tags):
        raise FlawError(MALFORMED, f"Bảng {table} sai thứ tự trường")


def _code(row: etree._Element) -> str:
    code = row.findtext("MA_LK") or ""
    if not re.fullmatch(r"\S{1,100}", code):
        raise FlawError(WRONG, "Thiếu MA_LK")
    return code
