"""From the stored JSON text to FHIR XML: http://hl7.org/fhir/R4/xml.html.

Elements come in the order of the standard, numbers with the digits they were written with, narrative as XHTML.
"""

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any
from xml.sax.saxutils import escape

from his.fhir.elements import RESOURCE, XHTML, Element, elements
from his.fhir.jsonexact import read, scalar
from his.fhir.outcome import FhirError
from his.kit.errors import HisError
from his.kit.xml import safe_parse

NAMESPACE = "http://hl7.org/fhir"
XHTML_NAMESPACE = "http://www.w3.org/1999/xhtml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_OF_XML = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_DIV = re.compile(r"\s*<div(?=[\s>/])")


def to_xml(text: str, *, pretty: bool = False) -> bytes:
    """The XML of a resource's JSON text; 406 for a type or a character that XML cannot hold."""
    value = read(text)
    parts = [DECLARATION, *_Writer(pretty).resource(value, "\n", f' xmlns="{NAMESPACE}"')]
    return "".join(parts).encode()


def unwritable(expression: str, why: str) -> FhirError:
    """What JSON holds and XML cannot (406): the caller gets it as JSON."""
    return FhirError(
        406, "not-supported", f"Không viết được {expression} bằng XML: {why} Hãy đọc bằng JSON.", expression
    )


class _Writer:
    """Writes one document; `newline` is "" without line breaks, else the break with the indent of the parent."""

    def __init__(self, pretty: bool) -> None:
        self.pretty = pretty

    def resource(self, value: dict[str, Any], newline: str, attributes: str = "") -> Iterator[str]:
        """A resource under its own name."""
        kind = str(value.get("resourceType", ""))
        inner = self._inner(newline)
        body = list(self.children(value, kind, kind, inner))
        yield f"<{kind}{attributes}"
        if body:
            yield ">"
            yield from body
            yield f"{newline if self.pretty else ''}</{kind}>"
        else:
            yield "/>"

    def _inner(self, newline: str) -> str:
        return newline + "  " if self.pretty else ""

    def children(self, value: dict[str, Any], kind: str, path: str, newline: str) -> Iterator[str]:
        """The elements of a type, without those that are attributes."""
        known = elements(kind)
        if known is None:
            raise unwritable(path, "kiểu này không có lược đồ.")
        left = set(value) - {"resourceType"}
        in_resource = "resourceType" in value
        for name, element in known.items():
            beside = f"_{name}"
            if name not in left and beside not in left:
                continue
            left -= {name, beside}
            if not in_resource and (name == "id" or (name == "url" and kind == "Extension")):
                continue  # an attribute
            yield from self._element(element, value.get(name), value.get(beside), f"{path}.{name}", newline)
        if left:
            raise unwritable(f"{path}.{min(left)[:60]}", "phần tử không có trong lược đồ.")

    def _element(self, element: Element, value: Any, beside: Any, path: str, newline: str) -> Iterator[str]:
        if not element.many:
            yield from self._one(element, value, beside, path, newline)
            return
        values = value if isinstance(value, list) else []
        besides = beside if isinstance(beside, list) else []
        for n in range(max(len(values), len(besides))):
            yield from self._one(
                element,
                values[n] if n < len(values) else None,
                besides[n] if n < len(besides) else None,
                f"{path}[{n}]",
                newline,
            )

    def _one(self, element: Element, value: Any, beside: Any, path: str, newline: str) -> Iterator[str]:
        name = element.name
        if element.type == XHTML:
            yield newline
            yield _narrative(str(value), path)
        elif element.type == RESOURCE:
            yield f"{newline}<{name}>"
            inner = self._inner(newline)
            yield inner
            yield from self.resource(value, inner)
            yield f"{newline}</{name}>"
        elif element.primitive:
            shown = "" if value is None else f' value="{attribute(_plain(value), path)}"'
            more = beside if isinstance(beside, dict) else {}
            yield from self._tag(name, "Element", more, shown, path, newline)
        else:
            yield from self._tag(name, element.type, value, "", path, newline)

    def _tag(
        self, name: str, kind: str, value: dict[str, Any], attributes: str, path: str, newline: str
    ) -> Iterator[str]:
        for own in ("id", "url") if kind == "Extension" else ("id",):
            if own in value:
                attributes = f' {own}="{attribute(str(value[own]), path)}"' + attributes
        body = list(self.children(value, kind, path, self._inner(newline)))
        if body:
            yield f"{newline}<{name}{attributes}>"
            yield from body
            yield f"{newline}</{name}>"
        else:
            yield f"{newline}<{name}{attributes}/>"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else scalar(value)


def attribute(text: str, path: str) -> str:
    """A value as it stands between quotes; line breaks and tabs survive the reader."""
    if _NOT_XML.search(text):
        raise unwritable(path, "có ký tự điều khiển.")
    return text.translate(_ATTRIBUTE)


def _narrative(div: str, path: str) -> str:
    """The XHTML of a narrative; text that is no well-formed XHTML is shown as text."""
    if _NOT_XML.search(div):
        raise unwritable(path, "có ký tự điều khiển.")
    plain = _ENTITY.sub(lambda found: found[0] if found[1] in _OF_XML else html5.get(found[1], found[0]), div)
    start = _DIV.match(plain)
    if start is not None and "xmlns" not in plain[: plain.find(">") + 1]:
        plain = f'<div xmlns="{XHTML_NAMESPACE}"' + plain[start.end() :]
    try:
        root = safe_parse(plain.encode())
    except HisError:
        root = None
    if root is None or root.tag != f"{{{XHTML_NAMESPACE}}}div":
        return f'<div xmlns="{XHTML_NAMESPACE}">{escape(div)}</div>'
    return plain.strip()
