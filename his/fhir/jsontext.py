"""FHIR JSON as text: reads a resource and keeps where its members stand, so that `id` and `meta` are spliced in.

Numbers never change (`1.10` stays `1.10`): what is stored is the text that came, with `id` and `meta` replaced.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.scanner import make_scanner
from types import MappingProxyType
from typing import Any, NoReturn

from his.fhir.outcome import FhirError

MAX_DEPTH = 40
Reader = Callable[[str, int], tuple[Any, int]]
_SPACE = re.compile(r"[ \t\n\r]*")
_BAD_ESCAPE = re.compile(
    r"\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_ESCAPED = re.compile(r"\\\\")


def _constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_constant)
_scan = make_scanner(_DECODER)  # type: ignore[arg-type]


@dataclass(slots=True)
class Member:
    """A member of an object: its name, its value, and the offsets of name and value in the text."""

    name: str
    value: Any
    start: int
    value_start: int
    end: int


@dataclass(slots=True)
class Parsed:
    """An object that stands at `start:end` of `text`, with its members in their order."""

    text: str
    start: int
    end: int
    members: list[Member]

    @property
    def value(self) -> dict[str, Any]:
        """The object as a plain dict."""
        return {member.name: member.value for member in self.members}

    def member(self, name: str) -> Member | None:
        """The member of this name, or None."""
        for member in self.members:
            if member.name == name:
                return member
        return None


def malformed(detail: str, expression: str = "") -> FhirError:
    """The text is not JSON as FHIR wants it (400)."""
    return FhirError(400, "structure", f"Nội dung không phải JSON FHIR hợp lệ: {detail}", expression)


def decode(body: bytes) -> str:
    """The text of a request body; refuses what is not UTF-8, and escapes that no database can store."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed(f"không phải UTF-8 (byte {error.start}).") from None
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\\u" in text and _BAD_ESCAPE.search(_ESCAPED.sub("  ", text)):
        raise malformed("có ký tự NUL hoặc nửa cặp surrogate.")
    return text


def read_value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that starts at this offset, and the offset behind it."""
    try:
        value, end = _scan(text, at)
    except StopIteration as error:
        raise malformed(f"thiếu giá trị ở vị trí {error.value}.") from None
    except RecursionError:
        raise malformed("lồng quá sâu.") from None
    except ValueError as error:
        raise malformed(f"{str(error)[:80]}.") from None
    return value, end


def read_part(text: str, at: int) -> tuple[Any, int]:
    """As `read_value`, but an object comes as `Parsed`."""
    if text[at : at + 1] != "{":
        return read_value(text, at)
    found = read_object(text, at)
    return found, found.end


def read_list(text: str, at: int, read: Reader) -> tuple[list[Any], int]:
    """The array that starts at this offset, each item as `read` gives it, and the offset behind the array."""
    items: list[Any] = []
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        item, end = read(text, at)
        items.append(item)
        at = _skip(text, end)
        mark = text[at : at + 1]
        if mark == "]":
            return items, at + 1
        if mark != ",":
            raise malformed(f"thiếu dấu phẩy ở vị trí {at}.")
        at = _skip(text, at + 1)


def read_object(text: str, at: int = 0, inside: Mapping[str, Reader] = MappingProxyType({})) -> Parsed:
    """The object that starts at this offset (white space before it is skipped). Refuses doubled member names.

    `inside` says how the values of some members are read, so that nothing is read twice.
    """
    start = at = _skip(text, at)
    if text[at : at + 1] != "{":
        raise malformed("cần một đối tượng { … }.")
    at = _skip(text, at + 1)
    members: list[Member] = []
    if text[at : at + 1] == "}":
        return Parsed(text, start, at + 1, members)
    seen: set[str] = set()
    while True:
        if text[at : at + 1] != '"':
            raise malformed(f"thiếu tên phần tử ở vị trí {at}.")
        try:
            name, after = scanstring(text, at + 1, True)
        except ValueError as error:
            raise malformed(f"{str(error)[:80]}.") from None
        if name in seen:
            raise malformed("một phần tử có hai lần.", name if name.isidentifier() else "")
        seen.add(name)
        after = _skip(text, after)
        if text[after : after + 1] != ":":
            raise malformed(f"thiếu dấu hai chấm ở vị trí {after}.")
        value_start = _skip(text, after + 1)
        value, end = inside.get(name, read_value)(text, value_start)
        members.append(Member(name, value, at, value_start, end))
        at = _skip(text, end)
        mark = text[at : at + 1]
        if mark == "}":
            return Parsed(text, start, at + 1, members)
        if mark != ",":
            raise malformed(f"thiếu dấu phẩy ở vị trí {at}.")
        at = _skip(text, at + 1)


def read_array(text: str, at: int) -> list[tuple[Any, int, int]]:
    """Items of the array that starts at this offset: value, start, end."""
    items: list[tuple[Any, int, int]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, end = read_value(text, at)
        items.append((value, at, end))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return items


def read_document(text: str, inside: Mapping[str, Reader] = MappingProxyType({})) -> Parsed:
    """The one object that the text holds; refuses anything behind it."""
    parsed = read_object(text, inside=inside)
    if _skip(text, parsed.end) != len(text):
        raise malformed("còn chữ sau đối tượng.")
    return parsed


def splice(resource: Parsed, identity: str, at: str, tag: str | None) -> tuple[str, str]:
    """The resource's text before and after its version number, with this id, instant and origin tag.

    `tag` is the JSON text of the coding to add, None to add none; an origin tag that came along is taken out, the
    other members of `meta` stay as they were sent.
    """
    text = resource.text
    kept = [m for m in resource.members if m.name not in ("resourceType", "id", "meta")]
    kind = resource.member("resourceType")
    assert kind is not None, "validated before"
    head = f'{{"resourceType":"{kind.value}","id":"{identity}","meta":{{"versionId":"'
    meta = resource.member("meta")
    tail = f'","lastUpdated":"{at}"' + _rest_of_meta(text, meta, tag) + "}"
    if not kept:
        return head, tail + "}"
    return head, tail + "," + _joined(text, kept, resource) + "}"


def _joined(text: str, kept: list[Member], resource: Parsed) -> str:
    """The kept members; in one slice where nothing has to be left out between them."""
    first = resource.members.index(kept[0])
    if resource.members[first:] == kept:
        return text[kept[0].start : kept[-1].end]
    return ",".join(text[m.start : m.end] for m in kept)


def _rest_of_meta(text: str, meta: Member | None, tag: str | None) -> str:
    if meta is None:
        return f',"tag":[{tag}]' if tag else ""
    out = []
    tags = [tag] if tag else []
    for member in read_object(text, meta.value_start).members:
        if member.name in ("versionId", "lastUpdated"):
            continue
        if member.name == "tag" and isinstance(member.value, list):
            tags += [
                text[start:end]
                for value, start, end in read_array(text, member.value_start)
                if not (isinstance(value, dict) and value.get("code") == ENGINE_ONLY and is_origin(value.get("system")))
            ]
            continue
        out.append("," + text[member.start : member.end])
    if tags:
        out.append(',"tag":[' + ",".join(tags) + "]")
    return "".join(out)


ENGINE_ONLY = "engine-only"


def is_origin(system: object) -> bool:
    """Whether this is the code system of our origin tags."""
    return isinstance(system, str) and system.endswith("/CodeSystem/origin")


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] > " ":
        return at
    found = _SPACE.match(text, at)
    return found.end() if found else at
