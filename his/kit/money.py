"""Money in đồng as Decimal: one rounding, one way to write it."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MILLI = Decimal("0.001")
ZERO = Decimal(0)
NBSP = "\u00a0"


def r2(amount: Decimal) -> Decimal:
    """Round half up to two decimals: the amounts of a claim line (QĐ 4750; validators use half-up)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def r3(amount: Decimal) -> Decimal:
    """Round half up to three decimals: quantities and unit prices of a claim line."""
    return amount.quantize(MILLI, ROUND_HALF_UP)


def whole(amount: Decimal) -> Decimal:
    """Round half up to whole đồng: what a person pays in cash."""
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


def vnd(amount: Decimal | int | None, unit: str = "đ") -> str:
    """`1.234.500 đ` with a dot every three digits; decimals only where they are not zero; None is an en dash."""
    if amount is None:
        return "–"
    value = r2(Decimal(amount))
    sign = "−" if value < 0 else ""
    value = abs(value)
    text = f"{int(value):,}".replace(",", ".")
    fraction = value - int(value)
    if fraction:
        text += "," + f"{fraction:.2f}"[2:].rstrip("0")
    return f"{sign}{text}{NBSP}{unit}" if unit else sign + text


def plain(amount: Decimal) -> str:
    """`1234500.5`: no thousands separator, no exponent, no trailing zeros (fields of the claim tables)."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
