"""`:in`, `:not-in`, `:above`, `:below`: the codes of a ValueSet, or those above or below a code, take the place of its address.

http://hl7.org/fhir/R4/search.html#token. The lists of a slice (`Terminology` of registry.py) tell their own codes. Of what the
unit has stored an expansion is taken as it is; otherwise the codes that `compose` lists, whole code systems, and the value
sets it names; of a CodeSystem the concepts as they are nested. What only a terminology server could work out is refused.
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
from his.fhir.engine import Engine
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.narrowing import origin_of
from his.fhir.parameters import parameters
from his.fhir.search import Query, parse
from his.fhir.searchlinks import seen_by
from his.fhir.searchsql import page
from his.fhir.searchtext import like
from his.kit.clock import day_of
from his.kit.db import Scope

MOST_CODES = 1000
MOST_SETS = 20
DEEPEST = 20
Codes = list[tuple[str, str]]  # system, code; code "" for the whole system


async def resolve(engine: Engine, scope: Scope, query: Query) -> None:
    """Put the codes that each condition means into it. Raises 400 for an unknown ValueSet or CodeSystem."""
    asked = list(_named(query.conditions))
    if not asked:
        return
    known: dict[str, dict[str, Any]] = {}
    for condition in asked:
        seen_by("ValueSet" if condition.way == "in" else "CodeSystem", query.asking, condition.name)
        if condition.way != "in" and _key(condition) not in known:
            known[_key(condition)] = _expansion(await _related(engine, scope, condition, query.asking))
    missing = {condition.address for condition in asked if condition.way == "in"}
    for _round in range(MOST_SETS):
        fresh = [address for address in sorted(missing) if address not in known]
        if not fresh or len(known) + len(fresh) > MOST_SETS:
            break
        known |= await _load(engine, scope, fresh, query.asking)
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


def _key(condition: ValueSetCondition) -> str:
    return condition.address if condition.way == "in" else f"{condition.way} {condition.address}"


def _expansion(codes: Codes) -> dict[str, Any]:
    return {"expansion": {"contains": [{"system": system, "code": code} for system, code in codes]}}


async def _related(engine: Engine, scope: Scope, condition: ValueSetCondition, asking: Asking) -> Codes:
    """The code with those it subsumes or is subsumed by."""
    system, _, code = condition.address.rpartition("|")
    async with origin_of(engine).database.scoped(scope) as db:
        for known in engine.registry.terminology:
            codes = await known.related(db, system, code, below=condition.way == "below")
            if codes is not None:
                return codes
    stored = (await _stored(engine, scope, "CodeSystem", [system], asking))[system]
    if not stored:
        raise bad(condition.name[:60], f"không có CodeSystem {system[:80]} trong đơn vị.")
    lines = list(_lines(stored.get("concept", []), ()))
    if condition.way == "above":
        return [(system, one) for one in next((line for line in lines if line[-1] == code), (code,))]
    return [(system, one) for one in dict.fromkeys([code, *(line[-1] for line in lines if code in line)])]


def _lines(concepts: list[dict[str, Any]], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every concept with those it is nested in, outermost first."""
    for concept in concepts if len(above) < DEEPEST else []:
        line = (*above, str(concept.get("code", "")))
        yield line
        yield from _lines(concept.get("concept", []), line)


async def _load(engine: Engine, scope: Scope, addresses: list[str], asking: Asking) -> dict[str, dict[str, Any]]:
    """The value sets by address, lists of the slices first; an address that none has gives an empty one."""
    out: dict[str, dict[str, Any]] = {}
    async with origin_of(engine).database.scoped(scope) as db:
        for known in engine.registry.terminology:
            for address in addresses:
                codes = await known.expand(db, address, day_of(engine.now()))
                if codes is not None:
                    out[address] = _expansion(codes)
    left = [address for address in addresses if address not in out]
    return out | (await _stored(engine, scope, "ValueSet", left, asking) if left else {})


async def _stored(
    engine: Engine, scope: Scope, kind: str, addresses: list[str], asking: Asking
) -> dict[str, dict[str, Any]]:
    """Those the unit has stored, by address; an address that none has gives an empty one."""
    assert scope.unit_id is not None
    out: dict[str, dict[str, Any]] = {address: {} for address in addresses}
    own = [address.removeprefix(f"{kind}/") for address in addresses if address.startswith(f"{kind}/")]
    ranges = tuple(Range(bounded(address.partition("|")[0])) for address in addresses)
    query = parse(kind, [("_count", str(MOST_SETS))], asking)
    query.conditions.append(ValueCondition(parameters(kind)["url"].sources[0], ranges))
    if own:
        query.conditions = [*query.conditions[:-1], AnyCondition((query.conditions[-1], *_by_id(kind, own)))]
    for row in await engine.reader.rows(page(query, scope.unit_id)):
        found = orjson.loads(row[2])
        for address in addresses:
            url, _, version = address.partition("|")
            same = found.get("url") == url and version in ("", found.get("version"))
            if same or address == f"{kind}/{found['id']}":
                out[address] = found
    return out


def _by_id(kind: str, own: list[str]) -> list[Condition]:
    from_ids = parse(kind, [("_id", ",".join(own))])
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
        if "code" in item and not item.get("abstract"):
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
    held = _one_of(condition, _codes(_key(condition), known, condition.name, "include"))
    out = _codes(_key(condition), known, condition.name, "exclude")
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
