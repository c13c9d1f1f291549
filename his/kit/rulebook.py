"""Dated rules: facts in, findings out; a change of law adds a rule, it never edits one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from his.kit.errors import Finding, Severity

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Facts]):
    """A decision with its legal basis and the days on which it holds (both ends included; None = open)."""

    code: str
    title: str
    basis: str
    severity: Severity
    check: Callable[[Facts], Iterable[Finding]]
    valid_from: date | None = None
    valid_to: date | None = None
    table: str = ""

    def holds(self, on: date) -> bool:
        """Is the rule in force on this day?"""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


def assess(rules: Iterable[Rule[Facts]], facts: Facts, on: date) -> list[Finding]:
    """All findings of the rules in force on the day `on`; the same facts always give the same list."""
    return [finding for rule in rules if rule.holds(on) for finding in rule.check(facts)]


@dataclass(frozen=True, slots=True)
class Dated(Generic[Facts]):
    """A constant with its days of validity (both ends included) and its legal source."""

    value: Facts
    valid_from: date
    valid_to: date | None = None
    basis: str = ""


def on_day(values: Iterable[Dated[Facts]], on: date) -> Facts:
    """The value in force on the day; raises LookupError when there is none (never guesses)."""
    for value in values:
        if value.valid_from <= on and (value.valid_to is None or on <= value.valid_to):
            return value.value
    raise LookupError(f"no value in force on {on}")


def in_force(values: Iterable[Dated[Facts]], on: date) -> Iterator[Facts]:
    """Every value in force on the day, in the order given."""
    return (v.value for v in values if v.valid_from <= on and (v.valid_to is None or on <= v.valid_to))
