"""The values of a search parameter as conditions: token, string, reference, uri, date, number and quantity.

http://hl7.org/fhir/R4/search.html#ptypes. Strings match by words: every word of the value begins a word of the element,
without marks and in any order, so that `name=an nguyen` finds Nguyễn Văn An.
"""

import re

from his.fhir.composites import composite
from his.fhir.conditions import (
    AllCondition,
    AnyCondition,
    Asking,
    Condition,
    EngineCondition,
    NeverCondition,
    NotCondition,
    PatternCondition,
    PresentCondition,
    Range,
    ValueCondition,
    bad,
)
from his.fhir.extract import LONGEST, SEPARATOR, bounded, words
from his.fhir.parameters import Parameter, parameters
from his.fhir.resource_types import TYPES
from his.fhir.searchranges import dates, near, numbers
from his.fhir.searchtext import ID, alternatives, any_context, any_of, like, no_modifier, prefix, unescape, values
from his.fhir.searchtokens import tokens
from his.kit.text import fold

CUT = "\x1e"
_TABLE = {
    "date": "resource_date",
    "number": "resource_number",
    "quantity": "resource_number",
    "near": "resource_number",
}


def conditions(resource_type: str, base: str, modifier: str, value: str, asking: Asking, name: str) -> list[Condition]:
    """The conditions of one parameter without chain; `name` is what the caller wrote, for refusals."""
    parameter = parameters(resource_type).get(base)
    if parameter is None:
        raise bad(name[:60], f"{resource_type} không có tham số này.")
    if value == "":
        raise bad(name[:60], "thiếu giá trị.")
    if len(value) > 20 * LONGEST:
        raise bad(name[:60], "quá dài.")
    if modifier == "missing":
        return [_missing(name, parameter, value)]
    if parameter.kind in ("token", "code"):
        return [tokens(name, parameter, modifier, value)]
    match parameter.kind:
        case "date":
            _refuse_modifier(name, modifier)
            return [dates(name, parameter.sources[0], value, asking.now)]
        case "string" | "text":
            return _strings(name, parameter, modifier, value)
        case "reference" | "canonical" if modifier != "identifier":
            return [_references(name, parameter, modifier, value)]
        case "uri":
            return [_uris(name, parameter, modifier, value)]
        case "number" | "quantity":
            _refuse_modifier(name, modifier)
            return [numbers(name, parameter, value)]
        case "near":
            _refuse_modifier(name, modifier)
            return [near(name, parameter, value)]
        case "composite":
            _refuse_modifier(name, modifier)
            return [_composite(resource_type, name, parameter, value, asking)]
    return [tokens(name, parameter, modifier, value)]


def _refuse_modifier(name: str, modifier: str) -> None:
    if modifier:
        raise no_modifier(name)


def _missing(name: str, parameter: Parameter, value: str) -> Condition:
    if value not in ("true", "false") or parameter.kind == "composite":
        raise bad(name[:60], "chỉ nhận true hoặc false cho tham số không ghép.")
    if parameter.is_presence:
        return NeverCondition() if value == "true" else NotCondition(NeverCondition())
    there: Condition = PresentCondition(
        _TABLE.get(parameter.kind, "resource_index"),
        parameter.sources,
        f"%{SEPARATOR}{like(parameter.context)}" if parameter.context else "",
    )
    if parameter.name == "_tag":
        there = AnyCondition((there, EngineCondition()))
    return NotCondition(there) if value == "true" else there


def _references(name: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    if modifier and (modifier not in TYPES or parameter.kind == "canonical"):
        raise no_modifier(name)
    ranges = []
    names: dict[str, None] = {}
    for one in alternatives(name, value):
        found, kind = _reference(name, parameter, modifier, one)
        ranges.append(found)
        held = (parameter.narrow[kind],) if kind in parameter.narrow else parameter.sources
        if kind and kind not in parameter.narrow:
            held = parameter.sources[:1]
        names |= dict.fromkeys(held)
    first, *others = names
    return ValueCondition(first, tuple(dict.fromkeys(ranges)), tuple(others))


def _reference(name: str, parameter: Parameter, modifier: str, value: str) -> tuple[Range, str]:
    if parameter.kind == "canonical":
        address, bar, version = unescape(value).partition("|")
        if not address or (bar and not version):
            raise bad(name[:60], "cần địa chỉ hoặc địa chỉ|phiên bản.")
        return (Range(bounded(address + SEPARATOR + version)) if version else any_context(address)), ""
    value = unescape(value)
    if "://" in value:
        return Range(bounded(value + SEPARATOR)), ""
    kind, slash, identity = value.rpartition("/")
    kind = kind or modifier or parameter.target
    if not ID.match(identity) or (slash and kind not in TYPES) or (slash and modifier not in ("", kind)):
        raise bad(name[:60], "cần Loại/mã hoặc mã.")
    return (Range(identity + SEPARATOR + kind) if kind else any_context(identity)), kind


def _uris(name: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    ranges = []
    for part in alternatives(name, value):
        one = unescape(part)
        if modifier == "":
            ranges.append(Range(bounded(one)))
        elif modifier == "below" and len(one) < LONGEST:
            ranges.append(prefix(one))
        elif modifier == "above" and len(one) < LONGEST:
            ranges += [Range(one[:end]) for end in _ends(one)]
        else:
            raise no_modifier(name)
    return values(parameter, ranges)


def _ends(address: str) -> list[int]:
    """Where the addresses above this one end: at each slash behind the host, with and without it; and the whole."""
    start = address.find("://") + 3 if "://" in address else 0
    cuts = [n for n, c in enumerate(address) if c == "/" and n >= start][:60]
    return sorted({len(address), *cuts, *(n + 1 for n in cuts)})


def _strings(name: str, parameter: Parameter, modifier: str, value: str) -> list[Condition]:
    texts = [unescape(one) for one in alternatives(name, value)]
    folded = [fold(text) for text in texts]
    if modifier not in ("", "exact", "contains") or (modifier and parameter.kind == "text"):
        raise no_modifier(name)
    if modifier == "exact":
        keys = [
            ((words(f) or [""])[0] + SEPARATOR + f + SEPARATOR + text) for f, text in zip(folded, texts, strict=True)
        ]
        return [values(parameter, [Range(bounded(key)) for key in keys])]
    if modifier == "contains":
        if not all(folded):
            raise bad(name[:60], "không có chữ nào để tìm.")
        ends = (SEPARATOR, CUT)
        return [
            PatternCondition(parameter.sources, tuple(f"%{SEPARATOR}%{like(f)}%{end}%" for f in folded for end in ends))
        ]
    found = [words(f) for f in folded]
    if not all(found):
        raise bad(name[:60], "không có chữ nào để tìm.")
    if len(found) == 1:
        return [values(parameter, [prefix(word)]) for word in found[0]]
    if all(len(some) == 1 for some in found):
        return [values(parameter, [prefix(some[0]) for some in found])]
    return [AnyCondition(tuple(AllCondition(tuple(values(parameter, [prefix(w)]) for w in some)) for some in found))]


def _composite(resource_type: str, name: str, parameter: Parameter, value: str, asking: Asking) -> Condition:
    found: list[Condition] = []
    for one in alternatives(name, value):
        halves = re.split(r"(?<!\\)\$", one)
        if len(halves) != 2 or not all(halves):
            raise bad(name[:60], "cần hai giá trị nối bằng $.")
        held: list[Condition] = []
        for part, half in zip(parameter.parts, halves, strict=True):
            held += conditions(resource_type, part.param, "", half, asking, name)
        correlated = composite(resource_type, name, parameter, halves)
        found.append(AllCondition((*held, *correlated)))
    return any_of(found)
