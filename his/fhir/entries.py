"""The entries of a batch or transaction: each with its request and the place of its resource in the text."""

from dataclasses import dataclass
from typing import Any

from his.fhir.http import split_path
from his.fhir.jsontext import Parsed, read_document, read_list, read_object, read_part, read_value
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.fhir.writer import Draft

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class Entry:
    """An entry of a bundle: what it asks, and what becomes of it."""

    position: int
    method: str
    segments: list[str]
    query: str
    request: dict[str, Any]
    full_url: str
    parsed: Parsed | None
    draft: Draft | None = None
    delete: tuple[str, str, int | None] | None = None
    found: str = ""  # the resource a conditional create found
    again: bool = False  # a patch that may be applied anew to a later version
    answer: str = ""

    @property
    def operation(self) -> str:
        """The operation it calls, with its dollar sign, or ""."""
        return _operation(self.segments)

    @property
    def path(self) -> str:
        """FHIRPath of the entry, for errors."""
        return f"Bundle.entry[{self.position}]"


def read_bundle(text: str, limit: int, base: str = "") -> tuple[str, list[Entry]]:
    """Kind and entries of a bundle, each resource with its place in the text; `base` in front of an address is dropped."""
    document = read_document(text, {"entry": _read_entries})
    if document.value.get("resourceType") != "Bundle":
        raise FhirError(400, "structure", "Địa chỉ gốc chỉ nhận Bundle.", "resourceType")
    kind = document.value.get("type")
    if kind not in ("batch", "transaction"):
        raise FhirError(400, "value", "Bundle.type phải là batch hoặc transaction.", "Bundle.type")
    member = document.member("entry")
    if member is None:
        return kind, []
    if not isinstance(member.value, list) or len(member.value) > limit:
        raise FhirError(400, "structure", f"Bundle.entry phải là danh sách, tối đa {limit} mục.", "Bundle.entry")
    return kind, [_entry(n, value, base, kind) for n, value in enumerate(member.value)]


def _operation(segments: list[str]) -> str:
    return next((part for part in segments if part[:1] == "$"), "")


def _read_entries(text: str, at: int) -> tuple[Any, int]:
    """The entries, each with the places of its members and of those of its resource."""
    return read_list(text, at, _read_entry) if text[at : at + 1] == "[" else read_value(text, at)


def _read_entry(text: str, at: int) -> tuple[Any, int]:
    if text[at : at + 1] != "{":
        return read_value(text, at)
    found = read_object(text, at, {"resource": read_part})
    return found.value, found.end


def _entry(position: int, value: Any, base: str, kind: str) -> Entry:
    path = f"Bundle.entry[{position}]"
    request = value.get("request") if isinstance(value, dict) else None
    if not isinstance(request, dict) or not all(isinstance(item, str) for item in request.values()):
        raise FhirError(400, "required", f"{path} cần request.method và request.url.", f"{path}.request")
    method, url = request.get("method", ""), request.get("url", "")
    if method not in METHODS:
        raise FhirError(400, "not-supported", f"{path}: phương thức không được hỗ trợ.", f"{path}.request.method")
    place, _, query = (url.removeprefix(base + "/") if base else url).partition("?")
    segments = split_path(place)
    operation = _operation(segments)
    known = segments and (segments[0] in TYPES or operation or (method in ("GET", "HEAD") and segments == ["_history"]))
    if not known:
        raise FhirError(400, "value", f"{path}: request.url không có loại tài nguyên.", f"{path}.request.url")
    if operation and kind == "transaction" and method not in ("GET", "HEAD"):
        text = f"{path}: transaction không nhận thao tác bằng {method}. Gửi thao tác trong batch hoặc gửi riêng."
        raise FhirError(400, "not-supported", text, f"{path}.request.url")
    full_url = value.get("fullUrl", "")
    entry = Entry(position, method, segments, query, request, full_url if isinstance(full_url, str) else "", None)
    if method in ("POST", "PUT", "PATCH"):
        resource = value.get("resource")
        if operation and resource is None:
            return entry  # an operation may take no parameters, or have them all in its address
        if not isinstance(resource, Parsed):
            raise FhirError(400, "required", f"{path} cần resource.", f"{path}.resource")
        entry.parsed = resource
    return entry
