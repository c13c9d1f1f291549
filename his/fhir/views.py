"""Parts of a resource: `_summary` and `_elements` on read, search and history.

http://hl7.org/fhir/R4/search.html#summary. What was left out is told by the tag SUBSETTED; texts are cut, not
rewritten, so that what is left stands as it was stored.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from his.fhir.conditions import bad
from his.fhir.elements import RESOURCE, Element, choices, elements
from his.fhir.jsontext import Member, Parsed, read_array, read_object

NAMES = frozenset({"_summary", "_elements"})
SUBSETTED = '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}'
THREAD_FROM = 200_000
SUMMARIES = ("true", "text", "data", "count", "false")
ALWAYS = frozenset({"resourceType", "id", "meta"})
Keeps = Callable[[Element], bool]


@dataclass(frozen=True, slots=True)
class View:
    """What of each resource is shown: a summary, or the elements named."""

    summary: str = ""
    elements: frozenset[str] = frozenset()

    def keeps(self, kind: str) -> Keeps:
        """Which top elements of a type are shown; mandatory ones always are."""
        if self.elements:
            names = {name.removeprefix(f"{kind}.") for name in self.elements}
            return lambda element: element.name in names or element.choice in names or element.required
        if self.summary == "text":
            return lambda element: element.name == "text" or element.required
        if self.summary == "data":
            return lambda element: element.name != "text"
        return lambda element: element.summary or element.required


def view_of(pairs: Iterable[tuple[str, str]], kind: str = "") -> View | None:
    """The view that a query asks for, None for whole resources. Raises 400 that names the parameter."""
    summary, names = "", set[str]()
    for name, value in pairs:
        if name == "_summary":
            if value not in SUMMARIES:
                raise bad(name, f"chỉ nhận {', '.join(SUMMARIES)}.")
            summary = "" if value in ("false", "count") else value
        elif name == "_elements":
            names |= {part.strip() for part in value.split(",") if part.strip()}
            if not names:
                raise bad(name, "cần tên phần tử.")
    if summary and names:
        raise bad("_elements", "không dùng cùng _summary.")
    if kind:
        known = choices(kind)
        for one in names:
            if known and one.removeprefix(f"{kind}.") not in known and one not in ALWAYS:
                raise bad("_elements", f"{kind} không có phần tử {one[:60]}.")
    return View(summary, frozenset(names)) if summary or names else None


def shown(text: str, view: View) -> str:
    """A resource's text as the view shows it."""
    return _cut_resource(read_object(text), view)


async def viewed(body: bytes, view: View | None) -> bytes:
    """A searchset or history as the view shows it, None for the whole; a large one is cut in a thread."""
    if view is None:
        return body
    return await asyncio.to_thread(shown_bundle, body, view) if len(body) > THREAD_FROM else shown_bundle(body, view)


def shown_bundle(body: bytes, view: View) -> bytes:
    """A searchset or history with every resource as the view shows it; `_elements` leaves included ones whole."""
    text = body.decode()
    bundle = read_object(text)
    member = bundle.member("entry")
    if member is None:
        return body
    entries = []
    for value, start, end in read_array(text, member.value_start):
        resource = read_object(text, start).member("resource")
        if resource is None or (view.elements and value.get("search", {}).get("mode") == "include"):
            entries.append(text[start:end])
        else:
            cut = _cut_resource(read_object(text, resource.value_start), view)
            entries.append(text[start : resource.value_start] + cut + text[resource.end : end])
    return f"{text[: member.value_start]}[{','.join(entries)}]{text[member.end :]}".encode()


def _cut_resource(resource: Parsed, view: View) -> str:
    kind = str(resource.value.get("resourceType", ""))
    known = elements(kind)
    if known is None:
        return resource.text[resource.start : resource.end]
    deep = view.summary == "true"
    keeps = view.keeps(kind)
    parts = []
    meta = False
    for member in resource.members:
        name = member.name.removeprefix("_")
        if name == "meta":
            meta = True
            parts.append(f'"meta":{_tagged(resource.text, member)}')
        elif name in ALWAYS:
            parts.append(resource.text[member.start : member.end])
        elif name in known and keeps(known[name]):
            parts.append(_member(resource.text, member, known[name], deep))
    if not meta:
        parts.insert(min(2, len(parts)), f'"meta":{{"tag":[{SUBSETTED}]}}')
    return "{" + ",".join(parts) + "}"


def _tagged(text: str, member: Member) -> str:
    meta = read_object(text, member.value_start)
    tags = meta.member("tag")
    whole = text[meta.start : meta.end]
    if tags is not None and isinstance(tags.value, list):
        if any(isinstance(tag, dict) and tag.get("code") == "SUBSETTED" for tag in tags.value):
            return whole
        inside = text[tags.value_start + 1 : tags.end]
        comma = "," if tags.value else ""
        return f"{text[meta.start : tags.value_start]}[{SUBSETTED}{comma}{inside}{text[tags.end : meta.end]}"
    return f'{whole[:-1]}{"," if meta.members else ""}"tag":[{SUBSETTED}]}}'


def _member(text: str, member: Member, element: Element, deep: bool) -> str:
    """A member as it stands, or with the parts of it that are no summary left out."""
    plain = text[member.start : member.end]
    if not deep or element.primitive or element.type == RESOURCE or member.name.startswith("_"):
        return plain
    name = text[member.start : member.value_start]
    if isinstance(member.value, list):
        items = [_cut_object(text, start, element.type) for _, start, _ in read_array(text, member.value_start)]
        return f"{name}[{','.join(items)}]"
    return name + _cut_object(text, member.value_start, element.type)


def _cut_object(text: str, start: int, kind: str) -> str:
    parsed = read_object(text, start)
    known = elements(kind) or {}
    kept = []
    for member in parsed.members:
        element = known.get(member.name.removeprefix("_"))
        if element is None or element.summary or element.required or element.name == "id":
            kept.append(text[member.start : member.end] if element is None else _member(text, member, element, True))
    if not kept:  # an element without anything in it is no element: it stays whole
        return text[parsed.start : parsed.end]
    return "{" + ",".join(kept) + "}"
