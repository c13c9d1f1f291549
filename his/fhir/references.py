"""References inside a bundle: found and replaced in the text of a resource, nothing else of it is touched.

http://hl7.org/fhir/R4/http.html#trules. A reference to another entry (urn:uuid, its full URL, or relative to it)
becomes `Type/id`; a conditional one (`Type?identifier=...`) becomes the one resource that matches. Elements of type uri,
url, oid and uuid and links of narratives follow when they are a URN of the bundle; canonical ones stay.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from his.fhir.elements import RESOURCE, XHTML, elements
from his.fhir.jsonexact import read, write
from his.fhir.jsontext import Member, Parsed, read_document, read_value

# A member name can never match inside a string: there its quotes are escaped.
_REFERENCE = re.compile(r'("reference"\s*:\s*)("(?:[^"\\]|\\.)*")')
_URN = re.compile(r"urn:(?:uuid|oid):[A-Za-z0-9.\-]+")
_IN_STRING = re.compile(r'"(?:value|reference|display|id)"\s{0,9}:\s{0,9}"\Z')
_LINK = re.compile(r"""((?:href|src)\s*=\s*["'])([^"']*)(["'])""")
REWRITTEN = frozenset({"Uri", "Url", "Oid", "Uuid"})
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)$")
_ABSOLUTE = re.compile(r"https?://.+/([A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64})$")


def references(text: str) -> set[str]:
    """Every reference in the text of a resource."""
    return {_plain(found[2]) for found in _REFERENCE.finditer(text)}


def conditional(reference: str) -> tuple[str, str] | None:
    """Type and query of a conditional reference, None for any other."""
    found = _CONDITIONAL.match(reference)
    return (found[1], found[2]) if found else None


def relative(full_url: str) -> str:
    """`Type/id` at the end of an absolute full URL, "" when it has none."""
    found = _ABSOLUTE.match(full_url)
    return found[1] if found else ""


@dataclass(slots=True)
class Targets:
    """What the references of a bundle stand for: full URLs and `Type/id` as sent, to `Type/id` as written.

    `versions` holds the version that each will have, where it is known before writing.
    """

    known: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def find(self, reference: str, base: str) -> str | None:
        """The new reference, None when it stays. `base` is that of the entry the reference stands in.

        A reference to one version stays one to one version: the one this bundle writes.
        """
        whole, mark, version = reference.partition("/_history/")
        target = self.known.get(base + whole) if base else None
        target = target or self.known.get(whole)
        if target is None or target == whole:
            return None
        return f"{target}/_history/{self.versions.get(target, version)}" if mark else target


def base_of(full_url: str) -> str:
    """The base with its slash that relative references of an entry are relative to, "" for a URN."""
    local = relative(full_url)
    return full_url.removesuffix(local) if local else ""


def rewrite(resource: Parsed, targets: Targets, missing: Callable[[str], None], base: str = "") -> Parsed:
    """The resource with every known reference replaced; `missing` is told of a URN that stands for nothing.

    Only the members that hold one are read again.
    """

    def replaced(found: re.Match[str]) -> str:
        reference = _plain(found[2])
        target = targets.find(reference, base)
        if target is None:
            if reference.startswith("urn:"):
                missing(reference)
            return found[0]
        return f'{found[1]}"{target}"'

    text = resource.text
    members: list[Member] = []
    pieces: list[str] = []
    length, done, changed = 0, resource.start, False
    for member in resource.members:
        gap = text[done : member.start]
        old = text[member.start : member.end]
        new = _REFERENCE.sub(replaced, old) if '"reference"' in old else old
        start = length + len(gap)
        place = start + member.value_start - member.start
        value = member.value
        if new != old:
            changed = True
            value = read_value(new, member.value_start - member.start)[0]
        length = start + len(new)
        pieces += gap, new
        members.append(Member(member.name, value, start, place, length))
        done = member.end
    if changed:
        whole = "".join(pieces) + text[done : resource.end]
        resource = Parsed(whole, 0, len(whole), members)
    return _rewrite_uris(resource, targets)


def _rewrite_uris(resource: Parsed, targets: Targets) -> Parsed:
    """Elements of type uri, url, oid and uuid, and links of narratives, that are a URN of this bundle."""
    text, start, end = resource.text, resource.start, resource.end
    found = _URN.finditer(text, start, end)
    if not any(urn[0] in targets.known and not _is_string(text, urn.start()) for urn in found):
        return resource
    read_anew = read(text[start:end])
    changed = _walk(read_anew, str(read_anew.get("resourceType", "")), targets)
    return read_document(write(read_anew)) if changed else resource


def _is_string(text: str, at: int) -> bool:
    """Whether the value that starts here is an element that is never replaced (`Identifier.value`): no need to parse."""
    return _IN_STRING.search(text, max(0, at - 40), at) is not None


def _walk(value: dict[str, Any], kind: str, targets: Targets) -> bool:
    """Replace the URNs in an object of this type; whether there was one."""
    known = elements(kind) or {}
    found = False
    for name, held in value.items():
        element = known.get(name)
        if element is None:
            continue
        items = held if isinstance(held, list) else [held]
        for n, item in enumerate(items):
            if isinstance(item, dict):
                inner = str(item.get("resourceType", "")) if element.type == RESOURCE else element.type
                found = _walk(item, inner, targets) or found
            elif isinstance(item, str) and (changed := _followed(item, element.type, targets)) != item:
                found = True
                if isinstance(held, list):
                    held[n] = changed
                else:
                    value[name] = changed
    return found


def _followed(text: str, kind: str, targets: Targets) -> str:
    """A primitive with the URNs of the bundle replaced, if its type may hold one."""
    if kind in REWRITTEN:
        return targets.known.get(text, text)
    if kind == XHTML:
        return _LINK.sub(lambda link: link[1] + targets.known.get(link[2], link[2]) + link[3], text)
    return text


def _plain(quoted: str) -> str:
    return str(read_value(quoted, 0)[0]) if "\\" in quoted else quoted[1:-1]
