"""What stands in a sealed file, read for the rules of the file: nothing is repaired."""

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

from his.kit.errors import HisError
from his.kit.xml import safe_parse

SIGNATURE_PLACE = "CHUKYDONVI"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


@dataclass(frozen=True, slots=True)
class FileTable:
    """One FILEHOSO: what it is called, whether its content is one line of base64, its root, keys, field order, and the
    values of its first row by field."""

    name: str
    encoded: bool
    root: str
    keys: frozenset[str]
    facilities: frozenset[str]
    fields: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What stands in a file. `sha256` is that of the bytes, `sealed_sha256` and `dossier_code` what we know they must be."""

    names: frozenset[str]
    facility_code: str
    made_on: str
    declared: str
    dossiers: tuple[tuple[FileTable, ...], ...]
    references: tuple[tuple[str, str], ...]
    signature_last: bool
    sha256: str
    today: date
    sealed_sha256: str = ""
    dossier_code: str = ""


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _first(root: etree._Element, name: str) -> etree._Element | None:
    return next((e for e in root.iter() if isinstance(e.tag, str) and _name(e) == name), None)


def _all(root: etree._Element, name: str) -> list[etree._Element]:
    return [e for e in root.iter() if isinstance(e.tag, str) and _name(e) == name]


def _table(holder: etree._Element) -> FileTable:
    name, raw = _text(_first(holder, "LOAIHOSO")), _text(_first(holder, "NOIDUNGFILE"))
    try:
        inner = safe_parse(b64decode(raw, validate=True))
    except (binascii.Error, ValueError, HisError):
        return FileTable(name, False, "", frozenset(), frozenset(), (), {})
    leaves = [e for e in inner.iter() if isinstance(e.tag, str) and len(e) == 0]
    keys = frozenset(_text(e) for e in leaves if _name(e) == "MA_LK")
    units = frozenset(_text(e) for e in leaves if _name(e) == "MA_CSKCB")
    values = {_name(e): _text(e) for e in reversed(leaves)}
    return FileTable(name, "\n" not in raw, _name(inner), keys, units, tuple(_name(e) for e in leaves), values)


def state_file(data: bytes, today: date, *, sealed_sha256: str = "", dossier_code: str = "") -> FileFacts:
    """What the bytes say. Raises HisError(INVALID) when they are no XML at all."""
    root = safe_parse(data)
    places = _all(root, SIGNATURE_PLACE)
    references = [
        (
            r.get("URI", "none"),
            (method.get("Algorithm", "") if (method := r.find(f"{_DS}DigestMethod")) is not None else ""),
        )
        for place in places
        for r in place.iter(f"{_DS}Reference")
    ]
    return FileFacts(
        names=frozenset(_name(e) for e in root.iter() if isinstance(e.tag, str)),
        facility_code=_text(_first(root, "MACSKCB")),
        made_on=_text(_first(root, "NGAYLAP")),
        declared=_text(_first(root, "SOLUONGHOSO")),
        dossiers=tuple(tuple(_table(f) for f in _all(h, "FILEHOSO")) for h in _all(root, "HOSO")),
        references=tuple(references),
        signature_last=bool(places) and len(root) > 0 and root[-1] is places[-1],
        sha256=hashlib.sha256(data).hexdigest(),
        today=today,
        sealed_sha256=sealed_sha256,
        dossier_code=dossier_code,
    )
