"""`:in` and `:not-in`: the codes of a ValueSet that is stored in the unit take the place of its address.

http://hl7.org/fhir/R4/search.html#token. An expansion is taken as it is; otherwise the codes that `compose` lists, whole
code systems, and the value sets it names. What only a terminology server could work out is refused.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from his.fhir.conditions import (
    AllCondition,
    AnyCondition,
    Asking,
    ChainCondition,
    Condition,
    HasCondition,
    IdCondition,
    NotCondition,
    PatternCondition,
    PresentCondition,
    Range,
    ValueCondition,
    ValueSetCondition,
    bad,
)
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.reader import Reader
from his.fhir.search import Query, parse
from his.fhir.searchlinks import seen_by
from his.fhir.searchsql import page
from his.fhir.searchtext import like

MOST_CODES = 1000
MOST_SETS = 20
Codes = list[tuple[str, str]]  # system, code; code "" for the whole system


async def resolve(reader: Reader, unit: int, query: Query) -> None:
    """Put the codes of every ValueSet that the search names into its conditions. Raises 400 for an unknown one."""
    asked = list(_named(query.conditions))
    if not asked:
        return
    known: dict[str, dict[str, Any]] = {}
    for condition in asked:
        seen_by("ValueSet", query.asking, condition.name)
    missing = {condition.address for condition in asked}
    for _round in range(MOST_SETS):
        fresh = [address for address in sorted(missing) if address not in known]
        if not fresh or len(known) + len(fresh) > MOST_SETS:
            break
        known |= await _load(reader, unit, fresh, query.asking)
        missing |= {address for found in known.values() for address in _sets_of(found)}
    query.conditions = [_filled(condition, known) for condition in query.conditions]


def _named(conditions: Any) -> Iterator[ValueSetCondition]:
    for condition in conditions:
        match condition:
            case ValueSetCondition():
                yield condition
            case NotCondition(inner):
                yield from _named([inner])
            case AllCondition(inner) | AnyCondition(inner) | HasCondition(_, _, inner):
                yield from _named(inner)
            case ChainCondition(_, targets):
                for _, inner in targets:
                    yield from _named(inner)


async def _load(reader: Reader, unit: int, addresses: list[str], asking: Asking) -> dict[str, dict[str, Any]]:
    """The stored value sets by address; an address that none has gives an empty one."""
    out: dict[str, dict[str, Any]] = {address: {} for address in addresses}
    own = [address.removeprefix("ValueSet/") for address in addresses if address.startswith("ValueSet/")]
    ranges = tuple(Range(bounded(address.partition("|")[0])) for address in addresses)
    query = parse("ValueSet", [("_count", str(MOST_SETS))], asking)
    query.conditions.append(ValueCondition("url", ranges))
    if own:
        query.conditions = [*query.conditions[:-1], AnyCondition((query.conditions[-1], *_by_id(own)))]
    for row in await reader.rows(page(query, unit)):
        found = orjson.loads(row[2])
        for address in addresses:
            url, _, version = address.partition("|")
            same = found.get("url") == url and version in ("", found.get("version"))
            if same or address == f"ValueSet/{found['id']}":
                out[address] = found
    return out


def _by_id(own: list[str]) -> list[Condition]:
    from_ids = parse("ValueSet", [("_id", ",".join(own))])
    assert from_ids.ids is not None
    return [IdCondition(from_ids.ids)]


def _sets_of(found: dict[str, Any]) -> list[str]:
    if "expansion" in found:
        return []
    parts = found.get("compose", {})
    return [
        str(one) for part in parts.get("include", []) + parts.get("exclude", []) for one in part.get("valueSet", [])
    ]


def _codes(address: str, known: dict[str, dict[str, Any]], name: str, part: str, depth: int = 0) -> Codes:
    """The codes that a value set includes or excludes."""
    found = known.get(address)
    if not found or depth > 4:
        raise bad(name[:60], f"không có ValueSet {address[:80]} trong đơn vị.")
    if "expansion" in found:
        return list(_contains(found["expansion"].get("contains", []))) if part == "include" else []
    out: Codes = []
    for one in found.get("compose", {}).get(part, []):
        if one.get("filter") or (one.get("valueSet") and one.get("system")):
            raise bad(name[:60], "ValueSet này cần máy chủ thuật ngữ để tính; gửi bản đã khai triển.")
        system = str(one.get("system", ""))
        for inner in one.get("valueSet", []):
            out += _codes(str(inner), known, name, "include", depth + 1)
        if "concept" in one:
            out += [(system, str(concept.get("code", ""))) for concept in one["concept"]]
        elif system:
            out.append((system, ""))
    if len(out) > MOST_CODES:
        raise bad(name[:60], f"ValueSet có nhiều hơn {MOST_CODES} mã.")
    return out


def _contains(items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for item in items:
        if item.get("code") and not item.get("abstract"):
            yield str(item.get("system", "")), str(item["code"])
        yield from _contains(item.get("contains", []))


def _filled(condition: Condition, known: dict[str, dict[str, Any]]) -> Condition:
    match condition:
        case ValueSetCondition():
            return _of_codes(condition, known)
        case NotCondition(inner):
            return NotCondition(_filled(inner, known))
        case AllCondition(inner):
            return AllCondition(tuple(_filled(one, known) for one in inner))
        case AnyCondition(inner):
            return AnyCondition(tuple(_filled(one, known) for one in inner))
        case HasCondition(_, _, inner):
            return replace(condition, conditions=tuple(_filled(one, known) for one in inner))
        case ChainCondition(params, targets):
            return ChainCondition(
                params, tuple((kind, tuple(_filled(one, known) for one in inner)) for kind, inner in targets)
            )
    return condition


def _of_codes(condition: ValueSetCondition, known: dict[str, dict[str, Any]]) -> Condition:
    held = _one_of(condition, _codes(condition.address, known, condition.name, "include"))
    out = _codes(condition.address, known, condition.name, "exclude")
    return AllCondition((held, NotCondition(_one_of(condition, out)))) if out else held


def _one_of(condition: ValueSetCondition, codes: Codes) -> Condition:
    """A value with one of the codes, or of one of the systems."""
    first, *more = condition.params
    exact = [Range(bounded(c + SEPARATOR + ("" if condition.coded else s))) for s, c in codes if c]
    whole = [s for s, c in codes if not c]
    found: list[Condition] = []
    if exact or not whole:
        found.append(ValueCondition(first, tuple(dict.fromkeys(exact)) or (Range(""),), tuple(more)))
    if whole and condition.coded:
        found.append(PresentCondition("resource_index", condition.params))
    elif whole:
        found.append(PatternCondition(condition.params, tuple(f"%{SEPARATOR}{like(s)}" for s in whole)))
    return found[0] if len(found) == 1 else AnyCondition(tuple(found))
