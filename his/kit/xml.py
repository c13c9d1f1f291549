"""The one door for XML from outside: UTF-8 only, no DTD, no entities, no network, bounded size and depth."""

from lxml import etree

from his.kit.errors import HisError, Kind

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
BOM = b"\xef\xbb\xbf"


def _refuse(sentence: str) -> HisError:
    return HisError(Kind.INVALID, sentence, field="xml")


def _has_doctype(data: bytes) -> bool:
    """Does the prolog hold a document type? Only the prolog can, so text in CDATA is never mistaken for one."""
    at = 0
    while True:
        while data[at : at + 1].isspace():
            at += 1
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


def safe_parse(
    data: bytes, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, *, keep_comments: bool = False
) -> etree._Element:
    """The root element of the bytes.

    Refuses with `HisError(INVALID)` and a Vietnamese sentence: too large (bytes), too deep (levels), not UTF-8, not
    well formed, any document type. A byte order mark is skipped. Comments and processing instructions are dropped
    unless `keep_comments`, so that they can never split a value in two.
    """
    if len(data) > max_bytes:
        raise _refuse(f"Tệp XML nặng {len(data)} byte, vượt mức cho phép {max_bytes} byte. Chia nhỏ tệp rồi gửi lại.")
    body = data.removeprefix(BOM)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse("Tệp XML không phải mã UTF-8. Lưu lại tệp bằng mã UTF-8 rồi gửi lại.") from error
    if not body.strip():
        raise _refuse("Tệp XML trống. Chọn lại tệp có nội dung.")
    if _has_doctype(body):
        raise _refuse("Tệp XML khai báo DOCTYPE nên bị từ chối. Bỏ dòng <!DOCTYPE …> rồi gửi lại.")
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
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise _refuse(f"Tệp XML hỏng ở dòng {line}. Xuất lại tệp từ phần mềm gốc rồi gửi lại.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refuse("Tệp XML khai báo DOCTYPE nên bị từ chối. Bỏ dòng <!DOCTYPE …> rồi gửi lại.")
    if root.xpath("boolean(" + "/*" * (max_depth + 1) + ")"):
        raise _refuse(f"Tệp XML lồng nhau quá {max_depth} tầng. Kiểm lại phần mềm đã xuất tệp.")
    return root
