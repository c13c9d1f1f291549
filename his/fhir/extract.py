"""What a resource is found by: rows for `resource_index` and `resource_date`, read off its elements.

A value is `content` + SEPARATOR + `context`, so that one row serves a search with and without the context:
token `code␟system`, reference `id␟Type`, string `folded word` (the first word carries `␟original text` for `:exact`).
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from his.fhir.dates import EARLIEST, LATEST, interval
from his.fhir.parameters import Parameter, Path, Step, by_element
from his.kit.text import tokens

SEPARATOR = "\x1f"
LONGEST = 500
EXACT_LIMIT = 200
_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?$")

Rows = list[tuple[str, str]]
DateRows = list[tuple[str, str, str]]


def bounded(value: str) -> str:
    """The value as it stands in the index: a very long one is cut and told apart by its hash."""
    if len(value) <= LONGEST:
        return value
    return value[:200] + "\x1e" + hashlib.sha256(value.encode()).hexdigest()


def extract(resource_type: str, resource: dict[str, Any]) -> tuple[Rows, DateRows]:
    """The index rows and date rows of a resource; values of an unexpected shape are left out."""
    rows: dict[tuple[str, str], None] = {}
    dates: dict[tuple[str, str, str], None] = {}
    table = by_element(resource_type)
    for element, value in resource.items():
        for parameter, path in table.get(element, ()):
            for found in _walk(value, path.steps, 0):
                if parameter.kind == "date":
                    for low, high in date_values(found):
                        dates[(parameter.name, low, high)] = None
                else:
                    for text in _values(parameter, path, found):
                        rows[(parameter.name, bounded(text))] = None
    meta = resource.get("meta")
    if isinstance(meta, dict) and "security" in meta:
        for label in _labels(meta["security"]):
            rows[("_security", bounded(label))] = None
    return list(rows), list(dates)


def _labels(value: Any) -> Iterator[str]:
    """The security labels, by which the database judges whether a caller may see the resource (viewschema.py)."""
    for label in value if isinstance(value, list) else ():
        yield from token_values(label)


def _walk(value: Any, steps: tuple[Step, ...], at: int) -> Iterator[Any]:
    """The values at the end of the path, lists flattened."""
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, steps, at)
        return
    step = steps[at]
    if step.field and not (isinstance(value, dict) and value.get(step.field) == step.value):
        return
    if at + 1 == len(steps):
        yield value
    elif isinstance(value, dict):
        child = value.get(steps[at + 1].name)
        if child is not None:
            yield from _walk(child, steps, at + 1)


def _values(parameter: Parameter, path: Path, value: Any) -> Iterator[str]:
    if path.exists:
        yield "true" + SEPARATOR
    elif parameter.kind in ("token", "code"):
        yield from token_values(value)
    elif parameter.kind == "string":
        yield from string_values(value)
    elif parameter.kind == "reference":
        yield from reference_values(value, path.target)
    elif isinstance(value, str):
        yield value


def token_values(value: Any) -> Iterator[str]:
    """`code␟system` of a code, boolean, Coding, CodeableConcept, Identifier or ContactPoint."""
    if isinstance(value, bool):
        yield ("true" if value else "false") + SEPARATOR
    elif isinstance(value, str):
        yield value + SEPARATOR
    elif isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            for coding in value["coding"]:
                if isinstance(coding, dict):
                    yield from token_values(coding)
            return
        code = value.get("value", value.get("code"))
        system = value.get("system", "")
        if isinstance(code, str) and isinstance(system, str):
            yield code + SEPARATOR + system


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    words = tokens(text)
    if words and len(text) <= EXACT_LIMIT:
        words[0] += SEPARATOR + text
    return tuple(words)


_TEXT_PARTS = (
    "text",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
)


def string_values(value: Any) -> Iterator[str]:
    """The folded words of a string, HumanName or Address."""
    if isinstance(value, str):
        yield from _words(value)
    elif isinstance(value, dict):
        for part in _TEXT_PARTS:
            inner = value.get(part)
            if isinstance(inner, list):
                for item in inner:
                    yield from string_values(item)
            elif isinstance(inner, str):
                yield from string_values(inner)


def reference_values(value: Any, target: str = "") -> Iterator[str]:
    """`id␟Type` of a relative reference, `url␟` of an absolute one; contained ones and bare URNs are left out."""
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str) or text.startswith(("#", "urn:")):
        return
    found = _REFERENCE.match(text)
    if found is None:
        if "://" in text and (not target or f"/{target}/" in text):
            yield text + SEPARATOR
    elif not target or found[1] == target:
        yield found[2] + SEPARATOR + found[1]


def date_values(value: Any) -> Iterator[tuple[str, str]]:
    """The interval of a date, dateTime, instant or Period; an open Period reaches to infinity."""
    if isinstance(value, str):
        found = interval(value)
        if found:
            yield found
    elif isinstance(value, dict) and ("start" in value or "end" in value):
        start, end = value.get("start"), value.get("end")
        low = interval(start) if isinstance(start, str) else None
        high = interval(end) if isinstance(end, str) else None
        yield (low[0] if low else EARLIEST, high[1] if high else LATEST)
