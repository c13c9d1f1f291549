"""Breaks every value of a dossier, one at a time: what the generated rules of form are tried with."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from his.claims.terms import ClaimFacts
from his.kit.rulebook import Rule

EMPTY, LONG, WORDS = "", "9" * 2000, "ba"
BAD_TEXTS = (EMPTY, " ", LONG, "x", WORDS, "a\x00b")
BAD_NUMBERS = (None, "x", Decimal("1.2345678"), Decimal("123456789012345678.12"), Decimal("NaN"))


def broken_values(value: Any) -> Iterator[Any]:
    """Values that could stand in its place by mistake."""
    if is_dataclass(value) and not isinstance(value, type):
        yield from broken(value)
    elif isinstance(value, tuple):
        yield ()
        if value and isinstance(value[0], str):
            yield from ((bad,) for bad in BAD_TEXTS)
        elif value and not is_dataclass(value[0]):
            yield value * 300
        for place, item in enumerate(value):
            if is_dataclass(item):
                yield from ((*value[:place], bad, *value[place + 1 :]) for bad in broken(item))
        if not value:
            yield from ((bad,) for bad in BAD_TEXTS)
            yield tuple(date(2026, 9, 1) for _ in range(30))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield from BAD_TEXTS
    elif isinstance(value, int | Decimal):
        yield from BAD_NUMBERS
    elif isinstance(value, datetime | date):
        yield None
    elif value is None:
        yield from BAD_NUMBERS[1:]
        yield 10**12


def broken(facts: Any) -> Iterator[Any]:
    """The facts with one value broken, for every value in them."""
    hints = get_type_hints(type(facts))
    for item in fields(facts):
        if getattr(facts, item.name) is None and {date, datetime} & set(get_args(hints[item.name])):
            continue  # a day that is absent can be set, but not to something that is no day
        for bad in broken_values(getattr(facts, item.name)):
            try:
                yield replace(facts, **{item.name: bad})
            except (TypeError, AttributeError, AssertionError, ValueError):
                continue  # the words themselves refuse it


def codes_of_broken(facts: ClaimFacts, rules: Iterable[Rule[ClaimFacts]]) -> dict[str, ClaimFacts]:
    """A dossier that fires it, for each of the rules that can be fired by breaking one value."""
    found: dict[str, ClaimFacts] = {}
    for bad in broken(facts):
        for rule in rules:
            if rule.code not in found:
                try:
                    said = list(rule.check(bad))
                except (TypeError, AttributeError, ValueError, ArithmeticError):
                    continue
                if said:
                    found[rule.code] = bad
    return found
