"""A tolerant reader of claim files: anybody's 130, 4750, 3176 or 4210 file, whole or a single table, never crashing.

Accepted oddities seen in the field: raw XML inside NOIDUNGFILE (as elements or CDATA), FILEHOSO directly under
DANHSACHHOSO, a byte order mark, line breaks in base64, bare 4210 roots, several HOSO, any order of elements.
"""

import binascii
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from his.claims.xml.known import BY_NAME, BY_ROOT, OLD_CARE_SETTING, OLD_NAMES, Shape
from his.claims.xml.standards import BARE_4210, which_standard
from his.claims.xml.values import complaint
from his.kit.errors import HisError
from his.kit.xml import BOM, safe_parse

MOST_PROBLEMS = 200
MOST_NAMES = 500
MOST_REFUSED = 20
"""After so many tables that the XML door refused, the others of the file are not opened any more."""


@dataclass(frozen=True, slots=True)
class ReadDossier:
    """One visit as read: MA_LK and, per table, its rows under today's field names (unknown names as they came)."""

    code: str
    tables: dict[str, tuple[dict[str, str], ...]]


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What a file says and how much of it was understood.

    `standard` is 4210, 130, 4750, 3176 or unknown. `understood` counts, per table and field name as it stands in the
    file, the elements whose meaning is known (empty ones too); `not_understood` those whose meaning is not.
    """

    standard: str
    facility_code: str
    made_on: str
    declared_count: str
    signed: bool
    dossiers: tuple[ReadDossier, ...]
    understood: dict[str, dict[str, int]]
    not_understood: dict[str, dict[str, int]]
    problems: tuple[str, ...]


@dataclass
class _Reading:
    """What has been gathered so far."""

    facility_code: str = ""
    made_on: str = ""
    declared_count: str = ""
    signed: bool = False
    bare: bool = False
    names: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    dossiers: list[ReadDossier] = field(default_factory=list)
    understood: dict[str, Counter[str]] = field(default_factory=dict)
    strange: dict[str, Counter[str]] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    refused: int = 0

    def problem(self, sentence: str) -> None:
        """Keep the sentence once; after many the rest would only hide the first."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems[sentence] = None

    def count(self, into: dict[str, Counter[str]], table: str, name: str) -> None:
        """One more element of this name, bounded so that a hostile file cannot fill the memory."""
        counter = into.setdefault(table, Counter())
        if name in counter or len(counter) < MOST_NAMES:
            counter[name] += 1


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname).upper()


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((c for c in element if _name(c) == name), None)


def _all(element: etree._Element, name: str) -> Iterable[etree._Element]:
    return (e for e in element.iter() if _name(e) == name)


def _content(holder: etree._Element) -> etree._Element | None:
    """The table inside NOIDUNGFILE: nested elements, raw XML as text, or base64; None when empty."""
    if len(holder):
        return holder[0]
    raw = _text(holder)
    if not raw:
        return None
    if raw.lstrip("\ufeff").startswith("<"):
        return safe_parse(raw.lstrip("\ufeff").encode())
    data = b64decode("".join(raw.split()), validate=True)
    return safe_parse(data) if data.removeprefix(BOM).strip() else None


def _rows(table: etree._Element, shape: Shape) -> list[etree._Element]:
    """The elements whose children are fields."""
    if not shape.row_tag:
        return [table]
    if _name(table) == shape.row_tag:
        return [table]
    return list(_all(table, shape.row_tag))


def _row(reading: _Reading, shape: Shape, element: etree._Element, number: int) -> dict[str, str]:
    """One row under today's names; counts what is known and what is not."""
    known, old = frozenset(shape.fields), OLD_NAMES.get(shape.name, {})
    where = f"Hồ sơ {len(reading.dossiers) + 1}, bảng {shape.name}, dòng {number}"
    values: dict[str, str] = {}
    for child in element:
        name, value = _name(child), _text(child)
        if name == "CHUKYDONVI":
            continue
        today = name if name in known else old.get(name, name)
        if len(reading.names) < MOST_NAMES:
            reading.names.add(name)
        if name in known or name in old:
            reading.count(reading.understood, shape.name, name)
            wrong = complaint(today, value)
            if wrong:
                reading.problem(f"{where}: {name} “{value[:40]}” {wrong}.")
        else:
            reading.count(reading.strange, shape.name, name)
        if today in values:
            reading.problem(f"{where}: trường {name} lặp lại, giữ giá trị đầu.")
        else:
            values[today] = value
    if not len(element):
        reading.problem(f"Bảng {shape.name} trống.")
    return values


def _modern(shape: Shape, row: dict[str, str]) -> dict[str, str]:
    """4210 values in today's form: birth in 12 digits, care setting in two."""
    if shape.name == "XML1":
        born = row.get("NGAY_SINH", "")
        if born.isdigit() and len(born) in {4, 8}:
            row["NGAY_SINH"] = born.ljust(12, "0")
        row["MA_LOAI_KCB"] = OLD_CARE_SETTING.get(row.get("MA_LOAI_KCB", ""), row.get("MA_LOAI_KCB", ""))
    return row


def _take(reading: _Reading, table: etree._Element, declared: str, into: dict[str, tuple[dict[str, str], ...]]) -> None:
    """One table into the dossier, known by its own root; LOAIHOSO is only compared."""
    shape = BY_ROOT.get(_name(table))
    if shape is None:
        shape = BY_NAME.get(declared)
        if shape is None:
            reading.count(reading.strange, declared[:20] or "?", _name(table))
            reading.problem(f"Không biết bảng có thẻ gốc {_name(table)[:60]}.")
            return
        reading.problem(f"Bảng {shape.name}: thẻ gốc {_name(table)[:60]} không đúng, cần {shape.root}.")
    elif declared and BY_NAME.get(declared) is not shape:
        reading.problem(f"LOAIHOSO ghi {declared[:20]} nhưng nội dung là bảng {shape.name}; đọc theo nội dung.")
    reading.bare = reading.bare or _name(table) in BARE_4210
    reading.tables.add(shape.name)
    rows = [_modern(shape, _row(reading, shape, e, n)) for n, e in enumerate(_rows(table, shape), 1)]
    if shape.name in into:
        reading.problem(f"Bảng {shape.name} xuất hiện nhiều lần trong một hồ sơ; gộp các dòng.")
    into[shape.name] = into.get(shape.name, ()) + tuple(r for r in rows if r)


def _dossier(reading: _Reading, holders: list[etree._Element]) -> None:
    """One HOSO from its FILEHOSO elements."""
    tables: dict[str, tuple[dict[str, str], ...]] = {}
    for holder in holders:
        if reading.refused >= MOST_REFUSED:
            reading.problem(f"Đã từ chối {MOST_REFUSED} bảng nguy hiểm hoặc hỏng; các bảng còn lại không được mở.")
            break
        declared = _text(_child(holder, "LOAIHOSO")).upper()
        body = _child(holder, "NOIDUNGFILE")
        try:
            content = None if body is None else _content(body)
        except (binascii.Error, ValueError):
            reading.problem(f"Bảng {declared[:20] or '?'}: NOIDUNGFILE không phải base64 đúng, bỏ qua bảng này.")
            continue
        except HisError as error:
            reading.refused += 1
            reading.problem(f"Bảng {declared[:20] or '?'}: {error.message}")
            continue
        if content is None:
            reading.problem(f"Bảng {declared[:20] or '?'}: NOIDUNGFILE trống.")
        else:
            _take(reading, content, declared, tables)
    _keep(reading, tables)


def _keep(reading: _Reading, tables: dict[str, tuple[dict[str, str], ...]]) -> None:
    """Close one dossier and compare its MA_LK across tables."""
    codes = {row["MA_LK"]: None for rows in tables.values() for row in rows if row.get("MA_LK")}
    if len(codes) > 1:
        reading.problem(f"Một hồ sơ có {len(codes)} mã MA_LK khác nhau; các bảng phải cùng một mã.")
    if tables:
        reading.dossiers.append(ReadDossier(next(iter(codes), ""), tables))


def _envelope(reading: _Reading, root: etree._Element) -> None:
    """GIAMDINHHS and its odd relatives."""
    reading.facility_code = _text(next(iter(_all(root, "MACSKCB")), None))
    reading.made_on = _text(next(iter(_all(root, "NGAYLAP")), None))
    reading.declared_count = _text(next(iter(_all(root, "SOLUONGHOSO")), None))
    dossiers = list(_all(root, "HOSO"))
    empty = 0
    for dossier in dossiers:
        holders = [c for c in dossier if _name(c) == "FILEHOSO"]
        if holders:
            _dossier(reading, holders)
        else:
            empty += 1
    loose = [f for f in _all(root, "FILEHOSO") if (p := f.getparent()) is None or _name(p) != "HOSO"]
    if loose:
        reading.problem("FILEHOSO đứng ngoài HOSO; đọc chung thành một hồ sơ.")
        _dossier(reading, loose)
    repeated = [code for code, times in Counter(d.code for d in reading.dossiers).items() if code and times > 1]
    for code in repeated:
        reading.problem(f"Nhiều hồ sơ trong tệp cùng mang MA_LK {code[:40]}; mỗi đợt điều trị phải có mã riêng.")
    if empty:
        reading.problem(f"Có {empty} thẻ HOSO trống, bỏ qua.")
    if not reading.dossiers:
        reading.problem("Tệp không có hồ sơ nào đọc được.")
    elif reading.declared_count != str(len(reading.dossiers)):
        said = reading.declared_count or "trống"
        reading.problem(f"SOLUONGHOSO ghi {said[:20]} nhưng tệp có {len(reading.dossiers)} hồ sơ.")


def read_file(data: bytes) -> ReadReport:
    """Read any claim file; a file that cannot be read gives a report with problems, never an exception."""
    reading = _Reading()
    try:
        root = safe_parse(data)
    except HisError as error:
        reading.problem(error.message)
    else:
        reading.signed = any(_text(e) for e in _all(root, "SIGNATUREVALUE"))
        if _name(root) in BY_ROOT:
            tables: dict[str, tuple[dict[str, str], ...]] = {}
            _take(reading, root, "", tables)
            _keep(reading, tables)
        else:
            if _name(root) != "GIAMDINHHS":
                reading.problem(f"Thẻ gốc là {_name(root)[:60]}, không phải GIAMDINHHS.")
            _envelope(reading, root)
    days = [
        row.get("NGAY_RA") or row.get("NGAY_VAO") or ""
        for d in reading.dossiers
        for t in d.tables.values()
        for row in t
    ]
    day = (next((d for d in days if d), "") or reading.made_on)[:8]
    standard = which_standard(reading.tables, reading.names, day, bare=reading.bare)
    if standard == "3176" and not day:
        reading.problem("Tệp không ghi ngày nên không phân biệt được chuẩn 130, 4750 hay 3176; đọc theo 3176.")
    return ReadReport(
        standard=standard,
        facility_code=reading.facility_code,
        made_on=reading.made_on,
        declared_count=reading.declared_count,
        signed=reading.signed,
        dossiers=tuple(reading.dossiers),
        understood={table: dict(names) for table, names in reading.understood.items()},
        not_understood={table: dict(names) for table, names in reading.strange.items()},
        problems=tuple(reading.problems),
    )
