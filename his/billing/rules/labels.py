"""How amounts of the benefit computation are written for people."""

from decimal import Decimal

from his.kit.money import plain


def percent(rate: Decimal) -> str:
    """`47,5 %`: a rate as staff read it."""
    return plain(rate).replace(".", ",") + " %"


def number(value: Decimal) -> str:
    """`0,5`: a quantity as staff read it."""
    return plain(value).replace(".", ",")
