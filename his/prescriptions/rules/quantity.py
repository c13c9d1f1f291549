"""Quantity, words of a dose, and the national code of a prescription; pure."""

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from uuid import UUID

from his.catalog.rules import ingredient_key
from his.kit.errors import invalid
from his.prescriptions.terms import NARCOTIC, PACKED_UNITS, PSYCHOTROPIC, Dose

_FRACTION = re.compile(r"(\d{1,3})/([1-9]\d?)")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def compute_quantity(dose: Dose, unit: str, given: Decimal | None = None) -> Decimal:
    """Units to hand out: doses times days, whole units rounded up; bottles and tubes are counted, not computed.

    >>> compute_quantity(Dose(Decimal(1), Decimal(0), Decimal("0.5"), Decimal(0), 7), "Viên")
    Decimal('11')
    """
    if unit.lower() in PACKED_UNITS:
        return given if given and given > 0 else Decimal(1)
    return (dose.per_day * dose.days).to_integral_value(ROUND_CEILING)


def dose_text(dose: Dose, unit: str) -> str:
    """`Ngày uống 2 viên: sáng 1, chiều 1` as the label and LIEU_DUNG say it, without the verb of the route."""
    parts = (("sáng", dose.morning), ("trưa", dose.noon), ("chiều", dose.afternoon), ("tối", dose.evening))
    said = ", ".join(f"{word} {_number(amount)}" for word, amount in parts if amount)
    return f"Ngày {_number(dose.per_day)} {unit.lower()}: {said}; {dose.days} ngày"


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f").replace(".", ",")


def national_code(unit_code: str, prescription_id: UUID, letter: str = "C") -> str:
    """The national code: facility (5), seven characters 0-9a-z, a hyphen and the kind of prescription: 14 characters.

    Basis: TT 26/2025/TT-BYT. The seven characters come from the random part of the id, so signing again gives the same code.
    """
    value, body = prescription_id.int & ((1 << 62) - 1), ""
    for _ in range(7):
        value, digit = divmod(value, 36)
        body += DIGITS[digit]
    return f"{unit_code}{body}-{letter}"


def code_letter(ingredients: Iterable[str]) -> str:
    """`N` with a narcotic, `H` with a psychotropic drug or a precursor, else `C` (TT 26/2025/TT-BYT)."""
    keys = {ingredient_key(name) for name in ingredients}
    if keys & {ingredient_key(name) for name in NARCOTIC}:
        return "N"
    return "H" if keys & {ingredient_key(name) for name in PSYCHOTROPIC} else "C"


def read_amount(text: str, field: str) -> Decimal:
    """A dose as typed: `1`, `0,5`, `1/2`, `½`, empty for none. Raises INVALID.

    >>> read_amount("1/2", "dose")
    Decimal('0.5')
    """
    plain = text.strip().replace("½", "0,5").replace(",", ".")
    if not plain:
        return Decimal(0)
    fraction = _FRACTION.fullmatch(plain)
    try:
        value = Decimal(fraction[1]) / Decimal(fraction[2]) if fraction else Decimal(plain)
    except InvalidOperation:
        raise invalid(
            field, f"Không đọc được liều “{text.strip()[:20]}”. Nhập số, ví dụ 1 hoặc 0,5 hoặc 1/2."
        ) from None
    if not value.is_finite() or value < 0:
        raise invalid(field, "Liều phải từ 0. Nhập lại.")
    return value
