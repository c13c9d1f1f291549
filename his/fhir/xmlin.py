"""From FHIR XML to the JSON text that is stored: http://hl7.org/fhir/R4/xml.html, read by the one safe parser.

Numbers keep their digits, narrative its XHTML. What JSON could not hold is refused with the FHIRPath of its place.
"""

import re
from copy import deepcopy

from lxml import etree

from his.fhir.elements import NUMBERS, RESOURCE, XHTML, Element, elements
from his.fhir.jsonexact import quoted
from his.fhir.jsontext import MAX_DEPTH
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.fhir.xmlout import NAMESPACE, XHTML_NAMESPACE
from his.kit.errors import HisError
from his.kit.xml import MAX_TAGS, safe_parse

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$", re.ASCII)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)$", re.ASCII)
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_PREFIX = f"{{{NAMESPACE}}}"
_DIV = f"{{{XHTML_NAMESPACE}}}div"


def from_xml(body: bytes, limit: int) -> str:
    """The JSON text of a resource in XML; 400 with the place for whatever is not FHIR."""
    try:
        root = safe_parse(body, limit, MAX_DEPTH + 40, max_attributes=MAX_TAGS)
    except HisError as error:
        raise FhirError(400, "structure", error.message, "Resource") from None
    try:
        return _resource(root, "")
    except RecursionError:
        raise FhirError(400, "structure", "Nội dung XML lồng quá sâu.", "Resource") from None


def wrong(path: str, why: str) -> FhirError:
    """An element that is not FHIR XML (400)."""
    return FhirError(400, "structure", f"Nội dung XML sai ở {path}: {why}", path)


def _local(node: etree._Element, path: str) -> str:
    tag = node.tag
    if not isinstance(tag, str) or not tag.startswith(_PREFIX):
        raise wrong(path or "Resource", f"phần tử phải thuộc không gian tên {NAMESPACE}.")
    return tag[len(_PREFIX) :]


def _resource(node: etree._Element, path: str) -> str:
    kind = _local(node, path)
    if kind not in TYPES and kind != "Parameters":
        raise wrong(path or "Resource", "tên phần tử không phải loại tài nguyên.")
    path = path or kind
    if set(node.keys()) - {_SCHEMA}:
        raise wrong(path, "tài nguyên không có thuộc tính.")
    return _object([f'"resourceType":"{kind}"'], node, kind, path)


def _object(members: list[str], node: etree._Element, kind: str, path: str) -> str:
    """An object from the children of a node; `members` stand in front of them."""
    known = elements(kind)
    if known is None:
        raise FhirError(415, "not-supported", f"Loại {kind} chỉ nhận bằng JSON.", path)
    if not _blank(node.text):
        raise wrong(path, "có chữ ngoài thuộc tính value.")
    groups: dict[str, list[etree._Element]] = {}
    for child in node:
        name = "div" if child.tag == _DIV else _local(child, path)
        if name not in known or not _blank(child.tail):
            raise wrong(f"{path}.{name[:60]}", "phần tử không có trong kiểu này, hoặc có chữ ngoài thuộc tính value.")
        groups.setdefault(name, []).append(child)
    for name, nodes in groups.items():
        _member(members, known[name], nodes, f"{path}.{name}")
    return "{" + ",".join(members) + "}"


def _blank(text: str | None) -> bool:
    return text is None or not text.strip()


def _member(members: list[str], element: Element, nodes: list[etree._Element], path: str) -> None:
    """Add one element, with its shadow `_name` when a primitive has an id or extensions."""
    name = element.name
    if not element.many and len(nodes) > 1:
        raise wrong(path, "phần tử chỉ được có một lần.")
    if not element.primitive:
        values = [_complex(node, element, f"{path}[{n}]" if element.many else path) for n, node in enumerate(nodes)]
        members.append(f'"{name}":' + (f"[{','.join(values)}]" if element.many else values[0]))
        return
    pairs = [_primitive(node, element, f"{path}[{n}]" if element.many else path) for n, node in enumerate(nodes)]
    for shown, index in ((f'"{name}":', 0), (f'"_{name}":', 1)):
        if any(pair[index] for pair in pairs):
            column = [pair[index] or "null" for pair in pairs]
            members.append(shown + (f"[{','.join(column)}]" if element.many else column[0]))


def _complex(node: etree._Element, element: Element, path: str) -> str:
    if element.type == RESOURCE:
        inside = list(node)
        if len(inside) != 1 or node.keys() or not _blank(node.text) or not _blank(inside[0].tail):
            raise wrong(path, "cần đúng một tài nguyên bên trong.")
        return _resource(inside[0], path)
    own = {"id", "url"} if element.type == "Extension" else {"id"}
    if set(node.keys()) - own:
        raise wrong(path, "có thuộc tính lạ.")
    if not node.keys() and not len(node):
        raise wrong(path, "phần tử trống.")
    members = [f'"{name}":{quoted(str(value))}' for name, value in sorted(node.items())]
    return _object(members, node, element.type, path)


def _primitive(node: etree._Element, element: Element, path: str) -> tuple[str, str]:
    """The JSON of the value and of its id and extensions, each "" when there is none."""
    if element.type == XHTML:
        return quoted(_xhtml(node)), ""
    if set(node.keys()) - {"id", "value"}:
        raise wrong(path, "có thuộc tính lạ.")
    raw = node.get("value")
    value = "" if raw is None else _value(str(raw), element.type, path)
    beside = ""
    if node.get("id") is not None or len(node):
        start = [f'"id":{quoted(str(node.get("id")))}'] if node.get("id") is not None else []
        beside = _object(start, node, "Element", path)
    elif not _blank(node.text):
        raise wrong(path, "có chữ ngoài thuộc tính value.")
    if not value and not beside:
        raise wrong(path, "phần tử trống.")
    return value, beside


def _value(text: str, kind: str, path: str) -> str:
    if text == "":
        raise wrong(path, "thuộc tính value trống.")
    if kind == "Boolean":
        if text not in ("true", "false"):
            raise wrong(path, "cần true hoặc false.")
        return text
    if kind in NUMBERS:
        if len(text) > 1000 or not (_NUMBER if kind == "Decimal" else _INTEGER).match(text):
            raise wrong(path, "cần một số.")
        return text
    return quoted(text)


def _xhtml(node: etree._Element) -> str:
    """The div as text, without the namespaces of the document around it."""
    alone = deepcopy(node)
    alone.tail = None
    if any(isinstance(part.tag, str) and part.prefix for part in alone.iter()):
        alone = _unprefixed(alone)
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode")


def _unprefixed(node: etree._Element) -> etree._Element:
    """The same XHTML with its namespace as the default one."""
    space = etree.QName(node).namespace
    made = etree.Element(node.tag, dict(node.items()), nsmap={None: space} if space else None)
    made.text, made.tail = node.text, node.tail
    made.extend([_unprefixed(child) for child in node])
    return made
