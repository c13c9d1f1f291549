"""A second opinion on searches: FHIRPath over resources in memory, written from the standard, knowing nothing of `his`.

The expressions are those of the standard's list of search parameters (search_parameters.ndjson). A string matches by words
without marks, `:text` by the beginning of the text; a code matches whatever system is named with it.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

Node = Any
Span = tuple[datetime, datetime]
VIETNAM = timezone(timedelta(hours=7))
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")
COMMON = {"_tag": ("token", "meta.tag"), "_security": ("token", "meta.security"), "_profile": ("uri", "meta.profile")}
COMMON |= {"_source": ("uri", "meta.source"), "_text": ("text", "text.`div`")}


@cache
def standard() -> dict[str, dict[str, dict[str, Any]]]:
    """The standard's search parameters by type and name."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for line in Path(__file__).with_name("search_parameters.ndjson").read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        out.setdefault(found["type"], {})[found["name"]] = found
    return out


def definition(kind: str, name: str) -> dict[str, Any]:
    if name in COMMON:
        return {"name": name, "kind": COMMON[name][0], "expression": f"{kind}.{COMMON[name][1]}"}
    return standard()[kind][name]


@cache
def compiled(expression: str) -> Callable[[Any], list[Any]]:
    expression = re.sub(r"resolve\(\) is (\w+)", r"(reference.matches('(^|/)\1/') or type = '\1')", expression)
    return fhirpathpy.compile(expression, models["r4"])


def plain(text: str) -> str:
    """Without marks, small letters, single spaces."""
    found = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return re.sub(r"\s+", " ", "".join(c for c in found if not unicodedata.combining(c))).strip()


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain(text))


def split(text: str, mark: str) -> list[str]:
    return re.split(rf"(?<!\\)\{mark}", text)


def bare(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def span(text: str) -> Span:
    """The time a date covers; without a zone it is a date of Viet Nam."""
    found = re.match(
        r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?)?)?(Z|[+-]\d\d:\d\d)?$", text
    )
    assert found, text
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    shift = VIETNAM if zone is None else UTC if zone == "Z" else datetime.strptime(zone, "%z").tzinfo
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    low = datetime(*(int(p or d) for p, d in ((year, 1), (month, 1), (day, 1), (hour, 0), (minute, 0), (second, 0))),
                   micro, tzinfo=shift)  # fmt: skip
    if month is None:
        high = low.replace(year=low.year + 1)
    elif day is None:
        high = low.replace(year=low.year + low.month // 12, month=low.month % 12 + 1)
    else:
        unit = "days" if hour is None else "minutes" if second is None else "seconds" if fraction is None else ""
        high = low + (timedelta(**{unit: 1}) if unit else timedelta(microseconds=10 ** max(0, 6 - len(fraction))))
    return low, high


def spans(node: Node) -> list[Span]:
    if isinstance(node, str):
        return [span(node)]
    if isinstance(node, dict) and ("start" in node or "end" in node):
        low = span(node["start"])[0] if "start" in node else FIRST
        return [(low, span(node["end"])[1] if "end" in node else LAST)]
    if isinstance(node, dict):
        bounds = node.get("repeat", {}).get("boundsPeriod")
        return [span(event) for event in node.get("event", [])] + (spans(bounds) if bounds else [])
    return [span(str(node))]


def holds(prefix: str, asked: tuple[Any, Any], held: tuple[Any, Any], *, exact: Any = None) -> bool:
    """Compare a value that covers `held` with a search for `asked`; numbers compare with the `exact` one asked for."""
    (low, high), (first, last) = asked, held
    point = exact is not None
    inside = low <= first and (last < high if point else last <= high)
    if prefix == "ap":
        return first <= high and last >= low if point else first < high and last > low
    above, below = (last > exact, first < exact) if point else (last > high, first < low)
    return {
        "eq": inside,
        "ne": not inside,
        "gt": above,
        "lt": below,
        "ge": above or (last == exact if point else inside),
        "le": below or (first == exact if point else inside),
        "sa": first > exact if point else first >= high,
        "eb": last < exact if point else last <= low,
    }[prefix]


def codings(node: Node) -> list[tuple[str | None, str]]:
    """(system, code) of whatever a token may be; the system is None where the element has no place for one."""
    if isinstance(node, bool):
        return [(None, "true" if node else "false")]
    if isinstance(node, str):
        return [(None, node)]
    if not isinstance(node, dict):
        return []
    if "coding" in node:
        return [found for coding in node["coding"] for found in codings(coding)]
    code = node.get("value", node.get("code"))
    return [(node.get("system", ""), code or "")] if code is not None or "system" in node else []


def texts(node: Node) -> list[str]:
    if not isinstance(node, dict):
        return []
    kind = node.get("type")
    found = [node.get("text"), node.get("display"), kind.get("text") if isinstance(kind, dict) else None]
    return [t for t in found + [c.get("display") for c in node.get("coding", [])] if t]


def strings(node: Node) -> list[str]:
    if isinstance(node, str):
        return [node]
    if not isinstance(node, dict):
        return []
    parts = ADDRESS_PARTS if {"line", "city", "country", "state", "district", "postalCode"} & set(node) else NAME_PARTS
    found = [node[part] for part in parts if part in node]
    return [text for one in found for text in (one if isinstance(one, list) else [one])]


def token_matches(node: Node, value: str) -> bool:
    system, code = [bare(p) for p in split(value, "|")] if len(split(value, "|")) == 2 else [None, bare(value)]
    for held_system, held_code in codings(node):
        if held_system is None:
            same = code in ("", held_code)
        else:
            same = system in (None, held_system) and (code == "" or code == held_code)
        if same:
            return True
    return False


def text_matches(node: Node, value: str) -> bool:
    return any(plain(text).startswith(plain(bare(value))) for text in texts(node))


def of_type(node: Node, value: str) -> bool:
    system, code, held = (bare(part) for part in split(value, "|"))
    typed = isinstance(node, dict) and isinstance(node.get("type"), dict) and codings(node["type"])
    return bool(typed) and node.get("value") == held and (system, code) in typed


def date_matches(node: Node, value: str, now: datetime) -> bool:
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    low, high = span(text)
    if prefix == "ap":
        gap = abs(now - low) / 10
        low, high = low - gap, high + gap
    return any(holds(prefix, (low, high), held) for held in spans(node))


def quantity_matches(node: Node, value: str) -> bool:
    number, *unit = [bare(part) for part in split(value, "|")]
    prefix, digits = (number[:2], number[2:]) if number[:2].isalpha() else ("eq", number)
    asked = Decimal(digits)
    half = abs(asked) / 10 if prefix == "ap" else Decimal(5).scaleb(asked.as_tuple().exponent - 1)
    ends: list[Any] = [node, node]
    if isinstance(node, dict):
        if "low" in node or "high" in node:
            ends = [node.get("low"), node.get("high")]
        numbers = [e.get("value") if e else None for e in ends]
    else:
        numbers = [node, node]
    low, high = (
        Decimal(str(n)) if n is not None else Decimal(s) for n, s in zip(numbers, ("-inf", "inf"), strict=True)
    )
    holder = next((e for e in ends if isinstance(e, dict)), {})
    code, system = holder.get("code", holder.get("currency", "")), holder.get("system", "")
    if "currency" in holder:
        system = "urn:iso:std:iso:4217"
    if unit and unit[0] and (system, code) != (unit[0], unit[1]):
        return False
    if unit and not unit[0] and unit[1] not in (code, holder.get("unit")):
        return False
    return holds(prefix, (asked - half, asked + half), (low, high), exact=asked)


def reference_of(node: Node) -> str:
    return node.get("reference", "") if isinstance(node, dict) else str(node)


def reference_matches(node: Node, value: str, wanted: str) -> bool:
    held = reference_of(node)
    if not isinstance(node, dict):  # canonical
        address, bar, version = bare(value).partition("|")
        mine, _, mine_version = held.partition("|")
        return mine == address and (not bar or version == mine_version)
    held = re.sub(r"/_history/[^/]+$", "", held)
    value = bare(value)
    if "://" in value:
        return held == value
    if "/" in value:
        return held == value
    return held == f"{wanted}/{value}" if wanted else bool(re.fullmatch(rf"[A-Za-z]+/{re.escape(value)}", held))


def uri_matches(node: Node, modifier: str, value: str) -> bool:
    value = bare(value)
    if modifier == "below":
        return str(node).startswith(value)
    if modifier == "above":
        host = value.find("://") + 3 if "://" in value else 0
        return value == node or (
            value.startswith(node) and len(node) >= host and (value[len(node)] == "/" or node.endswith("/"))
        )
    return node == value


def string_matches(nodes: Iterable[Node], modifier: str, value: str) -> bool:
    held = [text for node in nodes for text in strings(node)]
    value = bare(value)
    if modifier == "exact":
        return value in held
    if modifier == "contains":
        return any(plain(value) in plain(text) for text in held)
    known = [word for text in held for word in words(text)]
    return all(any(word.startswith(asked) for word in known) for asked in words(value))
