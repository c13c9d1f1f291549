"""Tokens: codes, identifiers, contact points and booleans, http://hl7.org/fhir/R4/search.html#token."""

from his.fhir.composites import of_type
from his.fhir.conditions import (
    Condition,
    EngineCondition,
    NeverCondition,
    NotCondition,
    PatternCondition,
    PresentCondition,
    Range,
    ValueCondition,
    ValueSetCondition,
    bad,
)
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.jsontext import ENGINE_ONLY, is_origin
from his.fhir.parameters import Parameter
from his.fhir.searchtext import (
    alternatives,
    any_context,
    any_of,
    like,
    no_modifier,
    prefix,
    split_token,
    unescape,
    values,
)
from his.kit.text import fold


def tokens(name: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    """Codes with `:not`, `:in`, `:not-in`, `:above`, `:below`, `:text`, `:of-type`, and identifiers of references."""
    parts = alternatives(name, value)
    match modifier:
        case "":
            return _plain_tokens(name, parameter, parts)
        case "not":
            return NotCondition(_plain_tokens(name, parameter, parts))
        case "in" | "not-in" if parameter.kind in ("token", "code") and len(parts) == 1:
            found = ValueSetCondition(parameter.sources, unescape(value), parameter.kind == "code", name)
            return found if modifier == "in" else NotCondition(found)
        case "above" | "below" if parameter.kind == "token":
            return any_of([_related(name, parameter, modifier, one) for one in parts])
        case "text" if parameter.kind in ("token", "code"):
            starts = [fold(unescape(one)) for one in parts]
            if not all(starts):
                raise bad(name[:60], "không có chữ nào để tìm.")
            ranges = tuple(prefix(start) for start in starts)
            return ValueCondition(
                parameter.sources[0] + ":text", ranges, tuple(s + ":text" for s in parameter.sources[1:])
            )
        case "of-type" if parameter.kind == "token":
            return any_of([of_type(name, parameter, one) for one in parts])
        case "identifier" if parameter.kind == "reference":
            held = Parameter(name, "token", (), sources=tuple(source + ":identifier" for source in parameter.sources))
            return _plain_tokens(name, held, parts)
    raise no_modifier(name)


def _related(name: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    parts = split_token(value)
    if len(parts) != 2 or not all(parts):
        raise bad(name[:60], f"{modifier} cần hệ|mã.")
    return ValueSetCondition(parameter.sources, "|".join(parts), False, name, modifier)


def _plain_tokens(name: str, parameter: Parameter, parts: list[str]) -> Condition:
    ranges: list[Range] = []
    more: list[Condition] = []
    for one in parts:
        found = token(name, parameter, one)
        if isinstance(found, Range):
            ranges.append(found)
        else:
            more.append(found)
        if parameter.name == "_tag" and _names_origin(one):
            more.append(EngineCondition())
    return any_of(([values(parameter, ranges)] if ranges else []) + more)


def _names_origin(value: str) -> bool:
    *system, code = split_token(value)
    return code in (ENGINE_ONLY, "") and (not system or is_origin(system[0]))


def token(name: str, parameter: Parameter, value: str) -> Range | Condition:
    """`code`, `system|code`, `|code` or `system|` as an interval of the index, or as what has to be looked through."""
    parts = split_token(value)
    if len(parts) > 2 or not any(parts) or (len(parts) == 1 and not parts[0]):
        raise bad(name[:60], "cần mã, hệ|mã, |mã hoặc hệ|.")
    system, code = parts if len(parts) == 2 else (None, parts[0])
    if parameter.is_presence:
        # present or not, as a truth value: what is neither true nor there counts as false
        held = values(parameter, [Range("true" + SEPARATOR)])
        return {"true": held, "false": NotCondition(held)}.get(code, NeverCondition())
    if parameter.kind == "code":
        if not code:
            return PresentCondition("resource_index", parameter.sources)
        return Range(bounded(code + SEPARATOR))
    if parameter.context:
        if system not in (None, parameter.context):
            return NeverCondition()
        system = parameter.context
    if system is None:
        return any_context(code)
    if code:
        return Range(bounded(code + SEPARATOR + system))
    return PatternCondition(parameter.sources, (f"%{SEPARATOR}{like(system)}",), common=True)
