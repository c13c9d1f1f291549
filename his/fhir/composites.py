"""What must hold within one element (a component, an identifier): a jsonpath over the text of the few that are left.

Composites and `:of-type` need no index rows of their own: their parts are looked up one by one, and this filter keeps
the resources in which the parts meet in the same element. http://hl7.org/fhir/R4/search.html#composite.
"""

import re
from typing import Any

import orjson

from his.fhir.conditions import AllCondition, AnyCondition, Condition, ContentCondition, Range, ValueCondition, bad
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.numbers import read_number
from his.fhir.parameters import Parameter, parameters

_NUMBER = {
    "eq": "({low} >= $l && {high} < $h)",
    "ne": "!({low} >= $l && {high} < $h)",
    "gt": "{high} > $v",
    "ge": "{high} >= $v",
    "lt": "{low} < $v",
    "le": "{low} <= $v",
    "sa": "{low} > $v",
    "eb": "{high} < $v",
    "ap": "({low} <= $h && {high} >= $l)",
}


def _parts(value: str, mark: str = "|") -> list[str]:
    parts = re.split(rf"(?<!\\)\{mark}", value)
    return [re.sub(r"\\([,|$\\])", r"\1", part) for part in parts]


def of_type(name: str, parameter: Parameter, value: str) -> Condition:
    """`identifier:of-type=system|code|value`: an identifier with this value whose type has this coding."""
    parts = _parts(value)
    if len(parts) != 3 or not all(parts):
        raise bad(name[:60], "cần hệ|mã|giá trị.")
    system, code, held = parts
    low = bounded(held + SEPARATOR)
    range_ = Range(low, low[:-1] + " ") if low.endswith(SEPARATOR) else Range(low)
    test = "(@.value == $v && exists(@.type.coding[*] ? (@.system == $s && @.code == $c)))"
    paths = ['$."' + '"."'.join(step.name for step in path.steps) + f'" ? {test}' for path in parameter.paths]
    named = orjson.dumps({"v": held, "s": system, "c": code}).decode()
    found = AnyCondition(tuple(ContentCondition(path, named) for path in paths))
    return AllCondition((ValueCondition(parameter.sources[0], (range_,), parameter.sources[1:]), found))


def composite(resource_type: str, name: str, parameter: Parameter, halves: list[str]) -> list[Condition]:
    """The filter that both halves hold in one element."""
    if any("[" in element for part in parameter.parts for element in part.elements):
        raise AssertionError(parameter.name)
    named: dict[str, Any] = {}
    tests = []
    for letter, part, half in zip("ab", parameter.parts, halves, strict=True):
        kind = parameters(resource_type)[part.param].kind
        tests.append(" || ".join(_test(name, kind, element, half, letter, named) for element in part.elements))
    inside = " && ".join(f"({test})" for test in tests)
    paths = ["$" if base == "." else f'$."{base}"[*]' for base in parameter.bases]
    path = " || ".join(f"exists({start} ? ({inside}))" for start in paths)
    return [ContentCondition(f"$ ? ({path})", orjson.dumps(named).decode())]


def _test(name: str, kind: str, element: str, half: str, letter: str, named: dict[str, Any]) -> str:
    """The jsonpath predicate of one half below `@`; its variables are put into `named`."""
    at = f'@."{element}"'
    if kind in ("token", "code"):
        return _token_test(at, kind, half, letter, named)
    if kind == "quantity":
        return _quantity_test(name, at, element, half, letter, named)
    if kind == "reference":
        value = _parts(half)[0]
        if "/" in value:
            named[letter] = value
            return f"{at}.reference == ${letter}"
        pattern = "/" + value.replace(".", "[.]") + "$"
        return f"{at}.reference like_regex {orjson.dumps(pattern).decode()}"
    return f"exists({at})"  # dates and strings: the element repeats nowhere, its rows say enough


def _token_test(at: str, kind: str, half: str, letter: str, named: dict[str, Any]) -> str:
    parts = _parts(half)
    system, code = parts if len(parts) == 2 else (None, parts[0])
    tests = []
    if code:
        named[letter] = code
        tests.append(f"@.code == ${letter}")
    if system:
        named[letter + "s"] = system
        tests.append(f"@.system == ${letter}s")
    elif system == "":
        tests.append("!exists(@.system)")
    coded = " && ".join(tests)
    found = f"exists({at}.coding[*] ? ({coded})) || exists({at} ? ({coded}))"
    if code and (system in (None, "") or kind == "code"):
        found += f" || {at} == ${letter}"
        if code in ("true", "false"):
            found += f" || {at} == {code}"
    return f"({found})"


def _quantity_test(name: str, at: str, element: str, half: str, letter: str, named: dict[str, Any]) -> str:
    number, *rest = _parts(half)
    asked = read_number(number)
    if asked is None:
        raise bad(name[:60], "cần số.")
    low, high = ("@.low.value", "@.high.value") if element.endswith("Range") else ("@.value", "@.value")
    test = _NUMBER[asked.prefix].format(low=low, high=high)
    for short, value in (("v", asked.value), ("l", asked.low), ("h", asked.high)):
        if f"${short}" in test:
            named[letter + short] = value
            test = test.replace(f"${short}", f"${letter}{short}")
    if asked.prefix == "ne":
        test = f"exists({low}) && {test}"
    if rest:
        named[letter + "c"] = rest[1]
        holder = "@.low" if element.endswith("Range") else "@"
        if rest[0]:
            named[letter + "s"] = rest[0]
            test += f" && {holder}.code == ${letter}c && {holder}.system == ${letter}s"
        else:
            test += f" && ({holder}.code == ${letter}c || {holder}.unit == ${letter}c)"
    return f"exists({at} ? ({test}))"
