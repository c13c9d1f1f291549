"""The writing of search values: lists, escapes, and intervals of the index that a value stands for."""

import re

from his.fhir.conditions import (
    AnyCondition,
    Condition,
    Range,
    ValueCondition,
    bad,
)
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.parameters import Parameter

MAX_ALTERNATIVES = 50
ID = re.compile(r"[A-Za-z0-9.\-]{1,64}$", re.ASCII)


def no_modifier(name: str) -> Exception:
    """A modifier that this parameter does not know (400)."""
    return bad(name[:60], "bổ ngữ không được hỗ trợ.")


def alternatives(name: str, value: str) -> list[str]:
    """The values of a list; 400 for an empty one or too many."""
    parts = re.split(r"(?<!\\),", value) if "," in value else [value]
    if len(parts) > MAX_ALTERNATIVES:
        raise bad(name[:60], f"nhiều hơn {MAX_ALTERNATIVES} giá trị.")
    if not all(parts):
        raise bad(name[:60], "có giá trị rỗng.")
    return parts


def unescape(value: str) -> str:
    """The value without the marks that take `,`, `|` and `$` as they are."""
    return re.sub(r"\\([,|$\\])", r"\1", value) if "\\" in value else value


def split_token(value: str) -> list[str]:
    """The parts of a token between its bars."""
    return [unescape(part) for part in re.split(r"(?<!\\)\|", value)]


def like(text: str) -> str:
    """The text as part of a LIKE pattern that means itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def any_context(value: str) -> Range:
    """The value with whatever follows the separator."""
    cut = bounded(value + SEPARATOR)
    return Range(cut, cut[:-1] + " ") if cut.endswith(SEPARATOR) else Range(cut)


def values(parameter: Parameter, ranges: list[Range]) -> Condition:
    """One of the ranges under any of the names that hold the parameter's rows."""
    once = tuple(dict.fromkeys(ranges)) if len(ranges) > 1 else tuple(ranges)
    return ValueCondition(parameter.sources[0], once, parameter.sources[1:])


def any_of(found: list[Condition]) -> Condition:
    """One of these; a single one is itself."""
    return found[0] if len(found) == 1 else AnyCondition(tuple(found))


def prefix(word: str) -> Range:
    """Everything that begins with the word."""
    last = ord(word[-1])
    return Range(word, word[:-1] + chr(last + 1) if last < 0xD7FF else word + "\U0010ffff")
