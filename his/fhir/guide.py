"""Reads a published implementation guide (XML) and keeps of it what can be checked: `his/fhir/guides/<name>.json`.

Kept of a StructureDefinition: cardinalities, fixed and pattern values, required bindings, slicing. Kept of value sets and
code systems: the codes, where the guide lists them all. Prose, mappings and examples stay where they were published.
"""

from pathlib import Path
from typing import Any

import orjson
from lxml import etree

from his.kit.xml import safe_parse

FHIR = "{http://hl7.org/fhir}"
_LISTS = frozenset({"coding", "given", "line", "extension", "identifier", "telecom", "name", "address"})
MOST_VALUES = 200_000
"""FHIR writes each value as an attribute; the largest file of the guide has some thousands."""
MOST_CODES = 5000
"""A value set with more codes than this is not kept: what it means is a terminology service's matter."""


def read_guide(folder: Path) -> dict[str, Any]:
    """`profiles` by canonical address and `sets`: value set -> list of [system, codes]."""
    profiles: dict[str, Any] = {}
    systems: dict[str, list[str]] = {}
    roots = []
    for path in sorted(folder.glob("*.xml")):
        root = safe_parse(path.read_bytes(), max_attributes=MOST_VALUES)
        roots.append(root)
        if root.tag == f"{FHIR}StructureDefinition":
            profiles[_text(root, "url")] = _profile(root)
        elif root.tag == f"{FHIR}CodeSystem" and _text(root, "content") == "complete":
            codes = [_text(c, "code") for c in root.iter(f"{FHIR}concept")]
            if len(codes) <= MOST_CODES:
                systems[_text(root, "url")] = sorted(codes)
    sets = {}
    for root in roots:
        if root.tag == f"{FHIR}ValueSet":
            found = _codes(root, systems)
            if found:
                sets[_text(root, "url")] = found
    wanted = {e["set"] for p in profiles.values() for e in p["elements"] if "set" in e}
    return {"profiles": profiles, "sets": {url: found for url, found in sorted(sets.items()) if url in wanted}}


def guide_text(folder: Path) -> bytes:
    """The guide as it is kept in this package."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(read_guide(folder), option=options)


def _text(node: Any, name: str) -> str:
    found = node.find(f"{FHIR}{name}")
    return found.get("value", "").strip() if found is not None else ""


def _profile(root: Any) -> dict[str, Any]:
    elements = []
    for node in root.iterfind(f"{FHIR}differential/{FHIR}element"):
        element = _element(node)
        if len(element) > 1:
            elements.append(element)
    return {
        "type": _text(root, "type"),
        "base": _text(root, "baseDefinition"),
        "title": _text(root, "title") or _text(root, "name"),
        "elements": elements,
    }


def _element(node: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"id": node.get("id") or _text(node, "path")}
    if low := _text(node, "min"):
        out["min"] = int(low)
    if high := _text(node, "max"):
        out["max"] = high
    for child in node:
        name = etree.QName(child).localname
        for kind in ("fixed", "pattern"):
            if name.startswith(kind) and len(name) > len(kind):
                out[kind] = _value(child)
    binding = node.find(f"{FHIR}binding")
    if binding is not None and _text(binding, "strength") == "required":
        out["set"] = _text(binding, "valueSet").partition("|")[0]
    slicing = node.find(f"{FHIR}slicing")
    if slicing is not None:
        out["slicing"] = {
            "by": [[_text(d, "type"), _text(d, "path")] for d in slicing.iterfind(f"{FHIR}discriminator")],
            "closed": _text(slicing, "rules") == "closed",
        }
    profiles = [p.get("value") for p in node.iterfind(f"{FHIR}type/{FHIR}profile")]
    if profiles:
        out["profile"] = profiles[0]
    return out


def _value(node: Any) -> Any:
    """A value of XML as JSON has it."""
    if not len(node):
        text = node.get("value", "").strip()
        return {"true": True, "false": False}.get(text, text)
    out: dict[str, Any] = {}
    for child in node:
        name = etree.QName(child).localname
        if name in _LISTS:
            out.setdefault(name, []).append(_value(child))
        else:
            out[name] = _value(child)
    return out


def _codes(root: Any, systems: dict[str, list[str]]) -> list[list[Any]]:
    """System and codes of each part of a value set; nothing when a part is a rule or a list that is not at hand."""
    compose = root.find(f"{FHIR}compose")
    if compose is None or compose.find(f"{FHIR}exclude") is not None:
        return []
    out: list[list[Any]] = []
    for include in compose.iterfind(f"{FHIR}include"):
        system = _text(include, "system")
        codes = [_text(c, "code") for c in include.iterfind(f"{FHIR}concept")] or systems.get(system, [])
        simple = include.find(f"{FHIR}filter") is None and include.find(f"{FHIR}valueSet") is None
        if not system or not codes or not simple or len(codes) > MOST_CODES:
            return []
        out.append([system, sorted(codes)])
    return out
