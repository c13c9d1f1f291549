"""The one door for XML from outside: UTF-8 only, no DTD, no entities, no network, bounded size, depth and numbers.

Whatever is refused is refused before it costs anything: sizes and numbers are counted in the bytes, and the parser
never sees a file that could keep it busy (measured: the slowest refusal of 16 MB takes a few hundredths of a second).
"""

import re
from binascii import a2b_base64
from codecs import getincrementaldecoder

from lxml import etree

from his.kit.errors import HisError, Kind

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_TAGS = 500_000
"""Start and end tags together: a file of 16 MB full of dossiers has fewer, a flood of `<a/>` has more."""
BYTES_A_TAG = 6
"""A file in which a tag takes fewer bytes than this, on average, holds no values (counted beyond the first thousands)."""
MAX_ATTRIBUTES = 5_000
"""A claim file has a dozen, those of its signature."""
ATTRIBUTES_A_TAG = 4
"""On average, beyond the first thousands, where a format keeps its values in attributes: FHIR has `id`, `url` and `value`."""
MAX_REFERENCES = 200_000
"""`&amp;`, `&#65;` and their like."""
BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_PROLOG_SPACE = re.compile(rb"\s*")
_CHUNK = 1 << 16


def _refuse(sentence: str) -> HisError:
    return HisError(Kind.INVALID, sentence, field="xml")


def _has_doctype(data: bytes) -> bool:
    """Does the prolog hold a document type? Only the prolog can, so text in CDATA is never mistaken for one."""
    at = 0
    while True:
        found = _PROLOG_SPACE.match(data, at)
        at = found.end() if found else at
        if data.startswith(b"<?", at):
            end = data.find(b"?>", at)
            at = end + 2
        elif data.startswith(b"<!--", at):
            end = data.find(b"-->", at)
            at = end + 3
        else:
            return data[at : at + 9].upper() == b"<!DOCTYPE"
        if end < 0:
            return False


def _check_utf8(body: bytes) -> None:
    """Decode piece by piece, so that a wrong byte near the start costs nothing."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _CHUNK):
            decoder.decode(body[at : at + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _refuse("Tệp XML không phải mã UTF-8. Lưu lại tệp bằng mã UTF-8 rồi gửi lại.") from error


def _check_numbers(body: bytes, max_attributes: int) -> None:
    """Refuse floods of tags and attributes by counting, because parsing them is what an attacker wants."""
    tags = body.count(b"<")
    if tags > min(MAX_TAGS, 5_000 + len(body) // BYTES_A_TAG):
        raise _refuse(f"Tệp XML có {tags} thẻ, quá nhiều so với cỡ tệp. Chia nhỏ tệp rồi gửi lại.")
    signs = body.count(b"=")
    max_attributes = min(max_attributes, MAX_ATTRIBUTES + ATTRIBUTES_A_TAG * tags)
    if signs > max_attributes:
        if signs > MAX_TAGS:
            raise _refuse(f"Tệp XML có quá {MAX_TAGS} dấu bằng. Kiểm lại phần mềm đã xuất tệp.")
        packed = body.translate(None, _BLANKS)  # blanks around the sign hide nothing
        if packed.count(b'="') + packed.count(b"='") > max_attributes:
            raise _refuse(f"Tệp XML có quá {max_attributes} thuộc tính. Kiểm lại phần mềm đã xuất tệp.")
    if body.count(b"&") > MAX_REFERENCES:
        raise _refuse(f"Tệp XML có quá {MAX_REFERENCES} ký hiệu &…;. Kiểm lại phần mềm đã xuất tệp.")


def _parse(body: bytes, *, keep_comments: bool) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not keep_comments,
        remove_pis=not keep_comments,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise _refuse(f"Tệp XML hỏng ở dòng {line}. Xuất lại tệp từ phần mềm gốc rồi gửi lại.") from error


def from_base64(text: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of strict base64 (no blanks, right padding); `HisError(INVALID)` for anything else or too much of it."""
    if len(text) > max_bytes * 4 // 3 + 4:
        raise _refuse(f"Tệp vượt mức cho phép {max_bytes} byte. Chia nhỏ tệp rồi gửi lại.")
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise _refuse("Nội dung không phải base64 đúng. Xuất lại tệp từ phần mềm gốc rồi gửi lại.") from error


def safe_parse(
    data: bytes,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    *,
    keep_comments: bool = False,
    max_attributes: int = MAX_ATTRIBUTES,
) -> etree._Element:
    """The root element of the bytes.

    Refuses with `HisError(INVALID)` and a Vietnamese sentence: too large (bytes), too deep (levels), too many tags or
    attributes, not UTF-8, not well formed, any document type. A byte order mark is skipped. Comments and processing
    instructions are dropped unless `keep_comments`, so that they can never split a value in two. A format that writes
    its values as attributes (FHIR) raises `max_attributes`.
    """
    if len(data) > max_bytes:
        raise _refuse(f"Tệp XML nặng {len(data)} byte, vượt mức cho phép {max_bytes} byte. Chia nhỏ tệp rồi gửi lại.")
    body = data.removeprefix(BOM)
    if not body[:_CHUNK].strip():
        raise _refuse("Tệp XML trống. Chọn lại tệp có nội dung.")
    _check_numbers(body, max_attributes)
    if _has_doctype(body):
        raise _refuse("Tệp XML khai báo DOCTYPE nên bị từ chối. Bỏ dòng <!DOCTYPE …> rồi gửi lại.")
    _check_utf8(body)
    root = _parse(body, keep_comments=keep_comments)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refuse("Tệp XML khai báo DOCTYPE nên bị từ chối. Bỏ dòng <!DOCTYPE …> rồi gửi lại.")
    if root.xpath("boolean(" + "/*" * (max_depth + 1) + ")"):
        raise _refuse(f"Tệp XML lồng nhau quá {max_depth} tầng. Kiểm lại phần mềm đã xuất tệp.")
    return root
