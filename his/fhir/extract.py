"""What a resource is found by: rows for `resource_index` and `resource_date`, read off its elements.

A value is `content` + SEPARATOR + `context`, so that one row serves a search with and without the context:
token `code␟system`, reference `id␟Type`, canonical `address␟version`, string `folded word` (the first word carries
`␟folded text␟original text` for `:contains` and `:exact`). Rows under `name:text` hold what is written beside a code,
rows under `name:identifier` the identifier of a reference. An element that is there without anything to compare gives a
row with an empty value, for `:missing`.
"""

import hashlib
import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from his.fhir.dates import EARLIEST, LATEST, interval
from his.fhir.jsontext import ENGINE_ONLY, is_origin
from his.fhir.numbers import number_values
from his.fhir.parameters import Parameter, Path, Step, by_element
from his.kit.text import fold

SEPARATOR = "\x1f"
LONGEST = 500
MOST_WORDS = 1000
_BESIDE = frozenset({"coding", "text", "display", "type", "identifier"})
_WORD = re.compile(r"[^\W_]+")
_MARKUP = re.compile(r"<[^>]*>|&[#\w]+;")
_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?$")

Rows = list[tuple[str, str]]
DateRows = list[tuple[str, str, str]]
NumberRows = list[tuple[str, float | None, float | None, str]]


class Extracted(NamedTuple):
    """Rows of the index of values, of dates and of numbers."""

    rows: Rows
    dates: DateRows
    numbers: NumberRows


def bounded(value: str) -> str:
    """The value as it stands in the index: a very long one is cut and told apart by its hash."""
    if len(value) <= LONGEST:
        return value
    return value[:200] + "\x1e" + hashlib.sha256(value.encode()).hexdigest()


def extract(resource_type: str, resource: dict[str, Any]) -> Extracted:
    """The index rows of a resource; values of an unexpected shape are left out."""
    rows: dict[tuple[str, str], None] = {}
    dates: dict[tuple[str, str, str], None] = {}
    numbers: dict[tuple[str, float | None, float | None, str], None] = {}
    table = by_element(resource_type)
    for element, value in resource.items():
        for parameter, path in table.get(element, ()):
            name = parameter.name
            for found in _walk(value, path.steps, 0):
                made = False
                if parameter.kind == "date":
                    for low, high in date_values(found):
                        dates[(name, low, high)] = None
                        made = True
                elif parameter.kind in ("number", "quantity", "near"):
                    for number in number_values(found):
                        numbers[(name, *number)] = None
                        made = True
                else:
                    for text in _values(parameter, path, found):
                        rows[(name, bounded(text))] = None
                        made = True
                    if type(found) is dict and not _BESIDE.isdisjoint(found):
                        for suffix, text in _beside(parameter, path, found):
                            rows[(name + suffix, bounded(text))] = None
                if not made and found and not _elsewhere(parameter, path, found):
                    rows[(name, "")] = None
    return Extracted(list(rows), list(dates), list(numbers))


def _beside(parameter: Parameter, path: Path, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What else a value is found by: the text beside a code, the identifier of a reference."""
    if parameter.kind == "token" and not path.exists:
        for text in texts(value):
            yield ":text", fold(text)
    elif parameter.kind == "reference" and "identifier" in value and _kept(value, path.target, parameter):
        for text in token_values(value["identifier"]):
            yield ":identifier", text


def texts(value: dict[str, Any]) -> Iterator[str]:
    """The texts of a CodeableConcept, Coding or Identifier."""
    kind = value.get("type")
    codings = value.get("coding")
    for holder in (value, kind, *(codings if isinstance(codings, list) else ())):
        if isinstance(holder, dict):
            text = holder.get("display" if holder is not kind else "text", holder.get("text"))
            if isinstance(text, str) and text.strip():
                yield text


def _kept(value: dict[str, Any], target: str, parameter: Parameter) -> bool:
    """Whether a reference with an identifier belongs to this parameter: by its address or by the type it names."""
    found = next(reference_values(value), "")
    kind = found.partition(SEPARATOR)[2] or value.get("type", "")
    return kind == target if target else kind not in parameter.narrow


def _elsewhere(parameter: Parameter, path: Path, value: Any) -> bool:
    """Whether another parameter holds the row of this value, or the value is none of this one's."""
    if parameter.kind == "reference":
        said = value.get("type", "") if isinstance(value, dict) else ""
        pointing = any(True for _ in reference_values(value))
        return pointing or (said != path.target if path.target else said in parameter.narrow)
    return parameter.name == "_tag" and any(True for _ in token_values(value))


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
    kind = parameter.kind
    if path.exists:
        yield "true" + SEPARATOR
    elif kind in ("token", "code"):
        found = token_values(value)
        yield from found if parameter.name != "_tag" else (t for t in found if not _is_ours(t))
    elif kind == "string":
        yield from string_values(value)
    elif kind == "reference" or (kind == "canonical" and isinstance(value, dict)):
        yield from reference_values(value, path.target, parameter.narrow)
    elif kind == "canonical" and isinstance(value, str):
        address, _, version = value.partition("|")
        yield address + SEPARATOR + version
    elif kind == "text" and isinstance(value, str):
        yield from narrative_words(value)
    elif isinstance(value, str):
        yield value


def _is_ours(text: str) -> bool:
    """Whether this is the tag that says where a resource came from: it is looked up in a column, not in the index."""
    code, _, system = text.partition(SEPARATOR)
    return code == ENGINE_ONLY and is_origin(system)


def narrative_words(div: str) -> list[str]:
    """The folded words of a narrative without its markup."""
    return list(dict.fromkeys(_WORD.findall(fold(_MARKUP.sub(" ", div)))))[:MOST_WORDS]


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
        if not isinstance(system, str):
            return
        if isinstance(code, str):
            yield code + SEPARATOR + system
        elif system and code is None:
            yield SEPARATOR + system


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    folded = fold(text)
    found = words(folded)
    first = (found[0] if found else "") + SEPARATOR + folded + SEPARATOR + text
    return (first, *found[1:])


def words(folded: str) -> list[str]:
    """The words of a folded text, in order and without repeats."""
    return list(dict.fromkeys(_WORD.findall(folded)))


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


def reference_values(value: Any, target: str = "", skip: Container[str] = ()) -> Iterator[str]:
    """`id␟Type` of a relative reference, `url␟` of an absolute one; contained ones and bare URNs are left out.

    `target` keeps references to one type, `skip` leaves out those that another parameter holds.
    """
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str) or text.startswith(("#", "urn:")):
        return
    found = _REFERENCE.match(text)
    if found is None:
        if "://" in text and (not target or f"/{target}/" in text) and not _names_one(text, skip):
            yield text + SEPARATOR
    elif (not target or found[1] == target) and found[1] not in skip:
        yield found[2] + SEPARATOR + found[1]


def _names_one(address: str, kinds: Container[str]) -> bool:
    return any(part in kinds for part in address.split("/")[3:])


def date_values(value: Any) -> Iterator[tuple[str, str]]:
    """The interval of a date, dateTime, instant, Period or Timing; an open Period reaches to infinity."""
    if isinstance(value, str):
        found = interval(value)
        if found:
            yield found
    elif not isinstance(value, dict):
        return
    elif "start" in value or "end" in value:
        start, end = value.get("start"), value.get("end")
        low = interval(start) if isinstance(start, str) else None
        high = interval(end) if isinstance(end, str) else None
        yield (low[0] if low else EARLIEST, high[1] if high else LATEST)
    else:
        events, repeat = value.get("event"), value.get("repeat")
        for event in events if isinstance(events, list) else ():
            if isinstance(event, str):
                yield from date_values(event)
        if isinstance(repeat, dict) and isinstance(repeat.get("boundsPeriod"), dict):
            yield from date_values(repeat["boundsPeriod"])
